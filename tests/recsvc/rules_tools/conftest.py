"""A second, earlier version of the tiny shop, for what is replayed."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from made_once import made_once
from models.shop import read_shop
from tiny_shop import TinyShop, purchase_rows, write_rows
from training.pipeline import Options, run
from training.progress import SILENT


@pytest.fixture(scope="session")
def two_versions(trained_shop: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> TinyShop:
    """The tiny shop with its live version and one that ended on 2026-09-01; only rules files may be added."""
    folder = tmp_path_factory.mktemp("two") / "tiny"
    shutil.copytree(trained_shop.folder, folder, symlinks=True)
    shop = read_shop(folder / "shop.toml")
    until = shop.moment("2026-09-01")
    run(shop, Options(folder / "artifacts", until, trained_shop.clock(), until=until, fast=True, publish=False), SILENT)
    return TinyShop(folder, shop, trained_shop.report)


def told_rows() -> list[list[str]]:
    """Return the purchases with a device and a loyalty app; shopper w0 goes to a store that opened in September."""
    rows = []
    for row in purchase_rows():
        device = "mobile" if int(row[0][1:]) % 4 == 0 else "desktop" if int(row[0][1:]) % 4 == 1 else ""
        store = "harbour" if row[0] == "w0" and row[4] >= "2026-09-05" else row[3]
        rows.append([*row[:3], store, *row[4:], device, "yes" if row[2].endswith("7") else "no"])
    return rows


@pytest.fixture(scope="session")
def told_shop(trained_shop: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> TinyShop:
    """The tiny shop whose purchases tell more of their moment, with two versions as ``two_versions``."""
    once = made_once(tmp_path_factory, "told", lambda folder: _told(folder / "tiny", trained_shop))
    folder = Path(shutil.copytree(once.folder, tmp_path_factory.mktemp("told") / "tiny", symlinks=True))
    report = replace(once.report, folder=folder / once.report.folder.relative_to(once.folder))
    return TinyShop(folder, read_shop(folder / "shop.toml"), report)


def _told(folder: Path, trained_shop: TinyShop) -> TinyShop:
    shutil.copytree(trained_shop.folder, folder, ignore=shutil.ignore_patterns("artifacts"))
    head = ["user", "sku", "basket", "store", "when", "n", "paid", "screen", "app"]
    write_rows(folder / "purchases.csv", head, told_rows())
    toml = folder / "shop.toml"
    columns = 'price = "paid", device = "screen", loyalty_app = "app" }'
    toml.write_text(toml.read_text().replace('price = "paid" }', columns))
    shop = read_shop(toml)
    early, now = shop.moment("2026-09-01"), trained_shop.clock()
    run(shop, Options(folder / "artifacts", early, now, until=early, fast=True, publish=False), SILENT)
    report = run(shop, Options(folder / "artifacts", now, now, fast=True), SILENT)
    return TinyShop(folder, shop, report)
