"""``recsvc-train init``: files that nobody has told of become a shop.toml that reads as it stands."""

from datetime import datetime
from pathlib import Path

import pytest
from asked_init import Init, data, shop

import training.init.asked
from workbooks import workbook

FORMATS = Path(__file__).parents[1] / "read" / "formats"
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
OVER = "536367,84029G,HOT WATER BOTTLE £,600,12/3/2010 8:34,1.85,13047,United Kingdom\n"
FIRST = (
    HEAD
    + """536365,85123A,WHITE HEART T-LIGHT,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,CAFÉ SIGN,6,12/1/2010 8:26,3.39,17850,United Kingdom
536365,POST,POSTAGE,1,12/1/2010 8:26,18.00,17850,United Kingdom
536366,22633,HAND WARMER,6,12/2/2010 8:28,1.85,,United Kingdom
536366,22752,BABUSHKA BOXES,2,12/2/2010 8:28,7.65,,United Kingdom
"""
    + OVER
)
SECOND = (
    HEAD
    + OVER
    + """536368,21730,GLASS STAR,12,12/13/2010 8:34,4.25,13047,France
536368,DOT,DOTCOM POSTAGE,1,12/13/2010 8:34,640.25,13047,France
536368,22960,JAM MAKING SET,6,12/13/2010 8:34,4.25,13047,United Kingdom
536369,M,Manual,1,12/13/2010 9:00,5,13047,United Kingdom
536369,m,Manual,1,12/13/2010 9:00,6,13047,United Kingdom
536369,BANK CHARGES,Bank Charges,1,12/13/2010 9:00,15,,United Kingdom
536370,gift_0001_20,Dotcomgiftshop Gift Voucher £20.00,1,12/13/2010 9:10,16.67,13047,United Kingdom
536370,gift_0001_30,Dotcomgiftshop Gift Voucher £30.00,1,12/13/2010 9:10,25,13047,United Kingdom
536370,gift_0001_50,Dotcomgiftshop Gift Voucher £50.00,1,12/13/2010 9:10,41,13047,United Kingdom
536371,22961,SAMPLE BOOK OF PAINTS,3,12/13/2010 9:20,1.45,13048,United Kingdom
536372,71053,damaged,-5,12/13/2010 9:30,0,,United Kingdom
C536379,71053,CAFÉ SIGN,-6,12/14/2010 9:41,3.39,17850,United Kingdom
CAMAZON,AMAZONFEE,AMAZON FEE,-1,12/14/2010 9:41,13541.33,,United Kingdom
A563185,B,Adjust bad debt,1,12/14/2010 14:50,-11062.06,,United Kingdom
"""
    + "".join(f"536{400 + i},2{2000 + i},THING {i},1,12/15/2010 9:{10 + i},1,13048,United Kingdom\n" for i in range(40))
)


def test_a_public_gift_shop_goes_through_without_an_edit(init: Init) -> None:
    """Latin-1, month first, cancellations, postage and vouchers, two overlapping exports, blank customers: all found."""
    done = init(one__csv=FIRST.encode("latin-1"), two__csv=SECOND.encode("latin-1"))
    assert done.exit_code == 0, done.output
    told = shop()
    table = told.data.purchases
    assert table is not None and table.columns == {
        "user_id": "CustomerID", "product_id": "StockCode", "order_id": "InvoiceNo", "time": "InvoiceDate", "quantity": "Quantity",
        "price": "UnitPrice", "country": "Country",
    }  # fmt: skip
    assert (told.timezone, told.clock_starts) == ("Europe/London", "2010-12-16 00:00")
    assert {str(one) for one in table.no_products} == {"POST", "DOT", "M", "BANK CHARGES", "gift_*", "AMAZONFEE", "B"}
    assert "have the month first" in done.output and "take their purchase back" in done.output
    read = data()
    facts = read.facts.tables["purchases"]
    assert facts.refused == {}, "bad debt with a price below 0 is no product, so no fault"
    assert {reason for reason in facts.set_aside if "no product" in reason} == {
        f"no product: {one}" for one in ("POST", "DOT", "M", "BANK CHARGES", "gift_*", "AMAZONFEE", "B")
    }
    assert facts.set_aside["line of another file again: counted once"] == 1
    assert facts.set_aside["purchase that was taken back"] == 1
    sign = read.products.row("71053")
    assert read.catalogue.value("name", sign) == "CAFÉ SIGN"
    assert len(read.purchases) == 47


