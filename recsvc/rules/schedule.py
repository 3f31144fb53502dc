"""When a rule holds next, as far as its dates and hours decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from recsvc.rules.schema import ActiveIn, Rule, WeeklyIn
from recsvc.rules.times import END, Weekly, Window, instant, zone_of

DAYS_AHEAD = 8
"""Hours of the week come again within so many days."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, [start, end) in Unix seconds; ``END`` is no end."""

    start: int
    end: int


def next_span(rule: Rule, now: int, zone: str) -> Span | None:
    """Return the stretch in which ``now`` lies, else the next one; None if none comes any more.

    Windows and hours of ``when`` count, nothing else: a rule may also need a segment or a store.
    """
    windows: tuple[Window, ...] = (Window(),)
    weeks: tuple[Weekly, ...] | None = None
    for one in rule.when:
        if isinstance(one, ActiveIn):
            windows = one.windows
        elif isinstance(one, WeeklyIn):
            weeks = one.weeks
    found = [span for window in windows if window.end > now for span in _spans(window, weeks, now, zone)]
    return min(found, key=lambda span: (span.start, -span.end), default=None)


def _spans(window: Window, weeks: tuple[Weekly, ...] | None, now: int, zone: str) -> Iterator[Span]:
    """Yield the stretches of one window that may be the next."""
    first = max(window.start, now)
    if weeks is None:
        yield Span(first, window.end)
        return
    today = datetime.fromtimestamp(first, zone_of(zone)).replace(tzinfo=None, hour=0, minute=0, second=0)
    for week in weeks:
        length = week.end if week.end > week.start else week.end + 1440
        for day in (today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD)):
            if day.weekday() not in week.days:
                continue
            start = instant(day + timedelta(minutes=week.start), zone)
            end = min(instant(day + timedelta(minutes=length), zone, later=True), window.end)
            if end > first and start < window.end:
                yield Span(max(start, first), end)


def phase(rule: Rule, now: int, zone: str) -> tuple[str, int | None, int | None]:
    """Return ``off``, ``now``, ``later`` or ``ended``, and where the stretch starts and ends (None: open)."""
    if not rule.enabled:
        return "off", None, None
    span = next_span(rule, now, zone)
    if span is None:
        return "ended", None, None
    end = None if span.end >= END else span.end
    return ("now", None, end) if span.start <= now else ("later", span.start, end)
