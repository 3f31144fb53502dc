"""EASE: both ways to solve it are the closed form of the paper, and everybody gets a list, strangers too."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from model_data import Order, SmallShop, random_shop, shop_of
from models.ease import Ease
from models.ease_solve import best_of, primal
from models.interactions import Weighting, heaviest, user_items
from models.schema import UNKNOWN, Doubles, Longs

Way = Callable[[float], Ease]


def dual(regularization: float) -> Ease:
    """Return a model that solves a small shop by the matrix of users x users."""
    return Ease(regularization, min_buyers=1, most_users=10**6, most_products=1)


def primal_way(regularization: float) -> Ease:
    """Return a model that solves a small shop by the matrix of products x products."""
    return Ease(regularization, min_buyers=1, most_users=0)


EACH_WAY = pytest.mark.parametrize("way", [dual, primal_way])


def shop(n_users: int = 40, n_products: int = 30, seed: int = 3) -> SmallShop:
    """Return shoppers with two orders of their favourite third of the products each."""
    rng = np.random.default_rng(seed)
    own = np.array_split(np.arange(n_products), 3)
    orders = [
        Order(user, rng.choice(own[user % 3], 4, replace=False).tolist(), age=float(1 + user % 9))
        for user in range(n_users)
        for _ in range(2)
    ]
    return shop_of(orders, n_products)


def closed_form(small: SmallShop, regularization: float, columns: Longs | None = None) -> tuple[Doubles, Doubles]:
    """Return X and B as the paper has them, in double precision."""
    x = user_items(small.data, Weighting()).toarray().astype(np.float64)
    if columns is not None:
        x = x[:, columns]
    inverse = np.linalg.inv(x.T @ x + regularization * np.eye(x.shape[1]))
    b = -inverse / np.diag(inverse)
    np.fill_diagonal(b, 0)
    return x, b


@EACH_WAY
@pytest.mark.parametrize("regularization", [2.0, 500.0])
def test_lists_are_the_closed_form_either_way(way: Way, regularization: float) -> None:
    """X B, its positive part, for every shopper."""
    small = shop()
    model = way(regularization).fit(small.data)
    x, b = closed_form(small, regularization)
    for user, wanted in enumerate(x @ b):
        rows = np.arange(30, dtype=np.int32)
        np.testing.assert_allclose(model.score(small.context(user), rows), np.maximum(wanted, 0), rtol=1e-3, atol=1e-5)


@EACH_WAY
def test_a_stranger_with_a_session_gets_the_sum_of_the_weights(way: Way) -> None:
    """What was looked at last counts in full, what came three before half; only positive weights are kept."""
    small = shop()
    model = way(5.0).fit(small.data)
    _, b = closed_form(small, 5.0)
    trust = np.log1p([1.0, 2 ** (-1 / 3)])
    wanted = np.maximum(b[4], 0) * trust[0] + np.maximum(b[7], 0) * trust[1]
    found = model.score(small.context(recent=[7, 4]), np.arange(30, dtype=np.int32))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)
    assert len(model.candidates(small.context(), 9)) == 0
    assert len(model.candidates(small.context(UNKNOWN, cart=[4]), 9))


def test_a_session_adds_to_the_list_of_a_known_shopper() -> None:
    """The products of another taste that was looked at just now come in."""
    small = shop()
    model = Ease(5.0, min_buyers=1).fit(small.data)
    plain, looking = small.context(0), small.context(0, recent=[12, 13])
    rows = np.arange(10, 20, dtype=np.int32)
    assert (model.score(looking, rows) >= model.score(plain, rows)).all()
    assert model.score(looking, rows).sum() > model.score(plain, rows).sum()


def test_with_many_of_both_the_most_bought_products_take_part_and_everybody_has_a_list() -> None:
    """Exact among the products that take part, by the closed form over these alone."""
    small = shop(60, 30)
    model = Ease(5.0, min_buyers=1, most_users=0, most_products=12).fit(small.data)
    buyers = np.bincount(small.data.purchases.product, minlength=30)
    sold = user_items(small.data, Weighting()).getnnz(axis=0)
    columns = np.sort(np.argsort(-sold, kind="stable")[:12])
    assert buyers[columns].sum() > buyers.sum() / 3
    x, b = closed_form(small, 5.0, columns)
    for user in range(60):
        found = model.score(small.context(user), columns.astype(np.int32))
        np.testing.assert_allclose(found, np.maximum(x[user] @ b, 0), rtol=1e-3, atol=1e-5)
        if x[user].any():
            assert len(model.candidates(small.context(user), 5)) or not (x[user] @ b > 0).any()


def test_shoppers_beyond_the_lists_are_folded_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for the lists of three: the three with the latest purchases have one, the others get sums of weights."""
    monkeypatch.setattr("models.ease.ENTRIES", 300)
    small = shop_of([Order(user, [user % 4, 4 + user % 4, 8], age=float(1 + user)) for user in range(20)], 9)
    model = primal_way(5.0).fit(small.data)
    assert model.lists_ is not None
    assert [user for user in range(20) if len(model.lists_.list(user))] == [0, 1, 2]
    assert all(len(model.candidates(small.context(user), 5)) for user in range(20))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row at a time gives the same weights and the same lists."""
    small = shop()
    matrix = user_items(small.data, Weighting())
    whole, lists = primal(matrix, 5.0), primal_way(5.0).fit(small.data).arrays()
    monkeypatch.setattr("models.ease_solve.CELLS", 1)
    np.testing.assert_allclose(primal(matrix, 5.0), whole, rtol=1e-5, atol=1e-7)
    again = primal_way(5.0).fit(small.data).arrays()
    assert all((lists[name] == again[name]).all() for name in ("lists.ptr", "weights.ptr"))


def test_a_matrix_that_cannot_be_factored_says_what_to_do() -> None:
    """A regularization below 0 leaves no positive definite matrix."""
    with pytest.raises(ArithmeticError, match="raise its regularization above -"):
        primal(user_items(shop().data, Weighting()), -100.0)


def test_only_positive_cells_are_best() -> None:
    """By hand: two of each row at most."""
    found = best_of(np.array([[3, -1, 2, 1], [0, -1, -2, 5]], np.float32), 2)
    assert sorted(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == [(0, 0), (0, 2), (1, 3)]


def test_one_shopper_with_everything_does_not_cost_a_square() -> None:
    """The heaviest entries of a row stay, ties by lower column; shorter rows are left alone."""
    small = shop_of([Order(0, [0, 1, 2, 3]), Order(0, [2, 3], age=2), Order(1, [0, 1])], 4)
    matrix = user_items(small.data, Weighting())
    assert heaviest(matrix, 4) is matrix
    short = heaviest(matrix, 3)
    kept = [sorted(short[[user]].indices.tolist()) for user in (0, 1)]
    assert kept == [[0, 2, 3], [0, 1]]


@EACH_WAY
def test_without_sessions_the_lists_are_the_same(way: Way) -> None:
    """The weights of products are what strangers and sessions read; the dual spares them, and the lists never need them."""
    small = shop()
    whole, model = way(2.0).fit(small.data), way(2.0)
    model.sessions = False
    lists, wanted = model.fit(small.data).arrays(), whole.arrays()
    assert all((lists[f"lists.{part}"] == wanted[f"lists.{part}"]).all() for part in ("ptr", "rows", "scores"))


@EACH_WAY
def test_lists_are_those_of_who_will_be_asked(way: Way) -> None:
    """To the last bit as in a fit for all, and nobody else has one; products' weights stay."""
    data = random_shop(4, n_users=30).data
    every, some = way(5.0).fit(data), way(5.0).fit(replace(data, asked=np.array([2, 17], np.int32)))
    assert every.lists_ is not None
    assert some.lists_ is not None
    for user in range(30):
        one, other = every.lists_.list(user), some.lists_.list(user)
        assert other.rows.tolist() == (one.rows.tolist() if user in (2, 17) else [])
        assert other.scores.tolist() == (one.scores.tolist() if user in (2, 17) else [])
    assert len(every.lists_.list(2))
    weights = [model.arrays()["weights.rows"].tolist() for model in (every, some)]
    assert weights[0] == weights[1]
