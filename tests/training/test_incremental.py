"""A daily run takes over what still holds from the live version, learns the rest, and says which."""

import csv
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.artifact import open_artifact, read_manifest
from models.registry import Registry
from models.schema import DAY
from models.shop import Shop, read_shop
from tiny_shop import write_rows, write_tiny_shop
from training import pipeline
from training.earlier import Earlier, earlier
from training.fit import Trained
from training.held_out import known_until
from training.pipeline import Options, Report, end_of, read, run
from training.progress import SILENT
from training.rehearsal import fit

FIRST, NEXT = "2026-10-08", "2026-10-09"


@dataclass(frozen=True)
class Daily:
    """The tiny shop, trained for the first day with its rankers."""

    shop: Shop
    options: Options
    report: Report

    def begin(self, shop: Shop, until: str) -> Earlier:
        """Return what a run of ``shop`` for a later moment takes over."""
        moment = shop.moment(until)
        data = read(shop, replace(self.options, until=moment), None, SILENT)
        since = known_until(data.purchases, shop, moment)
        return earlier(Registry(self.options.artifacts), shop, data, moment, since, shop.training.seed)


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Daily:
    folder = tmp_path_factory.mktemp("daily")
    toml = write_tiny_shop(folder)
    toml.write_text(toml.read_text().replace("ranker = false", "ranker = true\nwindows = 3\nthreads = 1"))
    shop = read_shop(toml)
    options = Options(folder / "artifacts", int(time.time()), shop.moment("2026-10-09 18:00"), shop.moment(FIRST))
    return Daily(shop, options, run(shop, options, SILENT))


def again(daily: Daily, folder: Path, old: str, new: str) -> Shop:
    """Return the shop with another line in shop.toml, or another first price in its purchases; its files in ``folder``."""
    toml = write_tiny_shop(folder)
    text = (daily.shop.folder / "shop.toml").read_text()
    toml.write_text(text.replace(old, new))
    return read_shop(toml)


def test_the_next_day_has_the_rankers_of_the_day_before(daily: Daily) -> None:
    """The trees are the same to the last bit, the models are fitted on the new day too, and the manifest says so."""
    options = replace(daily.options, until=daily.shop.moment(NEXT), now=daily.options.now + DAY, incremental=True)
    report = run(daily.shop, replace(options, publish=False), SILENT)
    before, after = open_artifact(daily.report.folder), open_artifact(report.folder)
    begun = daily.begin(daily.shop, NEXT).rankers
    assert begun
    assert set(begun) == set(before.manifest.config["rankers"])
    for name, ranker in begun.items():
        assert all(np.array_equal(part, before.group(f"rankers/{name}")[key]) for key, part in ranker.arrays().items())
    for name in after.manifest.config["rankers"]:  # those that won again
        one, other = before.group(f"rankers/{name}"), after.group(f"rankers/{name}")
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[part], other[part]) for part in one)
    assert after.manifest.config["learned"] == before.manifest.config["learned"]
    assert len(after.group("history")["product"]) > len(before.group("history")["product"])
    notes = after.manifest.data["tables"]["purchases"]["notes"]
    assert f"rankers are those of {before.manifest.version}" in notes
    assert after.manifest.metrics  # judged again, on the days before the new end


@pytest.mark.parametrize("lines", [1000, 1_000_000])
def test_the_last_fit_of_a_large_shop_goes_on_from_the_rehearsal(
    daily: Daily, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    """Where windows stand on shoppers drawn, factors are learned once and then led on; else each fit begins anew."""
    started: list[list[str]] = []

    def seen(*told: Any) -> Trained:
        started.append(sorted(told[6]))
        return fit(*told)

    monkeypatch.setattr(pipeline, "fit", seen)
    shop = again(daily, tmp_path, "ranker = true", f"ranker = false\nwindow_lines = {lines}")
    run(shop, replace(daily.options, artifacts=tmp_path / "artifacts"), SILENT)
    assert started == [["als"] if lines == 1000 else []]


def test_one_seed_one_input_and_one_earlier_version_give_the_same_bytes(daily: Daily) -> None:
    """Two fast runs that begin with the same factors write the same arrays; without the earlier version they differ."""
    fast = replace(daily.options, until=daily.shop.moment(NEXT), fast=True, publish=False)
    days = [replace(fast, now=fast.now + day * DAY, incremental=day < 4) for day in (2, 3, 4)]
    digests = [read_manifest(run(daily.shop, one, SILENT).folder).files for one in days]
    assert digests[0] == digests[1]
    assert digests[0]["models/als/item_factors.npy"] != digests[2]["models/als/item_factors.npy"]


def test_what_rankers_were_learned_from_must_be_what_it_was(daily: Daily, tmp_path: Path) -> None:
    """One price of an old purchase was corrected: they are learned again, and the run says why."""
    shop = again(daily, tmp_path, "", "")
    with (tmp_path / "purchases.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert daily.begin(shop, NEXT).rankers
    rows[1][-1] = "0.77"
    with (tmp_path / "purchases.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = daily.begin(shop, NEXT)
    assert found.rankers is None
    assert "purchases that taught" in found.says


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("windows = 3", "windows = 2", "settings"),
        ('fields = ["shelf"]', "", "settings"),
        ("threads = 1", "threads = 1\nrefit_days = 1", "1 days old"),
    ],
)
def test_other_settings_have_rankers_learned_again(daily: Daily, tmp_path: Path, old: str, new: str, why: str) -> None:
    """Another number of windows, another table of the context, or a day more than refit_days."""
    found = daily.begin(again(daily, tmp_path, old, new), NEXT)
    assert found.rankers is None
    assert why in found.says
    assert found.start  # factors are a beginning, whatever they were learned from


def test_a_version_that_knows_more_is_not_looked_at(daily: Daily) -> None:
    """--until of an earlier day: neither rankers nor factors come from a version that saw what came later."""
    found = daily.begin(daily.shop, "2026-10-07")
    assert found.rankers is None
    assert not found.start
    assert "knows what came after" in found.says


def test_files_that_tell_less_than_they_told_are_no_matter_of_until(daily: Daily, tmp_path: Path) -> None:
    """The last purchases were taken back since, or older files lie there: everything is learned, and that is said."""
    shop = again(daily, tmp_path, "", "")
    with (tmp_path / "purchases.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    write_rows(tmp_path / "purchases.csv", rows[0], [row for row in rows[1:] if row[4] < "2026-10-01"])
    data = read(shop, replace(daily.options, until=None), None, SILENT)
    until = end_of(data, None)
    found = earlier(Registry(daily.options.artifacts), shop, data, until, until - DAY, shop.training.seed)
    assert found.rankers is None and not found.start
    assert "knows purchases after the last one of these files" in found.says


def test_without_a_live_version_everything_is_learned(daily: Daily, tmp_path: Path) -> None:
    """The first run has nothing to take over, and says so."""
    nowhere = replace(daily, options=replace(daily.options, artifacts=tmp_path))
    assert "no live version" in nowhere.begin(daily.shop, NEXT).says
