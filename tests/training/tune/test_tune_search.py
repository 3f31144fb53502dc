"""The search: what it finds, that it can be taken up again, and what it gives up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from models.errors import ConfigError
from models.schema import UNKNOWN, Doubles
from tiny_shop import TinyShop
from training.choose.offers import Offers
from training.pipeline import Options, end_of, read
from training.progress import SILENT
from training.split import Requests
from training.tune.blends import OFF, blend_of, start_of, units_of, weighed
from training.tune.studies import FILE, open_studies
from training.tune.tune import mark_of


def nothing(_: str) -> None:
    """Say nothing."""


def hill(trial: optuna.Trial) -> Iterator[Doubles]:
    """Best at 3; two pasts of four shoppers."""
    x = trial.suggest_float("x", 0, 10)
    for _ in range(2):
        yield np.full(4, 1 - abs(x - 3) / 10)


def test_a_search_is_taken_up_where_it_was(tmp_path: Path) -> None:
    """It begins with what stands, never ends below it, and knows earlier trials from the file; other data begins anew."""
    first = open_studies(tmp_path, "one", 1).search("hill", hill, {"x": 9.0}, 60, 5, nothing)
    assert (first.trials, first.earlier, first.before) == (5, 0, pytest.approx(0.4))
    assert first.found >= first.before
    again = open_studies(tmp_path, "one", 1).search("hill", hill, {"x": 9.0}, 60, 20, nothing)
    assert (again.trials, again.earlier, again.before) == (25, 5, pytest.approx(0.4))
    assert again.found >= first.found and abs(again.values["x"] - 3) < 2
    other = open_studies(tmp_path, "two", 1).search("hill", hill, {"x": 9.0}, 60, 1, nothing)
    assert (other.trials, other.earlier) == (1, 0)
    assert {path.name for path in tmp_path.iterdir()} == {FILE}


def test_what_is_worse_than_most_is_given_up_half_way(tmp_path: Path) -> None:
    """The second past of such a trial is never worked out."""
    asked: list[int] = []

    def steps(trial: optuna.Trial) -> Iterator[Doubles]:
        x = trial.suggest_float("x", 0, 10)
        for past in range(2):
            asked.append(past)
            yield np.full(4, 1 - abs(x - 3) / 10)

    found = open_studies(tmp_path, "m", 1).search("hill", steps, {"x": 3.0}, 60, 30, nothing)
    assert found.pruned > 0 and found.found == 1.0
    assert asked.count(0) - asked.count(1) == found.pruned


def test_the_time_ends_a_search_and_so_does_finding_nothing(tmp_path: Path) -> None:
    """A trial that began is ended; none begins where no time is left."""
    studies = open_studies(tmp_path, "m", 1)
    assert studies.search("hill", hill, {"x": 9.0}, 0, 50, nothing).trials == 0
    assert studies.search("hill", hill, {"x": 9.0}, 1e-9, 50, nothing).trials == 1

    assert studies.search("hill", hill, {"x": 9.0}, 0, 50, nothing).trials == 1, "none where there is no time left"


def test_what_finds_nothing_is_asked_once_in_one_past_and_never_again(tmp_path: Path) -> None:
    """No further past, no further trial, and none in a later call: the time is for the others."""
    asked: list[int] = []

    def silent(trial: optuna.Trial) -> Iterator[Doubles]:
        trial.suggest_float("x", 0, 1)
        for past in range(3):
            asked.append(past)
            yield np.zeros(4)

    studies = open_studies(tmp_path, "m", 1)
    for _ in range(2):
        found = studies.search("silent", silent, {"x": 0.5}, 60, 50, nothing)
        assert (found.trials, found.found) == (1, 0)
    assert asked == [0]


def test_a_search_that_was_stopped_in_its_first_trial_begins_with_what_stands(tmp_path: Path) -> None:
    """Ctrl-C leaves that trial open; the next call measures the same parameters before any other."""

    def stopped(trial: optuna.Trial) -> Iterator[Doubles]:
        trial.suggest_float("x", 0, 10)
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        open_studies(tmp_path, "m", 1).search("hill", stopped, {"x": 9.0}, 60, 5, nothing)
    found = open_studies(tmp_path, "m", 1).search("hill", hill, {"x": 9.0}, 60, 5, nothing)
    assert (found.earlier, found.trials, found.before) == (0, 5, pytest.approx(0.4))


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    """With what to do about it."""
    (tmp_path / FILE).write_text("not a database, but long enough to be looked at" * 50)
    with pytest.raises(ConfigError, match=r"tuning\.db: no file of studies"):
        open_studies(tmp_path, "m", 1)


def offers() -> Offers:
    """Return one request a shopper: `good` knows what is bought, `bad` the opposite, `mute` nothing."""
    n, width = 30, 12
    rows = np.arange(n, dtype=np.int32)
    bought = np.zeros((n, width), np.bool_)
    bought[:, 11] = True
    good = np.tile(np.linspace(0.1, 0.5, width, dtype=np.float32), (n, 1))
    bad = np.tile(np.linspace(4, 2, width, dtype=np.float32), (n, 1))
    nothing = np.full(n, UNKNOWN, np.int32)
    task = Requests("next-order", rows, True, nothing, nothing, rows.astype(np.int64), (rows[11:12],) * n)
    return Offers(task, ("good", "bad", "mute"), np.stack([good, bad, 0 * good]), bought, np.ones(n, np.int64))


def test_a_blend_is_searched_in_units_of_what_its_sources_say(tmp_path: Path) -> None:
    """A source that is silent keeps its weight, one that misleads goes, and the way back is exact."""
    both, own = [offers(), offers()], {"good": 0.5, "bad": 1.0, "mute": 0.3}
    assert units_of(both, {"good": 0.5}).keys() == {"good"}, "what finds nothing does not come into a blend"
    units = units_of(both, own)
    assert units.keys() == {"good", "bad"} and units["good"] > units["bad"]
    start = start_of(own, units)
    assert blend_of(start, own, units) == pytest.approx(own, rel=0.01)
    found = open_studies(tmp_path, "m", 1).search("blend", weighed(both, own, units), start, 60, 40, nothing)
    assert found.before == 0 or found.found > found.before
    best = blend_of({**start, OFF + "bad": True}, own, units)
    assert best.keys() == {"good", "mute"} and float(both[0].gains(best).mean()) == 1.0


def test_a_search_begins_anew_where_a_purchase_was_changed(trained_shop: TinyShop) -> None:
    """One of two pieces was taken back: as many lines, orders and shoppers as before, and other data all the same."""
    shop = trained_shop.shop
    data = read(shop, Options(trained_shop.artifacts, trained_shop.clock(), trained_shop.clock()), None, SILENT)
    until, seed = end_of(data, None), shop.training.seed
    quantity = data.purchases.quantity.copy()
    quantity[np.flatnonzero(quantity == 2)[0]] = 1
    other = replace(data, purchases=replace(data.purchases, quantity=quantity))
    assert mark_of(shop, data, until, seed) == mark_of(shop, data, until, seed) != mark_of(shop, other, until, seed)
