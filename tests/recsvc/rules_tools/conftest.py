"""A second, earlier version of the tiny shop, for what is replayed."""

import shutil

import pytest

from models.shop import read_shop
from tiny_shop import TinyShop
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
