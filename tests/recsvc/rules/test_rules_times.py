"""Windows and weekly hours on local clocks, through the clock changes of 2026."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_kit import SHOP, active_ids, bound, rules

from recsvc.rules.parse import parse
from recsvc.rules.times import Weekly, Window, end_of, instant_of_text, read_clock, start_of, zone_of

LONDON, NEW_YORK = "Europe/London", "America/New_York"


def utc(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_a_window_is_half_open():
    window = Window(start_of("2026-11-27 00:00", LONDON), end_of("2026-12-01 00:00", LONDON))
    assert window.holds(utc("2026-11-27 00:00")) and not window.holds(utc("2026-11-26 23:59:59"))
    assert window.holds(utc("2026-11-30 23:59:59")) and not window.holds(utc("2026-12-01 00:00"))


def test_a_date_only_until_includes_that_whole_day():
    assert end_of("2026-10-31", LONDON) == utc("2026-11-01 00:00")
    assert end_of("2026-10-31 00:00", NEW_YORK) == utc("2026-10-31 04:00")


CHANGES = [
    # zone, text, as a start, as an end, both in UTC
    (LONDON, "2026-03-29 00:59", "2026-03-29 00:59", "2026-03-29 00:59"),
    (LONDON, "2026-03-29 01:30", "2026-03-29 01:30", "2026-03-29 01:30"),  # skipped: 02:30 summer time
    (LONDON, "2026-03-29 02:00", "2026-03-29 01:00", "2026-03-29 01:00"),
    (LONDON, "2026-10-25 00:59", "2026-10-24 23:59", "2026-10-24 23:59"),
    (LONDON, "2026-10-25 01:30", "2026-10-25 00:30", "2026-10-25 01:30"),  # twice: the wider window
    (LONDON, "2026-10-25 02:00", "2026-10-25 02:00", "2026-10-25 02:00"),
    (NEW_YORK, "2026-03-08 02:30", "2026-03-08 07:30", "2026-03-08 07:30"),  # skipped: 03:30
    (NEW_YORK, "2026-03-08 03:00", "2026-03-08 07:00", "2026-03-08 07:00"),
    (NEW_YORK, "2026-11-01 01:30", "2026-11-01 05:30", "2026-11-01 06:30"),
    (NEW_YORK, "2026-11-01 02:00", "2026-11-01 07:00", "2026-11-01 07:00"),
]


@pytest.mark.parametrize(("zone", "text", "start", "end"), CHANGES)
def test_skipped_times_move_forward_and_ambiguous_ones_take_the_wider_window(zone, text, start, end):
    assert start_of(text, zone) == utc(start)
    assert end_of(text, zone) == utc(end)


@pytest.mark.parametrize("zone", [LONDON, NEW_YORK])
@pytest.mark.parametrize("first", ["2026-03-05", "2026-03-26", "2026-10-22", "2026-10-29"])
def test_weekly_hours_hold_hour_by_hour_through_both_clock_changes(zone, first):
    evening = Weekly(frozenset({5, 6}), 20 * 60, 24 * 60)
    night = Weekly(frozenset({5}), 22 * 60, 4 * 60)
    weekend = Weekly(frozenset({5, 6}))
    start = start_of(first, zone)
    for hour in range(24 * 7):
        now = start + 3600 * hour
        local = datetime.fromtimestamp(now, zone_of(zone))
        assert weekend.holds(now, zone) == (local.weekday() in (5, 6))
        assert evening.holds(now, zone) == (local.weekday() in (5, 6) and local.hour >= 20)
        late = local.weekday() == 5 and local.hour >= 22
        assert night.holds(now, zone) == (late or (local.weekday() == 6 and local.hour < 4))


def test_a_clock_range_over_midnight_belongs_to_the_day_it_starts_on():
    night = Weekly(frozenset({4}), 22 * 60, 2 * 60)
    assert night.holds(utc("2026-11-06 23:00"), "UTC") and night.holds(utc("2026-11-07 01:59"), "UTC")
    assert not night.holds(utc("2026-11-07 02:00"), "UTC") and not night.holds(utc("2026-11-06 01:00"), "UTC")


@settings(max_examples=150)
@given(moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), zone=st.sampled_from([LONDON, NEW_YORK, "UTC"]))
def test_the_start_of_a_local_time_shows_that_time_or_a_later_one(moment, zone):
    moment = moment.replace(microsecond=0)
    back = datetime.fromtimestamp(start_of(f"{moment:%Y-%m-%d %H:%M:%S}", zone), zone_of(zone)).replace(tzinfo=None)
    assert back - moment in (timedelta(0), timedelta(hours=1))


def test_texts_that_are_no_moment():
    for text in ("2026-13-01", "2026-10-1", "01/10/2026", "tomorrow", "2026-10-01 25:00", "9999-12-31 99:99"):
        assert instant_of_text(text, LONDON) is None
    for text in ("24:01", "9", "9:60", "noon"):
        with pytest.raises(ValueError, match="no time of day"):
            read_clock(text)
    assert read_clock("24:00") == 1440 and read_clock("9:05") == 545
    with pytest.raises(ValueError, match="no time zone"):
        zone_of("Europe")


def test_a_date_at_the_end_of_time_is_a_fault_and_not_an_error():
    text = rules("do: hide, product: '00501', when: {active: {until: 9999-12-31}}")
    with pytest.raises(Exception, match="is no date"):
        parse(text, SHOP)


def test_rules_follow_the_zone_of_the_file():
    line = "do: hide, product: '00501', when: {active: {from: 2026-11-27, until: 2026-11-27}}"
    morning = utc("2026-11-27 03:00")
    assert active_ids(bound(line), now=morning) == ["r1"]
    assert active_ids(bound(line, head="timezone: America/New_York\n"), now=morning) == []


def test_active_takes_calendar_names_and_lists_as_or():
    head = 'calendar:\n  fair: {from: "2026-10-10 09:00", until: "2026-10-10 18:00"}\n'
    some = bound("do: hide, product: '00501', when: {active: [fair, {from: 2026-10-20}]}", head=head)
    for text, there in (
        ("2026-10-10 09:00", True),
        ("2026-10-10 18:00", False),
        ("2026-10-19 23:59", False),
        ("2026-12-01", True),
    ):
        assert (active_ids(some, now=start_of(text, LONDON)) == ["r1"]) == there


def test_weekly_takes_days_and_hours():
    some = bound("do: hide, product: '00501', when: {weekly: [{days: [fri], from: '18:00'}, {days: [sun]}]}")
    for text, there in (
        ("2026-10-16 17:59", False),
        ("2026-10-16 18:00", True),
        ("2026-10-17 12:00", False),
        ("2026-10-18", True),
    ):
        assert (active_ids(some, now=start_of(text, LONDON)) == ["r1"]) == there
