"""Local dates and clocks of a zone to moments (Unix seconds), through clock changes.

Windows are half-open. A date-only ``until`` includes that whole day. A local time that a clock change skips moves
forward by what the clock moves; an ambiguous one takes the wider window (the first as a start, the second as an end).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BEGINNING = -(2**62)
END = 2**62

_MOMENT = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, [start, end) in Unix seconds."""

    start: int = BEGINNING
    end: int = END
    name: str = ""
    """Of the calendar, if it is from there."""

    def holds(self, now: int) -> bool:
        """Return whether ``now`` lies inside."""
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Weekly:
    """Hours of local days; over midnight they belong to the day that they start on."""

    days: frozenset[int] = frozenset(range(7))
    """0 is Monday."""
    start: int = 0
    """Minutes after midnight."""
    end: int = 1440
    """Minutes after midnight; not above ``start`` means on the next day."""

    def holds(self, now: int, zone: str) -> bool:
        """Return whether ``now`` (Unix seconds) lies inside, on the clocks of ``zone``."""
        today = datetime.fromtimestamp(now, zone_of(zone)).date()
        return any(self._holds_from(day, now, zone) for day in (today, today - timedelta(days=1)))

    def _holds_from(self, day: date, now: int, zone: str) -> bool:
        if day.weekday() not in self.days:
            return False
        end = self.end if self.end > self.start else self.end + 1440
        return instant(_at(day, self.start), zone) <= now < instant(_at(day, end), zone, later=True)


def _at(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone of a name such as Europe/London.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (OSError, LookupError) as error:
        raise ValueError(f"no time zone {name!r}") from error


def instant(local: datetime, zone: str, *, later: bool = False) -> int:
    """Return the moment of a local time; ``later`` takes the second of two."""
    aware = local.replace(tzinfo=zone_of(zone))
    first, second = (int(aware.replace(fold=fold).timestamp()) for fold in (0, 1))
    if first > second:  # skipped: read on the clock before the change, it moves forward
        return first
    return second if later else first


def read_local(text: str) -> tuple[datetime, bool]:
    """Return a local time and whether it is a date alone.

    Raises:
        ValueError: no such form, or no such day or time.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no date and time")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, second), match[4] is None


@lru_cache(maxsize=4096)
def start_of(text: str, zone: str) -> int:
    """Return the moment that a window from ``text`` starts; raises ValueError as ``read_local`` does."""
    return instant(read_local(text)[0], zone)


@lru_cache(maxsize=4096)
def end_of(text: str, zone: str) -> int:
    """Return the moment that a window until ``text`` ends; raises ValueError as ``read_local`` does."""
    local, whole_day = read_local(text)
    return instant(local + timedelta(days=1) if whole_day else local, zone, later=True)


def instant_of_text(text: str, zone: str) -> int | None:
    """Return the moment of a value such as 2026-10-01, or None if it is none."""
    try:
        return start_of(text, zone)
    except (ValueError, OverflowError):
        return None


def read_clock(text: str) -> int:
    """Return the minutes after midnight of a text such as 09:30; 24:00 is the end of the day.

    Raises:
        ValueError: no such form or no such time.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time of day")
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > 1440:
        raise ValueError(f"{text!r} is no time of day")
    return hours * 60 + minutes
