"""Group commit: the events of many calls go to the disk together, and each call returns once its own are there.

One thread a process drains what waits into one transaction. Few calls may wait at a time, so that a store that is slow
or locked holds up events and nothing else: the others are turned away at once, and asked to come again.
"""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from models.errors import StoreError
from recsvc.store.database import Store
from recsvc.store.event import Event, Outcome
from recsvc.store.record import forget_ids, record

MOST_EVENTS = 5_000
"""Events of one transaction, but for the last call that fits in part."""
PLACE_SECONDS = 0.1
"""How long a call waits for a place among those that wait."""
COMMIT_SECONDS = 4.0
"""How long a call waits for its events to be durable."""
STALLED_SECONDS = 1.0
"""A transaction that takes longer turns new calls away at once."""
PRUNE_SECONDS = 3_600.0
"""Pause between two times of forgetting old ids."""


class StoreBusyError(StoreError):
    """The store takes no more events now; they may be sent again."""


@dataclass(slots=True)
class _Call:
    events: Sequence[Event]
    done: threading.Event = field(default_factory=threading.Event)
    outcome: Outcome | None = None
    error: Exception | None = None


class Intake:
    """Takes events in for one process; works in whatever process calls it, after a fork too."""

    def __init__(self, store: Store, places: int, window: int, clock: Callable[[], int]) -> None:
        """Make an intake.

        Args:
            store: where events go.
            places: calls that may wait at a time, at least 1.
            window: seconds for which the id of an event is remembered.
            clock: the shop's, Unix seconds.
        """
        self.store, self.places, self.window, self.clock = store, max(places, 1), window, clock
        self._pid = 0
        self._begin()

    def _begin(self) -> None:
        self._free = threading.Semaphore(self.places)
        self._news = threading.Condition()
        self._waiting: list[_Call] = []
        self._since: float | None = None  # when the transaction under way began
        self._pruned = monotonic()
        self._over = False
        self._thread: threading.Thread | None = None

    def take(self, events: Sequence[Event]) -> Outcome:
        """Return what became of ``events`` once those accepted are durable.

        Raises:
            StoreBusyError: too many wait, or the store does not get on; some may be stored all the same.
            StoreError: the store cannot be written.
        """
        if not events:
            return Outcome()
        self._ensure()
        since = self._since
        stalled = since is not None and monotonic() - since > STALLED_SECONDS
        if stalled or not self._free.acquire(timeout=PLACE_SECONDS):
            raise StoreBusyError(f"{self.store.name}: too many events wait to be stored: send them again")
        call = _Call(events)
        try:
            with self._news:
                self._waiting.append(call)
                self._news.notify()
            if not call.done.wait(COMMIT_SECONDS):
                raise StoreBusyError(f"{self.store.name}: does not get on: send the events again")
        finally:
            self._free.release()
        if call.error is not None:
            raise call.error
        return call.outcome or Outcome()

    def stop(self) -> None:
        """Store what waits, and end the thread."""
        if self._thread is None or self._pid != os.getpid():
            return
        with self._news:
            self._over = True
            self._news.notify()
        self._thread.join(COMMIT_SECONDS)

    def _ensure(self) -> None:
        """Start the thread where this process has none: threads do not live through a fork."""
        if self._pid == os.getpid():
            return
        with _STARTING:
            if self._pid != os.getpid():
                self._begin()
                self._thread = threading.Thread(target=self._run, name="recsvc-events", daemon=True)
                self._thread.start()
                self._pid = os.getpid()

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._waiting and not self._over:
                    self._news.wait()
                if not self._waiting:
                    return
                calls = self._next()
            self._since = monotonic()
            try:
                self._store(calls)
            finally:
                self._since = None
                for call in calls:
                    call.done.set()
            self._prune()

    def _next(self) -> list[_Call]:
        calls, total = [], 0
        while self._waiting and total < MOST_EVENTS:
            calls.append(self._waiting.pop(0))
            total += len(calls[-1].events)
        return calls

    def _store(self, calls: list[_Call]) -> None:
        try:
            with self.store.write() as connection:
                outcomes = record(connection, [call.events for call in calls])
        except Exception as error:  # whatever it is, those who wait are told, and the next ones get their turn
            for call in calls:
                call.error = error
            return
        for call, outcome in zip(calls, outcomes, strict=True):
            call.outcome = outcome

    def _prune(self) -> None:
        if monotonic() - self._pruned < PRUNE_SECONDS:
            return
        self._pruned = monotonic()
        with suppress(StoreError), self.store.write() as connection:
            if forget_ids(connection, self.clock() - self.window):
                self._pruned -= PRUNE_SECONDS  # there may be more: after the next events


_STARTING = threading.Lock()
