"""Near the page: shares of kind and category, and prices, by hand."""

import numpy as np
import pytest

from models.schema import UNKNOWN, Longs
from training.judge_page import TRUTH, Likeness, NearPage, near_page
from training.split import Requests

ALIKE = Likeness(
    kind=np.array([0, 0, 1, 2, UNKNOWN], np.int32),
    category=np.array([0, 0, 0, 1, UNKNOWN], np.int32),
    price=np.array([4.0, 5.0, 3.0, 8.0, np.nan]),
)
"""Products 0 and 1 are red wines, 2 a white one, 3 a glass, nothing is known of 4."""


def asked(pages: list[int], truth: list[list[int]]) -> Requests:
    n = len(pages)
    none = np.full(n, UNKNOWN, np.int32)
    rows = tuple(np.array(found, np.int32) for found in truth)
    return Requests(
        "complements", np.arange(n, dtype=np.int32), False, np.array(pages, np.int32), none, np.zeros(n, np.int64), rows
    )


def rows(task: Requests, shown: Longs) -> dict[str, NearPage]:
    return {row.row: row for row in near_page(task, {"similar-items": shown}, ALIKE)}


def test_shares_and_prices_are_those_counted_by_hand() -> None:
    """Beside 0: 1 (same kind, 5/4), 2 (same category, 3/4), 4 (unknown). Beside 3: 0 (4/8). Really bought: 3 with 0, 0 and 1 with 3."""
    found = rows(asked([0, 3], [[3], [0, 1]]), np.array([[1, 2, 4], [0, UNKNOWN, UNKNOWN]]))
    assert found["similar-items"] == NearPage("similar-items", 4, 1 / 3, 2 / 3, 0.75, 1 / 3)
    assert found[TRUTH] == NearPage(TRUTH, 3, 0.0, 0.0, 0.625, 0.0)


@pytest.mark.parametrize(("price", "near"), [(5.0, 1.0), (5.01, 0.0), (3.2, 1.0), (3.19, 0.0)])
def test_near_is_within_the_factor_upwards_and_downwards(price: float, near: float) -> None:
    """The page costs 4: from 3.20 to 5.00."""
    likeness = Likeness(ALIKE.kind, ALIKE.category, np.array([4.0, price, 1, 1, 1]))
    assert near_page(asked([0], [[3]]), {"similar-items": np.array([[1]])}, likeness)[0].near == near


def test_what_the_shop_does_not_know_has_no_figure() -> None:
    """No kinds, no categories, no prices, or no list at all: None, and no share of nothing."""
    blank = Likeness(np.full(5, UNKNOWN, np.int32), np.full(5, UNKNOWN, np.int32), np.full(5, np.nan))
    row, _ = near_page(asked([0], [[3]]), {"similar-items": np.array([[1, 2]])}, blank)
    assert row == NearPage("similar-items", 2, None, None, None, None)
    assert row.plain() == {"pairs": 2, "kind": None, "category": None, "price ratio": None, "within 1.25": None}
    row, _ = near_page(asked([0], [[3]]), {"similar-items": np.full((1, 3), UNKNOWN)}, ALIKE)
    assert row == NearPage("similar-items", 0, None, None, None, None)


def test_a_free_product_has_no_price_to_compare() -> None:
    """A price of 0 is no price."""
    likeness = Likeness(ALIKE.kind, ALIKE.category, np.array([0.0, 5, 3, 8, 1]))
    row, _ = near_page(asked([0], [[3]]), {"similar-items": np.array([[1, 2]])}, likeness)
    assert (row.ratio, row.near, row.kind) == (None, None, 0.5)
