"""The figures of a report: each on data that can be counted by hand."""

from typing import Any

import numpy as np
import pytest

from models.ranker import Ranker
from models.schema import DAY, NO_ROWS, UNKNOWN, Purchases
from training.held_out import Split
from training.metrics.bootstrap import Interval
from training.ranking import fit_ranker
from training.report.answers import taken
from training.report.calibration import reliability, wilson
from training.report.competing import Competing, gains, merged
from training.report.effects import dependence, permuted
from training.report.learning import cut, parts
from training.report.plots import Line, lines, picture
from training.report.popularity import GROUPS, gini, groups_of_products, shares
from training.report.trade_offs import trade_off_curves
from training.split import Requests
from training.trade_offs import MEASURES, Step
from training.windows import Examples


def purchases(product: list[int], *, n_products: int, user: list[int] | None = None, days: list[int] | None = None) -> Purchases:  # fmt: skip
    """Return one line an order."""
    n = len(product)
    users = np.array(user or [0] * n, np.int32)
    return Purchases(
        users, np.array(product, np.int32), np.array(days or [0] * n, np.int64) * DAY, np.arange(n, dtype=np.int32),
        np.full(n, UNKNOWN, np.int32), np.ones(n, np.float32), np.full(n, np.nan, np.float32), int(users.max()) + 1,
        n_products, 0, n,
    )  # fmt: skip


def requests(user: list[int], **changes: Any) -> Requests:
    """Return requests that each want product 0."""
    n, nothing = len(user), np.full(len(user), UNKNOWN, np.int32)
    given: dict[str, Any] = {
        "task": "next-order",
        "known": True,
        "page": nothing,
        "store": nothing,
        "at": np.zeros(n, np.int64),
    }
    given["truth"] = (np.array([0], np.int32),) * n
    return Requests(user=np.array(user, np.int32), **{**given, **changes})


def test_true_probabilities_lie_on_the_line_and_doubled_ones_below_it() -> None:
    """Half of what got 0.5 is bought, a tenth of what got 0.1; bins have like sums of probability."""
    probability = np.repeat([0.1, 0.5], [500, 100])
    bought = np.concatenate([np.arange(500) < 50, np.arange(100) < 50])
    low, high = reliability(probability, bought, 2)
    assert (low.count, low.said, low.bought) == (500, pytest.approx(0.1), 0.1)
    assert (high.count, high.said, high.bought) == (100, 0.5, 0.5)
    assert all(one.low < one.said < one.high for one in (low, high))
    assert all(one.high < one.said for one in reliability(2 * probability, bought, 2))
    assert reliability(np.empty(0), np.empty(0, np.bool_)) == []


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Ten of a hundred: the textbook's 0.0552 to 0.1744; nothing of ten still leaves room above."""
    assert wilson(0.1, 100) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
    low, high = wilson(0.0, 10)
    assert low == 0.0 and 0.2 < high < 0.4


def examples(seed: int = 0, n_requests: int = 40) -> Competing:
    """Return 20 candidates a request, of which those with a high first feature are bought; the second says nothing."""
    rng = np.random.default_rng(seed)
    values = rng.random((n_requests * 20, 2)).astype(np.float32)
    bought = values[:, 0] > 0.9
    request = np.repeat(np.arange(n_requests, dtype=np.int32), 20)
    truth = np.maximum(np.bincount(request, bought, n_requests), 1).astype(np.int32)
    return Competing("next-order", "next-order", n_requests, values, bought, request, truth)


def ranker(one: Competing) -> Ranker:
    """Return a ranker that learned from the examples."""
    weight = np.ones(len(one.bought))
    return fit_ranker(Examples(one.features, one.bought, weight, 1, 1), ("says", "noise"), {}, 1, 1)


def test_the_gain_of_an_order_is_counted_by_hand() -> None:
    """Two requests: one bought on the second place, one that was not among the candidates."""
    one = Competing(
        "t", "r", 2, np.zeros((3, 1), np.float32), np.array([False, True, False]),
        np.array([0, 0, 1], np.int32), np.array([1, 1], np.int32),
    )  # fmt: skip
    assert gains(one, np.array([0.9, 0.5, 0.7])).tolist() == [pytest.approx(1 / np.log2(3)), 0.0]
    assert gains(one, np.array([0.1, 0.5, 0.7])).tolist() == [1.0, 0.0]


def test_what_a_ranker_goes_by_is_what_it_loses_without() -> None:
    """The feature that decides is lost dearly, the other one not at all; the examples stay as they were."""
    one = examples(n_requests=200)
    before = one.features.copy()
    (name, lost), (other, little) = permuted(ranker(one), one, 1)
    assert (name, other) == ("says", "noise")
    assert lost.low > 0.2 and abs(little.mean) < 0.05
    assert np.array_equal(one.features, before)


