"""What is worked out when a version goes live, so that an answer without time costs little: lists for nobody.

Rules, stock and what a request excludes are not in here: they are applied to the lists at the request, as to any others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.base import Model
from models.candidates import Gathered, Source, gather, rate
from models.carousels import Carousel
from models.schema import NO_ROWS, NOTHING, Context, Ints, Scored

LENGTH = 100
"""Products prepared for a carousel."""
ASKED = 300
"""Candidates of each source that they are taken from."""
BESTSELLERS = 500
"""Products that stand in for a fallback that fails."""
SHORT = 500
"""Products asked of each fallback at first; all of them only where these leave positions open."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The lists of one version."""

    by_carousel: Mapping[str, Gathered] = field(default_factory=dict)
    bestsellers: Ints = field(default_factory=lambda: NO_ROWS)


def prepare(models: Mapping[str, Model], carousels: Mapping[str, Carousel], at: int) -> Prepared:
    """Return what each carousel's sources offer to nobody at ``at`` (Unix seconds), the best ``LENGTH`` of it."""
    everybody = Context(at)
    lists = {
        name: _best(gather(models, one.sources, dict.fromkeys(one.sources, ASKED), everybody, NO_ROWS))
        for name, one in carousels.items()
    }
    popular = models["popularity"].candidates(everybody, BESTSELLERS).rows if "popularity" in models else NO_ROWS
    return Prepared(lists, popular)


def ready(
    prepared: Prepared, models: Mapping[str, Source], name: str, carousel: Carousel, context: Context, only: Ints | None
) -> Gathered:
    """Return the candidates of a carousel without asking any model for a list.

    The request's own ``candidates`` by how they sell; what the shopper bought or looked at, the last first, where the
    carousel lives off that; else what was prepared.
    """
    if only is not None:
        return rate(models, {"popularity": 1.0}, context, only)
    if carousel.bought == "only":
        return _last_first(context.history.product)
    if "recently-viewed" in carousel.sources:
        return _last_first(context.recent)
    return prepared.by_carousel.get(name, _last_first(NO_ROWS))


def _best(gathered: Gathered) -> Gathered:
    kept = np.sort(np.lexsort((gathered.rows, -gathered.scores))[:LENGTH])
    rows = gathered.rows[kept]
    by_source = {name: _among(one, rows) for name, one in gathered.by_source.items()}
    return Gathered(rows, gathered.scores[kept], {name: one for name, one in by_source.items() if len(one)}, True)


def _among(scored: Scored, rows: Ints) -> Scored:
    there = np.isin(scored.rows, rows, kind="sort")
    return Scored(scored.rows[there], scored.scores[there]) if there.any() else NOTHING


def _last_first(rows: Ints) -> Gathered:
    """Return the distinct ones of ``rows`` (oldest first), the newest scored highest."""
    distinct, back = np.unique(rows[::-1], return_index=True)
    return Gathered(distinct.astype(np.int32), 1 / (1.0 + np.argsort(np.argsort(back))), {}, exhausted=True)
