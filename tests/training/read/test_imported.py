"""``recsvc-train import``: the tables that it writes read as the format itself does."""

from pathlib import Path

import duckdb
from click.testing import CliRunner
from small_shop import lines

from models.shop import read_shop
from training.cli import cli
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

FOLDER = Path(__file__).parent / "formats"
AFTER = 1_798_761_600


def imported(out: Path, name: str, *files: str) -> ShopData:
    """Import files of a format, and read the shop.toml that comes of it."""
    done = CliRunner().invoke(cli, ["import", name, *(str(FOLDER / one) for one in files), "--out", str(out)])
    assert done.exit_code == 0, done.output
    return read_shop_data(read_shop(out / "shop.toml"), until=None, now=AFTER, rejects=None, progress=SILENT)


def test_ga4_is_the_same_through_clean_tables(tmp_path: Path) -> None:
    """The lines are those of the format; refused rows lie beside them, and views keep their place in the list."""
    data = imported(tmp_path, "ga4", "ga4_20260801.jsonl", "ga4_20260802.jsonl")
    assert lines(data) == [("1002.2002", "B-2", 1785576000), ("u-7", "00701", 1785575100)]
    assert data.facts.tables["purchases"].refused == {}
    rejects = (tmp_path / "rejects.csv").read_text().splitlines()
    assert sum(row.startswith("data.purchases,") for row in rejects) == 2
    assert data.catalogue.value("name", data.products.row("00701")) == "Mug, blue", "the items tell the products"
    found = duckdb.sql(
        f"select event, carousel, position from '{tmp_path}/purchases.parquet' where carousel is not null"
    )
    assert found.fetchall() == [("view", "you-may-also-like", 2.0)]


def test_a_refund_in_a_day_that_ga4_wrote_again_counts_once(tmp_path: Path) -> None:
    """Four were bought and two went back, one by one: two are left, though both files tell of all of it."""
    event = '{{"event_name": "{0}", "event_timestamp": "17855{1}00000000", "user_id": "u", "ecommerce": {{"transaction_id": "T"}}, '
    items = '"items": [{{"item_id": "A", "quantity": "{2}"}}]}}\n'
    day = "".join(
        (event + items).format(*one) for one in (("purchase", 712, 4), ("refund", 715, 1), ("refund", 719, 1))
    )
    for name in ("day_1.jsonl", "day_2.jsonl"):
        (tmp_path / name).write_text(day)
    data = imported(tmp_path / "out", "ga4", str(tmp_path / "day_1.jsonl"), str(tmp_path / "day_2.jsonl"))
    assert data.purchases.quantity.tolist() == [2.0]


def test_several_tables_of_a_format(tmp_path: Path) -> None:
    """Each file goes to its table; attributes keep their kind."""
    files = ("personalize_interactions.csv", "personalize_items.csv", "personalize_users.csv")
    data = imported(tmp_path, "amazon-personalize", *files)
    assert [line[0] for line in lines(data)] == ["001", "002"]
    row = data.products.row("i1")
    assert [data.catalogue.value(one, row) for one in ("price", "material")] == [9.5, "brass"]
    assert set(data.user_columns) == {"age_band", "membership"}


def test_a_file_of_another_format_is_told(tmp_path: Path) -> None:
    """The message has what the format needs."""
    done = CliRunner().invoke(cli, ["import", "ga4", str(FOLDER / "algolia.csv"), "--out", str(tmp_path / "out")])
    assert "no ga4 file; these have at least purchases: event_name, event_timestamp, items" in str(done.exception)
    assert not (tmp_path / "out").exists()
