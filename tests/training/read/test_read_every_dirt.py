"""Every kind of dirt that a shop's files have, each as a small file and with the exact report that it gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb
import pytest
from small_shop import Read, lines

from models.errors import DataError

TOML = 'columns = { user_id = "Customer", product_id = "SKU", order_id = "Order", time = "Date", quantity = "Qty", price = "Price" }'
HEAD = "Order,SKU,Qty,Date,Price,Customer\n"
GOOD = "1001,A-1,2,2025-03-01 10:00,2.50,c1\n"


@dataclass(frozen=True)
class Case:
    """A file, and what `check` says of it."""

    rows: str | bytes
    kept: int
    refused: Mapping[str, int] = field(default_factory=dict)
    aside: Mapping[str, int] = field(default_factory=dict)
    top: str = ""
    head: str = HEAD


CASES = {
    "missing and blank ids": Case(
        GOOD + "1002,,1,2025-03-01 10:00,2.50,c1\n1002,NULL,1,2025-03-01 10:00,2.50,c1\n1003,A-1,1,2025-03-01 10:00,2.50,\n"
        ",A-1,1,2025-03-01 10:00,2.50,(not set)\n,A-1,1,2025-03-02 10:00,2.50,c2\n",
        3,
        {"no product_id": 2, "no user_id or order_id": 1},
    ),
    "leading zeros and any Unicode": Case(
        "0042,007,1,2025-03-01 10:00,1,00017\n42,7,1,2025-03-01 10:00,1,17\n٤٢,茶,1,2025-03-01 10:00,1,Ωmega\n"
        "x,cafe\u0301,1,2025-03-01 10:00,1,👩‍👩‍👧\n",
        4,
    ),
    "duplicated rows and replays": Case(
        (GOOD + GOOD.replace("A-1", "A-2")) * 2 + "1002,A-1,1,2025-03-02 11:00,2.50,c2\n" * 2,
        4,
        aside={"repeated line: counted once": 2},
    ),
    "returns and cancellations": Case(
        GOOD + "1002,A-2,6,2025-03-02 10:00,1,c1\n1002,A-3,1,2025-03-02 10:00,1,c1\nC1001,A-1,-2,2025-03-05 10:00,2.50,c1\n"
        "1002,A-2,-1,2025-03-06 10:00,1,c1\n1009,A-3,-1,2025-03-07 10:00,1,c1\n1010,A-9,-1,2025-03-07 10:00,1,c1\n",
        1,
        aside={
            "return: takes its purchase back": 3,
            "purchase that was taken back": 2,
            "return without its purchase: not bought before": 1,
        },
    ),
    "zero, negative, absurd and non-finite prices": Case(
        GOOD + "1002,A-1,1,2025-03-01 10:00,0,c1\n1003,B,1,2025-03-01 10:00,-11062.06,c1\n1004,A-1,1,2025-03-01 10:00,9e12,c1\n"
        "1005,A-1,1,2025-03-01 10:00,NaN,c1\n1006,A-1,1,2025-03-01 10:00,-inf,c1\n1007,A-1,1,2025-03-01 10:00,free,c1\n"
        "1008,A-1,1,2025-03-01 10:00,,c1\n",
        3,
        {
            "price is below 0": 1,
            "price is absurd (above 100,000,000)": 1,
            "price is not finite": 2,
            "price is no number": 1,
        },
    ),
    "zero, absurd and non-finite quantities": Case(
        GOOD + "1002,A-1,0,2025-03-01 10:00,1,c1\n1003,A-1,80995000,2025-03-01 10:00,1,c1\n1004,A-1,inf,2025-03-01 10:00,1,c1\n"
        "1005,A-1,a dozen,2025-03-01 10:00,1,c1\n1006,A-1,,2025-03-01 10:00,1,c1\n1007,A-1,0.5,2025-03-01 10:00,1,c1\n",
        3,
        {
            "quantity is 0": 1,
            "quantity is absurd (above 1,000,000)": 1,
            "quantity is not finite": 1,
            "quantity is no number": 1,
        },
    ),
    "mixed time zones and formats": Case(
        "1,A,1,2025-03-01T09:00:00Z,1,c1\n2,A,1,2025-03-01 10:00,1,c1\n3,A,1,2025-03-01 14:00:00 +0500,1,c1\n"
        "4,A,1,1740819600,1,c1\n5,A,1,1740819600000,1,c1\n6,A,1,25/12/2024 10:00,1,c1\n7,A,1,1.3.2025 10:00,1,c1\n"
        "8,A,1,the other day,1,c1\n9,A,1,2025-02-30,1,c1\n10,A,1,,1,c1\n",
        7,
        {"time cannot be read": 2, "no time": 1},
        top='timezone = "Europe/Paris"',
    ),
    "future times": Case(
        GOOD + "1002,A-1,1,2031-01-01 10:00,1,c1\n1003,A-1,1,1970-01-01,1,c1\n1004,A-1,1,0,1,c1\n",
        1,
        {"time in the future": 1, "time before 1980": 2},
    ),
    "a column of the wrong type": Case(
        GOOD + '1002,A-1,{"n": 1},2025-03-01 10:00,1,c1\n1003,A-1,true,2025-03-01 10:00,1,c1\n1004,A-1,1,true,1,c1\n',
        1,
        {"quantity is no number": 2, "time cannot be read": 1},
    ),
    "lines of another length": Case(
        GOOD + "1002,A-1\n1003,A-1,1,2025-03-01 10:00,1,c1,what,else\n",
        1,
        {"missing columns": 1, "too many columns": 1},
    ),
    "a header and no rows": Case("", 0),
    "a byte-order mark": Case(GOOD, 1, head="\ufeff" + HEAD),
    "Latin-1 text": Case((HEAD + "1001,CAFÉ SIGN,1,2025-03-01 10:00,1,Zoë\n").encode("latin-1"), 1, head=""),
    "Windows line ends and semicolons": Case((HEAD + GOOD).replace(",", ";").replace("\n", "\r\n"), 1, head=""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_dirty_file_gets_its_exact_report(read: Read, case: Case) -> None:
    """Every row is kept, refused or set aside, each under its own reason, and none is lost."""
    content = case.head + case.rows if isinstance(case.rows, str) else case.rows
    data = read(content, toml=TOML, top=case.top)
    facts = data.facts.tables["purchases"]
    assert (dict(facts.refused), dict(facts.set_aside)) == (case.refused, case.aside)
    assert facts.kept == len(data.purchases) == case.kept
    assert facts.read == case.kept + sum(case.refused.values()) + sum(case.aside.values())
    assert {one.reason for one in facts.examples} == set(case.refused)


def test_ids_of_any_script_come_back_as_they_were(read: Read) -> None:
    """Zeros in front, scripts, joined signs: none is folded into another."""
    data = read(HEAD + str(CASES["leading zeros and any Unicode"].rows), toml=TOML)
    assert {line[0] for line in lines(data)} == {"00017", "17", "Ωmega", "👩‍👩‍👧"}
    assert {line[1] for line in lines(data)} == {"007", "7", "茶", "cafe\u0301"}
    data = read(CASES["Latin-1 text"].rows, toml=TOML)
    assert lines(data)[0][:2] == ("Zoë", "CAFÉ SIGN")


def test_times_of_all_writings_are_one_moment(read: Read) -> None:
    """Nine o'clock in Greenwich, by zone, offset, seconds, milliseconds and the shop's own clock."""
    case = CASES["mixed time zones and formats"]
    moments = [time for _, _, time in lines(read(HEAD + str(case.rows), toml=TOML, top=case.top))]
    assert moments == [1_735_117_200, *[1_740_819_600] * 6]


def test_one_user_with_half_of_all_rows_is_kept_and_told(read: Read) -> None:
    """Nothing of it is refused; the figures say whose the rows are."""
    half = "".join(f"9{i:03},A-{i % 5},1,2025-03-{i % 28 + 1:02} 07:00,1,till\n" for i in range(60))
    rest = "".join(f"1{i:03},A-{i % 9},1,2025-03-{i % 28 + 1:02} 10:00,1,c{i % 30}\n" for i in range(60))
    facts = read(HEAD + half + rest, toml=TOML).facts
    assert facts.tables["purchases"].kept == 120
    assert facts.largest_user_share == 0.5


def test_products_without_a_catalogue_row_are_kept_and_told(read: Read) -> None:
    """They count as products without a name; unlisted = "set-aside" takes them out under that reason."""
    more = '[data.products]\nfiles = ["q.csv"]\ncolumns = { product_id = "sku", name = "title" }'
    rows, files = HEAD + GOOD + "1002,GONE-7,1,2025-03-01 10:00,1,c1\n", {"q.csv": "sku,title\nA-1,Mug\n"}
    facts = read(rows, toml=TOML, more=more, files=files).facts
    assert (facts.tables["purchases"].kept, facts.without_catalogue_row) == (2, 1)
    facts = read(rows, toml=TOML + '\nunlisted = "set-aside"', more=more, files=files).facts
    assert facts.tables["purchases"].set_aside == {"product is not listed in data.products": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("may.csv", b"", r"may\.csv: the file is empty: write it again, or take it out of shop\.toml"),
        ("may.parquet", b"PAR1\x15\x04\x15", r"may\.parquet: cannot be read: .*: is it whole\?"),
        ("may.csv.gz", b"\x1f\x8b\x08\x00cut", r"may\.csv\.gz: cannot be read: .*: is it whole\?"),
    ],
)
def test_a_file_that_is_none_is_named_among_good_ones(read: Read, name: str, content: bytes, said: str) -> None:
    """Empty or cut off: the run stops and says which of the files it is; nothing is learned from half of them."""
    with pytest.raises(DataError, match=said):
        read(files={"april.csv": HEAD + GOOD, name: content}, toml=f'files = ["april.csv", "{name}"]\n{TOML}')


def test_a_parquet_cut_off_in_its_middle_is_named(read: Read, tmp_path) -> None:
    """The first half of a real file."""
    whole = tmp_path / "whole.parquet"
    duckdb.sql("select i as Customer, i as SKU, timestamp '2025-03-01' as Date from range(9000) t(i)").write_parquet(
        str(whole)
    )
    with pytest.raises(DataError, match=r"may\.parquet: cannot be read: .*: is it whole\?"):
        read(whole.read_bytes()[: whole.stat().st_size // 2], file="may.parquet", toml=TOML)
