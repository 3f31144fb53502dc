"""One wholesaler does not bend what everybody else is shown, and a shop without one is left as it is, to the last bit."""

from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_data import Order, SmallShop, random_shop, shop_of
from models.als import ALS
from models.base import Model
from models.basis import Basis
from models.bought_together import BoughtTogether
from models.buy_again import BuyAgain
from models.columns import text_column
from models.ease import Ease
from models.interactions import Weighting, user_items
from models.item_neighbours import ItemNeighbours
from models.kinds import Kinds
from models.new_arrivals import NewArrivals
from models.newcomers import Newcomers
from models.popularity import Popularity, StorePopularity
from models.robust import HEAVY, limit_of, line_weights, shopper_weights
from models.schema import Floats, Ints
from models.sources import MODELS
from models.trends import Trending
from training.prices import usual_price

USERS, PRODUCTS = 240, 200
WHOLESALER = USERS


def households() -> list[Order]:
    """Each of 240 households buys three of its eight products of one taste, and a staple, every fortnight."""
    draw = np.random.default_rng(3)
    orders = []
    for user in range(USERS):
        own = user % 8 * 20 + draw.choice(20, 8, replace=False)
        for age in range(int(draw.integers(1, 14)), 200, 14):
            staple = 160 + int(draw.integers(20) * draw.random())
            orders.append(Order(user, [*draw.choice(own, 3, replace=False).tolist(), staple], age + 0.5, user % 2))
    return orders


def wholesale(lines: float) -> list[Order]:
    """Orders of twenty products, of all tastes and of what nobody else buys, in the last month."""
    draw = np.random.default_rng(9)
    return [
        Order(
            WHOLESALER,
            [*draw.choice(range(0, 160, 4), 16, replace=False).tolist(), *draw.choice(range(180, 200), 4, replace=False).tolist()],
            float(draw.integers(1, 100)) / 3 + 0.1,
            0,
        )
        for _ in range(int(lines / 20))
    ]  # fmt: skip


def shop(orders: list[Order], heavy: float = HEAVY) -> SmallShop:
    kinds = {"category": text_column([f"taste {row // 20}" for row in range(PRODUCTS)])}
    made = shop_of(orders, PRODUCTS, kinds, n_users=USERS + 1, n_stores=2)
    return SmallShop(replace(made.data, heavy=heavy))


@pytest.fixture(scope="module")
def shops() -> dict[str, SmallShop]:
    """The households alone; with a wholesaler who has 5 % as many lines, counted robustly and in full; one with half of all."""
    own = households()
    lines = sum(len(order.products) for order in own)
    few, many = own + wholesale(0.05 * lines), own + wholesale(lines)
    return {
        "plain": shop(own),
        "robust": shop(few),
        "full": shop(few, 0),
        "half": shop(many),
        "half full": shop(many, 0),
    }


