"""The price of each trade-off: what ``recsvc-train trade-offs`` tells is what the engine answers."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from models.errors import ConfigError
from models.schema import UNKNOWN
from tiny_shop import TinyShop
from training.cli import cli
from training.metrics.bootstrap import Interval
from training.trade_offs import MEASURES, SETTINGS, VALUES, Facts, Step, measures, tasks_of, with_settings
from training.trade_offs_cli import table

FACTS = Facts(
    sellers=np.array([True, False, False]),
    price=np.array([1.0, 3.0, np.nan]),
    margin=np.array([0.5, np.nan, np.nan]),
    profit=np.array([0.5, np.nan, np.nan]),
    kind=np.array([0, 0, UNKNOWN], np.int32),
    category=np.full(3, UNKNOWN, np.int32),
)


def test_the_measures_are_those_counted_by_hand() -> None:
    """Two lists, one of them short; unknown values are left out, and a shop without categories has no figure."""
    rows = np.array([[0, 1], [2, UNKNOWN]])
    told = {"coverage@10": 1.0, "top100": 1 / 3, "price": 2.0, "margin": 0.5, "profit": 0.5, "kinds": 0.5}
    assert measures(rows, FACTS) == {**told, "categories": None}
    nothing = measures(np.full((2, 2), UNKNOWN), FACTS)
    assert nothing == {**dict.fromkeys(MEASURES), "coverage@10": 0.0, "kinds": 0.0, "categories": None}


def test_a_carousel_of_your_own_is_judged_by_the_next_order() -> None:
    """Those that a task is for, by their tasks."""
    assert tasks_of("weekend") == tasks_of("for-you") == ("next-order",)
    assert tasks_of("bought-together") == ("complements", "completing")


def test_each_value_of_each_setting_is_a_carousel_of_its_own(trained_shop: TinyShop) -> None:
    """Beside the shop's own; the other settings stay."""
    own = trained_shop.shop.carousels["for-you"]
    asked = with_settings(trained_shop.shop, ("for-you",))
    fresh = {name: one for name, one in asked.carousels.items() if name not in trained_shop.shop.carousels}
    assert len(fresh) == len(SETTINGS) * len(VALUES)
    assert fresh["for-you novelty 0.25"] == own.model_copy(update={"novelty": 0.25})


def test_the_price_is_told_for_each_setting_and_value(trained_shop: TinyShop) -> None:
    """At 0 every setting has the figures of an ordinary evaluation; differences are paired with it."""
    words = ["trade-offs", str(trained_shop.toml), "--carousel", "for-you", "--json"]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert (done.exit_code, done.stderr) == (0, "")
    steps = json.loads(done.stdout)["steps"]
    assert [(step["setting"], step["value"]) for step in steps] == [(s, v) for s in SETTINGS for v in VALUES]
    judged = trained_shop.report.manifest.metrics["next-order"]
    for step in steps:
        if not step["value"]:
            assert (step["ndcg@10"], step["recall@10"]) == (judged["ndcg@10"][0], judged["recall@10"][0])
            assert step["coverage@10"] == judged["coverage@10"]
            assert step["ndcg@10 against 0"] == [0, 0, 0]
    found = {(step["setting"], step["value"]): step for step in steps}
    assert found["diversity", 1.0]["categories"] > found["diversity", 0]["categories"]
    assert found["price_tilt", 1.0]["price"] > found["price_tilt", 0]["price"]
    assert found["price_tilt", 1.0]["profit"] is None


def test_the_table_says_where_a_setting_can_do_nothing() -> None:
    """A shop without costs; and an empty window says so."""
    means = dict(zip(MEASURES, (0.1, 0.5, 2.5, None, None, 6.0, 5.0), strict=True))
    gap = Interval(-0.01, -0.02, -0.001)
    steps = [Step("next-order", "for-you", "novelty", v, 9, 0.2, gap, 0.3, means) for v in (0.0, 1.0)]
    head, columns, plain, full, note = table(steps).splitlines()
    assert head == "for-you, judged by next-order: 9 requests"
    assert "-0.0100 [-0.0200, -0.0010]" in full and "-0.0100" not in plain
    assert [columns.index("recall@10") + 9, columns.index("price") + 5] == [
        full.index("0.3000") + 6,
        full.index("2.5") + 3,
    ]
    assert note == "margin_weight does nothing here: no product that was shown has a known profit"
    assert "nothing to judge" in table([])


def test_an_unknown_carousel_is_refused_with_a_suggestion(trained_shop: TinyShop) -> None:
    """Before anything is read."""
    with pytest.raises(ConfigError, match=r"no carousel 'for-yuo'.*for-you"):
        CliRunner().invoke(cli, ["trade-offs", str(trained_shop.toml), "--carousel", "for-yuo"], catch_exceptions=False)


def test_nothing_to_judge_is_said(trained_shop: TinyShop) -> None:
    """Instead of an empty table."""
    done = CliRunner().invoke(cli, ["trade-offs", str(trained_shop.toml), "--until", "2026-04-02"])
    assert (done.exit_code, "nothing to judge" in done.stdout) == (0, True)
