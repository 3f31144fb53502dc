"""Why is this here, and why is that not here: the same functions as the request path, with notes kept."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.schema import Ints
from recsvc.rules.gate import Gate
from recsvc.rules.match import Active
from recsvc.rules.pool import Arranged, BarsOf, Notes, Pool
from recsvc.rules.rank import Ranked
from recsvc.rules.situation import BARS


def factors_on(active: Active, row: int) -> tuple[tuple[str, float], ...]:
    """Return the rules that boost or bury a product, with their factors, by rule id."""
    rules = active.bound.rules
    places = _acting(active, row, "boost") + _acting(active, row, "bury")
    return tuple(sorted((rules[place].id, rules[place].factor) for place in places))


def hides_of(active: Active, row: int) -> tuple[str, ...]:
    """Return the rules that hide a product."""
    return tuple(active.bound.rules[place].id for place in _acting(active, row, "hide"))


def keeps_against(active: Active, row: int, skipped: Sequence[int] = ()) -> tuple[str, ...]:
    """Return the keeps in force that leave a product out."""
    rules, here = active.bound.rules, np.array([row], np.int32)
    places = [place for place in _of_verb(active, "keep") if place not in skipped and not active.has(place, here)[0]]
    return tuple(rules[place].id for place in places)


def bars_on(bits: int) -> tuple[str, ...]:
    """Return the names of system exclusions."""
    return tuple(name for bar, name in BARS.items() if bits & bar)


def _of_verb(active: Active, verb: str) -> list[int]:
    every = sorted({*active.places, *active.merged.places})
    return [place for place in every if active.bound.rules[place].verb == verb]


def _acting(active: Active, row: int, verb: str) -> list[int]:
    here = np.array([row], np.int32)
    return [place for place in _of_verb(active, verb) if active.has(place, here)[0]]


def notes_on(gate: Gate, ranked: Ranked, shown: Ints, over: Mapping[int, str]) -> Notes:
    """Return the notes of one carousel: factors of what is shown, reasons of candidates that are not."""
    active, verdict = gate.active, ranked.verdict
    rows = ranked.rows.tolist()
    at = {name: np.flatnonzero(mask).tolist() for name, mask in _against(ranked).items()}
    return Notes(
        factors={row: factors_on(active, row) for row in shown.tolist()},
        hidden={rows[place]: hides_of(active, rows[place]) for place in at["hidden"]},
        not_kept={rows[place]: keeps_against(active, rows[place], gate.skipped) for place in at["not_kept"]},
        barred={rows[place]: bars_on(int(verdict.bars[place])) for place in at["barred"]},
        over_limit={row: rule for row, rule in over.items() if row not in set(shown.tolist())},
    )


def _against(ranked: Ranked) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    verdict = ranked.verdict
    return {"hidden": verdict.hidden, "not_kept": ~verdict.kept, "barred": verdict.bars != 0}


def why_not(active: Active, pool: Pool, arranged: Arranged, bars: BarsOf, row: int) -> tuple[str, ...]:
    """Return why a product is not shown, the weightiest first; empty if it is.

    Args:
        active: the rules that hold.
        pool: the candidates that were arranged.
        arranged: what came of them, with notes.
        bars: the system exclusions.
        row: the product.
    """
    if row in arranged.rows:
        return ()
    if not 0 <= row < len(active.bound.catalogue):
        return ("unknown_product",)
    skipped = [place for place in active.of("keep") if active.bound.rules[place].id in arranged.skipped_keeps]
    reasons = [f"hidden: {rule}" for rule in hides_of(active, row)]
    reasons += bars_on(int(bars(np.array([row], np.int32))[0]))
    reasons += [f"not_kept: {rule}" for rule in keeps_against(active, row, skipped)]
    if row in arranged.notes.over_limit:
        reasons.append(f"over_limit: {arranged.notes.over_limit[row]}")
    if reasons:
        return tuple(reasons)
    candidate = bool(np.isin(row, pool.rows[pool.organic]))
    return ("ranked_below",) if candidate else ("no_candidate",)
