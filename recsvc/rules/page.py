"""Step 10: the carousels of one call share no product. The first keeps it, a pin beats a non-pin, nothing has a hole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.schema import NO_ROWS, Ints
from recsvc.rules.arrange import arrange, claim_pins
from recsvc.rules.match import Active
from recsvc.rules.pool import Arranged, BarsOf, Fallback, Pool


@dataclass(frozen=True, slots=True)
class Shelf:
    """One carousel of a page, before the rules."""

    active: Active
    pool: Pool
    size: int
    """Positions that are shown, or lie before what is shown."""
    ends: int
    """The last position that a pin may have: the carousel's own size, so that all of its pages agree."""
    bars: BarsOf
    fallbacks: Sequence[Fallback] = ()
    deeper: Callable[[], Pool] | None = None
    """Gives a deeper pool, asked once if the first one runs short."""


def arrange_page(shelves: Sequence[Shelf], *, explain: bool = False) -> list[Arranged]:
    """Return the carousels in the order of ``shelves``.

    Pins are claimed first, from the first carousel to the last. Then each carousel is arranged without what carousels
    before it show and what carousels after it have pinned, so whoever loses a product refills.
    """
    claimed: list[Ints] = []
    for shelf in shelves if len(shelves) > 1 else ():  # alone, nobody has to know of its pins
        taken = _joined(claimed)
        claimed.append(
            claim_pins(
                shelf.active,
                shelf.pool,
                size=shelf.size,
                ends=shelf.ends,
                bars=shelf.bars,
                fallbacks=shelf.fallbacks,
                taken=taken,
            )
        )
    out: list[Arranged] = []
    for number, shelf in enumerate(shelves):
        taken = _joined([*(one.rows for one in out), *claimed[number + 1 :]])
        out.append(arrange_shelf(shelf, taken, explain=explain))
    return out


def arrange_shelf(shelf: Shelf, taken: Ints = NO_ROWS, *, explain: bool = False) -> Arranged:
    """Return one carousel; a pool that runs short is asked for more before fallbacks step in."""
    pool = shelf.pool
    if shelf.deeper is not None:
        first = arrange(
            shelf.active, pool, size=shelf.size, ends=shelf.ends, bars=shelf.bars, taken=taken, explain=explain
        )
        if not first.short:
            return first
        pool = shelf.deeper()
    return arrange(
        shelf.active,
        pool,
        size=shelf.size,
        ends=shelf.ends,
        bars=shelf.bars,
        fallbacks=shelf.fallbacks,
        taken=taken,
        explain=explain,
    )


def _joined(rows: Sequence[Ints]) -> Ints:
    return np.concatenate([NO_ROWS, *rows])
