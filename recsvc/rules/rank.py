"""Steps 3 to 5: the candidates with their factors, best first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.schema import Bools, Doubles, Ints
from recsvc.rules.gate import Gate, Verdict
from recsvc.rules.match import Active
from recsvc.rules.pool import Pool

LEAST_FACTOR, MOST_FACTOR = 0.05, 20.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """The pool by score descending, then product id, and then its tail likewise; every array has shape (n_candidates,)."""

    rows: Ints
    scores: Doubles
    organic: Bools
    verdict: Verdict

    @property
    def eligible(self) -> Bools:
        """Return where a candidate may be shown by its own score."""
        return self.organic & self.verdict.open


def factors_of(active: Active, rows: Ints) -> Doubles:
    """Return (n_rows,): the product of all matching factors, clamped to [0.05, 20]."""
    out = active.merged.factors(rows)
    rules, targets = active.bound.rules, active.bound.targets
    listed: list[tuple[Ints, float]] = []
    for place in sorted(active.of("boost", "bury"), key=lambda one: rules[one].id):
        own = targets[place].rows
        if targets[place].static and own is not None and own.rows is not None:
            listed.append((own.rows, rules[place].factor))
        else:
            out = np.where(active.has(place, rows), out * rules[place].factor, out)
    if listed:
        _multiply(out, rows, listed)
    return np.clip(out, LEAST_FACTOR, MOST_FACTOR)


def _multiply(out: Doubles, rows: Ints, listed: Sequence[tuple[Ints, float]]) -> None:
    """Multiply ``out`` (n_rows,) by the factors of all ``listed`` products at once, one list after another."""
    if not len(rows):
        return
    wanted = np.concatenate([own for own, _ in listed])
    factors = np.repeat([factor for _, factor in listed], [len(own) for own, _ in listed])
    order = np.argsort(rows)
    places = order[np.minimum(np.searchsorted(rows, wanted, sorter=order), len(rows) - 1)]
    hit = rows[places] == wanted
    np.multiply.at(out, places[hit], factors[hit])


def rank(active: Active, pool: Pool, gate: Gate) -> Ranked:
    """Return the candidates in order, with what stands against each."""
    scores = pool.scores * factors_of(active, pool.rows)
    order = np.argsort(-scores)
    if (
        scores[order[1:]] == scores[order[:-1]]
    ).any():  # ties are rare, and sorting by two keys costs three times as much
        order = np.lexsort((active.bound.id_rank[pool.rows], -scores))
    if pool.behind:
        tail = order >= len(order) - pool.behind
        order = np.concatenate([order[~tail], order[tail]])
    rows = pool.rows[order]
    return Ranked(rows, scores[order], pool.organic[order], gate.judge(rows))
