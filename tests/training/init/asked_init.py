"""``recsvc-train init`` over files that a test writes, and the shop that comes of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from models.shop import Shop, read_shop
from training.cli import cli
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

Init = Callable[..., Result]


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Init:
    """Return a function that writes files and runs ``init`` over them in their folder."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, typed: str | None = None, **files: str | bytes) -> Result:
        names = []
        for name, content in files.items():
            path = Path(name.replace("__", "."))
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            names.append(str(path))
        return CliRunner().invoke(cli, ["init", *names, *options], input=typed)

    return run


def shop() -> Shop:
    """Return the shop.toml that was written."""
    return read_shop("shop.toml")


def data(now: int | None = None) -> ShopData:
    """Read the shop that was written."""
    told = shop()
    at = told.moment(told.clock_starts) if told.clock_starts else now or told.moment("2026-12-01")
    return read_shop_data(told, until=None, now=at, rejects=None, progress=SILENT)
