"""A lock on a file that is waited for, but not for ever: it goes with the process that held it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

SHORTEST, LONGEST = 0.0005, 0.01
"""Seconds between two tries: few while the turn is short, as it mostly is."""


class TurnError(TimeoutError):
    """Somebody else held the lock for all of the time."""


@contextmanager
def turn(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of the file ``path``, which is made where it is missing; threads take turns too.

    Raises:
        TurnError: it did not come free within ``seconds``; names the file and how to find who holds it.
        OSError: the file cannot be opened.
    """
    with path.open("ab") as handle:  # of its own: a lock belongs to what was opened
        _wait(handle.fileno(), path, seconds)
        yield


def _wait(handle: int, path: Path, seconds: float) -> None:
    waited, pause, never = 0.0, SHORTEST, Event()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if waited > seconds:
                raise TurnError(
                    f"another process has held {path} for more than {seconds:g} s: wait for it, or end it "
                    f"(`fuser {path}` names it), and try again"
                ) from None
        never.wait(pause)
        waited += pause
        pause = min(pause * 1.5, LONGEST)
