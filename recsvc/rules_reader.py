"""A large rules file is read in a process of its own (``recsvc.rules_child``), so that no request of this one waits."""

import fcntl
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from select import POLLIN, poll
from time import sleep
from typing import IO

from models.ids import IdIndex
from recsvc.marks import ListsRead
from recsvc.rules.parse import Reading, read
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.schema import Combined, Listed, Test
from recsvc.rules.shop_facts import ShopFacts, no_lists
from recsvc.rules_child import Task, taken
from recsvc.telemetry import log_crash

LARGE = 200_000
"""Bytes of a rules file from which it is worth the start of a process."""
LONGEST = 60.0
"""Seconds after which a child is given up."""
PATIENCE = 0.1
"""Of ``LONGEST``: after it, a child that takes only what nobody else wants is given up for one that takes more."""
NICE = 10
"""The priority of that one: a tenth of a share."""
WAIT = 0.02
"""Seconds between two looks at what is waited for."""


def read_gently(
    text: bytes, facts: ShopFacts, products: IdIndex, listed: ListsRead, name: str, rest: Rest, turn: Path | None
) -> Reading:
    """Return what ``read`` returns: a large file is read in a child, where there are rests at all and a child works.

    Args:
        text: the file.
        facts: what it is checked against.
        products: the ids of the catalogue.
        listed: reads the lists of ids, and learns which they were.
        name: of the file, for messages.
        rest: called often.
        turn: a folder that several workers share: of these, one has its rules read at a time; None = nobody waits.
    """
    if len(text) > LARGE and rest is not no_rest:
        try:
            with _alone(turn, rest):
                return _read_beside(text, facts, products, listed, name, rest)
        except Exception as error:  # whatever it is, what can be read there can be read here
            log_crash(error, "rules-reader")
    return read(text, replace(facts, lists=listed), name, rest)


def _read_beside(text: bytes, facts: ShopFacts, products: IdIndex, listed: ListsRead, name: str, rest: Rest) -> Reading:
    """Return what a child reads that takes what nobody else wants; where that is too little, one that takes a share."""
    plain = replace(facts, product_ids=None, lists=no_lists)
    task = Task(text, plain, None if facts.product_ids is None else products, listed.folder.resolve(), name)
    with suppress(EOFError, OSError, pickle.UnpicklingError):  # it was given up
        return _read_by(_idle, LONGEST * PATIENCE, task, listed, rest)
    return _read_by(_nice, LONGEST, task, listed, rest)


def _read_by(give_way: Callable[[int], None], longest: float, task: Task, listed: ListsRead, rest: Rest) -> Reading:
    with _child(longest) as (process, into, out):
        give_way(process)
        pickle.dump(task, into, pickle.HIGHEST_PROTOCOL)
        into.close()
        answer = poll()  # not select: it knows no file beyond the first 1,024 that a process opened
        answer.register(out, POLLIN)
        while not answer.poll(WAIT * 1000):
            rest()
        given = pickle.Unpickler(out)
        rules, marks = given.load()
        faults, warnings, segments, every = (tuple(taken(given, rest)) for _ in range(4))
    listed.marks = marks
    if rules is None:
        return Reading(None, faults)
    listed.ids = {one.name: one.ids for _, test in segments for one in _lists(test)}
    return Reading(replace(rules, rules=every, segments=dict(segments), warnings=warnings))


@contextmanager
def _child(longest: float) -> Iterator[tuple[int, IO[bytes], IO[bytes]]]:
    """Yield a child and the ends of the pipes into and out of it; it ends with the block, or after ``longest`` seconds.

    It stays in the session of this process: Linux weighs sessions against each other, and priorities only inside one.
    """
    command = [sys.executable, "-P", "-m", "recsvc.rules_child"]  # -P: ours only
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0) as child:
        late = threading.Timer(longest, child.kill)
        late.daemon = True
        late.start()
        try:
            yield child.pid, child.stdin, child.stdout  # type: ignore[misc]  # pipes were asked for
        except BaseException:
            child.kill()
            raise
        finally:
            late.cancel()


def _idle(process: int) -> None:
    """Let a process have only what nobody else wants of the processors, where the system knows how."""
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))


def _nice(process: int) -> None:
    """Let a process have a small share of busy processors."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process, NICE)


@contextmanager
def _alone(turn: Path | None, rest: Rest) -> Iterator[None]:
    """Wait until no other worker has its rules read: all of them see a saved file at the same moment."""
    if turn is None:
        yield
        return
    with (turn / "reading.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                sleep(WAIT)
                rest()
        yield


def _lists(test: Test) -> Iterable[Listed]:
    if isinstance(test, Combined):
        return (one for part in test.tests for one in _lists(part))
    return (test,) if isinstance(test, Listed) else ()
