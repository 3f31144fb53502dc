"""Exposures into the store behind the requests: a bounded queue and one thread a process.

They are not events that somebody was promised to have on the disk: where the queue is full, or the store does not take
them, they are dropped and counted.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

from models.errors import StoreError
from recsvc.store.database import Store
from recsvc.store.exposures import Exposure, forget_exposures, record_exposures
from recsvc.telemetry import log_crash

MOST = 10_000
"""Exposures that wait at most."""
BATCH = 1_000
"""Exposures of one transaction."""
PAUSE = 0.5
"""Seconds between two looks at the queue: what waits goes into one transaction."""
AGAIN_SECONDS = 2.0
"""Pause after the store failed."""
END_SECONDS = 2.0
"""How long the end of a process waits for what is left."""
PRUNE_SECONDS = 600.0
"""Pause between two times of forgetting what is old."""
STORED, NOT_STORED, DROPPED = "stored", "not_stored", "dropped"
"""What became of an exposure; ``not_stored``: its shopper does not allow it."""

Count = Callable[[str, int], None]


class ExposureLog:
    """Takes exposures of one process; works in whatever process calls it, after a fork too."""

    def __init__(self, store: Store, keep: int, clock: Callable[[], int], count: Count, most: int = MOST) -> None:
        """Make a log.

        Args:
            store: where they go.
            keep: seconds for which they are kept.
            clock: the shop's, Unix seconds.
            count: told what became of how many.
            most: how many may wait.
        """
        self.store, self.keep, self.clock, self.count, self.most = store, keep, clock, count, most
        self._starting = threading.Lock()
        self._pid = 0
        self._begin()

    def _begin(self) -> None:
        self._waiting: deque[Exposure] = deque()
        self._wake = threading.Event()
        self._over = False
        self._pruned = monotonic()
        self._thread: threading.Thread | None = None

    def put(self, seen: Sequence[Exposure]) -> None:
        """Take exposures to store them later; never waits, and never fails."""
        if not seen:
            return
        self._ensure()
        room = self.most - len(self._waiting)
        if room < len(seen):
            self.count(DROPPED, len(seen) - max(room, 0))
        self._waiting.extend(seen[: max(room, 0)])

    def stop(self) -> None:
        """Store what waits, and end the thread."""
        if self._thread is None or self._pid != os.getpid():
            return
        self._over = True
        self._wake.set()
        self._thread.join(END_SECONDS)

    def _ensure(self) -> None:
        """Start the thread where this process has none: threads do not live through a fork."""
        if self._pid == os.getpid():
            return
        with self._starting:
            if self._pid != os.getpid():
                self._begin()
                self._thread = threading.Thread(target=self._run, name="recsvc-exposures", daemon=True)
                self._thread.start()
                self._pid = os.getpid()

    def _run(self) -> None:
        while True:
            self._wake.wait(PAUSE)
            over = self._over  # before the queue is emptied: whatever came until then is stored
            try:
                while self._waiting:
                    self._store([self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))])
                self._prune()
            except Exception as error:  # whatever it is, the next ones get their turn
                log_crash(error, "exposures")
                self._wake.wait(AGAIN_SECONDS)
            if over:
                return

    def _store(self, batch: list[Exposure]) -> None:
        kept = None
        try:
            with self.store.write() as connection:
                kept = record_exposures(connection, batch)
        except StoreError:
            kept = None  # the commit may have failed, too
            self._wake.wait(0 if self._over else AGAIN_SECONDS)
        finally:
            if kept is None:
                self.count(DROPPED, len(batch))
            else:
                self.count(STORED, kept)
                self.count(NOT_STORED, len(batch) - kept)

    def _prune(self) -> None:
        if monotonic() - self._pruned < PRUNE_SECONDS:
            return
        self._pruned = monotonic()
        with suppress(StoreError), self.store.write() as connection:
            if forget_exposures(connection, self.clock() - self.keep):
                self._pruned -= PRUNE_SECONDS  # there may be more: at the next look
