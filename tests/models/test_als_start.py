"""ALS that starts from the factors of an earlier fit."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from model_data import random_shop
from models.als import ALS, begin
from models.schema import Floats
from models.statistics import Factoring, Here


def test_factors_of_known_products_are_the_beginning() -> None:
    """Products are found by their rows; what the earlier fit did not know begins at 0."""
    data = random_shop().data
    earlier = {"kept": np.array([2, 5], np.int32), "item_factors": np.array([[1, 2], [3, 4]], np.float32)}
    begun = begin(replace(data, start={"als": earlier}), "als", np.array([1, 2, 5], np.int32), 2)
    assert begun is not None
    assert begun[1:].tolist() == [[1, 2], [3, 4]]
    assert not begun[0].any()
    assert begin(replace(data, start={"als": earlier}), "als", np.array([2], np.int32), 3) is None
    assert begin(replace(data, start={"als": earlier}), "als", np.array([1], np.int32), 2) is None
    assert begin(data, "als", np.array([1], np.int32), 2) is None


def test_a_third_of_the_iterations_ends_where_all_of_them_do() -> None:
    """Started from a fit of nearly the same data, five iterations score as fifteen from nothing do."""
    small = random_shop(3, n_users=60, n_orders=500)
    lines = small.data.purchases
    first = ALS(factors=8, min_buyers=1).fit(
        replace(small.data, purchases=lines.where(np.arange(len(lines)) % 20 != 0))
    )
    cold, warm = ALS(factors=8, min_buyers=1, iterations=60), ALS(factors=8, min_buyers=1, next_iterations=5)
    cold.fit(small.data)
    warm.fit(replace(small.data, start={"als": first.arrays()}))
    rows = np.arange(lines.n_products, dtype=np.int32)
    for user in range(0, 60, 7):
        context = small.context(user)
        np.testing.assert_allclose(warm.score(context, rows), cold.score(context, rows), atol=0.05)


class Anew(Here):
    """An engine that can only begin anew."""

    goes_on = False
    told: Factoring | None = None

    def factors(self, matrix: csr_matrix, told: Factoring) -> Floats:
        """Keep what is asked."""
        Anew.told = told
        return super().factors(matrix, told)


def test_an_engine_that_begins_anew_has_all_of_its_iterations() -> None:
    """Spark's ALS takes no factors to begin with: a third of the iterations would end a third of the way."""
    small = random_shop(3, n_users=60, n_orders=500)
    first = ALS(factors=8, min_buyers=1).fit(small.data)
    ALS(factors=8, min_buyers=1).fit(replace(small.data, start={"als": first.arrays()}, statistics=Anew()))
    assert Anew.told is not None
    assert (Anew.told.iterations, Anew.told.begun) == (15, None)
