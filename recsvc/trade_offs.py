"""Trade-offs: what a carousel's settings take from relevance for profit, price, the long tail, variety.

Each setting is a factor on the scores of the candidates, after the ranker or the blend and before the rules. At 0, the
default, a setting does nothing at all: the scores stay as they are, to the last bit. Every factor is relative to the
best candidates, so that it means the same in a carousel of pennies and in one of pianos.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from models.carousels import Carousel
from models.catalogue import Catalogue
from models.columns import NumberColumn, TextColumn
from models.kinds import Kinds
from models.pairs import paired
from models.schema import NO_ROWS, UNKNOWN, Bools, Context, Doubles, Ints, Longs
from recsvc.diversity import Likeness, diversify
from recsvc.rules.gate import Supply, open_gate
from recsvc.rules.match import Active
from recsvc.rules.pool import BarsOf, Pool
from recsvc.snapshot import Snapshot

BEST = 100
"""Candidates, by score, whose mean is the measure; always as many, so that pages are slices of one ranking."""
LEAST, MOST = 0.001, float(BEST)
"""What a value counts of the mean: a loss a thousandth; above ``BEST`` times the mean none of the best can be."""
POWER = 0.5
"""Of the share of orders, at novelty 1."""


@dataclass(frozen=True, slots=True)
class Traded:
    """The candidates with their adjusted scores, and what was done to them."""

    pool: Pool
    factors: Mapping[str, Doubles] = field(default_factory=dict)
    """Setting -> (n_candidates,) what it did to the score. ``scale``: the same for all, so that no score passes 1."""

    def of(self, row: int) -> dict[str, float]:
        """Return the factors of one product that are not 1, by name; none for what is no candidate."""
        places = np.flatnonzero(self.pool.rows == row) if self.factors else NO_ROWS
        told = {name: float(values[place]) for place in places for name, values in self.factors.items()}
        return {name: factor for name, factor in told.items() if abs(factor - 1) > 1e-6}


def trade(snapshot: Snapshot, carousel: Carousel, pool: Pool, active: Active, bars: BarsOf) -> Traded:
    """Return ``pool`` with scores in (0, 1] under the carousel's trade-offs; the same pool where all are 0.

    Args:
        snapshot: the catalogue and the models.
        carousel: its settings.
        pool: the candidates with the ranker's or the blend's scores.
        active: the rules that hold; with ``bars``, diversity counts only what may be shown.
        bars: the system exclusions.
    """
    if not trades(carousel):
        return Traded(pool)
    best = best_of(pool)
    factors = _one_by_one(snapshot, carousel, pool.rows, best)
    scores = pool.scores * np.prod([np.ones(len(pool.rows)), *factors.values()], axis=0)
    if (top := float(scores.max(initial=0.0))) > 1:
        factors["scale"] = np.full(len(scores), 1 / top)
        scores = np.minimum(scores / top, 1.0)
    if carousel.diversity:
        free = pool.organic & open_gate(active, Supply(pool, ()), bars, NO_ROWS).judge(pool.rows).open
        before, scores = scores, _diverse(snapshot, carousel.diversity, pool.rows, scores, free, best)
        factors["diversity"] = scores / before
    return Traded(replace(pool, scores=scores), factors)


def trades(carousel: Carousel) -> bool:
    """Return whether a carousel has any trade-off."""
    return bool(carousel.diversity or carousel.novelty or carousel.margin_weight or carousel.price_tilt)


def best_of(pool: Pool) -> Longs:
    """Return the places of the ``BEST`` candidates by score, then product row."""
    order = np.lexsort((pool.rows, -pool.scores))
    return order[pool.organic[order]][:BEST]


def _one_by_one(snapshot: Snapshot, carousel: Carousel, rows: Ints, best: Longs) -> dict[str, Doubles]:
    """Return the factors that look at one product alone, by setting."""
    out: dict[str, Doubles] = {}
    if carousel.margin_weight:
        out["margin_weight"] = by_value(profit_of(snapshot.catalogue, rows), best, carousel.margin_weight)
    if carousel.price_tilt:
        out["price_tilt"] = by_value(_numbers(snapshot.catalogue, "price", rows), best, carousel.price_tilt)
    if carousel.novelty and "popularity" in snapshot.models:
        shares = snapshot.models["popularity"].score(Context(0), rows).astype(np.float64)
        out["novelty"] = by_rarity(shares, best, carousel.novelty)
    return out


def by_value(values: Doubles, best: Longs, weight: float) -> Doubles:
    """Return (n_candidates,) 1 - weight + weight x value / mean value: at weight 1 the score x the value, in other units.

    Args:
        values: (n_candidates,) such as prices; NaN where unknown, which counts as the mean.
        best: places of the candidates whose mean it is.
        weight: from 0 to 1.
    """
    known = values[best][np.isfinite(values[best])]
    mean = float(np.maximum(known, 0).mean()) if len(known) else 0.0
    if mean <= 0:
        return np.ones(len(values))
    relative = np.where(np.isfinite(values), np.clip(values / mean, LEAST, MOST), 1.0)
    return 1 - weight + weight * relative


def by_rarity(shares: Doubles, best: Longs, novelty: float) -> Doubles:
    """Return (n_candidates,) (share / typical share) ^ (-novelty x ``POWER``): above 1 for what sells less than others.

    Args:
        shares: (n_candidates,) of the orders, in [0, 1]; below the lowest of the best that is known, that one counts.
        best: places of the candidates whose geometric mean is typical.
        novelty: from 0 to 1.

    Source: Steck, Item popularity and recommendation accuracy, RecSys 2011, section 3: hits weighted by a power of
    popularity.
    """
    sold = shares[best][shares[best] > 0]
    if not len(sold):
        return np.ones(len(shares))
    logs = np.log(np.maximum(shares, sold.min()))
    rarity: Doubles = np.exp(-novelty * POWER * (logs - logs[best].mean()))
    return rarity


def profit_of(catalogue: Catalogue, rows: Ints) -> Doubles:
    """Return (n_rows,) what a sold piece earns, margin x price; the margin alone in a shop without prices; NaN unknown."""
    margin = _numbers(catalogue, "margin", rows)
    return margin * _numbers(catalogue, "price", rows) if "price" in catalogue.columns else margin


def _diverse(snapshot: Snapshot, diversity: float, rows: Ints, scores: Doubles, free: Bools, best: Longs) -> Doubles:
    category, brand = (_codes(snapshot.catalogue, name, rows) for name in ("category", "brand"))
    kinds = snapshot.models.get("kinds")
    kind = paired(kinds.codes_[rows], category) if isinstance(kinds, Kinds) else category
    out = scores.copy()
    out[free] = diversify(scores[free], Likeness.of(kind, category, brand, best).where(free), diversity)
    return out


def _numbers(catalogue: Catalogue, name: str, rows: Ints) -> Doubles:
    column = catalogue.columns.get(name)
    return column.values[rows] if isinstance(column, NumberColumn) else np.full(len(rows), np.nan)


def _codes(catalogue: Catalogue, name: str, rows: Ints) -> Ints:
    column = catalogue.columns.get(name)
    return column.codes[rows] if isinstance(column, TextColumn) else np.full(len(rows), UNKNOWN, np.int32)
