"""Context tables from files: joined by their keys at the moment asked for."""

import numpy as np
import pytest
from small_shop import COLUMNS, Read

from models.context_table import ContextTable
from models.errors import ConfigError
from models.features import World
from models.shop import Shop
from training.fit import feature_names, fit_basis
from training.prices import with_prices

PURCHASES = "user,product,time\na,p0,2020-01-01\na,p1,2020-01-01\na,p2,2020-01-01\n"
MONDAY_NOON = 1_578_312_000  # Monday 2020-01-06 12:00 UTC
DAY = 86_400
ROWS = np.arange(3, dtype=np.int32)


def text(table: ContextTable, field: str, codes: np.ndarray) -> list[str | None]:
    return [None if code < 0 else table.columns[field].vocabulary[int(code)] for code in codes]


def test_promotions_by_product_store_and_week(read: Read) -> None:
    """A row holds in its store and its week only; products that nobody knows are set aside."""
    more = """[context.promotions]
files = ["promo.csv"]
keys = { product_id = "p", store_id = "s", week = "w" }
periods = { week = { starts = "2020-01-06", days = 7, first = 2 } }
fields = ["place", "discount"]"""
    promo = "p,s,w,place,discount\np2,north,2,end,0.5\np0,north,2,front,0.25\np0,south,2,front,0.1\nzz,north,2,end,1\np1,,2,end,1\n"
    data = read(PURCHASES, files={"promo.csv": promo}, more=more)
    table = data.contexts["promotions"]
    found = table.lookup({"store_id": "north"}, MONDAY_NOON, ROWS)
    assert text(table, "place", found["place"]) == ["front", None, "end"]
    assert np.array_equal(found["discount"], np.array([0.25, np.nan, 0.5], np.float32), equal_nan=True)
    assert table.lookup({"store": "south"}, MONDAY_NOON + 6 * DAY, ROWS)["discount"][0] == np.float32(0.1)
    for fields, at in (
        ({"store_id": "north"}, MONDAY_NOON - DAY),
        ({"store_id": "west"}, MONDAY_NOON),
        ({}, MONDAY_NOON),
    ):
        assert (table.match(fields, at, ROWS) == -1).all()
    facts = data.facts.tables["context.promotions"]
    assert facts.refused == {"no store_id": 1}
    assert facts.set_aside == {"product is not in the catalogue": 1}
    assert (facts.read, facts.kept) == (5, 3)


def test_a_row_holds_from_its_first_to_the_end_of_its_last_day(read: Read) -> None:
    """A date as the end means that whole local day; of several that hold the latest start counts."""
    more = """[context.coupons]
files = ["c.csv"]
keys = { product_id = "p" }
starts = "from"
ends = "to"
fields = ["kind"]"""
    rows = "p,from,to,kind\np0,2020-01-01,2020-01-31,old\np0,2020-01-06,2020-01-06,new\n"
    top = 'timezone = "America/New_York"'
    table = read(PURCHASES, files={"c.csv": rows}, more=more, top=top).contexts["coupons"]

    def kind(at: int) -> str | None:
        return text(table, "kind", table.lookup({}, at, ROWS)["kind"])[0]

    midnight = MONDAY_NOON - 12 * 3600 + 5 * 3600  # of the Monday, in New York
    assert [kind(midnight - 1), kind(midnight), kind(midnight + DAY - 1), kind(midnight + DAY)] == [
        "old",
        "new",
        "new",
        "old",
    ]
    assert kind(midnight + 40 * DAY) is None


def test_weather_by_region_and_date_are_facts_of_the_request(read: Read) -> None:
    """A table without a product tells scalars, by a declared field and the local date."""
    more = """[context.weather_days]
files = ["w.csv"]
keys = { region = "region", date = "day" }
fields = ["sky", "degrees"]
[context.fields]
region = "categorical"
"""
    rows = "region,day,sky,degrees\neast,2020-01-06,sun,21.5\neast,2020-01-07,rain,\neast,someday,rain,1\n"
    data = read(PURCHASES, files={"w.csv": rows}, more=more)
    table = data.contexts["weather_days"]
    assert table.facts({"region": "east"}, MONDAY_NOON) == {"sky": "sun", "degrees": 21.5}
    assert table.facts({"region": "east"}, MONDAY_NOON + DAY) == {"sky": "rain"}
    assert table.facts({"region": "west"}, MONDAY_NOON) == {}
    assert data.facts.tables["context.weather_days"].refused == {"date cannot be read": 1}


def test_a_table_without_fields_tells_that_one_is_listed(read: Read) -> None:
    """Being listed is the fact; a user key asks for the user."""
    more = '[context.members]\nfiles = ["m.csv"]\nkeys = { user_id = "who" }\n[context.picks]\nfiles = ["m.csv"]\nkeys = { product_id = "what" }'
    contexts = read(PURCHASES, files={"m.csv": "who,what\na,p1\na,p1\n"}, more=more).contexts
    assert contexts["members"].facts({}, 0, user_id="a") == {"listed": 1.0}
    assert contexts["members"].facts({}, 0, user_id="b") == {}
    assert contexts["picks"].lookup({}, 0, ROWS)["listed"].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('keys = { stor_id = "s" }', "no request carries it: did you mean 'store_id'"),
        ('keys = { store_id = "s" }\nperiods = { week = { starts = "2020-01-06" } }', "is no key of the table"),
    ],
)
def test_a_key_that_no_request_carries_is_told(read: Read, keys: str, said: str) -> None:
    """A wrong key is a fault of shop.toml."""
    with pytest.raises(ConfigError, match=said):
        read(PURCHASES, files={"c.csv": "s\n1\n"}, more=f'[context.c]\nfiles = ["c.csv"]\n{keys}', toml=COLUMNS)


def test_a_table_over_several_files_is_one(read: Read) -> None:
    """Globs work for context tables, and broken lines are counted once."""
    more = '[context.picks]\nfiles = ["pick*.csv"]\nkeys = { product_id = "p" }\nkeep = "p <> \'p1\'"'
    files = {"pick1.csv": "p,q\np0,1\np1,1\n", "pick2.csv": "p,q\np2,1\np2,1,1\n"}
    data = read(PURCHASES, files=files, more=more)
    assert data.contexts["picks"].lookup({}, 0, ROWS)["listed"].tolist() == [1.0, 0.0, 1.0]
    facts = data.facts.tables["context.picks"]
    assert (facts.read, dict(facts.refused), dict(facts.set_aside)) == (
        4,
        {"too many columns": 1},
        {"not kept by `keep`": 1},
    )


def test_features_that_a_table_of_moments_adds_are_named_as_rankers_read_them(read: Read) -> None:
    """A version's rankers are opened by these names: a report and the next night's run must know the weather's too."""
    more = '[context.weather]\nfiles = ["w.csv"]\nkeys = { date = "day" }\nfields = ["sky"]\n'
    told = read(PURCHASES, files={"w.csv": "day,sky\n2020-01-01,sun\n2020-01-02,rain\n"}, more=more)
    shop = Shop.model_validate({"name": "x", "data": {"events": "store"}})
    basis = fit_basis(with_prices(told, 0.0), int(told.purchases.time.max()) + 1, shop, 1)
    assert feature_names(told) == World(basis, {}, told.contexts, shop.zone).names
    assert "lift.weather-sky" in feature_names(told)
