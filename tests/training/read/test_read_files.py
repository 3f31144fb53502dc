"""Shapes of files that are no CSV and no JSON lines: arrays, workbooks, double colons; each is read, or clearly refused."""

from datetime import datetime

import pytest
from small_shop import Read, lines

from models.errors import DataError
from workbooks import workbook

ARRAY = """[
  {"user": "a", "product": "0012", "time": "2020-01-01T10:00:00Z", "tags": ["x"]},
  {"user": "b", "product": "p2",
   "time": "2020-01-02"}, 7,
  {"user": "", "product": "p3", "time": "2020-01-03"}
]
"""
HEAD = ["user", "product", "time", "price"]
SHEET = [HEAD, [17850.0, "0012", datetime(2010, 12, 1, 8, 26), 2.55], ["b", 'a,"b"\nc', "2020-01-02", None], [None] * 4]
COLUMNS = 'columns = { user_id = "user", product_id = "product", time = "time", price = "price" }'


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n \t"])
def test_an_array_of_objects_is_read_like_lines(read: Read, mark: str) -> None:
    """Leading zeros stay; what is no object, and a row without a shopper, are refused by their place in the array."""
    data = read(mark + ARRAY, file="p.json")
    assert lines(data) == [("a", "0012", 1_577_872_800), ("b", "p2", 1_577_923_200)]
    assert data.facts.tables["purchases"].refused == {"no JSON object": 1, "no user_id": 1}
    assert [one.line for one in data.facts.tables["purchases"].examples] == [3, 4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n"orders": [\n{"user":\n"a"}\n]\n}\n', r"no line of it is a JSON object, and it is no array .*jq -c"),
        ('[{"user": "a", "product": "p", "time": "2020-01-01"}, {"user": ', r"p\.json: cannot be read: .*is it whole"),
        ("[1, 2]", "no line of it is a JSON object"),
    ],
)
def test_json_of_another_shape_is_refused_with_the_next_step(read: Read, text: str, said: str) -> None:
    """An object around everything, an array that was cut, an array of numbers."""
    with pytest.raises(DataError, match=said):
        read(text, file="p.json")


def test_a_batch_that_is_no_body_of_calls_is_a_column(read: Read) -> None:
    """Lots of a product beside its purchase: a line stays one."""
    text = '{"user": "a", "product": "p", "time": "2020-01-01", "batch": [{"lot": 1}, {"lot": 2}]}\n'
    assert lines(read(text, file="p.jsonl")) == [("a", "p", 1_577_836_800)]


def test_a_workbook_is_read_sheet_after_sheet(read: Read) -> None:
    """Numbers without a fraction are ids as they were typed, moments are moments, a cell keeps its commas and lines."""
    book = workbook(one=SHEET, empty=[], two=[HEAD, ["c", "p3", "2020-01-03", 1.0]])
    data = read(book, file="p.xlsx", toml=COLUMNS)
    assert lines(data) == [
        ("17850", "0012", 1_291_191_960), ("b", 'a,"b"\nc', 1_577_923_200), ("c", "p3", 1_578_009_600),
    ]  # fmt: skip
    assert data.purchases.price[0] == pytest.approx(2.55) and data.facts.tables["purchases"].refused == {}


def test_a_row_that_is_wider_than_the_columns_is_refused_and_not_cut(read: Read) -> None:
    """A value under no name is a slip of the hand: its row is counted and kept aside, the others stay."""
    data = read(workbook(s=[*SHEET, ["d", "p4", "2020-01-04", 1.0, "what is this"]]), file="p.xlsx", toml=COLUMNS)
    assert len(data.purchases) == 2 and sum(data.facts.tables["purchases"].refused.values()) == 1


@pytest.mark.parametrize(
    ("book", "said"),
    [
        (
            workbook(one=SHEET, two=[["sku", "name"], ["x", "y"]]),
            "sheet 'two' has other columns than 'one'.*of their own",
        ),
        (workbook(one=[]), "no sheet of it has a row"),
        (b"PK\x03\x04 no workbook", r"p\.xlsx: cannot be read as a workbook: .*or as CSV"),
    ],
    ids=["other columns", "empty", "broken"],
)
def test_a_workbook_that_cannot_be_meant_is_refused(read: Read, book: bytes, said: str) -> None:
    """With the sheets and the next step."""
    with pytest.raises(DataError, match=said):
        read(book, file="p.xlsx", toml=COLUMNS)


def test_double_colons_separate_where_every_line_has_them(read: Read) -> None:
    """Ratings as MovieLens has them; quotes and commas are text, Latin-1 too."""
    toml = (
        'files = ["r.dat"]\nheader = false\ncolumns = { user_id = "column0", product_id = "column1", time = "column3" }\n'
        '[data.products]\nfiles = ["m.dat"]\nheader = false\ncolumns = { product_id = "column0", name = "column1" }'
    )
    movies = '7::Léon, "The Professional" (1994)::Crime|Drama\n8::Heat::Crime\n'.encode("latin-1")
    data = read("1::7::5::978300760\n2::8::3::978300761\n", file="r.dat", toml=toml, files={"m.dat": movies})
    assert lines(data) == [("1", "7", 978_300_760), ("2", "8", 978_300_761)]
    assert data.catalogue.value("name", data.products.row("7")) == 'Léon, "The Professional" (1994)'


def test_colons_inside_of_values_separate_nothing(read: Read) -> None:
    """A comma-separated file with a name of such a kind stays what it is."""
    data = read("user,product,time\na,x::y::z,2020-01-01\nb,x,2020-01-02\n")
    assert [product for _, product, _ in lines(data)] == ["x::y::z", "x"]
