"""Heavy work in the background of a process that answers requests."""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ALONE = threading.RLock()
TURN = 0.0005
"""Seconds after which a thread that computes hands over to one that waits; Python's own 0.005 adds up over a request."""


@contextmanager
def gently() -> Iterator[None]:
    """Let other threads take turns often, and put the collection of garbage off, while the block runs.

    Both are switches of the whole process: they are set back at the end to what they were. One block runs at a time,
    another thread's waits for it.
    """
    with ALONE:
        turn, collects = sys.getswitchinterval(), gc.isenabled()
        sys.setswitchinterval(TURN)
        gc.disable()
        try:
            yield
        finally:
            sys.setswitchinterval(turn)
            if collects:
                gc.enable()
