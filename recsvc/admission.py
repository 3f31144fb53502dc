"""Admission: how many requests of a worker may take the expensive path at once, and how long one waits for its turn."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar

T = TypeVar("T")


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


class _Waited(threading.local):
    seconds = 0.0


_WAITED = _Waited()


def waited() -> float:
    """Return the seconds that the request of this thread waited for the thread; told once, then 0."""
    seconds, _WAITED.seconds = _WAITED.seconds, 0.0
    return seconds


class TimedPool(ThreadPoolExecutor):
    """Threads that know how long the work which they take up was queued: what gunicorn's own would hide."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Queue a call; what runs in it may ask ``waited``."""
        return super().submit(_timed, perf_counter(), fn, *args, **kwargs)


def _timed(queued: float, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    _WAITED.seconds = perf_counter() - queued
    return fn(*args, **kwargs)
