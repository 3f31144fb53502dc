"""Why is this here, and why is that not here: the same functions as the request path, with notes kept."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.schema import Ints
from recsvc.rules.gate import Gate
from recsvc.rules.match import Active
from recsvc.rules.pool import Arranged, BarsOf, Notes, Pool
from recsvc.rules.rank import Ranked
from recsvc.rules.situation import BARS


def factors_on(active: Active, rows: Ints) -> list[tuple[tuple[str, float], ...]]:
    """Return, for each of ``rows``, the rules that boost or bury it with their factors, by rule id."""
    rules = active.bound.rules
    return [
        tuple(sorted((rules[place].id, rules[place].factor) for place in places))
        for places in _acting(active, rows, ("boost", "bury"))
    ]


def hides_of(active: Active, rows: Ints) -> list[tuple[str, ...]]:
    """Return, for each of ``rows``, the rules that hide it."""
    return [tuple(active.bound.rules[place].id for place in places) for places in _acting(active, rows, ("hide",))]


def keeps_against(active: Active, rows: Ints, skipped: Sequence[int] = ()) -> list[tuple[str, ...]]:
    """Return, for each of ``rows``, the keeps in force that leave it out."""
    rules = active.bound.rules
    keeps = [place for place in _of_verbs(active, ("keep",)) if place not in skipped]
    inside = _acting(active, rows, ("keep",))
    return [tuple(rules[place].id for place in keeps if place not in places) for places in inside]


def bars_on(bits: int) -> tuple[str, ...]:
    """Return the names of system exclusions."""
    return tuple(name for bar, name in BARS.items() if bits & bar)


def _of_verbs(active: Active, verbs: tuple[str, ...]) -> list[int]:
    every = sorted({*active.places, *active.merged.places})
    return [place for place in every if active.bound.rules[place].verb in verbs]


def _acting(active: Active, rows: Ints, verbs: tuple[str, ...]) -> list[list[int]]:
    """Return, for each of ``rows``, the places of the rules with these verbs that take it in."""
    out: list[list[int]] = [[] for _ in range(len(rows))]
    for place in _of_verbs(active, verbs):
        for number in np.flatnonzero(active.has(place, rows)).tolist():
            out[number].append(place)
    return out


def notes_on(gate: Gate, ranked: Ranked, shown: Ints, over: Mapping[int, str]) -> Notes:
    """Return the notes of one carousel: factors of what is shown, reasons of candidates that are not."""
    active, verdict = gate.active, ranked.verdict
    hidden, out, barred = ranked.rows[verdict.hidden], ranked.rows[~verdict.kept], verdict.bars != 0
    bits = zip(ranked.rows[barred].tolist(), verdict.bars[barred].tolist(), strict=True)
    return Notes(
        factors=dict(zip(shown.tolist(), factors_on(active, shown), strict=True)),
        hidden=dict(zip(hidden.tolist(), hides_of(active, hidden), strict=True)),
        not_kept=dict(zip(out.tolist(), keeps_against(active, out, gate.skipped), strict=True)),
        barred={row: bars_on(code) for row, code in bits},
        over_limit={row: rule for row, rule in over.items() if row not in set(shown.tolist())},
    )


def why_not(active: Active, pool: Pool, arranged: Arranged, bars: BarsOf, row: int) -> tuple[str, ...]:
    """Return why a product is not shown, the weightiest first; empty if it is.

    Args:
        active: the rules that hold.
        pool: the candidates that were arranged, and their tail where one was looked at.
        arranged: what came of them, with notes.
        bars: the system exclusions.
        row: the product.
    """
    if row in arranged.rows:
        return ()
    if not 0 <= row < len(active.bound.catalogue):
        return ("unknown_product",)
    skipped = [place for place in active.of("keep") if active.bound.rules[place].id in arranged.skipped_keeps]
    here = np.array([row], np.int32)
    reasons = [f"hidden: {rule}" for rule in hides_of(active, here)[0]]
    reasons += bars_on(int(bars(here)[0]))
    reasons += [f"not_kept: {rule}" for rule in keeps_against(active, here, skipped)[0]]
    if row in arranged.notes.over_limit:
        reasons.append(f"over_limit: {arranged.notes.over_limit[row]}")
    if reasons:
        return tuple(reasons)
    places = np.flatnonzero((pool.rows == row) & pool.organic)
    if not len(places):
        return ("no_candidate",)
    return ("behind",) if places[0] >= len(pool.rows) - pool.behind else ("ranked_below",)
