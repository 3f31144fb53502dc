"""How often rules held, with a bound on how many are told by name."""

from itertools import islice

from prometheus_client import Counter

from recsvc.rules.bind import BoundRules
from recsvc.rules.schema import RuleSet

MOST_NAMED = 100
"""Rules of a process that have a series of their own, counted over all files that it ever had live."""
OTHER = "other"


class RuleHits:
    """Counts by rule. What the clock, the carousel and the catalogue alone decide holds always, and is not counted."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self._named: dict[str, Counter] = {}
        self._ruleset: RuleSet | None = None
        self._of: list[Counter | None] = []

    def name(self, bound: BoundRules) -> None:
        """Give the rules of a file, from its top, a series each while there are any left."""
        merged = set(bound.timed.places)
        wanted = (rule.id for place, rule in enumerate(bound.rules) if place not in merged)
        for rule in islice((one for one in wanted if one not in self._named), MOST_NAMED - len(self._named)):
            self._named[rule] = self.counter.labels(rule)
        self._of = [self._named.get(rule.id) for rule in bound.rules]
        self._ruleset = bound.ruleset

    def count(self, places: tuple[int, ...], bound: BoundRules) -> None:
        """Count the rules at ``places`` of ``bound``; the older or newer set of a swap under way is left out."""
        if bound.ruleset is not self._ruleset:  # a changed catalogue binds the same set anew: the places stay
            return
        others = 0
        for place in places:
            one = self._of[place]
            if one is None:
                others += 1
            else:
                one.inc()
        if others:
            self.counter.labels(OTHER).inc(others)
