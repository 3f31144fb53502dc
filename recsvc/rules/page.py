"""Step 10: the carousels of one call share no product. The first keeps it, a pin beats a non-pin, nothing has a hole."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.ids import IdIndex
from models.schema import NO_ROWS, Ints
from recsvc.rules.arrange import Deeper, Settled, finish, settle
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
    deeper: Deeper | None = None
    """Gives a deeper pool, asked once if the first one runs short."""

    @property
    def ids(self) -> IdIndex:
        """Return the ids of the catalogue that its rows are of."""
        return self.active.bound.catalogue.ids


def arrange_page(shelves: Sequence[Shelf], *, explain: bool = False) -> list[Arranged]:
    """Return the carousels in the order of ``shelves``, which may be of several versions, each with its own rows.

    Pins are settled first, from the first carousel to the last, each without what those before it have pinned. Then each
    carousel is filled without what carousels before it show and what carousels after it have pinned: so whoever loses a
    product refills, and no pin moves any more.
    """
    settled: list[Settled] = []
    for shelf in shelves:
        pinned = [(other, one.claimed) for other, one in zip(shelves, settled, strict=False)]
        settled.append(_settle(shelf, _taken(shelf, pinned)))
    out: list[Arranged] = []
    for number, (shelf, one) in enumerate(zip(shelves, settled, strict=True)):
        shown = [(other, its.rows) for other, its in zip(shelves, out, strict=False)]
        later = zip(shelves[number + 1 :], settled[number + 1 :], strict=True)
        pinned = [(other, its.claimed) for other, its in later]
        out.append(finish(one, _taken(shelf, [*shown, *pinned]), explain=explain))
    return out


def arrange_shelf(shelf: Shelf, taken: Ints = NO_ROWS, *, explain: bool = False) -> Arranged:
    """Return one carousel beside others that have ``taken`` some products."""
    return finish(_settle(shelf, taken), taken, explain=explain)


def rows_in(ids: IdIndex, rows: Ints, of: IdIndex) -> Ints:
    """Return the rows in ``ids`` of the products that are ``rows`` of another catalogue, those it has."""
    return rows if of is ids else ids.known([of.id(row) for row in rows.tolist()])


def _settle(shelf: Shelf, pinned: Ints) -> Settled:
    return settle(
        shelf.active,
        shelf.pool,
        size=shelf.size,
        ends=shelf.ends,
        bars=shelf.bars,
        fallbacks=shelf.fallbacks,
        pinned=pinned,
        deeper=shelf.deeper,
    )


def _taken(shelf: Shelf, others: Sequence[tuple[Shelf, Ints]]) -> Ints:
    return np.concatenate([NO_ROWS, *(rows_in(shelf.ids, rows, other.ids) for other, rows in others)])
