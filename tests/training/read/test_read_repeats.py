"""What came twice counts once: overlapping exports, replays, whole orders; what was bought twice stays twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import COLUMNS, Read, lines

TOML = 'files = ["*.csv"]\ncolumns = { user_id = "u", product_id = "p", order_id = "o", time = "t", quantity = "q" }'
HEAD = "u,p,o,t,q\n"
MONDAY = "a,milk,1,2020-01-06 09:00,1\na,milk,1,2020-01-06 09:00,1\na,tea,1,2020-01-06 09:00,1\n"
TUESDAY = "b,tea,2,2020-01-07 10:00,2\n"
WEDNESDAY = "b,milk,3,2020-01-08 10:00,1\n"
OVERLAP = "line of another file again: counted once"
REPEATED = "repeated line: counted once"


def test_overlapping_exports_do_not_double(read: Read) -> None:
    """Two files share Monday and Tuesday: their lines count once, and the page says which files and days."""
    files = {"1.csv": HEAD + MONDAY + TUESDAY, "2.csv": HEAD + MONDAY + TUESDAY + WEDNESDAY}
    data = read(files=files, toml=TOML)
    assert [product for _, product, _ in lines(data)] == ["milk", "milk", "tea", "tea", "milk"]
    facts = data.facts.tables["purchases"]
    assert facts.set_aside == {OVERLAP: 4}
    assert facts.notes[1:] == ["1.csv and 2.csv share 4 lines, from 2020-01-06 to 2020-01-07: each counts once"]


def test_the_file_that_has_a_line_most_often_decides(read: Read) -> None:
    """Scanned twice in one file, once in another that was cut off: twice, not once and not three times."""
    cut = HEAD + "".join(MONDAY.splitlines(keepends=True)[1:])
    for files in ({"1.csv": HEAD + MONDAY, "2.csv": cut}, {"1.csv": cut, "2.csv": HEAD + MONDAY}):
        data = read(files=files, toml=TOML)
        assert [product for _, product, _ in lines(data)] == ["milk", "milk", "tea"]
        assert data.facts.tables["purchases"].set_aside == {OVERLAP: 2}


def test_what_was_scanned_twice_in_one_order_stays(read: Read) -> None:
    """Two pints of milk are two lines of a till; and two in another order are not a repeated one."""
    data = read(HEAD + MONDAY + "a,milk,9,2020-01-06 09:00,1\n", toml=TOML)
    assert len(data.purchases) == 4
    assert data.facts.tables["purchases"].set_aside == {}


def test_a_whole_order_that_was_written_again_counts_once(read: Read) -> None:
    """Every line of an order stands three times (milk six times): it was written three times."""
    data = read(HEAD + MONDAY * 3 + TUESDAY, toml=TOML)
    assert [product for _, product, _ in lines(data)] == ["milk", "milk", "tea", "tea"]
    assert data.facts.tables["purchases"].set_aside == {REPEATED: 6}


def test_the_ids_of_lines_tell_replays_from_purchases(read: Read) -> None:
    """A line_id that comes again is a replay, in any file; lines with ids of their own stay, however alike."""
    toml = TOML.replace('quantity = "q"', 'quantity = "q", line_id = "i"')
    rows = "a,tea,1,2020-01-06,1,e1\na,tea,1,2020-01-06,1,e1\na,tea,1,2020-01-06,1,e2\na,milk,1,2020-01-06,1,\n"
    again = "a,tea,1,2020-01-06,1,e1\na,tea,1,2020-01-06,1,e4\nb,tea,2,2020-01-06,1,e3\n"
    data = read(files={"1.csv": "u,p,o,t,q,i\n" + rows, "2.csv": "u,p,o,t,q,i\n" + again}, toml=toml)
    assert [line[:2] for line in lines(data)] == [("a", "milk"), *[("a", "tea")] * 3, ("b", "tea")]
    assert data.facts.tables["purchases"].set_aside == {"line_id given again: counted once": 2}


def test_without_orders_a_moment_tells_a_replay(read: Read) -> None:
    """The same shopper, product and second: the same event, in one file or in two."""
    text = "user,product,time\na,x,2020-01-01\na,y,2020-01-01\n"
    toml = f'files = ["*.csv"]\n{COLUMNS}'
    data = read(files={"1.csv": text + "a,x,2020-01-01\n", "2.csv": text}, toml=toml)
    assert len(data.purchases) == 2
    assert data.facts.tables["purchases"].set_aside == {REPEATED: 1, OVERLAP: 2}


def test_overlaps_of_many_files_are_summed_up(read: Read) -> None:
    """The first three pairs are named, the others are counted."""
    facts = read(files={f"{i}.csv": HEAD + TUESDAY for i in range(6)}, toml=TOML).facts.tables["purchases"]
    assert facts.set_aside == {OVERLAP: 5}
    assert facts.notes[3:] == [
        "0.csv and 3.csv share 1 lines, from 2020-01-07 to 2020-01-07: each counts once",
        "2 more pairs of files share lines",
    ]


def test_orders_without_times_overlap_too(read: Read) -> None:
    """The order's id is enough."""
    toml = 'files = ["*.csv"]\ncolumns = { user_id = "u", product_id = "p", order_id = "o" }'
    files = {"1.csv": "u,p,o\na,x,1\na,y,1\n", "2.csv": "u,p,o\na,y,1\nb,x,2\na,x,1\n"}
    assert len(read(files=files, toml=toml).purchases) == 3


def test_a_returned_line_in_two_exports_is_one_return(read: Read) -> None:
    """Returns overlap as purchases do."""
    rows = HEAD + "a,tea,1,2020-01-06,3\na,tea,1,2020-01-07,-1\n"
    data = read(files={"1.csv": rows, "2.csv": rows}, toml=TOML)
    assert data.purchases.quantity.tolist() == [2]


orders = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(1, 2)), min_size=1, max_size=6)


@pytest.mark.parametrize("copies", [2, 3])
@settings(max_examples=6, deadline=None)
@given(orders)
def test_any_export_read_again_changes_nothing(read: Read, copies: int, bought: list[tuple[str, str, int]]) -> None:
    """Any lines, in any number of copies of their file, are what one file says."""
    text = HEAD + "".join(f"{user},{product},{order},2020-01-06,1\n" for user, product, order in bought)
    one = read(files={"1.csv": text}, toml=TOML.replace("*.csv", "1.csv"))
    several = read(files={f"{i}.csv": text for i in range(1, copies + 1)}, toml=TOML)
    assert lines(several) == lines(one)
