"""The request's context at a purchase: by line, blanks are no value, and what cannot be used is counted."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import Read

from models.columns import NumberColumn, TextColumn
from models.errors import ConfigError
from models.request_keys import LONGEST
from models.shop import Shop
from training.read.page import data_page
from training.read.shop_data import ShopData

TOML = 'columns = { user_id = "u", product_id = "p", time = "t", device = "d", place = "where", degrees = "temp" }'
FIELDS = '[context.fields]\nplace = "categorical"\ndegrees = "numeric"\n'
HEAD = "u,p,t,d,where,temp\n"


def told(data: ShopData, field: str) -> list[str | float | None]:
    """Return the value of each line."""
    column = data.purchases.fields[field]
    return [column.value(line) for line in range(len(data.purchases))]


def test_fields_lie_beside_their_lines(read: Read) -> None:
    """Built-in and declared fields follow the order of the lines, and keep their kind."""
    rows = "b,x,2020-01-01,tablet,Åland,-3\na,y,2020-01-02,mobile,Rome,21.5\na,x,2020-01-01,mobile,Åland,0\n"
    data = read(HEAD + rows, toml=TOML, more=FIELDS)
    assert [told(data, field) for field in ("device", "place", "degrees")] == [
        ["mobile", "mobile", "tablet"],
        ["Åland", "Rome", "Åland"],
        [0.0, 21.5, -3.0],
    ]
    kinds = {name: type(column) for name, column in data.purchases.fields.items()}
    assert kinds == {"device": TextColumn, "place": TextColumn, "degrees": NumberColumn}
    assert list(data.purchases.fields["place"].vocabulary) == ["Rome", "Åland"]  # type: ignore[union-attr]
    assert not data.facts.tables["purchases"].unknown


def test_a_blank_is_no_value_and_no_fault(read: Read) -> None:
    """Nothing, spaces, and the words that tools write for a number that is missing."""
    rows = "a,x,2020-01-01,,  ,\na,y,2020-01-01,\u00a0,none,NaN\na,z,2020-01-01,mobile,null,null\n"
    data = read(HEAD + rows, toml=TOML, more=FIELDS)
    assert told(data, "device") == [None, None, "mobile"]
    assert told(data, "place") == [None, "none", "null"], "words are values of a text"
    assert told(data, "degrees") == [None, None, None]
    assert not data.facts.tables["purchases"].unknown


def test_a_value_that_cannot_be_used_is_counted_and_its_line_stays(read: Read) -> None:
    """No number, no finite one, a text that no request could carry: unknown, told on the page and in the facts."""
    rows = [
        "a,v,2020-01-01,mobile,Rome,mild",
        "a,w,2020-01-01,mobile,Rome,inf",
        f"a,x,2020-01-01,mobile,{'é' * (LONGEST + 1)},1",
        f"a,y,2020-01-01,mobile,{'é' * LONGEST},2",
        'a,z,2020-01-01,mobile,Rome,"12,5"',
        ",z,2020-01-01,mobile,Rome,nobody",
    ]
    data = read(HEAD + "\n".join(rows), toml=TOML, more=FIELDS)
    assert told(data, "degrees") == [None, None, 1.0, 2.0, 12.5]
    assert told(data, "place") == ["Rome", "Rome", None, "é" * LONGEST, "Rome"]
    facts = data.facts.tables["purchases"]
    assert facts.unknown == {"degrees is no number": 2, "place is no text of at most 256 characters": 1}
    assert (facts.kept, facts.refused) == (5, {"no user_id": 1}), "of lines that are kept only"
    assert data.facts.plain()["tables"]["purchases"]["unknown"] == dict(facts.unknown)
    page = data_page(Shop.model_construct(name="Corner", timezone="UTC"), data.facts)
    assert "kept without the value 2: degrees is no number" in page
    assert "2 rows of data.purchases are kept without a value (degrees is no number)" in page


def test_types_of_parquet_become_texts_and_numbers(read: Read, tmp_path: Path) -> None:
    """7.0 and 7 are "7", NaN is no value, a truth value is a text and no number."""
    sql = (
        "select 'a' as u, i as p, timestamp '2020-01-01' as t, true as d, i::double as where, "
        "case i when 1 then 'nan'::double when 2 then 'inf'::double else i / 4 end as temp from range(4) r(i)"
    )
    duckdb.sql(sql.replace("where,", '"where",')).write_parquet(str(tmp_path / "p.parquet"))
    data = read(file="p.parquet", toml=TOML, more=FIELDS)
    assert told(data, "device") == ["true"] * 4
    assert told(data, "place") == ["0", "1", "2", "3"]
    assert told(data, "degrees") == [0.0, None, None, 0.75]
    assert data.facts.tables["purchases"].unknown == {"degrees is no number": 1}
    wrong = read(file="p.parquet", toml=TOML.replace('"temp"', '"D"'), more=FIELDS)
    assert wrong.facts.tables["purchases"].unknown == {"degrees is no number": 4}


def test_fields_may_be_derived_or_keep_their_name(read: Read) -> None:
    """An expression over the file's numbers, and a column that is called as the field is."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t" }\nattributes = ["campaign"]\n'
    toml += 'derive = { degrees = "(fahrenheit - 32) / 1.8" }\nkeep = "fahrenheit < 200"'
    text = "u,p,t,campaign,fahrenheit\na,x,2020-01-01,spring,50\na,y,2020-01-01,,32\na,z,2020-01-01,,900\n"
    data = read(text, toml=toml, more=FIELDS)
    assert (told(data, "degrees"), told(data, "campaign")) == ([10.0, 0.0], ["spring", None])


