"""Live stock in layers, against a dict."""

import random

import numpy as np

from models.ids import IdIndex
from models.schema import UNKNOWN
from models.stock import Stock
from recsvc.overlay.stock import LiveStock, with_pieces
from recsvc.overlay.told import Pieces

PRODUCTS = IdIndex.of([f"p{n}" for n in range(40)])
STORES = IdIndex.of(["s0", "s1"])
NAMES = ("s0", "s1", "s2")


def trained_stock() -> tuple[Stock, dict[tuple[str, str], float]]:
    held = {(f"p{n}", store): float(n % 3) for n in range(0, 40, 2) for store in ("", "s0")}
    rows = [(PRODUCTS.row(one), STORES.row(store or None), pieces) for (one, store), pieces in held.items()]
    product, store, pieces = (np.array(part) for part in zip(*rows, strict=True))
    return Stock.of(product.astype(np.int32), store.astype(np.int32), pieces, len(PRODUCTS), 2), held


def expected(held: dict[tuple[str, str], float], product: str, store: str) -> float:
    if store:
        return held.get((product, store), held.get((product, ""), np.nan))
    own = [max(pieces, 0) for (one, _), pieces in held.items() if one == product]
    return float(sum(own)) if own else np.nan


def test_hundreds_of_changes_come_to_what_was_told_last() -> None:
    """A shop-wide row ends the stores' own, trained or told; layers stay few, and old stock is never changed."""
    dice, (trained, held) = random.Random(3), trained_stock()
    stock, told = LiveStock(trained, STORES), {}
    rows = np.arange(len(PRODUCTS), dtype=np.int32)
    for _ in range(400):
        product, pieces = f"p{dice.randrange(40)}", float(dice.randrange(-1, 5))
        store = dice.choice(("", *NAMES, *NAMES, *NAMES))
        if not store:
            held = {key: kept for key, kept in held.items() if key[0] != product}
            told = {key: kept for key, kept in told.items() if key[0] != product}
        held[product, store] = told[product, store] = pieces
        news = [Pieces(*key, kept) for key, kept in told.items() if key[0] == product]
        stock = with_pieces(stock, PRODUCTS, news)
        assert len(stock.cells) <= 6
    for name in ("", *NAMES):
        got = stock.of_store(rows, stock.stores.row(name) if name else UNKNOWN)
        assert np.array_equal(got, [expected(held, f"p{n}", name) for n in range(40)], equal_nan=True), name


def test_stock_of_products_that_nobody_knows_is_left_to_the_store() -> None:
    stock = LiveStock(trained_stock()[0], STORES)
    assert with_pieces(stock, PRODUCTS, [Pieces("who", "s0", 1)]) is stock
