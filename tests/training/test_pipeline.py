"""A run: the same from the same, nothing from the future, and the live version safe whatever happens."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.artifact import MANIFEST, open_artifact, write_artifact
from models.errors import ArtifactError, ConfigError, DataError
from models.registry import Registry
from models.schema import DAY
from models.shop import read_shop
from tiny_shop import SHOP, TinyShop, purchase_rows, write_rows
from training.pipeline import Options, Report, run
from training.progress import SILENT

NOW = 1_800_000_000
HEADER = ["user", "sku", "basket", "store", "when", "n", "paid"]


def run_fast(
    shop: TinyShop, artifacts: Path, seed: int | None = None, until: str | None = None, *, judge: bool = False
) -> Report:
    """Train ``shop`` into ``artifacts`` without judging."""
    told = read_shop(shop.toml)
    moment = None if until is None else told.moment(until)
    return run(told, Options(artifacts, NOW, shop.clock(), moment, seed, fast=not judge), SILENT)


def live(artifacts: Path) -> str | None:
    current = Registry(artifacts).current()
    return current.name if current else None


def change(shop: TinyShop, old: str, new: str) -> None:
    """Change the tiny shop's shop.toml."""
    assert old in SHOP
    shop.toml.write_text(shop.toml.read_text().replace(old, new))


def test_one_seed_and_one_input_make_the_same_bytes(trained_shop: TinyShop, tmp_path: Path) -> None:
    """Trained again, elsewhere, at another time, without judging: every array has the same digest."""
    again = run_fast(trained_shop, tmp_path / "again")
    assert again.manifest.files == trained_shop.report.manifest.files
    assert again.manifest.version != trained_shop.report.manifest.version


def test_another_seed_changes_what_is_random_and_nothing_else(trained_shop: TinyShop, tmp_path: Path) -> None:
    """Only the factors of ALS start from chance."""
    other, first = run_fast(trained_shop, tmp_path / "other", seed=2).manifest, trained_shop.report.manifest
    assert set(other.files) == set(first.files)
    changed = {name for name in first.files if other.files[name] != first.files[name]}
    parts = ("item_factors", "gram", "vectors", "lists.ptr", "lists.rows", "lists.scores")
    assert {f"models/als/{name}.npy" for name in parts[:3]} <= changed <= {f"models/als/{name}.npy" for name in parts}
    assert (first.seed, other.seed) == (1, 2)


def test_until_uses_what_was_bought_strictly_before(trained_shop: TinyShop, tmp_path: Path) -> None:
    """The moment of a purchase: this one and all later ones are left out, all earlier ones are there."""
    moments = sorted(row[4] for row in purchase_rows())
    until = moments[len(moments) // 2]
    report = run_fast(trained_shop, tmp_path / "early", until=until)
    history = open_artifact(report.folder).group("history")
    assert len(history["time"]) == sum(moment < until for moment in moments)
    assert history["time"].max() < report.manifest.until == trained_shop.shop.moment(until)
    assert report.manifest.data["last"] < report.manifest.until


def test_a_version_is_trained_for_the_second_after_its_last_purchase(trained_shop: TinyShop) -> None:
    """Without --until; and the manifest counts what was read, without any row of it."""
    manifest = trained_shop.report.manifest
    assert manifest.until == manifest.data["last"] + 1
    assert manifest.data["lines"] == len(purchase_rows())
    assert manifest.data["tables"]["purchases"]["read"] == len(purchase_rows())
    assert "examples" not in manifest.data["tables"]["purchases"]


def empty(shop: TinyShop) -> None:
    (shop.folder / "purchases.csv").write_bytes(b"")


def header_only(shop: TinyShop) -> None:
    write_rows(shop.folder / "purchases.csv", HEADER, [])


def mostly_dirt(shop: TinyShop) -> None:
    write_rows(shop.folder / "purchases.csv", HEADER, [["u", "", "b", "north", "2026-05-01", "1", "1"]] * 9)


def no_such_column(shop: TinyShop) -> None:
    change(shop, 'product_id = "sku", name = "title"', 'product_id = "skv", name = "title"')


def all_in_the_future(shop: TinyShop) -> None:
    change(shop, "ranker = false", "ranker = false\nrefused_share = 1.0")
    write_rows(shop.folder / "purchases.csv", HEADER, [["u", "w-3", "b", "north", "2027-05-01", "1", "1"]] * 9)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (empty, "purchases.csv: the file is empty"),
        (header_only, "no purchase is left to learn from; see `recsvc-train check shop.toml`"),
        (mostly_dirt, "9 of 9 rows are refused"),
        (no_such_column, "'skv'"),
        (all_in_the_future, "no purchase is left to learn from"),
    ],
)
def test_a_run_that_fails_leaves_the_live_version_and_no_other(tiny_shop: TinyShop, harm: object, message: str) -> None:
    """It says what is wrong with the input, and nothing is written but the refused rows."""
    assert callable(harm)
    harm(tiny_shop)
    before, versions = live(tiny_shop.artifacts), sorted((tiny_shop.artifacts / "versions").iterdir())
    with pytest.raises((DataError, ConfigError), match=message.replace("`", ".")):
        run_fast(tiny_shop, tiny_shop.artifacts)
    assert live(tiny_shop.artifacts) == before is not None
    assert sorted((tiny_shop.artifacts / "versions").iterdir()) == versions
    open_artifact(tiny_shop.artifacts / "current")


