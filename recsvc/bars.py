"""System exclusions (step 2): what no carousel may offer this shopper now, whatever the rules say."""

from collections.abc import Callable

import numpy as np

from models.carousels import Carousel
from models.compiled import isin
from models.schema import UNKNOWN, Bools, Bytes, Ints
from recsvc.context import Moment
from recsvc.rules.situation import EXCLUDED, IN_CART, NOT_SELLABLE, OUT_OF_STOCK, PAGE, PURCHASED, SEED
from recsvc.snapshot import Snapshot

Bars = Callable[[Ints], Bytes]


def bars_of(snapshot: Snapshot, carousel: Carousel, moment: Moment, wanted: Callable[[Ints], Bools] | None) -> Bars:
    """Return the function that says for (n,) product rows which exclusions hold: a sum of the codes of ``situation``.

    Args:
        snapshot: the catalogue and the stock.
        carousel: its policy on what was bought, is in the cart, is sold out.
        moment: the request.
        wanted: the request's own filter, or None.
    """
    context = moment.context
    bought = context.history.product

    def bars(rows: Ints) -> Bytes:
        out = np.where(snapshot.catalogue.on_sale(rows, context.at), 0, NOT_SELLABLE).astype(np.uint8)
        out |= _code(PAGE, rows == context.page) if context.page != UNKNOWN else np.uint8(0)
        if carousel.in_cart == "exclude":
            out |= _code(IN_CART, isin(rows, context.cart))
        elif len(context.cart) and "bought-together" in carousel.sources:
            out |= _code(SEED, isin(rows, context.cart))
        if carousel.bought == "exclude":
            out |= _code(PURCHASED, isin(rows, bought))
        elif carousel.bought == "only":
            out |= _code(EXCLUDED, ~isin(rows, bought))
        if carousel.in_stock and snapshot.stock is not None:
            out |= _code(OUT_OF_STOCK, snapshot.stock.of_store(rows, context.store) <= 0)
        if len(moment.excluded):
            out |= _code(EXCLUDED, isin(rows, moment.excluded))
        if moment.only is not None:
            out |= _code(EXCLUDED, ~isin(rows, moment.only))
        if wanted is not None:
            out |= _code(EXCLUDED, ~wanted(rows))
        return out

    return bars


def _code(code: int, mask: Bools) -> Bytes:
    return mask.astype(np.uint8) * np.uint8(code)
