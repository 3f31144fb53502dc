"""What was told in the store becomes live: read from the feed, laid over the snapshot by one assignment."""

import threading
from collections.abc import Callable
from dataclasses import replace

from models.errors import StoreError
from recsvc.carousel import Engine
from recsvc.overlay.apply import forget, tell
from recsvc.snapshot import Snapshot
from recsvc.state import State
from recsvc.store.catalogue import look
from recsvc.store.database import Store
from recsvc.telemetry import log_crash
from recsvc.troubles import Trouble, since

CATALOGUE = "catalogue"
"""The part under which troubles with the store are told."""
PAUSE = 0.2
"""Seconds between two looks at the feed: what is told is live within a second."""


def caught_up(snapshot: Snapshot, store: Store) -> Snapshot:
    """Return ``snapshot``, and those beside it, with whatever was told in ``store`` since; itself where nothing was.

    Without a trained version it is all that there is. A store in a file that is not there has nothing to say.

    Raises:
        StoreError: the store cannot be read.
    """
    if not store.there():
        return snapshot
    with store.read() as connection:
        seen = look(connection, snapshot.told)
        out = forget(snapshot) if seen.anew else snapshot
        for news in seen.news:
            if news:
                out = tell(out, news, seen.seq)
    out = out if out.told == seen.seq else replace(out, told=seen.seq)
    others = {version: caught_up(one, store) for version, one in snapshot.others.items()}
    same = all(one is snapshot.others[version] for version, one in others.items())
    return out if out is snapshot and same else replace(out, others=others)


def followed(state: State, store: Store | None) -> State:
    """Return ``state`` with what ``store`` tells; where it cannot be read, as it is and with a trouble."""
    snapshot, found = state.engine.snapshot, [one for one in state.troubles if one.part != CATALOGUE]
    if store is not None:
        try:
            snapshot = caught_up(snapshot, store)
        except Exception as error:  # whatever it is, what was told before stays live
            found.append(Trouble(CATALOGUE, store.name, None, f"{type(error).__name__}: {error}"))
    troubles = since(found, state.troubles)
    if snapshot is state.engine.snapshot:
        return state if troubles == state.troubles else replace(state, troubles=troubles)
    for one in snapshot.everything:
        one.rules.timed.stretch(snapshot.clock())  # now, so that no request waits for it
    return replace(state, engine=Engine(snapshot), troubles=troubles)


def laid_over(engine: Engine, store: Store | None, last: Engine) -> Engine:
    """Return a trained version with what ``store`` tells laid over it.

    Raises:
        StoreError: the store cannot be read, and ``last`` knows what it told: better than one that knows nothing of it.
    """
    try:
        return engine if store is None else Engine(caught_up(engine.snapshot, store))
    except StoreError:
        if last.snapshot.told:
            raise
        return engine


class Follower:
    """Calls ``follow`` over and over in a process, ``pause`` seconds apart; start it after the fork."""

    def __init__(self, follow: Callable[[], None], pause: float = PAUSE) -> None:
        self.follow, self.pause = follow, pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recsvc-follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for the look under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self.pause):
            try:
                self.follow()
            except Exception as error:  # whatever it is, the following goes on
                log_crash(error, "follower")