def test_refused_rows_are_kept_where_they_can_be_read(tiny_shop: TinyShop) -> None:
    """Also those of a run that stopped because of them; nothing half-written lies beside."""
    mostly_dirt(tiny_shop)
    with pytest.raises(DataError):
        run_fast(tiny_shop, tiny_shop.artifacts)
    lines = (tiny_shop.artifacts / "rejects.csv").read_text().splitlines()
    assert lines[0] == "table,file,line,reason,row"
    assert len(lines) == 10 and "no product_id" in lines[1]
    assert not list(tiny_shop.artifacts.glob(".rejects*"))


def test_the_folder_of_another_shop_is_refused_before_anything_is_read(tiny_shop: TinyShop) -> None:
    """Two shops in one folder would publish over each other."""
    change(tiny_shop, 'name = "Tiny shop"', 'name = "Other shop"')
    (tiny_shop.folder / "purchases.csv").unlink()
    with pytest.raises(
        ArtifactError, match=r"holds versions of 'Tiny shop', not of 'Other shop'; take another --artifacts"
    ):
        run_fast(tiny_shop, tiny_shop.artifacts)


def test_a_version_that_is_not_published_is_there_and_can_be_promoted(trained_shop: TinyShop, tmp_path: Path) -> None:
    """--no-publish: nothing goes live, not even in an empty folder."""
    options = Options(tmp_path, NOW, trained_shop.clock(), fast=True, publish=False)
    report = run(trained_shop.shop, options, SILENT)
    assert (report.published, report.refused, live(tmp_path)) == (False, None, None)
    assert Registry(tmp_path).promote(report.manifest.version) == report.folder
    assert live(tmp_path) == report.manifest.version


def test_a_run_that_could_not_be_judged_does_not_replace_one_that_was(tiny_shop: TinyShop) -> None:
    """Data that ends before there is anything to hold out: written, kept back, and each task named."""
    report = run_fast(tiny_shop, tiny_shop.artifacts, until="2026-04-02", judge=True)
    assert (report.results, report.published) == ([], False)
    assert report.refused is not None and "next-order: could not be judged" in report.refused
    assert report.folder.is_dir()
    assert live(tiny_shop.artifacts) == tiny_shop.report.manifest.version


def test_fast_and_a_gate_that_is_off_publish_without_comparing(tiny_shop: TinyShop) -> None:
    """Whoever asks for it gets it: the same data, twice published."""
    fast = run_fast(tiny_shop, tiny_shop.artifacts, until="2026-04-10")
    assert fast.published and live(tiny_shop.artifacts) == fast.manifest.version
    Registry(tiny_shop.artifacts).promote(tiny_shop.report.manifest.version)
    change(tiny_shop, "[rules]", "[publication]\ngate = false\n[rules]")
    ungated = run_fast(tiny_shop, tiny_shop.artifacts, until="2026-04-11", judge=True)
    assert ungated.published and live(tiny_shop.artifacts) == ungated.manifest.version


def test_a_broken_live_version_does_not_stop_the_one_that_replaces_it(tiny_shop: TinyShop) -> None:
    """There is nothing to compare with, and "train again" is what its message said."""
    (tiny_shop.artifacts / "current" / MANIFEST).write_text("{")
    report = run_fast(tiny_shop, tiny_shop.artifacts, until="2026-04-10", judge=True)
    assert report.published and live(tiny_shop.artifacts) == report.manifest.version


def test_old_versions_are_deleted_and_the_live_one_before_stays(tiny_shop: TinyShop) -> None:
    """Five are kept: the new one, and the newest of those before; the one to roll back to is never deleted."""
    registry, first = Registry(tiny_shop.artifacts), tiny_shop.report.manifest
    for number in range(7):
        name = f"3000-01-0{number + 1}"
        write_artifact(registry.path(name), replace(first, version=name), {"g": {"a": np.zeros(1)}})
    report = run_fast(tiny_shop, tiny_shop.artifacts)
    kept = [manifest.version for manifest in registry.versions()]
    assert set(kept) == {first.version, report.manifest.version, *(f"3000-01-0{number}" for number in range(3, 8))}
    assert registry.rollback().name == first.version


def test_a_shop_without_times_is_judged_by_its_last_orders(tiny_shop: TinyShop, tmp_path: Path) -> None:
    """They are hidden from the models that are judged, and known to the version that is published."""
    change(tiny_shop, ', time = "when"', "")
    report = run_fast(tiny_shop, tmp_path / "timeless", judge=True)
    assert {"next-order", "complements", "completing"} <= {result.task for result in report.results}
    assert report.published
    assert report.manifest.until <= DAY
    assert len(open_artifact(report.folder).group("history")["time"]) == report.manifest.data["lines"]


def test_until_means_nothing_without_times_and_a_note_says_so(tiny_shop: TinyShop, tmp_path: Path) -> None:
    """The version is the same as without it."""
    change(tiny_shop, ', time = "when"', "")
    plain, asked = run_fast(tiny_shop, tmp_path / "a"), run_fast(tiny_shop, tmp_path / "b", until="2026-06-01")
    assert plain.manifest.files == asked.manifest.files
    assert any("--until" in note for note in asked.manifest.data["tables"]["purchases"]["notes"])
