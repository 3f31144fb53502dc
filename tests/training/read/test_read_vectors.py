"""Vectors of products, however they are written; what is none is told."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from models.shop import read_shop
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

TOML = """
name = "V"
[data.purchases]
files = ["lines.csv"]
columns = { user_id = "user", product_id = "sku" }
[data.products]
files = ["products.*"]
columns = { product_id = "sku", vector = "embedding" }
"""


def read(folder: Path) -> ShopData:
    (folder / "lines.csv").write_text("user,sku\nann,a\nbob,b\n")
    (folder / "shop.toml").write_text(TOML)
    return read_shop_data(read_shop(folder / "shop.toml"), until=None, now=2_000_000_000, rejects=None, progress=SILENT)


@pytest.mark.parametrize("written", ["[0.5, -1, 2]", "0.5|-1|2", "0.5 -1 2"])
def test_a_text_is_a_list_of_numbers(tmp_path: Path, written: str) -> None:
    """In brackets, between bars or blanks; no vector is zeros, and no column of the catalogue."""
    (tmp_path / "products.csv").write_text(f'sku,embedding\na,"{written}"\nb,\n')
    data = read(tmp_path)
    assert data.vectors.tolist() == [[0.5, -1.0, 2.0], [0.0, 0.0, 0.0]]
    assert "vector" not in data.catalogue.columns


def test_parquet_lists_are_taken_as_they_are(tmp_path: Path) -> None:
    """Of floats or doubles."""
    duckdb.sql(
        "copy (select * from (values ('a', [1.5::double, 2]), ('b', [3.0::double, 4])) t(sku, embedding)) "
        f"to '{tmp_path}/products.parquet' (format parquet)"
    )
    assert np.array_equal(read(tmp_path).vectors, np.array([[1.5, 2], [3, 4]], np.float32))


def test_other_lengths_and_infinite_numbers_are_unknown_and_what_is_no_list_is_refused(tmp_path: Path) -> None:
    """Most vectors say how long one is."""
    (tmp_path / "products.csv").write_text(
        'sku,embedding\na,"[1, 2]"\nb,"[3, 4]"\nc,"[1, 2, 3]"\nd,"[inf, 1]"\n'
        + "".join(f'x{number},"[1, {number}]"\n' for number in range(20))
        + 'e,red\nf,"[1, 2"\n'
    )
    data = read(tmp_path)
    facts = data.facts.tables["products"]
    assert dict(facts.unknown) == {"vector is not of 2 finite numbers, as most are": 3}
    assert dict(facts.refused) == {"vector cannot be read": 1}
    assert data.vectors[data.products.row("a")].tolist() == [1, 2]
    assert not data.vectors[data.products.row("d")].any()


def test_a_shop_without_vectors_has_none(tmp_path: Path) -> None:
    """No dimension, and every product a row."""
    (tmp_path / "products.csv").write_text("sku,embedding\na,\nb,\n")
    assert read(tmp_path).vectors.shape == (2, 0)
