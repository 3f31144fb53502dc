"""Recall of the candidates: by hand, and in a judgement."""

import numpy as np
import pytest

from model_data import UNTIL, Order, shop_of
from models.buy_again import BuyAgain
from models.ids import IdIndex
from models.popularity import Popularity
from models.schema import UNKNOWN
from tiny_shop import TinyShop
from training.judge_candidates import Candidates, OfSource, of_task
from training.split import Requests

ORDERS = [Order(0, [0, 1]), Order(0, [0]), Order(1, [2, 3]), Order(2, [2, 3]), Order(3, [2])]
"""Products 2 and 3 sell best; shopper 0 buys 0 and 1."""
NOWHERE = np.full(2, UNKNOWN, np.int32)


def test_recall_is_counted_over_all_that_was_bought() -> None:
    """Shopper 0 bought 0, 2, 4, shopper 1 bought 2: own products hold two of four, and one of them alone."""
    shop = shop_of(ORDERS, 5)
    models = {"buy-again": BuyAgain().fit(shop.data), "popularity": Popularity().fit(shop.data)}
    truth = (np.array([0, 2, 4], np.int32), np.array([2], np.int32))
    task = Requests("next-order", np.array([0, 1], np.int32), True, NOWHERE, NOWHERE, np.full(2, UNTIL), truth)
    found = of_task(task, models, {"buy-again": 2, "popularity": 1}, False, shop.histories, IdIndex.of(()))
    sources = {"buy-again": OfSource(2 / 4, 1 / 4), "popularity": OfSource(2 / 4, 1 / 4)}
    assert found == Candidates("next-order", pytest.approx((3 + 2) / 2), 3 / 4, sources)


def test_what_was_bought_leaves_room_for_the_next_where_only_new_products_count() -> None:
    """Shopper 1 had 2 and 3, so that the best seller left to her is 0."""
    shop = shop_of(ORDERS, 5)
    models = {"popularity": Popularity().fit(shop.data)}
    one = np.array([1], np.int32)
    task = Requests("discovery", one, True, NOWHERE[:1], NOWHERE[:1], np.full(1, UNTIL), (np.array([0], np.int32),))
    assert of_task(task, models, {"popularity": 1}, True, shop.histories, IdIndex.of(())).recall == 1


def test_a_judgement_tells_the_recall_of_each_task(trained_shop: TinyShop) -> None:
    """It is no lower than any source's, no higher than all of them together, and bounds what was found."""
    judged = trained_shop.report.judgement
    asked = {one.task: one for one in judged.results if not one.row}
    assert [one.task for one in judged.candidates] == list(asked)
    for one in judged.candidates:
        parts = [source.recall for source in one.sources.values()]
        assert 0 < max(parts) <= one.recall <= min(1, sum(parts))
        assert sum(source.alone for source in one.sources.values()) <= one.recall
