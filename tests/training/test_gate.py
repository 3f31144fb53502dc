"""The gate: a version that loses to the live one is kept back, with the figures in its message."""

import re
from typing import Any

import pytest

from models.artifact import Manifest
from models.errors import GateRefusedError
from training.gate import check_gate, losses

LIVE = {
    "next-order": {"ndcg@10": [0.5, 0.4, 0.6], "recall@10": [0.3, 0.2, 0.4]},
    "next-order/bestsellers": {"ndcg@10": [0.45, 0.44, 0.46], "recall@10": [0.3, 0.2, 0.4]},
    "completing": {"ndcg@10": [0.7, 0.65, 0.75], "recall@10": [0.3, 0.2, 0.4]},
}


def with_ndcg(next_order: float, completing: float) -> dict[str, Any]:
    """Return metrics like the live ones with other means of NDCG."""
    means = {"next-order": next_order, "completing": completing}
    return {task: {**LIVE[task], "ndcg@10": [mean, mean, mean]} for task, mean in means.items()}


@pytest.mark.parametrize("mean", [0.4, 0.45, 0.5, 0.9])
def test_inside_or_above_the_live_interval_passes(mean: float) -> None:
    """A little worse may be chance."""
    assert losses(with_ndcg(mean, 0.7), LIVE, "ndcg@10") == []


def test_below_the_live_interval_is_a_loss_with_its_figures() -> None:
    """Each task that loses has its line; better ones do not make up for it."""
    assert losses(with_ndcg(0.39, 0.99), LIVE, "ndcg@10") == [
        "next-order: ndcg@10 0.3900 [0.3900, 0.3900] is below the live 0.5000 [0.4000, 0.6000]"
    ]
    assert len(losses(with_ndcg(0.39, 0.64), LIVE, "ndcg@10")) == 2


def test_the_fresh_figure_is_uncertain_too() -> None:
    """Other days ask other shoppers: by 0.1 on either side, a difference of 0.14 is chance, and one of 0.15 is not."""
    for mean, lost in ((0.36, 0), (0.35, 1)):
        fresh = {**with_ndcg(0.5, 0.7), "next-order": {"ndcg@10": [mean, mean - 0.1, mean + 0.1]}}
        assert len(losses(fresh, LIVE, "ndcg@10")) == lost


def test_the_chosen_metric_counts_and_no_other() -> None:
    """NDCG lost, recall not: by recall it passes."""
    assert losses(with_ndcg(0.1, 0.1), LIVE, "recall@10") == []


def test_a_task_that_vanished_is_a_loss() -> None:
    """Data without any order of the last days must not go live unseen."""
    fresh = with_ndcg(0.5, 0.7)
    del fresh["completing"]
    assert losses(fresh, LIVE, "ndcg@10") == ["completing: could not be judged; the live version has ndcg@10 0.7000"]
    assert len(losses({}, LIVE, "ndcg@10")) == 2


def test_a_week_without_newcomers_is_no_loss() -> None:
    """Their first orders count where they were asked for, and only there."""
    live = {**LIVE, "first-order": {"ndcg@10": [0.2, 0.1, 0.3]}}
    assert losses(with_ndcg(0.5, 0.7), live, "ndcg@10") == []
    fresh = {**with_ndcg(0.5, 0.7), "first-order": {"ndcg@10": [0.04, 0.0, 0.08]}}
    assert losses(fresh, live, "ndcg@10") == [
        "first-order: ndcg@10 0.0400 [0.0000, 0.0800] is below the live 0.2000 [0.1000, 0.3000]"
    ]


def test_a_live_version_without_figures_cannot_win() -> None:
    """Trained with --fast, or without times; a task that is new is no loss either."""
    assert losses(with_ndcg(0.0, 0.0), {}, "ndcg@10") == []


def test_the_baseline_is_not_judged() -> None:
    """Bestsellers that did worse than last time are no fault of the models."""
    fresh = {**with_ndcg(0.5, 0.7), "next-order/bestsellers": {"ndcg@10": [0.0, 0.0, 0.0]}}
    assert losses(fresh, LIVE, "ndcg@10") == []


def test_a_refusal_names_both_versions_each_loss_and_how_to_publish_all_the_same() -> None:
    """The message is all that somebody has in front of her at night."""

    def version(name: str, metrics: dict[str, Any]) -> Manifest:
        return Manifest(name, "shop", "2026-11-22T00:00:00Z", 0, 1, {}, {}, metrics)

    with pytest.raises(GateRefusedError) as refused:
        check_gate(version("v2", with_ndcg(0.1, 0.1)), version("v1", LIVE), "ndcg@10")
    told = str(refused.value)
    assert re.match("version v2 was written and not published: it loses to v1\n  next-order: .*\n  completing: ", told)
    assert told.endswith("recsvc-train promote v2")
    check_gate(version("v2", with_ndcg(0.5, 0.7)), version("v1", LIVE), "ndcg@10")