def test_a_feature_moves_the_probability_where_it_is_set() -> None:
    """Low where it is low, high above the edge."""
    one = examples(n_requests=200)
    values, means = dependence(ranker(one), one.features, 0)
    assert len(values) == len(means) == 9
    assert means[0] < 0.05 and means[-1] > 0.5


def test_the_tasks_of_a_ranker_are_read_as_one() -> None:
    """Requests of the second task are numbered behind those of the first."""
    one, other = examples(0, 3), examples(1, 2)
    both = merged([one, other], "next-order")
    assert both is not None
    assert both.requests == 5 and both.request.max() == 4 and len(both.truth) == 5
    assert merged([one], "discovery") is None


def test_products_are_grouped_by_their_orders() -> None:
    """Of 100 sold ones the best is the top 1 %, four follow; one was never sold."""
    product = [row for row in range(100) for _ in range(100 - row)]
    group = groups_of_products(purchases(product, n_products=101))
    assert [int((group == place).sum()) for place in range(len(GROUPS))] == [1, 4, 15, 80, 1]
    assert (group[0], group[4], group[100]) == (0, 1, len(GROUPS) - 1)
    rows = np.array([[0, 0], [99, UNKNOWN]])
    assert shares(rows, group).tolist() == [pytest.approx(2 / 3), 0, 0, pytest.approx(1 / 3), 0]


def test_the_gini_index_is_none_for_all_alike_and_almost_one_for_one() -> None:
    """Four products: each shown once, and one shown always; nothing shown is even."""
    assert gini(np.array([0, 1, 2, 3]), 4) == 0
    assert gini(np.array([2, 2, UNKNOWN]), 4) == 0.75
    assert gini(np.array([UNKNOWN]), 4) == 0


def test_the_learning_curve_keeps_the_last_days() -> None:
    """A half of 100 days is the last 50."""
    assert parts(4) == [0.125, 0.25, 0.5] and parts(1) == []
    known = purchases([0] * 5, n_products=1, days=[1000, 1030, 1049, 1051, 1099])
    part = cut(known, Split(known, [], 1100 * DAY), 0.5, 1)
    assert part.time.tolist() == [1051 * DAY, 1099 * DAY]


def test_without_times_it_keeps_some_shoppers_and_those_who_are_asked() -> None:
    """Fewer shoppers, all lines of each."""
    known = purchases([0] * 200, n_products=1, user=sorted([*range(100), *range(100)]))
    part = cut(known, Split(known, [requests([7])], 1), 0.25, 1)
    users = np.unique(part.user)
    assert 7 in users and 10 < len(users) < 45 and len(part) == 2 * len(users)


def test_requests_are_taken_with_all_that_they_have() -> None:
    """Truth, session and user of the same one."""
    task = requests([3, 5], recent=(NO_ROWS, np.array([4], np.int32)), truth=(NO_ROWS, np.array([9], np.int32)))
    one = taken(task, [1])
    assert (one.user.tolist(), one.recent[0].tolist(), one.truth[0].tolist(), len(one)) == ([5], [4], [9], 1)


def step(setting: str, value: float, **means: float | None) -> Step:
    """Return what one value of a setting costs: nothing."""
    nothing = Interval(0.0, 0.0, 0.0)
    known: dict[str, float | None] = {**dict.fromkeys(MEASURES), **means}
    return Step("next-order", "for-you", setting, value, 9, 0.5, nothing, 0.5, known)


def test_trade_offs_without_an_effect_are_said_once_and_not_drawn() -> None:
    """A shop without margins has no row for them; a list that can hold nothing else has no curve."""
    steps = [step("margin_weight", value, kinds=3.0, top100=1.0, price=2.0 + value) for value in (0.0, 1.0)]
    steps += [step("novelty", value, kinds=3.0, top100=1.0) for value in (0.0, 1.0)]
    steps += [step("price_tilt", value, kinds=3.0, top100=1.0, price=2.0 + value) for value in (0.0, 1.0)]
    section = trade_off_curves(steps)
    assert "margin_weight" in section.text[-1] and len(section.pictures) == 1
    assert [row[0] for row in section.tables[0].rows] == ["novelty", "novelty", "price_tilt", "price_tilt"]


def test_a_logarithmic_axis_is_marked_where_the_points_are() -> None:
    """As long as they are few and apart: 22 days, 88, 177; else at 1, 2 and 5 of each ten."""
    few = picture("x", "x", lines([Line("a", [22, 88, 177], [1, 2, 3])], "days", "y", log_x=True))
    many = picture("x", "x", lines([Line("a", [20, 21, 22, 150], [1, 2, 3, 4])], "days", "y", log_x=True))
    assert ">88<" in few and ">177<" in few
    assert ">21<" not in many and ">50<" in many
