"""``python -m recsvc.rules_child``: the process that reads a large rules file for one that answers requests.

It does what ``recsvc.rules.parse.read`` does and hands the rules over in small pieces through a pipe, as pickles: what
they hold was made by a process that we started, from a file that went through our own parser, and lies nowhere.
"""

import gc
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
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
"""Rules, or the like, that are taken over in one go: half a millisecond of work."""


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


class Giver(pickle.Pickler):
    """Writes our plain data as calls of their classes: read again, that takes half of what pickle's own way does.

    What was written once is named after that, in later pieces too, as long as one ``pickle.Unpickler`` reads them all.
    """

    def reducer_override(self, one: Any) -> Any:
        """Return the class and its arguments; other things go pickle's way."""
        if not is_dataclass(one) or isinstance(one, type):
            return NotImplemented
        return type(one), tuple(getattr(one, each.name) for each in fields(one))


def give(values: Sequence[Any], giver: Giver) -> None:
    """Write ``values`` in pieces."""
    pieces = range(0, len(values), PIECE)
    giver.dump(len(pieces))
    for start in pieces:
        giver.dump(values[start : start + PIECE])


def taken(given: pickle.Unpickler, rest: Rest) -> Iterator[Any]:
    """Yield what ``give`` wrote; ``rest`` is called after each piece."""
    for _ in range(given.load()):
        yield from given.load()
        rest()


def main(into: IO[bytes], out: IO[bytes]) -> None:
    """Read the task that comes in, and hand out what came of it."""
    gc.disable()  # it ends soon
    task: Task = pickle.load(into)
    ids, listed = task.products, ListsRead(task.folder, lists_in(task.folder))
    known = None if ids is None else lambda product: ids.row(product) != UNKNOWN
    reading = read(task.text, replace(task.facts, product_ids=known, lists=listed), task.name)
    rules = reading.rules
    bare = None if rules is None else replace(rules, rules=(), segments={}, warnings=())
    giver = Giver(out, pickle.HIGHEST_PROTOCOL)
    giver.dump((bare, listed.marks))
    give(reading.faults, giver)
    give(rules.warnings if rules else (), giver)
    give(list(rules.segments.items()) if rules else (), giver)
    give(rules.rules if rules else (), giver)
    out.flush()


if __name__ == "__main__":
    from recsvc.rules_child import main as run  # what is pickled belongs to the module, not to the script

    run(sys.stdin.buffer, sys.stdout.buffer)
