"""Heavy work in the background of a process that answers requests.

Threads share one interpreter, so what a request waits for is not the processor but its turn. Work that is done gently
hands over often, and rests four fifths of the time: a worker that reloads takes a fifth of a core for it.
"""

import atexit
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter, sleep

from recsvc.rules.rest import Rest, no_rest

HEAVY = 20_000
"""Bytes of a rules file that takes longer than a few requests; a smaller one is read at once."""
ALONE = threading.RLock()
TURN = 0.0005
"""Seconds after which a thread that computes hands over to one that waits; Python's own 0.005 adds up over a request."""
WORK = 0.001
"""Seconds of work in a row, the turns of others in between included."""
REST = 0.004
"""Seconds of rest after them."""
AGES = 8
"""Rests after which what was made grows old: see ``_Rests``."""


@contextmanager
def gently() -> Iterator[Rest]:
    """Let other threads take turns often, and collect no garbage by itself, while the block runs; yield its ``Rest``.

    Both are switches of the whole process: they are set back at the end to what they were. One block runs at a time,
    another thread's waits for it. What lives at the end is not looked at again by the collection of garbage: rules are
    freed by their count of references, and a look at all of them would hold every request up.
    """
    with ALONE:
        turn, collects = sys.getswitchinterval(), gc.isenabled()
        sys.setswitchinterval(TURN)
        gc.disable()
        try:
            yield _Rests(collects)
        finally:
            sys.setswitchinterval(turn)
            if collects:
                gc.freeze()
                atexit.unregister(gc.unfreeze)
                atexit.register(gc.unfreeze)  # libraries look for leaks at the exit, and would take these for some
                gc.enable()


def gently_for(text: bytes | None) -> AbstractContextManager[Rest]:
    """Return what the rules in ``text`` are to be worked on under: gently where they are many, else at once."""
    return gently() if len(text or b"") > HEAVY else nullcontext(no_rest)


class _Rests:
    """Rests when it is time to, and there collects the little garbage of requests that came since.

    New objects are looked at while they are few, and passed on to the old ones: left for the end, they would be looked
    at all at once.
    """

    def __init__(self, collects: bool) -> None:
        self.collects = collects
        self.rests = 0
        self.began = perf_counter()

    def __call__(self) -> None:
        if perf_counter() - self.began < WORK:
            return
        if self.collects:
            self.rests += 1
            gc.collect(0 if self.rests % AGES else 1)
        sleep(REST)
        self.began = perf_counter()