def tops(shops: dict[str, SmallShop], name: str, kind: type[Model]) -> list[set[int]]:
    """Return the ten best for each sixth household, on a page of its taste where the model goes by one."""
    model = kind().fit(shops[name].data)
    paged = kind.source in ("bought-together", "item-neighbours")
    contexts = [
        shops["plain"].context(user, page=user % 8 * 20 + user // 8 % 20 if paged else -1, store=user % 2)
        for user in range(0, USERS, 6)
    ]
    return [set(model.candidates(context, 10).rows.tolist()) for context in contexts]


def overlap(these: list[set[int]], those: list[set[int]]) -> float:
    """Return the mean share of the ten that stay."""
    return fmean(len(one & other) / len(one) for one, other in zip(these, those, strict=True))


@pytest.mark.parametrize(
    "kind", [Popularity, StorePopularity, Trending, BoughtTogether, ItemNeighbours, BuyAgain, Kinds]
)
def test_a_wholesaler_hardly_moves_what_others_are_shown(shops: dict[str, SmallShop], kind: type[Model]) -> None:
    """With 5 % of all lines, or half of them, nearly all of the ten stay; counted in full, far fewer do."""
    before = tops(shops, "plain", kind)
    robust, full, half, half_full = (
        overlap(before, tops(shops, name, kind)) for name in ("robust", "full", "half", "half full")
    )
    assert robust >= 0.8 and robust >= full + 0.04
    assert half >= 0.7 and half >= half_full + 0.15
    if kind is Popularity:
        assert (half, half_full) == pytest.approx((1, 0.1)), "docs/ml-engineer.md tells it"


@pytest.mark.parametrize("kind", [ALS, Ease, Newcomers])
def test_models_of_who_bought_hold_by_themselves_and_keep_holding(
    shops: dict[str, SmallShop], kind: type[Model]
) -> None:
    """One shopper is one row there: nothing moves."""
    assert overlap(tops(shops, "plain", kind), tops(shops, "half", kind)) >= 0.95


def shares_in(basis: Basis, store: int, rows: Ints) -> Floats:
    """Return (2, n_rows) shares of a store's orders."""
    out = np.empty((3, len(rows)), np.float32)
    basis.stores.look(store, rows, out)
    return out[:2]


def test_what_rankers_know_of_products_stays(shops: dict[str, SmallShop]) -> None:
    """Shares of orders, of first purchases, of a store's orders and of a Friday's: a third of the move at the most."""
    plain, robust, full = (Basis().fit(shops[name].data) for name in ("plain", "half", "half full"))
    rows = np.arange(PRODUCTS, dtype=np.int32)
    looks = {
        "shares": lambda basis: basis.shares_,
        "by store": lambda basis: shares_in(basis, 0, rows),
        "by moment": lambda basis: basis.moments.lifts(np.arange(7), rows),
        "again": lambda basis: basis.again_,
    }
    for name, look in looks.items():
        moved, unbound = (np.abs(look(one) - look(plain)).mean() for one in (robust, full))
        assert moved * 3 <= unbound, name


def test_a_wholesalers_price_is_not_everybodys(shops: dict[str, SmallShop]) -> None:
    """The usual price is the median of what was paid: forty cheap lines of one shopper do not halve it."""
    lines = shops["half"].data.purchases
    priced = replace(lines, price=np.where(lines.user == WHOLESALER, 1.0, 2.5).astype(np.float32))
    assert (usual_price(priced)[160:170] == 2.5).all() and (usual_price(priced)[0:160:4] == 2.5).mean() > 0.9
    assert (usual_price(priced, 0)[0:160:4] == 1.0).mean() > 0.9


@pytest.mark.parametrize("kind", MODELS)
def test_a_shop_without_outliers_is_left_as_it_is(kind: type[Model]) -> None:
    """Not one bit of any array differs."""
    data = random_shop(n_users=40, n_orders=300).data
    robust, full = (kind().fit(replace(data, heavy=heavy)).arrays() for heavy in (HEAVY, 0))
    assert robust.keys() == full.keys()
    for name, array in robust.items():
        assert array.tobytes() == full[name].tobytes(), name


def test_weights_are_those_of_the_docstring() -> None:
    """30 shoppers of 4 lines and one of 100 lines of two products: 2 log 51 of 100 lines count; nobody's count in full."""
    orders = [Order(user, [0, 1], age) for user in range(30) for age in (1, 2)]
    orders += [Order(30, [0, 1], 3) for _ in range(50)] + [Order(-1, [0], 3) for _ in range(50)]
    data = shop_of(orders, 2).data
    weights = shopper_weights(data.purchases, 5)
    assert weights[:30].tolist() == [1] * 30
    assert weights[30] == pytest.approx(2 * np.log(51) / 100)
    assert line_weights(data)[data.purchases.user == -1].tolist() == [1] * 50
    assert shopper_weights(data.purchases, 0).tolist() == [1] * 31
    assert (shopper_weights(data.purchases, 30) == 1).all(), "30 times the typical four lines are 120"


def test_who_buys_everything_speaks_for_few() -> None:
    """A row of 190 products weighs together what 5 x 3 do; rows of others stay."""
    orders = [Order(user, [user % 50, 60 + user, 100 + user]) for user in range(60)] + [Order(60, range(190))]
    data = shop_of(orders, 200).data
    matrix = user_items(data, Weighting(binary=True))
    assert matrix[60].sum() == pytest.approx(15, rel=1e-5)
    assert (matrix[:60].data == 1).all()
    assert NewArrivals().fit(data).arrays()["sold"].max(initial=0) <= 1


@given(st.lists(st.integers(0, 10_000), max_size=60), st.floats(0, 100))
def test_any_limit_leaves_the_typical_alone(sizes: list[int], heavy: float) -> None:
    """Whatever the sizes: without twenty shoppers nobody is heavy, and a limit of once the typical is above half of them."""
    limit = limit_of(np.array(sizes, np.float64), heavy)
    present = [size for size in sizes if size]
    if len(present) < 20 or heavy == 0:
        assert limit == float("inf")
    elif heavy >= 1:
        assert sum(size <= limit for size in present) * 2 >= len(present)
