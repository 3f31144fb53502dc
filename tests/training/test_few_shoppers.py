"""Label windows of a large shop stand on a part of its shoppers: whole shoppers, drawn with the seed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model_data import random_shop
from models.columns import text_column
from models.ids import IdIndex
from models.schema import DAY, UNKNOWN, Ints, Longs
from models.shop import Shop
from models.signals import Signals
from training import fingerprint as fingerprint_
from training.few_shoppers import few_shoppers
from training.fingerprint import fingerprint
from training.ranking import fewer_windows
from training.read.shop_data import ShopData
from training.read.stock import NO_STOCK


def shop_data(seed: int = 0) -> ShopData:
    """Return a drawn shop as it is read."""
    small = random_shop(seed, n_users=40, n_orders=300).data
    lines = small.purchases
    ids = [IdIndex.of(f"{mark}{row:03}" for row in range(n)) for mark, n in (("u", 40), ("p", 24), ("s", 3))]
    tier = text_column(["gold" if row % 2 else "plain" for row in range(40)])
    seen = Signals(
        lines.user[::3], lines.product[::3], lines.time[::3] + 60, np.full(len(lines.user[::3]), 0.25, np.float32)
    )
    facts: Any = None  # nothing here asks for them
    return ShopData(lines, *ids, small.catalogue, {"tier": tier}, {}, NO_STOCK, facts, seen)


def of_shopper(data: ShopData, row: int) -> list[tuple[str, int]]:
    """Return the product and time of each line of a user row."""
    mine = data.purchases.user == row
    products = [data.products.id(int(one)) for one in data.purchases.product[mine]]
    return list(zip(products, data.purchases.time[mine].tolist(), strict=True))


def signals_of(data: ShopData, row: int) -> tuple[Ints, Longs]:
    """Return product and time of what a user row looked at."""
    mine = data.signals.where(data.signals.user == row)
    return mine.product, mine.time


def test_a_shopper_comes_whole_or_not_at_all() -> None:
    """Who is drawn has every line and attribute, under a row of their own; about the wanted number of lines stays."""
    data = shop_data()
    few, share = few_shoppers(data, 400, seed=1)
    assert 0.3 < share < 0.7
    assert len(few.purchases) == round(share * len(data.purchases))
    assert few.purchases.n_users == len(few.users) == len(np.unique(few.purchases.user[few.purchases.user != UNKNOWN]))
    for row in range(len(few.users)):
        before = data.users.row(few.users.id(row))
        assert of_shopper(few, row) == of_shopper(data, before)
        assert few.user_columns["tier"].value(row) == data.user_columns["tier"].value(before)
        looked = [(int(p), int(t)) for p, t in zip(*signals_of(few, row), strict=True)]
        assert looked == [(int(p), int(t)) for p, t in zip(*signals_of(data, before), strict=True)]
    assert 0 < len(few.signals) < len(data.signals)
    nobodys = few.purchases.user == UNKNOWN
    assert 0 < nobodys.sum() < (data.purchases.user == UNKNOWN).sum()


def test_orders_stay_together() -> None:
    """Numbers of orders have no gaps, and lines share one as they did."""
    data = shop_data()
    few, _ = few_shoppers(data, 300, seed=2)
    assert np.array_equal(np.unique(few.purchases.order), np.arange(few.purchases.n_orders))
    sizes = np.sort(np.bincount(few.purchases.order))
    known = {tuple(sorted(data.purchases.product[data.purchases.order == one])) for one in range(300)}
    assert {tuple(sorted(few.purchases.product[few.purchases.order == one])) for one in range(len(sizes))} <= known


def test_a_small_shop_stays_as_it_is() -> None:
    """No line more than the most: nothing is drawn."""
    data = shop_data()
    assert few_shoppers(data, len(data.purchases), seed=1) == (data, 1.0)


def test_another_seed_draws_others() -> None:
    data = shop_data()
    one, other, same = (few_shoppers(data, 200, seed)[0].users.arrays()["hashes"] for seed in (1, 2, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_fewer_purchases_make_fewer_windows() -> None:
    """A tenth of the purchases: four windows of ten; all of them: all ten."""
    shop = Shop.model_validate({"name": "x", "data": {"events": "store"}})
    assert [fewer_windows(shop, share).training.windows for share in (1.0, 0.6, 0.1)] == [10, 6, 4]


@pytest.mark.parametrize("block", [fingerprint_.BLOCK, 7])
def test_a_fingerprint_sees_every_purchase_before_its_moment_and_none_after(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows may be numbered otherwise and later lines may come between, in any block; an old price may not change."""
    monkeypatch.setattr(fingerprint_, "BLOCK", block)
    data = shop_data()
    lines, moment = data.purchases, int(np.median(data.purchases.time))
    mark = fingerprint(data, moment)
    assert fingerprint(replace(data, purchases=lines.where(lines.time < moment)), moment) == mark
    more = IdIndex.of(["a-new-one", *(data.users.id(row) for row in range(40))])
    moved = replace(lines, user=np.where(lines.user == UNKNOWN, UNKNOWN, lines.user + 1).astype(np.int32))
    seen = replace(data.signals, user=np.where(data.signals.user == UNKNOWN, UNKNOWN, data.signals.user + 1))
    assert fingerprint(replace(data, users=more, purchases=moved, signals=seen), moment) == mark
    for late, same in ((True, True), (False, False)):
        price = lines.price.copy()
        price[np.flatnonzero((lines.time >= moment) == late)[0]] += 1
        assert (fingerprint(replace(data, purchases=replace(lines, price=price)), moment) == mark) is same
    assert fingerprint(data, moment + 30 * DAY) != mark
    fewer = data.signals.where(np.arange(len(data.signals)) != np.flatnonzero(data.signals.time < moment)[0])
    assert fingerprint(replace(data, signals=fewer), moment) != mark
