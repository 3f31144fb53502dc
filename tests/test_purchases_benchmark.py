"""The generated shop of the benchmarks: a long tail, the same for a seed, and readable as any shop."""

from pathlib import Path

import numpy as np

from benchmarks.purchases import Size, World, months, write
from benchmarks.training import table
from models.shop import read_shop
from training.progress import SILENT
from training.read.shop_data import read_shop_data

SIZE = Size(lines=3000, users=60, products=400, stores=3)


def test_the_tail_is_long_and_shoppers_come_back() -> None:
    """A tenth of the products sells most, the most active tenth buys much, and products are bought again."""
    lines = [np.concatenate([month[name] for month in months(World.of(SIZE))]) for name in ("u", "p", "t")]
    user, product, time = lines
    assert len(user) == SIZE.lines
    assert (np.diff(time) >= 0).all()
    of_product, of_user = (np.sort(np.bincount(one))[::-1] for one in (product, user))
    assert of_product[:40].sum() > 0.4 * SIZE.lines
    assert of_user[:6].sum() > 0.25 * SIZE.lines
    assert len(np.unique(user * SIZE.products + product)) < 0.8 * SIZE.lines


def test_what_is_written_is_a_shop(tmp_path: Path) -> None:
    """Every line is read, none is refused; the same arguments write the same purchases; CSV says what Parquet says."""
    found = []
    for name, suffix in (("one", "parquet"), ("two", "parquet"), ("three", "csv")):
        write(tmp_path / name, SIZE, suffix)
        shop = read_shop(tmp_path / name / "shop.toml")
        data = read_shop_data(shop, until=None, now=2_000_000_000, rejects=None, progress=SILENT)
        assert data.facts.tables["purchases"].read == SIZE.lines
        assert not data.facts.tables["purchases"].refused
        found.append((len(data.purchases), data.purchases.product.tolist(), data.purchases.price.tolist()))
    assert found[0] == found[1] == found[2]


def test_the_table_tells_how_costs_grow() -> None:
    """Ten times the lines in ten times the time is a slope of 1, and the last figure of a row counts."""
    old = {"lines": 10, "what": "check", "threads": 1, "seconds": 9.0, "cpu": 9.0, "peak": 9, "arrow": 1}
    found = "\n".join(
        table(
            [
                old,
                {**old, "cpu": 2.0, "peak": 10},
                {**old, "lines": 100, "cpu": 20.0, "peak": 100},
                {**old, "what": "als", "cpu": 4.0},
            ]
        )
    )
    assert "| 10 | check | 1 | 9 | 2.0 | 0.5 | 0.00 | 10.0 |" in found
    assert "| check | 10 | 100 | 1.00 | 1.00 |" in found
