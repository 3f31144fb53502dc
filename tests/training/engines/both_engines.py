"""A shop that is read by both engines; without pyspark or Java its tests say so and are skipped."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.columns import column_arrays
from models.shop import Shop, read_shop
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

NOW = 1_767_225_600  # 2026-01-01 00:00 UTC
SPARK = """
[training.spark]
master = "local[2]"
partitions = 3
conf = { "spark.driver.memory" = "2g", "spark.sql.shuffle.partitions" = "3" }
"""
CLUSTER = {"master": "local[2]", "conf": {"spark.driver.memory": "2g", "spark.sql.shuffle.partitions": "3"}}
Both = Callable[..., tuple[ShopData, ShopData]]


@pytest.fixture(scope="session")
def spark() -> None:
    """Skip where Spark cannot run: its tests are those of ``make spark``."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: make spark installs it and runs these tests")
    if shutil.which("java") is None:
        pytest.skip("no Java: Spark needs 17 or newer")


def shop_with(folder: Path, engine: str, toml: str, more: str = "") -> Shop:
    """Return the shop that ``toml`` describes, with an engine; both engines' files lie side by side."""
    path = folder / f"{engine}.toml"
    cluster = SPARK if engine == "spark" else ""
    path.write_text(f'name = "Both"\n{toml}\n[training]\nrefused_share = 1.0\nengine = "{engine}"\n{more}\n{cluster}')
    return read_shop(path)


@pytest.fixture
def read_both(spark: None, tmp_path: Path) -> Both:
    """Return a function that writes files, and reads them by each engine: (local, spark); rejects lie beside."""

    def run(
        files: dict[str, str], toml: str, *, until: int | None = None, more: str = "", store: str | None = None
    ) -> tuple[ShopData, ShopData]:
        for name, text in files.items():
            (tmp_path / name).write_bytes(text.encode("latin-1" if "latin" in name else "utf-8"))
        local, other = (
            read_shop_data(
                shop_with(tmp_path, engine, toml, more),
                until=until,
                now=NOW,
                rejects=tmp_path / f"{engine}.csv",
                progress=SILENT,
                store=store,
            )
            for engine in ("local", "spark")
        )
        return local, other

    return run


def assert_same(one: ShopData, other: ShopData) -> None:
    """Both read the same, to the last count and the last line."""
    assert one.facts.plain() == other.facts.plain()
    mine, theirs = arrays_of(one), arrays_of(other)
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        np.testing.assert_array_equal(values, theirs[name], name)


def arrays_of(data: ShopData) -> dict[str, Any]:
    """Return everything that was read, as arrays by name."""
    lines, seen = data.purchases, data.signals
    out = {one: getattr(lines, one) for one in ("user", "product", "time", "order", "store", "quantity", "price")}
    out |= {f"seen {one}": getattr(seen, one) for one in ("user", "product", "time", "weight")}
    parts = {"fields": column_arrays(dict(lines.fields)), "users": data.users.arrays(), "list": data.catalogue.arrays()}
    parts |= {"products": data.products.arrays(), "stores": data.stores.arrays()}
    return out | {f"{part} {name}": values for part, arrays in parts.items() for name, values in arrays.items()}