BASKETS = "order_id,product_id,add_to_cart_order,reordered,user_id,order_number\n" + "".join(
    f"{1000 * user + 7 * number},{10 + (user + number + place) % 9},{place},0,{user},{number}\n"
    for user in range(1, 6) for number in range(1, 5) for place in range(1, 4)
)  # fmt: skip
RATINGS = "".join(f"{i % 7 + 1}\t{i % 13 + 20}\t{i % 5 + 1}\t{881250949 + i * 1000}\n" for i in range(91))
CLICKS = "session_id,timestamp,item_id,category\n" + "".join(
    f"{i // 3},2026-04-07T10:{i % 60:02}:09.277Z,2145{10000 + i % 11},{'S' if i % 11 < 4 else i % 11 % 3}\n"
    for i in range(120)
)
CONTEXT = "user,item,cnt,daytime,weekday,weather,country,city\n" + "".join(
    f"{i % 9},{i % 14},{i % 4 + 1},{'morning' if i % 2 else 'night'},{'sunday' if i % 3 else 'monday'},sunny{i % 2},Spain,{i % 5}\n"
    for i in range(100)
)
SHAPES = {
    "baskets": (BASKETS, {"user_id": "user_id", "product_id": "product_id", "order_id": "order_number"}),
    "ratings": ("user\titem\trating\ttimestamp\n" + RATINGS, {"user_id": "user", "product_id": "item", "time": "timestamp"}),
    "clicks": (CLICKS, {"session_id": "session_id", "product_id": "item_id", "time": "timestamp"}),
    "context": (
        CONTEXT,
        {
            "user_id": "user", "product_id": "item", "quantity": "cnt", "country": "country", "weather": "weather",
            "daytime": "daytime", "weekday": "weekday", "city": "city",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_public_data_are_found(init: Init, shape: str) -> None:
    """Ordered baskets, ratings, view sessions and context logs get their mapping without a question, and are read."""
    text, columns = SHAPES[shape]
    done = init(**{f"{shape}__csv": text})
    assert done.exit_code == 0, done.output
    table = shop().data.purchases
    assert table is not None and table.columns == columns
    facts = data().facts
    assert facts.tables["purchases"].refused == {}
    assert facts.lines > 50
    if shape == "clicks":
        products = shop().data.products
        assert products is not None and products.columns == {"product_id": "item_id", "category": "category"}
    if shape == "context":
        assert shop().context.fields == {"daytime": "categorical", "weekday": "categorical", "city": "categorical"}


def test_a_file_without_a_header_is_asked_about(init: Init) -> None:
    """Columns without names are a guess: it ends with 2 and the flags; with them it writes header = false."""
    done = init(u__data=RATINGS)
    assert done.exit_code == 2
    assert "--set user_id=column0" in done.output and "--set product_id=column1" in done.output
    assert not Path("shop.toml").exists()
    done = init("--set", "user_id=column0", "--set", "product_id=column1", u__data=RATINGS)
    assert done.exit_code == 0, done.output
    read = data()
    assert (read.facts.lines, read.facts.users) == (91, 7)
    assert read.facts.tables["purchases"].mapping["time"] == "column3"


def test_ratings_of_double_colons_with_their_lists_are_asked_about(init: Init) -> None:
    """As MovieLens publishes them, no file with a header: which column is the key of a list is asked, not guessed."""
    ratings = "".join(f"{i % 7 + 1}::{i % 13 + 20}::{i % 5 + 1}::{881250949 + i * 1000}\n" for i in range(91))
    movies = "".join(f"{i + 20}::Movie {i} (1999)::Crime|Drama\n" for i in range(13))
    users = "".join(f"{i + 1}::F::25::10::4806{i}\n" for i in range(7))
    files = {"movies__dat": movies, "ratings__dat": ratings, "users__dat": users}
    done = init(**files)
    assert done.exit_code == 2
    for flag in (
        "user_id=column0", "product_id=column1", "products.product_id=column0", "products.name=column1", "users.user_id=column0",
    ):  # fmt: skip
        assert f"--set {flag}" in done.output
    done = init("--yes", **files)
    assert done.exit_code == 0, done.output
    read = data()
    assert (read.facts.lines, read.facts.users, len(read.products)) == (91, 7, 13)
    assert read.catalogue.value("name", read.products.row("20")) == "Movie 0 (1999)"


def _visits(visits: int, length: int) -> str:
    lines = []
    for visit in range(visits):
        for line in range(length):
            at = datetime(2026, 4, 1 + visit % 20, 10, line, visit % 60)
            lines.append(
                f"{visit * 3 + 1},{at:%Y-%m-%dT%H:%M:%S}.120Z,{214530000 + (visit + line) % 11},{visit % 4},1\n"
            )
    return "".join(lines)


def test_short_visits_without_a_header_are_proposed_as_visits(init: Init) -> None:
    """Five columns without names: a time makes them purchases; ids that never last a day are visits, not shoppers."""
    done = init(buys__dat=_visits(60, 3))
    assert done.exit_code == 2
    assert "--set session_id=column0" in done.output and "--set product_id=column2" in done.output
    assert init("--yes", buys__dat=_visits(60, 3)).exit_code == 0
    assert data().facts.orders == 60
    done = init("--dry-run", rated__dat=_visits(60, 30))
    assert "--set user_id=column0" in done.output, "many lines of one day: somebody who rated films in an evening"


@pytest.mark.parametrize(("again", "bought"), [(0, "exclude"), (30, "include")])
def test_what_is_never_bought_again_is_not_shown_again(init: Init, again: int, bought: str) -> None:
    """A set of likes, or of films that were seen: for-you leaves out what a shopper has; not where a few lines come again."""
    pairs = [(user, item) for user in range(60) for item in range(20)]
    done = init(p__csv="user,item\n" + "".join(f"u{user},x{item}\n" for user, item in [*pairs, *pairs[:again]]))
    assert done.exit_code == 0, done.output
    assert ("nobody buys a product again" in done.output) is (again == 0)
    assert shop().carousels["for-you"].bought == bought


def test_a_moment_under_no_known_name_is_found(init: Init) -> None:
    """One column of times is it; of several the one that speaks of buying is proposed; without any it is said."""
    rows = [(f"u{i % 7}", f"x{i % 9}", f"2026-03-{i % 28 + 1:02} 10:00:00") for i in range(60)]
    one = "user,item,dt_of_checkout\n" + "".join(f"{','.join(row)}\n" for row in rows)
    assert init("--yes", p__csv=one).exit_code == 0
    assert data().facts.tables["purchases"].mapping["time"] == "dt_of_checkout"
    several = "user,item,packed_stamp,purchase_stamp\n" + "".join(f"{','.join(row)},{row[2]}\n" for row in rows)
    done = init("--force", p__csv=several)
    assert done.exit_code == 2 and "--set time=purchase_stamp" in done.output
    done = init("--force", p__csv="user,item\n" + "".join(f"u{i % 7},x{i % 4}\n" for i in range(30)))
    assert "no column tells when" in done.output


def test_orders_that_came_to_nothing_are_left_out(init: Init) -> None:
    """A status that says cancelled or refunded of some lines; the others stay, also those without a status."""
    words = ("delivered", "Canceled", "", "refunded")
    text = "user,item,date,order_status\n" + "".join(
        f"u{i % 7},x{i % 9},2026-03-{i % 28 + 1:02} 10:00:00,{words[i % 4]}\n" for i in range(80)
    )
    done = init("--yes", p__csv=text)
    assert "lines whose order_status is canceled (20), refunded (20) are left out" in done.output
    facts = data().facts.tables["purchases"]
    assert (facts.kept, facts.set_aside) == (40, {"not kept by `keep`": 40})


def test_a_workbook_of_a_public_shop_goes_through_without_an_edit(init: Init) -> None:
    """The gift shop as it is published: numbers and moments as cells, two sheets, one year each."""
    rows = [line.split(",") for line in FIRST.splitlines()]
    typed = [[_typed(column, cell) for column, cell in zip(rows[0], row, strict=True)] for row in rows[1:]]
    done = init(shop__xlsx=workbook(y1=[rows[0], *typed[:3]], y2=[rows[0], *typed[3:]]))
    assert done.exit_code == 0, done.output
    table = shop().data.purchases
    assert table is not None and table.columns["user_id"] == "CustomerID" and table.no_products == ("POST",)
    assert shop().clock_starts == "2010-12-04 00:00"
    read = data()
    assert read.users.row("17850") >= 0 and len(read.purchases) == 5
    assert read.facts.tables["purchases"].refused == {}


def _typed(column: str, cell: str) -> str | float | datetime | None:
    if column == "InvoiceDate":
        return datetime.strptime(cell, "%m/%d/%Y %H:%M")
    return float(cell) if column in ("Quantity", "UnitPrice", "CustomerID") and cell else cell or None


SEVERAL = {
    "orders__csv": "order_id,customer_id,sku,qty,line_total,order_date\n"
    + "".join(f"{i},{i % 7},00{i % 9 + 100},2,£{i % 5 + 1}.50,2026-01-{i % 20 + 10} 10:00:00\n" for i in range(60)),
    "products__csv": "id,sku,title,category,price,material\n"
    + "".join(f'{i},00{i + 100},Thing {i},Cat {i % 3},"1{i},50 €",oak{i % 2}\n' for i in range(9)),
    "stock__csv": "sku,store,on_hand\n" + "".join(f"00{i + 100},LON,{i}\n" for i in range(9)),
    "customers__csv": "customer_id,tier\n" + "".join(f"{i},{'gold' if i % 2 else 'none'}\n" for i in range(7)),
}


def test_several_files_find_their_tables(init: Init) -> None:
    """Products by the id that purchases use, decimal commas and signs, totals of lines, stock by store, users."""
    done = init("--set", "timezone=Europe/Dublin", **SEVERAL)
    assert done.exit_code == 0, done.output
    read = data()
    assert read.facts.without_catalogue_row == 0
    assert read.purchases.price.max() == 2.75
    assert read.catalogue.value("price", read.products.row("00103")) == 13.5
    assert len(read.stock.quantity) == 9
    assert set(read.user_columns) == {"tier"}


def test_what_is_open_ends_it_with_the_answer(init: Init) -> None:
    """Without a terminal: exit code 2, the question, and the flag; nothing is written."""
    done = init(**SEVERAL)
    assert done.exit_code == 2
    assert "In which time zone are the times of order_date" in done.output and "--set timezone=UTC" in done.output
    assert not Path("shop.toml").exists()
    assert init("--yes", **SEVERAL).exit_code == 0
    assert shop().timezone == "UTC"


AMBIGUOUS = "customer,client,item,date\n" + "".join(
    f"{i % 5},{i % 3},x{i % 9}a,0{i % 9 + 1}/0{i % 8 + 1}/2026\n" for i in range(60)
)


def test_two_columns_that_fit_and_dates_that_fit_both_ways_are_asked(init: Init) -> None:
    """Neither is guessed; the answers are taken as they were asked for."""
    done = init(p__csv=AMBIGUOUS)
    assert done.exit_code == 2
    assert "--set user_id=customer" in done.output and "--set time_format=%d/%m/%Y" in done.output
    done = init("--set", "user_id=client", "--set", "time_format=%m/%d/%Y", "--set", "timezone=UTC", p__csv=AMBIGUOUS)
    assert done.exit_code == 0, done.output
    table = shop().data.purchases
    assert table is not None and (table.columns["user_id"], table.time_format) == ("client", "%m/%d/%Y")
    assert data().facts.users == 3


def test_rows_that_rise_tell_the_order_of_day_and_month(init: Init) -> None:
    """Dates that fit both ways are settled where only one way goes forward."""
    rows = "".join(f"u{i % 5},x{i % 9},0{1 + i // 10}/0{1 + i % 10 // 2}/2026\n" for i in range(50))
    done = init("--set", "timezone=UTC", p__csv="user,item,date\n" + rows)
    assert done.exit_code == 0, done.output
    assert "only with the month first" in done.output
    assert data().facts.last == 1778025600 - 86400  # 2026-05-05


def test_a_terminal_is_asked(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question with its proposal; an empty line takes it."""
    monkeypatch.setattr(training.init.asked, "is_terminal", lambda: True)
    done = init(typed="client\n%m/%d/%Y\nEurope/Rome\n", p__csv=AMBIGUOUS)
    assert done.exit_code == 0, done.output
    assert shop().timezone == "Europe/Rome"
    done = init("--force", typed="\n\n\n", p__csv=AMBIGUOUS)
    table = shop().data.purchases
    assert table is not None and table.columns["user_id"] == "customer"


@pytest.mark.parametrize(
    ("files", "formats"),
    [
        (["ga4_20260801.jsonl", "ga4_20260802.jsonl", "feed.xml"], {"purchases": "ga4", "products": "merchant-feed"}),
        (["ga4_20260801.jsonl", "ga4_20260802.jsonl"], {"purchases": "ga4", "products": "ga4"}),
        (["shopify_orders_1.csv", "shopify_products.csv", "shopify_inventory.csv"],
         {"purchases": "shopify-orders", "products": "shopify-products", "stock": "shopify-inventory"}),
        (["google_events.jsonl", "google_products.jsonl"], {"purchases": "google-retail", "products": "google-retail"}),
        (["segment.jsonl", "feed.tsv", "local_inventory.tsv"], {"purchases": "segment", "products": "merchant-feed", "stock": "merchant-feed"}),
        (["personalize_interactions.csv", "personalize_items.csv", "personalize_users.csv"],
         dict.fromkeys(("purchases", "products", "users"), "amazon-personalize")),
        (["algolia.csv"], {"purchases": "algolia-insights"}),
        (["recombee.csv"], {"purchases": "recombee"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_formats_are_known_by_their_columns(init: Init, files: list[str], formats: dict[str, str]) -> None:
    """No word about the format is needed."""
    done = init(*(str(FORMATS / one) for one in files))
    assert done.exit_code == 0, done.output
    tables = shop().data
    assert {one: getattr(tables, one).format for one in formats} == formats


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "is there already: give --force"),
        (("--force", "--set", "user_id=Nobody"), 2, "--set user_id=Nobody: there is no Nobody; there are "),
        (
            ("--force", "--set", "p.csv=purchase"),
            2,
            "--set p.csv=purchase: there is no purchase; there are purchases, products",
        ),
        (("--force", "--set", "tiem=x"), 2, "--set tiem: nothing in these files asks for it"),
        (("--force", "--set", "user_id"), 2, "write KEY=VALUE"),
        (("--force", "--set", "p.csv=users"), 1, "none of the files are purchases"),
    ],
)
def test_what_cannot_be_is_told(init: Init, options: tuple[str, ...], code: int, said: str) -> None:
    """The message names the flag that helps."""
    Path("shop.toml").write_text("x")
    done = init(*options, p__csv="user,item\n" + "".join(f"u{i},x{i % 5}\n" for i in range(20)))
    assert done.exit_code == code or (code == 1 and said in str(done.exception))
    assert said in done.output + str(done.exception)
    assert Path("shop.toml").read_text() == "x"


def test_a_dry_run_writes_nothing(init: Init) -> None:
    """The text goes to the terminal alone."""
    done = init("--dry-run", p__csv="user,item\n" + "".join(f"u{i},x{i % 5}\n" for i in range(20)))
    assert 'columns.product_id = "item"' in done.output
    assert not Path("shop.toml").exists()


def test_keys_by_other_endings_are_known(init: Init) -> None:
    """ClientNo is the client and StockRef the product; a column that is called as usual comes before those."""
    rows = "".join(f"{7000 + i},{300 + i % 9},{i % 7},9{i % 20}\n" for i in range(40))
    for head, product in (
        ("DocumentNo,StockRef,Seat,ClientNo\n", "StockRef"),
        ("OrderRef,TrackNumber,TrackId,UserKey\n", "TrackId"),
    ):
        done = init("--force", p__csv=head + rows)
        assert done.exit_code == 0, done.output
        table = shop().data.purchases
        order, user = head.split(",")[0], head.strip().split(",")[3]
        assert table is not None
        assert table.columns == {"user_id": user, "product_id": product, "order_id": order}


def test_names_of_products_among_the_purchases_are_told_by_set(init: Init) -> None:
    """A column whose name says nothing becomes the names of a catalogue, by which postage is found, too."""
    rows = "".join(f"{7000 + i},{300 + i % 9},THING {i % 9},9{i % 20}\n" for i in range(40)) + "7100,ZZ,POSTAGE,91\n"
    done = init(
        "--set", "products.name=Wording", "--set", "timezone=UTC", p__csv="order_id,sku,Wording,customer\n" + rows
    )
    assert done.exit_code == 0, done.output
    read = data()
    assert read.catalogue.value("name", read.products.row("304")) == "THING 4"
    assert read.facts.tables["purchases"].set_aside == {"no product: ZZ": 1}
