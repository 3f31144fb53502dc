"""Every worker of a real service by itself: who is asked is never left to the kernel."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar
from urllib.request import urlopen

from running import COMES_WITHIN, Service, wait_until

T = TypeVar("T")
TOGETHER = 20.0
"""Seconds after which no worker of any service may ask for what one of them was told.

A second is promised, which is five looks at the feed (tests/recsvc/test_following.py asks for the pause between them, and
``benchmarks/`` measures it): a machine that others keep busy takes longer, and a service that only looks now and then longer still.
"""
LOOKS = 0.2
"""Seconds between two rounds of questions: workers that are stopped follow nothing."""


@contextmanager
def alone(service: Service, worker: int) -> Iterator[None]:
    """Let one worker answer: the others stand still while the block runs."""
    others = [one for one in service.workers() if one != worker]
    for one in others:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in others:
            os.kill(one, signal.SIGCONT)


def all_there(service: Service, count: int) -> None:
    """Return once so many workers live and have opened the store, for which they take turns."""
    wait_until(lambda: len(service.workers()) == count)
    wait_until(lambda: f"\nrecsvc_workers {count}.0" in figures(service))


def figures(service: Service) -> str:
    """Return what /metrics says."""
    with urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=COMES_WITHIN) as answer:
        return str(answer.read(), "utf-8")


def of_each(service: Service, ask: Callable[[Service], T]) -> list[T]:
    """Return what each worker answers."""
    answers = []
    for worker in service.workers():
        with alone(service, worker):
            answers.append(ask(service))
    return answers


def everywhere(services: Sequence[Service], holds: Callable[[Service], bool], what: str = "") -> None:
    """Return once every worker of ``services`` says so; fail where one that is asked later than the promise does not.

    Call it when the change was acknowledged: the time counts from then, less that for which a worker had to stand still.
    """
    began = time.monotonic()
    waiting = [(service, worker) for service in services for worker in service.workers()]
    stood = {worker: 0.0 for _, worker in waiting}
    while waiting:
        time.sleep(LOOKS)
        late = []
        for service, worker in waiting:
            asked = time.monotonic()
            with alone(service, worker):
                knows = holds(service)
            took = time.monotonic() - asked
            for other in set(service.workers()) - {worker}:
                stood[other] = stood.get(other, 0.0) + took
            if not knows:
                free = asked - began - stood[worker]
                assert free < TOGETHER, f"a worker does not know after {free:.2f} s: {what}"
                late.append((service, worker))
        waiting = late