def test_a_built_in_field_may_be_declared_as_a_number(read: Read) -> None:
    """The weather in degrees."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t", weather = "w" }'
    text = "u,p,t,w\na,x,2020-01-01,20\na,y,2020-01-01,3\n"
    assert told(read(text, toml=toml), "weather") == ["20", "3"]
    assert told(read(text, toml=toml, more='[context.fields]\nweather = "numeric"\n'), "weather") == [20.0, 3.0]


def test_fields_change_nothing_of_what_was_bought(read: Read) -> None:
    """A line that comes twice counts once, whatever stands beside it; of its contexts the first one stays."""
    rows = "a,x,2020-01-01,mobile,Rome,1\na,x,2020-01-01,tablet,,2\na,y,2020-01-02,,,\n"
    data = read(HEAD + rows, toml=TOML, more=FIELDS)
    plain = read(HEAD + rows, toml='columns = { user_id = "u", product_id = "p", time = "t" }')
    for part in ("user", "product", "time", "order", "quantity"):
        assert getattr(data.purchases, part).tolist() == getattr(plain.purchases, part).tolist()
    assert plain.purchases.fields == {}
    assert told(data, "device") == ["mobile", None]
    assert data.facts.tables["purchases"].set_aside == plain.facts.tables["purchases"].set_aside


def test_a_return_takes_the_context_of_its_purchase_away(read: Read) -> None:
    """What stays has its own values."""
    toml = 'columns = { user_id = "u", product_id = "p", time = "t", quantity = "q", device = "d" }'
    rows = "a,x,2020-01-01,1,mobile\na,x,2020-01-02,-1,till\na,y,2020-01-03,1,tablet\n"
    assert told(read("u,p,t,q,d\n" + rows, toml=toml), "device") == ["tablet"]


def test_what_happens_later_leaves_no_trace(read: Read) -> None:
    """A value of a purchase at or after `until` is not even in the vocabulary, and is not counted."""
    rows = "a,x,2020-01-01,mobile,Rome,1\na,x,2020-01-03,watch,Oslo,mild\n"
    data = read(HEAD + rows, toml=TOML, more=FIELDS, until=1_577_923_200)
    assert list(data.purchases.fields["device"].vocabulary) == ["mobile"]  # type: ignore[union-attr]
    assert not data.facts.tables["purchases"].unknown


def test_session_and_context_may_be_read_together(read: Read) -> None:
    """A session names who bought, where nothing else does; it is no field of the request."""
    toml = 'columns = { session_id = "s", product_id = "p", time = "t", referrer = "r", country = "c" }'
    data = read("s,p,t,r,c\ns1,x,2020-01-01,search,IT\ns1,y,2020-01-01,,IT\n", toml=toml)
    assert data.users.id(0) == "s1"
    assert list(data.purchases.fields) == ["referrer", "country"]
    assert told(data, "referrer") == ["search", None]


def test_a_file_without_rows_has_fields_without_values(read: Read) -> None:
    """Columns of length 0."""
    data = read(HEAD, toml=TOML, more=FIELDS)
    assert {name: told(data, name) for name in data.purchases.fields} == {"device": [], "place": [], "degrees": []}


def test_files_may_differ_in_what_they_call_a_number(read: Read, tmp_path: Path) -> None:
    """Text in one file, numbers in the other."""
    duckdb.sql("select 'a' as u, 'x' as p, timestamp '2020-01-01' as t, 20 as temp").write_csv(str(tmp_path / "1.csv"))
    duckdb.sql("select 'a' as u, 'y' as p, timestamp '2020-01-02' as t, 3.5 as temp").write_parquet(
        str(tmp_path / "2.parquet")
    )
    toml = 'files = ["1.csv", "2.parquet"]\ncolumns = { user_id = "u", product_id = "p", time = "t", degrees = "temp" }'
    assert told(read(toml=toml, more=FIELDS), "degrees") == [20.0, 3.5]


@pytest.mark.parametrize(
    ("column", "more", "said"),
    [
        ('devise = "d"', "", r"columns\.devise: means nothing here: did you mean 'device'\?; .*context\.fields"),
        ('plase = "d"', FIELDS, "did you mean 'place'"),
        ('place = "d"', "", r"columns\.place: means nothing here.*declared in context\.fields"),
        (
            'price = "d"',
            '[context.fields]\nprice = "numeric"\n',
            r"context\.fields\.price: data\.purchases has a column",
        ),
        ('device = "d", Device = "d"', '[context.fields]\nDevice = "categorical"\n', "'device' is given twice"),
    ],
)
def test_a_field_that_cannot_be_meant_is_told(read: Read, column: str, more: str, said: str) -> None:
    """A typo, a field that is not declared, a name that means two things, two names that differ in case."""
    with pytest.raises(ConfigError, match=said):
        read("u,p,d\n", toml=f'columns = {{ user_id = "u", product_id = "p", {column} }}', more=more)


words = st.text(st.characters(codec="utf-8", exclude_characters='\n\r"\x00'), max_size=6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(words, st.none() | st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=6))
def test_any_value_comes_back_as_it_was(read: Read, tmp_path: Path, values: list[tuple[str, float | None]]) -> None:
    """Texts without the blanks around them, numbers to the last bit, line by line."""
    rows = [("a", f"{number:02}", text, value) for number, (text, value) in enumerate(values)]
    with duckdb.connect() as con:
        con.execute("create table t(u varchar, p varchar, place varchar, degrees double)")
        con.executemany("insert into t values (?, ?, ?, ?)", rows)
        con.execute(f"copy t to '{tmp_path / 'p.parquet'}' (format parquet)")
    toml = 'columns = { user_id = "u", product_id = "p" }\nattributes = ["place", "degrees"]'
    data = read(file="p.parquet", toml=toml, more=FIELDS)
    assert told(data, "place") == [text.strip(" \t\n\r\u00a0") or None for text, _ in values]
    assert told(data, "degrees") == [value for _, value in values]
    assert not data.facts.tables["purchases"].unknown
