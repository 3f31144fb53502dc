"""Step 10: the carousels of one call share no product. The first keeps it, a pin beats a non-pin, nothing has a hole."""

from collections.abc import Sequence

import numpy as np

from models.ids import IdIndex
from models.schema import NO_ROWS, Ints
from recsvc.rules.arrange import Settled, Shelf, finish, settle
from recsvc.rules.pool import Arranged


def arrange_page(shelves: Sequence[Shelf], *, explain: bool = False) -> list[Arranged]:
    """Return the carousels in the order of ``shelves``, which may be of several versions, each with its own rows.

    Pins are settled first, from the first carousel to the last, each without what those before it have pinned. Then each
    carousel is filled without what carousels before it show and what carousels after it have pinned: so whoever loses a
    product refills, and no pin moves any more.
    """
    settled: list[Settled] = []
    for shelf in shelves:
        pinned = [(other, one.claimed) for other, one in zip(shelves, settled, strict=False)]
        settled.append(settle(shelf, _taken(shelf, pinned)))
    out: list[Arranged] = []
    for number, (shelf, one) in enumerate(zip(shelves, settled, strict=True)):
        shown = [(other, its.rows) for other, its in zip(shelves, out, strict=False)]
        later = zip(shelves[number + 1 :], settled[number + 1 :], strict=True)
        pinned = [(other, its.claimed) for other, its in later]
        out.append(finish(one, _taken(shelf, [*shown, *pinned]), explain=explain))
    return out


def rows_in(ids: IdIndex, rows: Ints, of: IdIndex) -> Ints:
    """Return the rows in ``ids`` of the products that are ``rows`` of another catalogue, those it has."""
    return rows if of is ids else ids.known([of.id(row) for row in rows.tolist()])


def _taken(shelf: Shelf, others: Sequence[tuple[Shelf, Ints]]) -> Ints:
    return np.concatenate([NO_ROWS, *(rows_in(shelf.ids, rows, other.ids) for other, rows in others)])
