"""What fills up a carousel whose candidates do not suffice: its fallbacks, each asked only when the one before ran out."""

from collections.abc import Callable

import numpy as np

from models.carousels import Carousel
from models.schema import NOTHING, Context, Ints, Scored
from recsvc.pace import Pace
from recsvc.prepared import SHORT
from recsvc.rules.pool import Fallback
from recsvc.snapshot import Snapshot

SOURCE_OF_FALLBACK = {
    "category-bestsellers": "category-popularity",
    "store-bestsellers": "store-popularity",
    "bestsellers": "popularity",
}


def fallbacks_of(
    snapshot: Snapshot, name: str, carousel: Carousel, context: Context, pace: Pace, *, short: bool
) -> list[Fallback]:
    """Return the fallbacks of a carousel; ``short``: the head of each first, and only then the bestsellers to the end.

    The bestsellers to the end are all products of the shop, sorted: their head, which is kept, goes before them, and what
    nobody bought yet comes behind them.
    """
    models, everything = snapshot.models, len(snapshot.catalogue)

    def rows(source: str, n: int) -> Callable[[], Ints]:
        instead = Scored(snapshot.prepared.bestsellers, NOTHING.scores)

        def ask() -> Ints:
            found = pace.guard(name, source, lambda: models[source].candidates(context, n), instead).rows
            return _to_the_end(found, n) if source == "popularity" and n == everything else found

        return ask

    found, to_the_end = list[Fallback](), list[Fallback]()
    for one in carousel.fallback:
        source = SOURCE_OF_FALLBACK[one]
        if source not in models:
            continue
        head = short or (source == "popularity" and everything > SHORT)
        found.append((one, rows(source, SHORT if head else everything)))
        if head and source == "popularity":
            (to_the_end if short else found).append((one, rows(source, everything)))
    return found + to_the_end


def _to_the_end(rows: Ints, everything: int) -> Ints:
    """Return all ``everything`` products of the catalogue: ``rows``, then those that are not among them, the newest first."""
    others = np.ones(everything, np.bool_)
    others[rows] = False
    return np.concatenate([rows, np.flatnonzero(others)[::-1].astype(np.int32)])
