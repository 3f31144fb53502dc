"""Reading shop.toml: what it means, and how every kind of fault is told."""

from pathlib import Path

import pytest

from models.carousels import CAROUSELS, PAGES
from models.errors import ConfigError
from models.shop import Shop, read_shop, suggest

PURCHASES = '[data.purchases]\nfiles = ["purchases.csv"]\n'


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """Where the shop.toml of a test lies."""
    return tmp_path / "shop.toml"


def read(toml: Path, top: str = "", rest: str = "") -> Shop:
    """Return the shop with some top-level keys and some further tables."""
    toml.write_text(f'name = "Corner"\n{top}\n{PURCHASES}{rest}')
    return read_shop(toml)


def faults(toml: Path, top: str = "", rest: str = "") -> list[str]:
    """Return what reading complains of, a line a fault, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        read(toml, top, rest)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{toml}: ") for line in lines)
    return [line.removeprefix(f"{toml}: ") for line in lines]


def test_a_name_and_a_file_are_enough(toml: Path) -> None:
    """All else has a default: carousels, pages, UTC."""
    shop = read(toml)
    assert set(shop.carousels) == set(CAROUSELS)
    assert shop.pages == PAGES
    assert (shop.timezone, shop.clock_starts, shop.currency) == ("UTC", None, None)
    assert shop.folder == toml.parent
    assert shop.context.tables == {}


def test_a_byte_order_mark_is_no_fault(toml: Path) -> None:
    """Some editors write one."""
    toml.write_bytes(b"\xef\xbb\xbf" + f'name = "Café"\n{PURCHASES}'.encode())
    assert read_shop(toml).name == "Café"


def test_built_in_carousels_are_changed_key_by_key(toml: Path) -> None:
    """What is not given stays; a carousel of the shop's own needs a title and sources; pages are added and replaced."""
    rest = (
        "[carousels.for-you]\nsize = 5\n"
        '[carousels.cheese]\ntitle = "Cheese"\nsources = { popularity = 1.0 }\n'
        '[pages]\ncart = ["cheese", "for-you"]\nthanks = ["cheese"]\n'
    )
    shop = read(toml, rest=rest)
    assert shop.carousels["for-you"].size == 5
    assert shop.carousels["for-you"].sources == CAROUSELS["for-you"]["sources"]
    assert shop.carousels["cheese"].in_cart == "exclude"
    assert shop.pages["cart"] == ("cheese", "for-you")
    assert shop.pages["thanks"] == ("cheese",)
    assert shop.pages["home"] == PAGES["home"]
    assert CAROUSELS["for-you"].get("size") is None, "the built-in table is left alone"


def test_every_built_in_page_shows_built_in_carousels() -> None:
    """The defaults hold among themselves."""
    assert {name for names in PAGES.values() for name in names} <= set(CAROUSELS)


