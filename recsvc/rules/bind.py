"""A rule set made fit for a catalogue: everything that no request decides, worked out once, off the request path."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np

from models.catalogue import Catalogue
from models.ids import IdIndex
from models.schema import NO_ROWS, Bools, Ints
from recsvc.rules.conditions import Conditions, bind_conditions
from recsvc.rules.index import RuleIndex, build_index
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.rowset import RowSet
from recsvc.rules.schema import ActiveIn, Condition, ItemIs, Rule, RuleSet, SegmentIs, WeeklyIn
from recsvc.rules.segments import Segments
from recsvc.rules.situation import Situation
from recsvc.rules.targets import Ground, Target
from recsvc.rules.timed import Timed, can_time


@dataclass(frozen=True, slots=True)
class BoundRules:
    """What a request works with; rules are named by their place in ``rules``."""

    ruleset: RuleSet
    rules: tuple[Rule, ...]
    """Those that are enabled, in file order."""
    ground: Ground
    targets: tuple[Target, ...]
    pinned: tuple[Ints, ...]
    """Of pins by product: the rows of its products in their order, ``UNKNOWN`` for ids that are not here yet."""
    instead: tuple[Ints, ...]
    when: tuple[tuple[int, ...], ...]
    """Numbers of conditions."""
    unless: tuple[tuple[int, ...] | None, ...]
    conditions: Conditions
    index: RuleIndex
    timed: Timed
    """The rules that only the clock, the carousel and the catalogue decide; the others are in ``index``."""
    everywhere: tuple[int, ...]
    """Hides that hold everywhere, but for those in ``gone``."""
    gone: RowSet
    """What hides without dates take off every list."""
    precedence: Ints
    """(n_rules,): lower wins where two pins want one position."""
    id_rank: Ints
    """(n_products,): place of each product in the order of ids."""

    @property
    def catalogue(self) -> Catalogue:
        """Return the catalogue that the rules are bound to."""
        return self.ground.catalogue

    def pieces(self) -> list[Any]:
        """Return the many things that it is made of, so that they can be let go one by one."""
        ground, many = self.ground, (self.rules, self.targets, self.pinned, self.instead, self.when)
        return [*chain(*many, ground.targets, ground.targets.values(), ground.sets, ground.sets.values())]


def bind(
    ruleset: RuleSet,
    catalogue: Catalogue,
    previous: BoundRules | None = None,
    rest: Rest = no_rest,
    *,
    ground: Ground | None = None,
    id_rank: Ints | None = None,
) -> BoundRules:
    """Return the rules bound to a catalogue.

    Args:
        ruleset: what a rules file says.
        catalogue: the products.
        previous: the rules bound before; if the catalogue is the same, what depends on it alone is taken over.
        rest: called often.
        ground: what was worked out over the catalogue already; see ``rebind``.
        id_rank: the same of the order of ids.
    """
    same = previous is not None and previous.catalogue.version == catalogue.version
    ground = ground or Ground(catalogue, ruleset.zone)
    if id_rank is None:
        id_rank = previous.id_rank if same and previous is not None else id_ranks(catalogue.ids)
    rules = tuple(rule for rule in ruleset.rules if rule.enabled)
    targets = _resting(rest, (ground.target(rule.products, rule.where) for rule in rules))
    numbers: dict[Condition, int] = {}
    when = _resting(rest, (_numbered(rule.when, numbers) for rule in rules))
    unless = _resting(rest, (None if rule.unless is None else _numbered(rule.unless, numbers) for rule in rules))
    segments = Segments(ruleset.segments, ground, f"{ruleset.hash} {catalogue.version}", rest)
    conditions = bind_conditions(tuple(numbers), segments, ruleset.experiments, ground, rest)
    by_clock = _resting(rest, (can_time(rule, target) for rule, target in zip(rules, targets, strict=True)))
    filed = ((place, rules[place], when[place]) for place, timed in enumerate(by_clock) if not timed)
    melted = [place for place, timed in enumerate(by_clock) if timed]
    everywhere = [place for place, rule in enumerate(rules) if rule.everywhere]
    return BoundRules(
        ruleset=ruleset,
        rules=rules,
        ground=ground,
        targets=targets,
        pinned=_resting(rest, (_rows(rule.products if rule.verb == "pin" else (), catalogue) for rule in rules)),
        instead=_resting(rest, (_rows(rule.instead, catalogue) for rule in rules)),
        when=when,
        unless=unless,
        conditions=conditions,
        index=build_index(filed, len(rules), conditions, len(catalogue), rest),
        timed=Timed(rules, targets, melted, len(catalogue), ruleset.zone, rest),
        everywhere=tuple(place for place in everywhere if rules[place].when),
        gone=_gone([targets[place] for place in everywhere if not rules[place].when], len(catalogue)),
        precedence=_precedence(rules, rest),
        id_rank=id_rank,
    )


T = TypeVar("T")


def _resting(rest: Rest, made: Iterable[T]) -> tuple[T, ...]:
    """Return all that ``made`` makes, with rests in between."""
    out = []
    for one in made:
        out.append(one)
        rest()
    return tuple(out)


def _numbered(conditions: tuple[Condition, ...], numbers: dict[Condition, int]) -> tuple[int, ...]:
    return tuple(numbers.setdefault(one, len(numbers)) for one in conditions)


def _rows(products: tuple[str, ...], catalogue: Catalogue) -> Ints:
    return catalogue.ids.rows(products) if products else NO_ROWS


def hidden_everywhere(bound: BoundRules, rows: Ints, now: int) -> Bools:
    """Return (n_rows,): which of ``rows`` an ``everywhere`` hide takes off every list at ``now``."""
    out = bound.gone.has(rows)
    for place in bound.everywhere:
        windows = [one.windows for one in bound.rules[place].when if isinstance(one, ActiveIn)]
        if all(any(window.holds(now) for window in some) for some in windows):
            out |= bound.ground.has(bound.targets[place], rows, Situation(now, ""))
    return out


def _gone(targets: Sequence[Target], n_products: int) -> RowSet:
    listed = [one.rows.listed() for one in targets if one.rows is not None]
    return RowSet.listing(np.concatenate([NO_ROWS, *listed]), n_products)


def _precedence(rules: tuple[Rule, ...], rest: Rest) -> Ints:
    """Rank rules: priority, then how specific, then scheduled before permanent, then file order."""
    keys = np.empty((len(rules), 4))
    for place, rule in enumerate(rules):
        keys[place] = rule.order, -_scheduled(rule), -specificity(rule), -rule.priority
        rest()
    out = np.empty(len(rules), np.int32)
    out[np.lexsort(keys.T)] = np.arange(len(rules))
    return out


def specificity(rule: Rule) -> int:
    """Return 5 page item id, 4 page item filter, 3 segment or store, 2 other context, 1 carousel, 0 global."""
    return max((*_specificities(rule), 0))


def _specificities(rule: Rule) -> Iterator[int]:
    for one in rule.when:
        if isinstance(one, ItemIs) and one.place == "page":
            yield 5 if one.products else 4
        elif isinstance(one, SegmentIs) or getattr(one, "name", "") == "store":
            yield 3
        elif not isinstance(one, ActiveIn | WeeklyIn) and not hasattr(one, "experiment"):
            yield 2
    if rule.carousels is not None:
        yield 1


def _scheduled(rule: Rule) -> bool:
    return any(isinstance(one, ActiveIn | WeeklyIn) for one in rule.when)


def id_ranks(ids: IdIndex) -> Ints:
    """Return (n,): the place of each row when ids are sorted by their bytes."""
    offsets, raw = ids.texts.whole()
    lengths = np.diff(offsets)
    out = np.empty(len(ids), np.int32)
    width = int(lengths.max(initial=0))
    if width > 64:
        order = np.array(sorted(range(len(ids)), key=ids.texts.raw), np.int64)
    else:
        padded = np.zeros((len(ids), width + 1), np.uint8)
        padded[np.arange(width + 1) < lengths[:, None]] = raw
        order = np.lexsort((lengths, padded.view(f"S{width + 1}").ravel()))
    out[order] = np.arange(len(ids))
    return out
