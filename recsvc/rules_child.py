"""``python -m recsvc.rules_child``: the process that reads a large rules file for one that answers requests.

It does what ``recsvc.rules.parse.read`` does and hands the rules over in small pieces through a pipe, as pickles: what
they hold was made by a process that we started, from a file that went through our own parser, and lies nowhere.
"""

import gc
import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from models.ids import IdIndex
from models.schema import UNKNOWN
from recsvc.id_lists import lists_in
from recsvc.marks import ListsRead
from recsvc.rules.parse import read
from recsvc.rules.rest import Rest
from recsvc.rules.shop_facts import ShopFacts

PIECE = 40
"""Rules, or the like, that are taken over in one go: about a millisecond of work."""
NICE = 10
"""It gives way to whoever answers requests, in other processes too."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a child is asked to read, as it goes through the pipe."""

    text: bytes
    facts: ShopFacts
    """Without its functions."""
    products: IdIndex | None
    """None: products are not checked."""
    folder: Path
    """Of the rules file, and of its lists of ids."""
    name: str


def give(values: Sequence[Any], out: IO[bytes]) -> None:
    """Write ``values`` in pieces."""
    pieces = range(0, len(values), PIECE)
    pickle.dump(len(pieces), out)
    for start in pieces:
        pickle.dump(values[start : start + PIECE], out, pickle.HIGHEST_PROTOCOL)


def taken(out: IO[bytes], rest: Rest) -> Iterator[Any]:
    """Yield what ``give`` wrote; ``rest`` is called after each piece."""
    for _ in range(pickle.load(out)):
        yield from pickle.load(out)
        rest()


def main(into: IO[bytes], out: IO[bytes]) -> None:
    """Read the task that comes in, and hand out what came of it."""
    os.nice(NICE)
    gc.disable()  # it ends soon
    task: Task = pickle.load(into)
    ids, listed = task.products, ListsRead(task.folder, lists_in(task.folder))
    known = None if ids is None else lambda product: ids.row(product) != UNKNOWN
    reading = read(task.text, replace(task.facts, product_ids=known, lists=listed), task.name)
    rules = reading.rules
    bare = None if rules is None else replace(rules, rules=(), segments={}, warnings=())
    pickle.dump((bare, listed.marks), out, pickle.HIGHEST_PROTOCOL)
    give(reading.faults, out)
    give(rules.warnings if rules else (), out)
    give(list(rules.segments.items()) if rules else (), out)
    give(rules.rules if rules else (), out)
    out.flush()


if __name__ == "__main__":
    from recsvc.rules_child import main as run  # what is pickled belongs to the module, not to the script

    run(sys.stdin.buffer, sys.stdout.buffer)
