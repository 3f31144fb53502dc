"""A report is about what a version was trained with, whatever shop.toml says by now."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.errors import ArtifactError
from models.settings_of import settings_of
from models.shop import read_shop
from models.sources import new_models
from tiny_shop import TinyShop
from training.cli import cli
from training.pipeline import Options
from training.progress import SILENT
from training.report.data import about
from training.report.subject import CHANGED, Subject, as_trained, live_of, subject_of


def test_models_are_fitted_as_the_version_was(trained_shop: TinyShop) -> None:
    """Chosen settings and blends, its own weeks and limits; threads are this machine's."""
    manifest, shop = trained_shop.report.manifest, trained_shop.shop
    models = {name: dict(told) for name, told in manifest.config["models"].items()}
    models["ease"]["regularization"] = 77.0
    config = {**manifest.config, "models": models, "blends": {"for-you": {"als": 2.0}}}
    config["training"] = {**config["training"], "threads": 7, "window_days": 9}
    found = as_trained(shop, replace(manifest, config=config))
    assert settings_of(new_models(found.models)["ease"])["regularization"] == 77.0
    assert found.carousels["for-you"].sources == {"als": 2.0}
    assert (found.training.window_days, found.training.threads) == (9, shop.training.threads)
    assert found.evaluation.model_dump(mode="json") == manifest.config["evaluation"]


def test_blends_that_the_file_names_stay(trained_shop: TinyShop) -> None:
    """As they do where the version is served."""
    shop = trained_shop.shop.model_copy(update={"open_blends": frozenset()})
    config = {**trained_shop.report.manifest.config, "blends": {"for-you": {"als": 2.0}}}
    found = as_trained(shop, replace(trained_shop.report.manifest, config=config))
    assert found.carousels["for-you"].sources == shop.carousels["for-you"].sources


def test_settings_that_nobody_knows_any_more_are_told(trained_shop: TinyShop) -> None:
    """With the version, the setting and the next step."""
    manifest = trained_shop.report.manifest
    config = {**manifest.config, "models": {"ease": {"regularisation": 1.0}}}
    with pytest.raises(ArtifactError, match=r"version .*ease.regularisation: no such setting.*train again"):
        as_trained(trained_shop.shop, replace(manifest, config=config))


def test_what_was_set_otherwise_is_told(trained_shop: TinyShop) -> None:
    """Beside the default, and the sources of what is judged."""
    manifest, shop = trained_shop.report.manifest, trained_shop.shop
    models = {name: dict(told) for name, told in manifest.config["models"].items()}
    models["ease"] = {**models["ease"], "regularization": 77.0, "weighting": {"half_life": 365.0, "binary": True}}
    section = about(shop, replace(manifest, config={**manifest.config, "models": models}), ())
    _, blends, settings = section.tables
    assert blends.rows[0][0] == "for-you" and "buy-again" in blends.rows[0][1]
    assert list(settings.rows) == [
        ("ease regularization", "77", "500"),
        ("ease weighting", "half_life 365, binary true", "half_life 365, binary false"),
    ]
    assert len(about(shop, manifest, ()).tables) == 2


def reported(folder: Path, shop: str) -> Subject:
    """Return what a report of the live version of ``folder`` is about."""
    options = Options(folder, None, 1_790_000_000)
    return subject_of(read_shop(folder / shop), live_of(folder), options, SILENT)


def test_returns_after_the_last_purchase_are_no_change_of_the_files(tmp_path: Path) -> None:
    """A version without --until knows them, and so does its report; purchases that came since are left out, and told."""
    rows = "".join(f"{i},u{i % 9},p{i % 7},1,2026-01-{1 + i % 28:02} 10:00\n" for i in range(120))
    (tmp_path / "p.csv").write_text("order,user,product,quantity,time\n" + rows + "C1,u0,p0,-1,2026-02-09 10:00\n")
    named = 'order_id = "order", user_id = "user", product_id = "product", quantity = "quantity", time = "time"'
    (tmp_path / "shop.toml").write_text(f'name = "X"\n[data.purchases]\nfiles = ["p.csv"]\ncolumns = {{ {named} }}\n')
    words = ["run", str(tmp_path / "shop.toml"), "--fast", "--artifacts", str(tmp_path)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    subject = reported(tmp_path, "shop.toml")
    assert (subject.notes, len(subject.data.purchases)) == ((), 119)
    with (tmp_path / "p.csv").open("a") as file:
        file.write("999,u1,p1,1,2026-02-10 10:00\n")
    subject = reported(tmp_path, "shop.toml")
    assert subject.notes == (CHANGED,)
    assert int(subject.data.purchases.time.max()) < subject.until
