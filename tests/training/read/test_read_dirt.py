"""Dirt: every bad row is counted by reason and kept with file and line; a bad file is told in a sentence."""

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from small_shop import COLUMNS, Read, lines

from models.errors import DataError

PRICED = 'columns = { user_id = "u", product_id = "p", time = "t", quantity = "q", price = "c" }'
GOOD = "a,x,2020-01-01,1,2.5\n"


BAD = {
    ",x,2020-01-01,1,1": "no user_id",
    "null,x,2020-01-01,1,1": "no user_id",
    "a,  ,2020-01-01,1,1": "no product_id",
    "a,x,yesterday,1,1": "time cannot be read",
    "a,x,2020-13-45,1,1": "time cannot be read",
    "a,x,,1,1": "no time",
    "a,x,2026-01-02,1,1": "time in the future",
    "a,x,1970-01-01,1,1": "time before 1980",
    "a,x,2020-01-01,two,1": "quantity is no number",
    "a,x,2020-01-01,0,1": "quantity is 0",
    "a,x,2020-01-01,inf,1": "quantity is not finite",
    "a,x,2020-01-01,99999999,1": "quantity is absurd (above 1,000,000)",
    "a,x,2020-01-01,1,cheap": "price is no number",
    "a,x,2020-01-01,1,nan": "price is not finite",
    "a,x,2020-01-01,1,-1": "price is below 0",
    "a,x,2020-01-01,1,1e12": "price is absurd (above 100,000,000)",
    "a,x,2020-01-01,1": "missing columns",
    "a,x,2020-01-01,1,1,7": "too many columns",
}


def test_every_bad_row_is_refused_with_its_reason_and_line(read: Read, tmp_path: Path) -> None:
    """The good row stays; each bad one is in the rejects with table, file, line, reason and its text."""
    rejects = tmp_path / "out" / "rejects.csv"
    data = read("u,p,t,q,c\n" + GOOD + "".join(f"{row}\n" for row in BAD), toml=PRICED, rejects=rejects)
    assert len(data.purchases) == 1
    facts = data.facts.tables["purchases"]
    assert facts.refused == Counter(BAD.values())
    assert (facts.read, facts.kept) == (len(BAD) + 1, 1)
    with rejects.open() as file:
        written = list(csv.DictReader(file))
    assert [(row["table"], row["file"]) for row in written] == [("data.purchases", "p.csv")] * len(BAD)
    assert [(int(row["line"]), row["reason"]) for row in written] == list(enumerate(BAD.values(), 3))
    for told, row in zip(written, BAD, strict=True):
        assert all(value.strip() in told["row"] for value in row.split(","))


def test_lines_behind_broken_ones_keep_their_number(read: Read) -> None:
    """Lines that do not fit do not shift the numbers of those after them."""
    bad, odd = "a,x,never,1,1\n", "1,2,3,4,5,6,7\n"
    facts = read("u,p,t,q,c\n" + bad + odd + bad + GOOD + odd + bad, toml=PRICED).facts.tables["purchases"]
    assert sorted((one.line, one.reason) for one in facts.examples) == [
        (2, "time cannot be read"),
        (3, "too many columns"),
        (4, "time cannot be read"),
        (6, "too many columns"),
        (7, "time cannot be read"),
    ]


def test_rejects_are_written_as_parquet_too(read: Read, tmp_path: Path) -> None:
    """The suffix decides."""
    rejects = tmp_path / "rejects.parquet"
    read("user,product,time\na,x,2020-01-01\na,,2020-01-01\n", rejects=rejects)
    found = duckdb.sql(f"select file, line, reason from '{rejects}'").fetchall()
    assert found == [("p.csv", 3, "no product_id")]


