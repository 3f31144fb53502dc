"""Spark's sums are those of one machine: counts exactly, weights but for the last bits."""

from dataclasses import replace

import numpy as np
import pytest
from both_engines import CLUSTER

from model_data import random_shop
from models.als import ALS
from models.base import Fitting
from models.bought_together import BoughtTogether
from models.popularity import CategoryPopularity, Popularity, StorePopularity
from models.shop import Shop
from training.engines.engine import engine_of
from training.engines.spark_statistics import typical


@pytest.fixture
def data(spark: None) -> tuple[Fitting, Fitting]:
    """The same small shop, with either engine's statistics."""
    shop = Shop.model_validate(
        {"name": "S", "data": {"events": "store"}, "training": {"engine": "spark", "spark": CLUSTER}}
    )
    local = random_shop(4, n_users=40, n_orders=400).data
    return local, replace(local, statistics=engine_of(shop).statistics())


@pytest.mark.parametrize("model", [Popularity, StorePopularity, CategoryPopularity, BoughtTogether])
def test_popularity_and_pairs_are_the_same(data: tuple[Fitting, Fitting], model: type) -> None:
    """Every array of the artifact: whole numbers and order exactly, weights to six digits."""
    here, there = (model().fit(one).arrays() for one in data)
    assert here.keys() == there.keys()
    for name, values in here.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(there[name], values, rtol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(there[name], values, name)


def test_the_cluster_s_factors_tell_shoppers_apart_as_one_machine_s_do(data: tuple[Fitting, Fitting]) -> None:
    """Scores of the same shopper and products go together, though the regularisation is not the same."""
    here, there = (ALS(factors=6, regularization=1.0, min_buyers=1).fit(one) for one in data)
    mine, theirs = ({name: one.shape for name, one in model.arrays().items()} for model in (here, there))
    assert mine.keys() == theirs.keys()
    lists = {name for name in mine if name.startswith("lists")}  # how long they are depends on the factors
    assert {name: mine[name] for name in mine.keys() - lists} == {name: theirs[name] for name in theirs.keys() - lists}
    shop = random_shop(4, n_users=40, n_orders=400)
    rows = np.arange(24, dtype=np.int32)
    scores = [np.concatenate([one.score(shop.context(user), rows) for user in range(40)]) for one in (here, there)]
    assert np.corrcoef(*scores)[0, 1] > 0.8


def test_a_typical_shopper_is_one_by_lines() -> None:
    """Three shoppers of 1, 1 and 4 products: (1 + 1 + 16) / 6."""
    from scipy.sparse import csr_matrix

    assert typical(csr_matrix([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 1]])) == 3.0
