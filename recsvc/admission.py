"""Admission: how many requests of a worker may take the expensive path at once, and how long one waits for its turn."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
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
    pool: "TimedPool | None" = None


_OWN = _Own()


def waited() -> float:
    """Return the seconds that the request of this thread waited for its turn; told once, then 0."""
    seconds, _OWN.seconds = _OWN.seconds, 0.0
    return seconds


def waits() -> float:
    """Return what ``waited`` will tell, and leave it for whoever asks next."""
    return _OWN.seconds


def aside() -> None:
    """Let another request have the turn of this thread's, which from here on waits for the disk and does little else."""
    pool, _OWN.pool = _OWN.pool, None
    if pool is not None:
        pool.pass_on()


@dataclass(slots=True)
class _Work:
    """A call that waits for its turn, or has it."""

    call: Callable[[], Any]
    queued: float
    future: "Future[Any]" = field(default_factory=Future)

    def run(self) -> None:
        try:
            told = self.call()
        except BaseException as error:  # whoever waits for the future is told
            self.future.set_exception(error)
        else:
            self.future.set_result(told)


class TimedPool(ThreadPoolExecutor):
    """Threads that know how long the work which they take up was queued: what gunicorn's own would hide.

    Turns to run go to those who wait in the order in which they came. Whoever has done its work takes up the next call
    itself, so that no thread is woken before there is a turn for it. There are more threads than turns: those that stand
    ``aside`` hold nobody up.
    """

    def __init__(self, running: int, aside: int) -> None:
        """Make a pool of ``running`` threads that may run, and ``aside`` that may wait for the disk beside them."""
        super().__init__(max_workers=running + aside)
        self._free, self._waiting, self._lock = running, deque[_Work](), threading.Lock()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Queue a call; what runs in it may ask ``waited``."""
        work = _Work(partial(fn, *args, **kwargs), perf_counter())
        with self._lock:
            if not self._free:
                self._waiting.append(work)
                return work.future
            self._free -= 1
        super().submit(self._run, work)
        return work.future

    def pass_on(self) -> None:
        """Give the turn of this thread's to the first who waits; it runs in another thread."""
        work = self._next()
        if work is not None:
            super().submit(self._run, work)

    def _next(self) -> _Work | None:
        """Return the first call that waits; None: the turn is free again."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._free += 1
            return None

    def _run(self, work: _Work | None) -> None:
        """Run a call that has its turn, and those after it while there are any."""
        while work is not None:
            _OWN.pool, _OWN.seconds = self, perf_counter() - work.queued
            work.run()
            held, _OWN.pool = _OWN.pool, None
            work = self._next() if held is not None else None