@pytest.mark.parametrize(
    ("top", "rest", "fault"),
    [
        ('timezon = "UTC"', "", "timezon: unknown key: did you mean 'timezone'?"),
        ("", "[service]\nprot = 1", "service.prot: unknown key: did you mean 'port'?"),
        ("", "[carousels.for-you]\nsizee = 3", "carousels.for-you.sizee: unknown key: did you mean 'size'?"),
        ("", '[data.products]\nfiles = ["p"]\nkep = "x"', "data.products.kep: unknown key: did you mean 'keep'?"),
        ("", "zebra = 1", "data.purchases.zebra: unknown key"),
        (
            "",
            '[context.promo]\nfiles = ["p"]\nkeys = { week = "w" }\nfield = ["x"]',
            "context.promo.field: unknown key: did you mean 'fields'?",
        ),
        (
            "",
            '[context.promo]\nfiles = ["p"]\nkeys = { week = "w" }\n'
            '[context.promo.periods.week]\nstarts = "2017-01-01"\nday = 7',
            "context.promo.periods.week.day: unknown key: did you mean 'days'?",
        ),
        ('timezone = "Mars/One"', "", "timezone: 'Mars/One' is no IANA time zone: write Europe/London"),
        ('timezone = "../etc/passwd"', "", "timezone: '../etc/passwd' is no IANA time zone: write Europe/London"),
        ("", 'time_zone = "Mars"', "data.purchases.time_zone: 'Mars' is no IANA time zone: write Europe/London"),
        ('currency = "eur"', "", "currency: String should match pattern '^[A-Z]{3}$'"),
        (
            'clock_starts = "2018-01-01T12:00+01:00"',
            "",
            "clock_starts: '2018-01-01T12:00+01:00': leave the zone out, the shop's timezone counts",
        ),
        ('clock_starts = "noon"', "", "clock_starts: Invalid isoformat string: 'noon'"),
        ('pages = "home"', "", "pages: Input should be a valid dictionary"),
        ('carousels = "all"', "", "carousels: Input should be a valid dictionary"),
        ("", "[carousels.mine]\nsources = { als = 1.0 }", "carousels.mine.title: Field required"),
        ("", "[carousels.for-you]\nsize = 0", "carousels.for-you.size: Input should be greater than or equal to 1"),
        (
            "",
            "[carousels.for-you]\nsources = { als = nan }",
            "carousels.for-you.sources: a source's weight is above 0 and finite; leave the source out instead",
        ),
        (
            "",
            "[carousels.for-you]\nsources = { als = -1.0 }",
            "carousels.for-you.sources: a source's weight is above 0 and finite; leave the source out instead",
        ),
        (
            "",
            '[carousels.for-you]\nfallback = ["best"]',
            "carousels.for-you.fallback: no fallback 'best': take from category-bestsellers, store-bestsellers,"
            " bestsellers",
        ),
        (
            "",
            'query = "select 1"',
            "data.purchases: query goes with tables or url, and these need a query",
        ),
        ("", 'url = "sqlite:///x"', "data.purchases: give exactly one of files, tables or url (given: files, url)"),
        ("", "[data.stock]\ncolumns = {}", "data.stock: give exactly one of files, tables or url (given: none)"),
        ("", "[training]\nrefused_share = 1.5", "training.refused_share: Input should be less than or equal to 1"),
        (
            "",
            '[context.fields]\nbasket = "number"',
            "context.fields.basket: Input should be 'categorical' or 'numeric'",
        ),
        (
            "",
            '[context.fields]\nuser_id = "categorical"\napp = "categorical"\nstore = "categorical"',
            "context.fields: 'user_id' is built in: take another name; 'store' is built in: take another name",
        ),
    ],
)
def test_a_fault_is_told_with_its_path_and_what_was_meant(toml: Path, top: str, rest: str, fault: str) -> None:
    """One line, one fault."""
    assert faults(toml, top, rest) == [fault]


def test_an_unknown_source_lists_the_known(toml: Path) -> None:
    """A typo in a blend is told with the sources there are."""
    [fault] = faults(toml, rest="[carousels.for-you]\nsources = { alz = 1.0 }")
    assert fault.startswith("carousels.for-you.sources: no source 'alz': take from buy-again, kinds, als, ")


def test_all_faults_are_told_at_once(toml: Path) -> None:
    """Of keys, values and pages, over all tables, so that nobody mends a file in five rounds."""
    top = 'timezone = "Mars/One"\ncurency = "EUR"'
    rest = '[service]\nport = 99999\n[pages]\nhome = ["for-yu"]\ncart = ["for-you", "zzz"]\n'
    assert sorted(faults(toml, top, rest)) == [
        "curency: unknown key: did you mean 'currency'?",
        "pages: home: no carousel 'for-yu': did you mean 'for-you'?; cart: no carousel 'zzz'",
        "service.port: Input should be less than or equal to 65535",
        "timezone: 'Mars/One' is no IANA time zone: write Europe/London",
    ]