def test_too_many_refused_rows_stop_the_reading(read: Read, tmp_path: Path) -> None:
    """Above the share it stops, names the top reasons, and the rejects are there to look at."""
    rejects = tmp_path / "rejects.csv"
    text = "user,product,time\na,x,2020-01-01\na,,2020-01-01\na,y,never\na,y,soon\n"
    with pytest.raises(
        DataError, match=r"3 of 4 rows are refused \(75\.0%, allowed 50\.0%\): time cannot be read \(2\)"
    ):
        read(text, share=0.5, rejects=rejects)
    assert len(rejects.read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.csv", b"", "the file is empty"),
        ("p.parquet", b"PAR1 and then nothing", "cannot be read"),
        ("p.csv.gz", b"\x1f\x8b\x08\x00broken", "cannot be read"),
        ("p.xlsx", b"x", "cannot be read as a workbook"),
        ("p.doc", b"x", r"no reader for \.doc: use one of \.csv"),
        ("p.jsonl", b"no json\n", "no line of it is a JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(read: Read, name: str, content: bytes, said: str) -> None:
    """The message has the file and what to do."""
    with pytest.raises(DataError, match=said):
        read(content, file=name)


def test_a_truncated_parquet_is_told(read: Read, tmp_path: Path) -> None:
    """Half a Parquet file is a fault of the input, not a crash."""
    whole = tmp_path / "whole.parquet"
    duckdb.sql("select i as user, i as product, timestamp '2020-01-01' as time from range(5000) t(i)").write_parquet(
        str(whole)
    )
    with pytest.raises(DataError, match="cannot be read"):
        read(whole.read_bytes()[:3000], file="p.parquet")


def test_a_header_alone_gives_no_lines(read: Read) -> None:
    """A file without rows is read as such, and the figures hold."""
    data = read("user,product,time\n")
    assert len(data.purchases) == 0
    assert (data.facts.users, data.facts.orders, data.facts.repeat_share) == (0, 0, 0.0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_other_encodings_are_read(read: Read, encoding: str) -> None:
    """A byte-order mark is no part of a name, and Latin-1 text arrives as it was meant."""
    data = read("user,product,time\nZoë,Café,2020-01-01\n".encode(encoding))
    assert [line[:2] for line in lines(data)] == [("Zoë", "Café")]


def test_windows_signs_and_open_bytes_are_read(read: Read) -> None:
    """The euro sign of Windows-1252 is one, and its five open bytes do not stop the reading."""
    data = read(b"user,product,time\na\x80,x\x81,2020-01-01\n")
    assert [line[:2] for line in lines(data)] == [("a€", "x\x81")]


def test_a_column_of_the_wrong_type_refuses_its_rows(read: Read, tmp_path: Path) -> None:
    """True and False are no times."""
    duckdb.sql("select 1 as user, 2 as product, true as time").write_parquet(str(tmp_path / "p.parquet"))
    assert read(file="p.parquet").facts.tables["purchases"].refused == {"time cannot be read": 1}


def test_broken_json_lines_are_refused(read: Read) -> None:
    """A line that is no JSON object is refused with its number and its text; a blank line is nothing."""
    told = '{"user": "a", "product": "x", "time": "2020-01-01"}\n{"user": "a", "pro\n[1, "x"]\n\n{"user": "b"}\n'
    facts = read(told, file="p.jsonl").facts.tables["purchases"]
    assert (facts.read, facts.kept) == (4, 1)
    assert [(one.reason, one.line, one.row[:12]) for one in facts.examples] == [
        ("no JSON object", 2, '{"user": "a"'),
        ("no JSON object", 3, '[1, "x"]'),
        ("no product_id", 5, '{"product":n'),
    ]


def test_european_numbers_are_read(read: Read) -> None:
    """12,50 and 1.234,50 and 1,234.50 are prices."""
    text = 'u;p;t;q;c\na;x;2020-01-01;1;12,50\na;y;2020-01-01;1;1.234,50\na;z;2020-01-01;1;"1,234.5"\n'
    assert read(text, toml=PRICED).purchases.price.tolist() == [12.5, 1234.5, 1234.5]


def test_one_file_with_other_columns_is_named(read: Read) -> None:
    """Of several files the one that lacks a column is told."""
    files = {"1.csv": "user,product,time\na,x,2020-01-01\n", "2.csv": "user,item,time\na,x,2020-01-01\n"}
    with pytest.raises(DataError, match=r"2\.csv: no column 'product'"):
        read(files=files, toml=f'files = ["*.csv"]\n{COLUMNS}')


def test_blanks_around_values_go(read: Read) -> None:
    """Spaces, tabs and no-break spaces are no part of an id, and an id of them alone is none."""
    text = "user,product,time\n\u00a0a\u00a0,\tx ,2020-01-01\n é,x é ,2020-01-01\n\u00a0 ,x,2020-01-01\n"
    data = read(text)
    assert sorted(line[:2] for line in lines(data)) == [("a", "x"), ("é", "x é")]
    assert data.facts.tables["purchases"].refused == {"no user_id": 1}
