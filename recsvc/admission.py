"""Admission: how many requests of a worker may take the expensive path at once, and how long one waits for its turn."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar

T = TypeVar("T")
WAITING = 16
"""Calls of a worker that may wait for the disk beside those that run."""


class Permits:
    """The permits of one worker."""

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)

    @contextmanager
    def one(self, until: float) -> Iterator[bool]:
        """Hold a permit while the block runs; yield whether there was one before ``until`` (``time.perf_counter``).

        A request that waited for its thread until then gets none even where one is free: taking the cheap path is what
        brings the queue of an overloaded worker back to this length.
        """
        left = until - perf_counter()
        admitted = left > 0 and self._free.acquire(timeout=left)
        try:
            yield admitted
        finally:
            if admitted:
                self._free.release()


class _Own(threading.local):
    seconds = 0.0
    line: "Line | None" = None


_OWN = _Own()


def waited() -> float:
    """Return the seconds that the request of this thread waited for its turn; told once, then 0."""
    seconds, _OWN.seconds = _OWN.seconds, 0.0
    return seconds


class Line:
    """Turns to run, given to those who wait in the order in which they came.

    Not a semaphore: there whoever ends a request and begins the next would take the turn from those who wait.
    """

    def __init__(self, turns: int) -> None:
        self._free, self._waiting, self._lock = turns, deque[threading.Lock](), threading.Lock()

    def take(self) -> None:
        """Wait for a turn, and take it."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()

    def give(self) -> None:
        """Give a turn back: to the first who waits, where anybody does."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


def aside() -> None:
    """Let another request have the turn of this thread's, which from here on waits for the disk and does little else."""
    line, _OWN.line = _OWN.line, None
    if line is not None:
        line.give()


class TimedPool(ThreadPoolExecutor):
    """Threads that know how long the work which they take up was queued: what gunicorn's own would hide.

    More of them than may run at once: those that stand ``aside`` hold nobody up.
    """

    def __init__(self, running: int, aside: int) -> None:
        """Make a pool of ``running`` threads that may run, and ``aside`` that may wait for the disk beside them."""
        super().__init__(max_workers=running + aside)
        self._line = Line(running)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Queue a call; what runs in it may ask ``waited``."""
        return super().submit(_timed, self._line, perf_counter(), fn, *args, **kwargs)


def _timed(line: Line, queued: float, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    line.take()
    _OWN.line, _OWN.seconds = line, perf_counter() - queued
    try:
        return fn(*args, **kwargs)
    finally:
        aside()