def test_a_broken_carousel_is_no_missing_one(toml: Path) -> None:
    """A page that shows a faulty carousel adds no fault of its own."""
    assert faults(toml, rest="[carousels.for-you]\nsize = 0") == [
        "carousels.for-you.size: Input should be greater than or equal to 1"
    ]


def test_a_file_that_is_no_toml_is_told(toml: Path) -> None:
    """Missing, a folder, not UTF-8, not TOML: always a ConfigError with the file's name."""
    with pytest.raises(ConfigError, match=r"shop\.toml: cannot be read .*name a shop\.toml"):
        read_shop(toml)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_shop(toml.parent)
    for content in (b'name = "\xff"', b"name = ", b"[data\n"):
        toml.write_bytes(content)
        with pytest.raises(ConfigError, match=r"shop\.toml: no valid TOML"):
            read_shop(toml)


def test_an_empty_file_lacks_a_name_and_data(toml: Path) -> None:
    """What is required is told by name."""
    toml.write_text("")
    with pytest.raises(ConfigError, match=r"(?s)name: Field required.*data: Field required"):
        read_shop(toml)


def test_moments_are_local_where_they_name_no_zone(toml: Path) -> None:
    """New York is five hours behind UTC in winter, four in summer; a zone in the text wins."""
    shop = read(toml, 'timezone = "America/New_York"')
    new_year = 1_514_764_800
    assert shop.moment("2018-01-01T00:00Z") == new_year
    assert shop.moment("2018-01-01") == new_year + 5 * 3600
    assert shop.moment("2018-01-01T01:00+01:00") == new_year
    assert shop.moment("2018-07-01") == shop.moment("2018-07-01T04:00Z")
    for wrong in ("", "tomorrow", "2018-13-01", "01/02/2018"):
        with pytest.raises(ConfigError, match="is no date or time: write 2026-11-22"):
            shop.moment(wrong)


def test_the_shops_clock_runs_from_its_start(toml: Path) -> None:
    """With ``clock_starts`` the clock reads that local time at the start; without it, it is the machine's."""
    assert read(toml).clock_offset(12345.6) == 0
    shop = read(toml, 'timezone = "America/New_York"\nclock_starts = "2018-01-01 12:00"')
    now = 1_795_000_000.9
    assert int(now) + shop.clock_offset(now) == shop.moment("2018-01-01T12:00")


def test_context_tables_are_read_by_name(toml: Path) -> None:
    """Every key of ``context`` but ``fields`` is a table, whatever its name."""
    rest = (
        '[context.promotions]\nfiles = ["p.csv"]\nkeys = { product_id = "p" }\n[context.fields]\napp = "categorical"\n'
    )
    shop = read(toml, rest=rest)
    assert list(shop.context.tables) == ["promotions"]
    assert shop.context.tables["promotions"].keys == {"product_id": "p"}
    assert shop.context.fields == {"app": "categorical"}


def test_a_situation_is_told_by_built_in_fields_and_by_those_of_the_shop(toml: Path) -> None:
    """A built-in one is a text, unless the shop declares it as a number."""
    shop = read(toml, rest='[context.fields]\napp = "categorical"\nweather = "numeric"\n')
    assert shop.context.kinds == {
        **dict.fromkeys(("device", "referrer", "campaign", "country"), "categorical"),
        "weather": "numeric",
        "app": "categorical",
    }


def test_a_shop_is_never_changed(toml: Path) -> None:
    """Settings are read once."""
    shop = read(toml)
    with pytest.raises(ValueError, match="frozen"):
        shop.name = "other"  # type: ignore[misc]


def test_suggestions_are_near_or_none() -> None:
    """Something alike is named; nothing far."""
    assert suggest("pric", ["price", "brand"]) == ": did you mean 'price'?"
    assert suggest("zzz", ["price", "brand"]) == ""
    assert suggest("x", []) == ""
