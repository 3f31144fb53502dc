"""Steps 6 and 7: which pin stands where. Pins by product first, then pins by ``where``.

Two pins, one position: the rule that ``precedence`` puts first keeps it. All positions that are named are given out
before a loser shifts down to the next free one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.distinct import distinct
from models.schema import NO_ROWS, UNKNOWN, Bools, Ints
from recsvc.rules.gate import Gate, Verdict
from recsvc.rules.match import Active
from recsvc.rules.pool import BarsOf, DroppedPin
from recsvc.rules.rank import Ranked
from recsvc.rules.situation import BARS, LIFTABLE


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule wants a position, for a product or (``UNKNOWN``) for one of its matches."""

    place: int
    position: int
    row: int
    product: str


@dataclass(slots=True)
class Pins:
    """What stands where, while it is settled."""

    slots: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Position -> (product row, place of the rule)."""
    dropped: list[DroppedPin] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    """Products that a pin has."""

    @property
    def rows(self) -> Ints:
        """Return the pinned products by position."""
        return np.array([self.slots[position][0] for position in sorted(self.slots)], np.int32)

    def beside(self, gate: Gate) -> "Pins":
        """Return the pins without those whose product another carousel has taken meanwhile."""
        taken = set(gate.taken.tolist())
        lost = {position: slot for position, slot in self.slots.items() if slot[0] in taken}
        if not lost:
            return self
        rules, ids = gate.active.bound.rules, gate.active.bound.catalogue.ids
        dropped = [DroppedPin(rules[place].id, ids.id(row), at, "duplicate") for at, (row, place) in lost.items()]
        slots = {position: slot for position, slot in self.slots.items() if position not in lost}
        return Pins(slots, self.dropped + dropped, self.used)


def place_pins(gate: Gate, ranked: Ranked, size: int) -> Pins:
    """Return the pins of a carousel of ``size`` positions."""
    bound = gate.active.bound
    places = sorted(gate.active.of("pin"), key=lambda place: int(bound.precedence[place]))
    pins = Pins()
    by_product = [place for place in places if bound.rules[place].where is None]
    if by_product:
        _give_out(_product_claims(gate, by_product, size, pins), size, gate, pins)
    by_where = [place for place in places if bound.rules[place].where is not None]
    if by_where:
        _place_matches(gate, ranked, by_where, size, pins)
    return pins


def _product_claims(gate: Gate, places: Sequence[int], size: int, pins: Pins) -> list[Claim]:
    bound = gate.active.bound
    rows = distinct(np.concatenate([*(bound.pinned[one] for one in places), *(bound.instead[one] for one in places)]))
    rows = rows[rows != UNKNOWN].astype(np.int32)
    judge = _Judge(rows, gate.judge(rows))
    claims = []
    for place in places:
        rule = bound.rules[place]
        for product, row, position in zip(rule.products, bound.pinned[place].tolist(), rule.positions, strict=True):
            if position > size:
                pins.dropped.append(DroppedPin(rule.id, product, position, "past_end"))
                continue
            reason = judge.against(row, rule.even_if) or ("duplicate" if row in pins.used else "")
            chosen = row
            if reason:
                chosen = UNKNOWN if reason == "duplicate" else _stand_in(gate, judge, place, pins)
                stands = bound.catalogue.ids.id(chosen) if chosen != UNKNOWN else ""
                pins.dropped.append(DroppedPin(rule.id, product, position, reason, stands))
            if chosen != UNKNOWN:
                pins.used.add(chosen)
                claims.append(Claim(place, position, chosen, product))
    return claims


def _stand_in(gate: Gate, judge: "_Judge", place: int, pins: Pins) -> int:
    """Return the first product of ``instead`` that may be pinned and is not, or ``UNKNOWN``."""
    even_if = gate.active.bound.rules[place].even_if
    for row in gate.active.bound.instead[place].tolist():
        if not judge.against(row, even_if) and row not in pins.used:
            return int(row)
    return UNKNOWN


class _Judge:
    """Says what stands against a pin of a product."""

    def __init__(self, rows: Ints, verdict: Verdict) -> None:
        self.places = {row: place for place, row in enumerate(rows.tolist())}
        self.verdict = verdict

    def against(self, row: int, even_if: Iterable[str]) -> str:
        """Return the reason that keeps ``row`` from being pinned, "" for none."""
        if row == UNKNOWN:
            return "unknown_product"
        place, verdict = self.places[row], self.verdict
        if verdict.hidden[place]:
            return "hidden"
        bars = int(verdict.bars[place]) & ~lifted(even_if)
        if bars:
            return next(name for bar, name in BARS.items() if bars & bar)
        if not verdict.kept[place]:
            return "not_kept"
        return "duplicate" if verdict.taken[place] else ""


def may_stand(active: Active, bars: BarsOf) -> Callable[[int, Ints], Bools]:
    """Return what tells of a pinning rule and products (n_rows,) which of them nothing keeps from being pinned."""
    rules = active.bound.rules
    firm = tuple(place for place in active.of("keep") if not rules[place].min_results)
    gate = Gate(active, bars, NO_ROWS, firm)

    def may(place: int, rows: Ints) -> Bools:
        verdict = gate.judge(rows)
        barred = verdict.bars & np.uint8(~lifted(rules[place].even_if) & 0xFF)
        out: Bools = verdict.free & (barred == 0)
        return out

    return may


def lifted(even_if: Iterable[str]) -> int:
    """Return the bars that a pin overrides."""
    return sum(LIFTABLE[name] for name in even_if)


def _give_out(claims: Sequence[Claim], size: int, gate: Gate, pins: Pins) -> None:
    """Give each claim its position, or the next free one, or drop it; the claims come in precedence."""
    losers = []
    for claim in claims:
        if claim.position in pins.slots:
            losers.append(claim)
        else:
            pins.slots[claim.position] = (claim.row, claim.place)
    for claim in losers:
        free = next((one for one in range(claim.position + 1, size + 1) if one not in pins.slots), None)
        if free is not None:
            pins.slots[free] = (claim.row, claim.place)
            continue
        pins.used.discard(claim.row)
        rule = gate.active.bound.rules[claim.place]
        pins.dropped.append(DroppedPin(rule.id, claim.product, claim.position, "conflict"))


def _place_matches(gate: Gate, ranked: Ranked, places: Sequence[int], size: int, pins: Pins) -> None:
    """Pins by ``where``: as many claims as there are matches, then each rule's best match to its first position."""
    claims, chosen = [], {}
    for place in places:
        rule = gate.active.bound.rules[place]
        fitting = [position for position in sorted(rule.positions) if position <= size]
        late = [DroppedPin(rule.id, "", one, "past_end") for one in sorted(rule.positions) if one > size]
        rows = _best_matches(gate, ranked, place, len(fitting), pins)
        pins.used.update(rows)
        chosen[place] = rows
        pins.dropped += [DroppedPin(rule.id, "", one, "no_match") for one in fitting[len(rows) :]] + late
        claims += [Claim(place, position, UNKNOWN, "") for position in fitting[: len(rows)]]
    _give_out(claims, size, gate, pins)
    for place in places:
        own = [position for position in sorted(pins.slots) if pins.slots[position] == (UNKNOWN, place)]
        for position, row in zip(own, chosen[place], strict=False):
            pins.slots[position] = (row, place)


def _best_matches(gate: Gate, ranked: Ranked, place: int, count: int, pins: Pins) -> list[int]:
    """Return the best ``count`` products that a rule matches and that may be pinned and are not."""
    rule = gate.active.bound.rules[place]
    bars = ranked.verdict.bars & np.uint8(~lifted(rule.even_if) & 0xFF)
    fits = ranked.verdict.free & (bars == 0) & ~np.isin(ranked.rows, list(pins.used))
    rows = ranked.rows[fits]
    best: list[int] = rows[gate.active.has(place, rows)][:count].tolist()
    return best
