"""Whether a shopper belongs to a segment, from purchases, live views, attributes and lists."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from models.distinct import distinct
from models.schema import DAY, Bools, History
from recsvc.rules.bought_index import BoughtIndex
from recsvc.rules.expression_eval import Frame, matches
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.schema import (
    Bought,
    Combined,
    FirstOrder,
    HasAttribute,
    Inactive,
    Listed,
    Measured,
    SegmentNamed,
    Span,
    Test,
    Viewed,
)
from recsvc.rules.situation import Shopper
from recsvc.rules.targets import Ground, Target

Targets = Mapping[Test, Target]
"""Products of the tests that name some."""


class Segments:
    """The segments of a file, bound to a catalogue."""

    def __init__(self, tests: Mapping[str, Test], ground: Ground, key: str, rest: Rest = no_rest) -> None:
        self.tests, self.ground, self.key = tests, ground, key
        self.targets: dict[Test, Target] = {}
        for test in tests.values():
            self._bind(test)
            rest()
        self.bought = BoughtIndex.of(self.targets, len(ground.catalogue))
        self.quick: dict[int, list[str]] = {}
        for name, test in tests.items():
            if isinstance(test, Bought) and test in self.bought.numbers:
                self.quick.setdefault(self.bought.numbers[test], []).append(name)
        quick = {name for names in self.quick.values() for name in names}
        self.slow = frozenset(name for name in tests if name not in quick)

    def _bind(self, test: Test) -> None:
        if isinstance(test, Combined):
            for one in test.tests:
                self._bind(one)
        elif isinstance(test, Bought | Viewed):
            self.targets[test] = self.ground.target(test.products, test.where)

    def possible(self, wanted: frozenset[str], shopper: Shopper, now: int) -> Iterator[str]:
        """Yield those of ``wanted`` that may hold; most segments of most shoppers are ruled out all at once."""
        yield from wanted & self.slow
        for number in self._bought_now(shopper, now):
            yield from (name for name in self.quick.get(number, ()) if name in wanted)

    def holds(self, name: str, shopper: Shopper, now: int) -> bool:
        """Return whether ``shopper`` belongs to a segment at ``now``; worked out once for one shopper."""
        key = (self.key, name, now)
        known: bool | None = shopper.memo.get(key)
        if known is None:
            known = name in self.tests and self._test(self.tests[name], shopper, now)
            shopper.memo[key] = known
        return known

    def _bought_now(self, shopper: Shopper, now: int) -> frozenset[int]:
        key = (self.key, BoughtIndex, now)
        if key not in shopper.memo:
            shopper.memo[key] = self.bought.holding(shopper.history.before(now), now)
        found: frozenset[int] = shopper.memo[key]
        return found

    def _test(self, test: Test, shopper: Shopper, now: int) -> bool:
        if isinstance(test, SegmentNamed):
            return self.holds(test.name, shopper, now)
        if isinstance(test, Combined):
            found = (self._test(one, shopper, now) for one in test.tests)
            return all(found) if test.how == "all" else any(found) if test.how == "any" else not any(found)
        if isinstance(test, Listed):
            return shopper.user_id in test.ids or shopper.visitor_id in test.ids
        if isinstance(test, HasAttribute):
            empty = Frame(self.ground.catalogue, self.ground.tables, np.zeros(1, np.int32), user=shopper.attributes)
            return bool(matches(test.expression, empty)[0])
        if isinstance(test, Viewed):
            rows = distinct(shopper.viewed[shopper.viewed >= 0])
            rowset = self.targets[test].rows
            seen = len(rows) if rowset is None else int(np.count_nonzero(rowset.has(rows)))
            return seen >= test.at_least
        if isinstance(test, Bought) and test in self.bought.numbers:
            return self.bought.numbers[test] in self._bought_now(shopper, now)
        return _OF_HISTORY[type(test)](test, shopper.history.before(now), now, self.targets)


def _inside(history: History, span: Span, now: int) -> Bools:
    if span.window is not None:
        return (history.time >= span.window.start) & (history.time < span.window.end)
    return history.time >= (now - span.days * DAY if span.days is not None else np.iinfo(np.int64).min)


def _bought(test: Bought, history: History, now: int, targets: Targets) -> bool:
    """Count distinct orders that hold a match: two bottles in one order are one."""
    if not len(history):
        return False
    lines = _inside(history, test.span, now)
    rowset = targets[test].rows
    if rowset is not None:
        lines &= rowset.has(history.product)
    return len(distinct(history.order[lines])) >= test.at_least


def _measured(test: Measured, history: History, now: int, _: Targets) -> bool:
    lines = _inside(history, test.span, now)
    orders = len(distinct(history.order[lines]))
    if test.what == "orders":
        return test.at_least <= orders <= test.at_most
    paid = np.asarray(history.quantity[lines], np.float64) * history.price[lines]
    spend = float(np.nansum(paid))
    if test.what == "spend":
        return test.at_least <= spend <= test.at_most
    return orders > 0 and test.at_least <= spend / orders <= test.at_most


def _first_order(test: FirstOrder, history: History, now: int, _: Targets) -> bool:
    return len(history) > 0 and bool(_inside(history, test.span, now)[0])


def _inactive(test: Inactive, history: History, now: int, _: Targets) -> bool:
    return len(history) > 0 and int(history.time[-1]) < now - test.days * DAY


_OF_HISTORY: dict[type, Callable[[Any, History, int, Targets], bool]] = {
    Bought: _bought,
    Measured: _measured,
    FirstOrder: _first_order,
    Inactive: _inactive,
}
