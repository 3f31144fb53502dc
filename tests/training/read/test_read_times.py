"""Times in every usual writing become the same Unix seconds; what fits two ways is asked about."""

from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import COLUMNS, Read

from models.errors import DataError

NOON = 1_583_064_000  # 2020-03-01 12:00 UTC
DAY = 1_583_020_800  # 2020-03-01 00:00 UTC


def times(read: Read, *written: str, toml: str = COLUMNS, top: str = "") -> list[int]:
    text = "user,product,time\n" + "".join(f'{i:03},x,"{one}"\n' for i, one in enumerate(written))
    data = read(text, toml=toml, top=top)
    assert not data.facts.tables["purchases"].refused
    return data.purchases.time.tolist()


def test_usual_writings_mean_the_same_moment(read: Read) -> None:
    """ISO with and without offsets, and Unix time in any unit, mixed in one column."""
    written = (
        "2020-03-01 12:00", "2020-03-01 12:00:00", "2020-03-01T12:00:00.250", "2020-03-01T12:00:00Z",
        "2020-03-01 12:00:00 UTC", "2020-03-01T14:00:00+02:00", "2020-03-01 17:00:00 +0500", "2020-03-01 12:00:00+00",
        "2020/03/01 12:00:00", "1583064000", "1583064000000", "1583064000000000", "1583064000.5", "20200301 12:00:00",
        " 2020-03-01 12:00 ",
    )  # fmt: skip
    assert times(read, *written) == [NOON] * len(written)


def test_a_date_is_its_midnight(read: Read) -> None:
    """A date without a time is the start of that day."""
    assert times(read, "2020-03-01", "20200301", "2020-3-1") == [DAY, DAY, DAY]


def test_naive_times_are_in_the_zone_of_the_table_or_else_of_the_shop(read: Read) -> None:
    """A zone in data.purchases beats the shop's; an offset in the value beats both."""
    top = 'timezone = "America/New_York"'
    written = ("2020-03-01 07:00", "2020-03-01 12:00Z")
    assert times(read, *written, top=top) == [NOON, NOON]
    assert times(read, "2020-03-01 13:00", top=top, toml=COLUMNS + '\ntime_zone = "Europe/Paris"') == [NOON]


def test_day_and_month_are_told_apart_by_the_column(read: Read) -> None:
    """One 25/12 shows that the day stands first, one 12/25 that it does not."""
    assert times(read, "01/03/2020", "25/12/2019 00:00") == [DAY, 1_577_232_000]
    assert times(read, "3/1/2020 12:00", "12/25/2019") == [NOON, 1_577_232_000]
    assert times(read, "3/1/20 12:00 PM", "12/25/19") == [NOON, 1_577_232_000]
    assert times(read, "01.03.2020", "25.12.2019") == [DAY, 1_577_232_000]


def test_ambiguous_dates_are_asked_about(read: Read) -> None:
    """01/03 alone could be January or March: the reader does not guess, time_format tells."""
    with pytest.raises(DataError, match=r"day/month or month/day: say which with time_format"):
        times(read, "01/03/2020")
    assert times(read, "01/03/2020", toml=COLUMNS + "\ntime_format = '%d/%m/%Y'") == [DAY]


def test_a_format_with_an_offset_needs_no_zone(read: Read) -> None:
    """%z in time_format counts."""
    toml = COLUMNS + "\ntime_format = '%d %b %Y %H:%M %z'"
    assert times(read, "01 Mar 2020 14:00 +0200", toml=toml, top='timezone = "Asia/Tokyo"') == [NOON]


def test_typed_times_of_parquet_are_read(read: Read, tmp_path) -> None:
    """Parquet's own times and numbers need no format, and files may differ."""
    for place, sql in enumerate(
        ("timestamp '2020-03-01 12:00'", "timestamptz '2020-03-01 12:00+00'", "1583064000", "1583064000.0::double")
    ):
        duckdb.sql(f"select {place} as user, 2 as product, {sql} as time").write_parquet(
            str(tmp_path / f"{place}.parquet")
        )
    assert read(toml=f'files = ["*.parquet"]\n{COLUMNS}').purchases.time.tolist() == [NOON] * 4


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.datetimes(datetime(1981, 1, 1), datetime(2025, 12, 31), timezones=st.just(ZoneInfo("Europe/Berlin"))),
        min_size=1,
        max_size=5,
    )
)
def test_any_moment_with_its_offset_comes_back(read: Read, moments: list[datetime]) -> None:
    """isoformat and the reader agree to the second, whatever the season."""
    moments = [one.replace(microsecond=0) for one in moments]
    assert times(read, *(one.isoformat() for one in moments)) == [int(one.timestamp()) for one in moments]
