"""Rules that dates and hours alone switch, merged with the always-on ones for each stretch between two of their edges."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recsvc.rules.merged import Merged, can_merge, merge
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.schema import ActiveIn, Condition, Rule, WeeklyIn
from recsvc.rules.targets import Target
from recsvc.rules.times import BEGINNING, END, Weekly, instant, zone_of

KEPT = 4
"""Stretches that are remembered: the present one, and those that previews asked for."""


def can_time(rule: Rule, target: Target) -> bool:
    """Return whether nothing but the clock, the carousel and the catalogue decides what the rule does."""
    return all(isinstance(one, ActiveIn | WeeklyIn) for one in rule.when) and can_merge(rule, target)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, [start, end), in which the same rules hold."""

    start: int
    end: int
    merged: dict[str | None, Merged]


class Timed:
    """The rules at ``places``, by moment; what was worked out is kept, and safe to share between threads."""

    def __init__(
        self,
        rules: Sequence[Rule],
        targets: Sequence[Target],
        places: Sequence[int],
        n_products: int,
        zone: str,
        rest: Rest = no_rest,
    ) -> None:
        self.rules, self.targets, self.places, self.n_products, self.zone = rules, targets, places, n_products, zone
        conditions: set[Condition] = set()
        for place in places:
            conditions.update(rules[place].when)
            rest()
        windows = [window for one in conditions if isinstance(one, ActiveIn) for window in one.windows]
        self.edges = sorted({edge for window in windows for edge in (window.start, window.end)})
        self.weeks = {week for one in conditions if isinstance(one, WeeklyIn) for week in one.weeks}
        self.kept: tuple[Stretch, ...] = ()

    def at(self, now: int, carousel: str) -> Merged:
        """Return what the rules come to at a moment in a carousel."""
        merged = self.stretch(now).merged
        return merged.get(carousel, merged[None])

    def ready(self, now: int) -> bool:
        """Return whether the stretch that a moment lies in has been worked out."""
        return any(one.start <= now < one.end for one in self.kept)

    def stretch(self, now: int, rest: Rest = no_rest) -> Stretch:
        """Return the stretch that a moment lies in; asked ahead of time, with rests, no request waits for it."""
        found = next((one for one in self.kept if one.start <= now < one.end), None)
        if found is None:
            found = self._stretch(now, rest)
            self.kept = (found, *self.kept[: KEPT - 1])
        return found

    def _stretch(self, now: int, rest: Rest) -> Stretch:
        place = bisect_right(self.edges, now)
        start = self.edges[place - 1] if place else BEGINNING
        end = self.edges[place] if place < len(self.edges) else END
        for week in self.weeks:
            before, after = edges_of(week, now, self.zone)
            start, end = max(start, before), min(end, after)
        memo: dict[Condition, bool] = {}
        live = []
        for place in self.places:
            if all(self._holds(test, now, memo) for test in self.rules[place].when):
                live.append(place)
            rest()
        return Stretch(start, end, merge(self.rules, self.targets, live, self.n_products, rest))

    def _holds(self, condition: Condition, now: int, memo: dict[Condition, bool]) -> bool:
        known = memo.get(condition)
        if known is None:
            if isinstance(condition, ActiveIn):
                known = any(window.holds(now) for window in condition.windows)
            else:
                known = isinstance(condition, WeeklyIn) and any(week.holds(now, self.zone) for week in condition.weeks)
            memo[condition] = known
        return known


def edges_of(week: Weekly, now: int, zone: str) -> tuple[int, int]:
    """Return the last moment up to ``now`` and the first one after it at which these hours start or end."""
    today = datetime.fromtimestamp(now, zone_of(zone)).replace(tzinfo=None, hour=0, minute=0, second=0)
    length = week.end if week.end > week.start else week.end + 1440
    edges = []
    for day in (today + timedelta(days=ahead) for ahead in range(-8, 9)):
        if day.weekday() in week.days:
            edges.append(instant(day + timedelta(minutes=week.start), zone))
            edges.append(instant(day + timedelta(minutes=length), zone, later=True))
    return max(edge for edge in edges if edge <= now), min(edge for edge in edges if edge > now)
