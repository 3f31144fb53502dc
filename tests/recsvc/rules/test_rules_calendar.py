"""A week of the calendar, walked through each clock change of 2026, against the clocks of the zone itself.

The reference knows nothing of the engine: it reads, from ``zoneinfo`` alone, what the clocks on the wall show at each
minute, and looks texts such as 01:30 up in that.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rules_kit import CATALOGUE, SHOP, rules, situation

from recsvc.rules.bind import bind
from recsvc.rules.match import select
from recsvc.rules.parse import parse
from recsvc.rules.schedule import phase

CHANGES = [
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
]
"""All Sundays."""
HALF_HOUR = 1800
DAY = timedelta(days=1)


class Wall:
    """What the clocks of a zone show, minute by minute, for some days round ``middle``."""

    def __init__(self, zone: str, middle: date) -> None:
        self.zone = ZoneInfo(zone)
        noon = int(datetime(middle.year, middle.month, middle.day, 12, tzinfo=UTC).timestamp())
        self.moments: dict[datetime, list[int]] = defaultdict(list)
        for moment in range(noon - 12 * 86_400, noon + 12 * 86_400, 60):
            self.moments[datetime.fromtimestamp(moment, self.zone).replace(tzinfo=None)].append(moment)

    def start(self, shown: datetime) -> int:
        """Return when the clocks first show this; what they skip, they show an hour later."""
        return min(self.moments.get(shown) or self.moments[shown + timedelta(hours=1)])

    def end(self, shown: datetime) -> int:
        """Return when the clocks last show this."""
        return max(self.moments.get(shown) or self.moments[shown + timedelta(hours=1)])


def at(day: date, clock: str) -> datetime:
    hours, minutes = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day) + timedelta(hours=hours, minutes=minutes)


WINDOWS = [
    # from (days from the change, clock), until (days, clock; no clock: that whole day)
    ((0, "00:00"), (0, None)),
    ((-2, "09:00"), (0, "01:30")),
    ((-2, "09:00"), (0, "02:30")),
    ((0, "01:30"), (0, "12:00")),
    ((0, "02:30"), (1, "12:00")),
    ((0, "00:30"), (0, "02:00")),
    ((-1, "00:00"), (2, None)),
]
WEEKS = [
    # days (0 is Monday), from, until
    ((6,), "00:00", "24:00"),
    ((5, 6), "20:00", "24:00"),
    ((5,), "22:00", "04:00"),
    ((5, 6), "23:00", "01:30"),
    ((5, 6), "23:30", "02:30"),
    ((0, 1, 2, 3, 4, 5, 6), "01:30", "02:30"),
    ((6,), "01:00", "02:00"),
    ((0, 2, 5, 6), "02:30", "01:30"),
]
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def window_text(change: date, start: tuple[int, str], end: tuple[int, str | None]) -> str:
    until = f"{change + end[0] * DAY}" + (f" {end[1]}" if end[1] else "")
    return f'active: {{from: "{change + start[0] * DAY} {start[1]}", until: "{until}"}}'


def window_holds(wall: Wall, change: date, start: tuple[int, str], end: tuple[int, str | None], now: int) -> bool:
    first = wall.start(at(change + start[0] * DAY, start[1]))
    last_day = change + end[0] * DAY
    return first <= now < (wall.end(at(last_day, end[1])) if end[1] else wall.end(at(last_day + DAY, "00:00")))


def week_text(days: tuple[int, ...], start: str, end: str) -> str:
    return f'weekly: {{days: [{", ".join(NAMES[day] for day in days)}], from: "{start}", until: "{end}"}}'


def week_holds(wall: Wall, days: tuple[int, ...], start: str, end: str, now: int) -> bool:
    shown = datetime.fromtimestamp(now, wall.zone).date()
    for day in (shown - DAY, shown):
        ends = at(day, end) if end > start else at(day + DAY, end)
        if day.weekday() in days and wall.start(at(day, start)) <= now < wall.end(ends):
            return True
    return False


@pytest.mark.parametrize(("zone", "change"), CHANGES, ids=lambda one: str(one))
def test_a_week_walked_through_a_clock_change_has_no_wrong_hour(zone: str, change: date) -> None:
    """Windows, local days, hours and hours over midnight hold in the half hours that the clocks on the wall say."""
    wall = Wall(zone, change)
    tests = [window_text(change, *one) for one in WINDOWS] + [week_text(*one) for one in WEEKS]
    # Each twice: alone (rules that only the clock switches are merged) and beside a condition on the request.
    lines = [f"id: c{number}, do: hide, product: '00501', when: {{{test}}}" for number, test in enumerate(tests)]
    lines += [line.replace("id: c", "id: s").replace("when: {", "when: {store: known, ") for line in lines]
    some = bind(parse(rules(*lines, head=f"timezone: {zone}\n"), SHOP), CATALOGUE)
    start = wall.start(at(change - 3 * DAY, "00:00"))
    walked = set()
    for now in range(start, start + 7 * 86_400 + HALF_HOUR, HALF_HOUR):
        wanted = [window_holds(wall, change, *one, now) for one in WINDOWS]
        wanted += [week_holds(wall, *one, now) for one in WEEKS]
        names = [f"{kind}{number}" for kind in "cs" for number, holds in enumerate(wanted) if holds]
        shown = datetime.fromtimestamp(now, wall.zone)
        assert select(some, situation(now=now, fields={"store": "S1"})).ids() == names, shown
        told = [rule.id for rule in some.rules if phase(rule, now, zone)[0] == "now"]
        assert told == names, shown
        walked.add(shown.utcoffset())
    assert len(walked) == 2, "the week has a clock change"


def test_all_clock_changes_of_the_year_are_walked() -> None:
    """The days above are those on which the two zones change their clocks in 2026."""
    found = []
    for zone in ("Europe/London", "America/New_York"):
        for day in (date(2026, 1, 1) + number * DAY for number in range(365)):
            offsets = {datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(zone)).utcoffset() for d in (day, day + DAY)}
            found += [(zone, day)] if len(offsets) == 2 else []
    assert found == CHANGES
