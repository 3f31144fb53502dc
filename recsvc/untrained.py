"""What serves before the first training: no version, and over it what the back office tells, the newest first."""

from collections.abc import Callable

import numpy as np

from models.base import Model
from models.carousels import Carousel
from models.catalogue import Catalogue
from models.histories import Histories
from models.ids import IdIndex
from models.listed import Listed
from models.new_arrivals import NewArrivals
from models.popularity import Popularity
from models.recently_viewed import RecentlyViewed
from models.schema import NO_ROWS
from models.shop import Shop
from recsvc.rules.bind import bind
from recsvc.rules.schema import NO_RULES
from recsvc.snapshot import Snapshot


def untrained(shop: Shop, clock: Callable[[], int]) -> Snapshot:
    """Return the snapshot that knows no product, to lay over it what is told.

    The newest products stand in for new arrivals, which every carousel has beside its own sources here, and for the
    bestsellers, which fill up: so rules, filters and policies meet them as they meet any candidates.
    """
    nobody, listed = IdIndex.of([]), Listed()
    catalogue = Catalogue.of(nobody, {}, "none")
    none = np.empty(0, np.float32)
    histories = Histories(np.zeros(1, np.int64), NO_ROWS, np.empty(0, np.int64), NO_ROWS, none, none, NO_ROWS)
    models: dict[str, Model] = {
        Popularity.source: listed,
        NewArrivals.source: listed,
        RecentlyViewed.source: RecentlyViewed(),
    }
    carousels = {name: _with_the_newest(one) for name, one in shop.carousels.items()}
    shop = shop.model_copy(update={"carousels": carousels})
    return Snapshot(
        shop, clock, None, catalogue, nobody, nobody, histories, {}, models, bind(NO_RULES, catalogue), None
    )


def _with_the_newest(carousel: Carousel) -> Carousel:
    """Return a carousel that has the newest products among its sources; one of what was looked at stays what it is."""
    if carousel.sources.keys() == {RecentlyViewed.source}:
        return carousel
    return carousel.model_copy(update={"sources": {NewArrivals.source: 1.0, **carousel.sources}})
