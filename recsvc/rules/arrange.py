"""Steps 2 to 11: a pool of candidates to what a carousel shows, in the fixed order. Read it top to bottom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.compiled import isin, places_in
from models.ids import IdIndex
from models.schema import NO_ROWS, Ints
from recsvc.rules.bind import hidden_everywhere
from recsvc.rules.explain import notes_on
from recsvc.rules.gate import Gate, Supply, open_gate
from recsvc.rules.limits import Filling, Limits, fill, refill
from recsvc.rules.match import Active
from recsvc.rules.pins import Pins, place_pins
from recsvc.rules.pool import MODEL, NO_NOTES, PIN, Arranged, BarsOf, Fallback, Pool
from recsvc.rules.rank import Ranked, rank

Deeper: TypeAlias = Callable[[], Pool]
Shown: TypeAlias = list[tuple[int, str]]
"""Product rows with their sources, in order."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One carousel of a call, before the rules."""

    active: Active
    """The rules that hold, from ``select``."""
    pool: Pool
    """The candidates."""
    size: int
    """Positions that are shown, or lie before what is shown: absolute over the carousel's depth."""
    ends: int
    """The last position that a pin may have: the carousel's own size, so that all of its pages agree. So many
    positions are settled at least, and the first ``size`` of them come back: they are the same whatever ``size`` is."""
    bars: BarsOf
    """The system exclusions of products."""
    fallbacks: Sequence[Fallback] = ()
    """Asked in order while positions are open."""
    deeper: Deeper | None = None
    """Gives a deeper pool, ``pool`` and a tail behind, asked once if the first one runs short, before the fallbacks are."""

    @property
    def ids(self) -> IdIndex:
        """Return the ids of the catalogue that its rows are of."""
        return self.active.bound.catalogue.ids


@dataclass(frozen=True, slots=True)
class Settled:
    """A carousel after steps 2 to 7: what may be shown, in which order, and where its pins stand."""

    supply: Supply
    gate: Gate
    first: Ranked
    """The pool that was asked for at first: pins by ``where`` take the best of it, however deep the carousel goes."""
    ranked: Ranked
    """The pool of ``supply``."""
    pins: Pins
    size: int
    """Positions that come back."""
    ends: int
    """The last position that a pin may have."""
    deeper: Deeper | None = None
    """Gives a deeper pool, asked once if this one runs short."""

    @property
    def claimed(self) -> Ints:
        """Return the products that pins hold in the first ``size`` positions: no other carousel of the call may show them."""
        slots = sorted(self.pins.slots.items())
        return np.array([row for position, (row, _) in slots if position <= self.size], np.int32)


def settle(shelf: Shelf, pinned: Ints = NO_ROWS) -> Settled:
    """Return a carousel with its pins in place: steps 2 to 7; ``pinned``: (n,) products that other carousels have pinned."""
    active, pool, deeper = shelf.active, shelf.pool, shelf.deeper
    supply = Supply(pool, shelf.fallbacks)
    gate = open_gate(active, Supply(pool, ()) if deeper else supply, shelf.bars, pinned)  # step 2
    if gate.thin and deeper is not None:  # before a keep gives way, the tail and the fallbacks are asked
        supply, deeper = Supply(deeper(), shelf.fallbacks), None
        gate = open_gate(active, supply, shelf.bars, pinned)
    first = rank(active, pool, gate)  # steps 3 to 5
    ranked = first if supply.pool is pool else rank(active, supply.pool, gate)
    pins = place_pins(gate, first, shelf.ends)  # steps 6 and 7
    return Settled(supply, gate, first, ranked, pins, shelf.size, shelf.ends, deeper)


def finish(settled: Settled, taken: Ints = NO_ROWS, *, explain: bool = False) -> Arranged:
    """Return a settled carousel, filled up: steps 8 to 11.

    Args:
        settled: the carousel.
        taken: (n,) what other carousels show or have pinned; a pin loses to it beyond the positions that come back alone.
        explain: keep notes.
    """
    active, ranked, size = settled.gate.active, settled.ranked, settled.size
    supply, depth = settled.supply, max(size, settled.ends)
    gate = settled.gate.beside(taken)
    pins = settled.pins.beside(gate)
    need = size - sum(position <= size for position in pins.slots)
    limits, organic, filling = _fill_by_score(ranked, gate, pins, depth)  # step 8
    if len(filling.taken) < need and settled.deeper is not None:
        supply = Supply(settled.deeper(), supply.fallbacks)
        ranked = rank(active, supply.pool, gate)
        limits, organic, filling = _fill_by_score(ranked, gate, pins, depth)
    short = gate.thin or len(filling.taken) < need
    filled = _fall_back(organic, supply, gate, pins, depth, limits)  # step 9
    out = _first(_compact(filled, pins, (settled.first, ranked), active, depth), size)
    out = guard(out, active)  # step 11; step 10 is ``page.arrange_page``, by way of ``taken``
    notes = notes_on(gate, ranked, out.rows, filling.over(limits)) if explain else NO_NOTES
    skipped = tuple(active.bound.rules[place].id for place in gate.skipped)
    return Arranged(out.rows, out.scores, out.sources, out.pins, short, tuple(pins.dropped), skipped, notes)


def _fill_by_score(ranked: Ranked, gate: Gate, pins: Pins, depth: int) -> tuple[Limits, Shown, Filling]:
    """Return the limits with what was counted, the candidates that fill up, and what the limits passed over."""
    limits = Limits.of(gate.active)
    limits.count_all(pins.rows)
    rows = ranked.rows[ranked.eligible]
    others = np.concatenate([pins.rows, gate.taken])
    rows = rows[~isin(rows, others)] if len(others) else rows
    need = depth - len(pins.slots)
    filling = fill(rows, need, limits)
    taken = filling.taken + refill(filling, need - len(filling.taken), limits)
    return limits, [(row, MODEL) for row in taken], filling


def _fall_back(shown: Shown, supply: Supply, gate: Gate, pins: Pins, size: int, limits: Limits) -> Shown:
    """Add fallbacks under the same gate and limits, then, if short still, what only a lax limit passed over."""
    need = size - len(pins.slots)
    passed: list[tuple[str, Filling]] = []
    for number, (name, _) in enumerate(supply.fallbacks):
        if len(shown) >= need:
            return shown
        rows = supply.fallback(number)
        earlier = [
            *(row for row, _ in shown),
            *pins.rows.tolist(),
            *(row for _, one in passed for row in one.passed.tolist()),
        ]
        rows = rows[~isin(rows, np.array(earlier, np.int32))]
        filling = fill(gate.through(rows), need - len(shown), limits)
        shown = shown + [(row, name) for row in filling.taken]
        passed.append((name, filling))
    for name, filling in passed:
        shown = shown + [(row, name) for row in refill(filling, need - len(shown), limits)]
    return shown


def _compact(filled: Shown, pins: Pins, ranked: tuple[Ranked, Ranked], active: Active, size: int) -> Arranged:
    """Put the rest round the pins; where it runs out the list closes up and later pins move up.

    ``ranked``: where the scores of pins are from, and those of the rest.
    """
    rest = iter(filled)
    rules = active.bound.rules
    out: list[tuple[int, str, str | None]] = []
    for position in range(1, size + 1):
        if position in pins.slots:
            row, place = pins.slots[position]
            out.append((row, PIN, rules[place].id))
            continue
        one = next(rest, None)
        if one is not None:
            out.append((*one, None))
    rows = np.array([row for row, _, _ in out], np.int32)
    sources = tuple(source for _, source, _ in out)
    scores = _scores_of(rows, ranked[1])
    if ranked[0] is not ranked[1] and pins.slots:
        pinned = np.array([source == PIN for source in sources], np.bool_)
        scores[pinned] = _scores_of(rows[pinned], ranked[0])
    return Arranged(rows, scores, sources, tuple(rule for _, _, rule in out), short=False)


def _first(out: Arranged, size: int) -> Arranged:
    if len(out.rows) <= size:
        return out
    return Arranged(out.rows[:size], out.scores[:size], out.sources[:size], out.pins[:size], out.short)


def _scores_of(rows: Ints, ranked: Ranked) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    out = np.zeros(len(rows))
    if len(ranked.rows):
        places = places_in(ranked.rows, rows)
        out = np.where(places >= 0, ranked.scores[places], 0.0)
    return out


def guard(out: Arranged, active: Active) -> Arranged:
    """Drop the ``everywhere`` hides once more, whatever happened before."""
    bad = hidden_everywhere(active.bound, out.rows, active.situation.now)
    if not bad.any():
        return out
    stay = np.flatnonzero(~bad)
    sources, pins = tuple(out.sources[one] for one in stay), tuple(out.pins[one] for one in stay)
    return Arranged(out.rows[stay], out.scores[stay], sources, pins, out.short)
