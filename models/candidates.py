"""Candidates from several models at once, merged by product and blended; no loop over products."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.compiled import places_in
from models.lists import scores_of, summed
from models.schema import NO_ROWS, Context, Doubles, Floats, Ints, Scored

DEPTH = 300
"""Candidates asked of each source at first where a blend orders, and as many as the carousel has positions beside them.

More when that leaves too few. Neither size nor offset of a request moves it: pages agree.
"""
FLOOR = 1e-6
"""The score of a product that no model says anything about."""


class Source(Protocol):
    """What of a model candidates are made from."""

    def candidates(self, context: Context, n: int) -> Scored:
        """Return at most ``n`` products, highest score first."""
        ...

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return (n_rows,) scores on the scale of ``candidates``."""
        ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """Products that compete for a carousel."""

    rows: Ints
    """(n_candidates,) distinct, ascending."""
    scores: Doubles
    """(n_candidates,) in (0, 1]."""
    by_source: Mapping[str, Scored]
    """What each source said, for the reasons."""
    exhausted: bool
    """No source has more to give."""


def gather(
    models: Mapping[str, Source],
    weights: Mapping[str, float],
    depths: Mapping[str, int],
    context: Context,
    without: Ints,
) -> Gathered:
    """Return the best of each source, blended: the weighted mean of the sources' scores.

    Args:
        models: by source.
        weights: of the sources in the blend; a source without a weight brings candidates and no score.
        depths: how many candidates to take of each source.
        context: the request.
        without: (n,) products that need not compete, such as what was bought; each source gives its depth beside them.
    """
    answers = {
        name: models[name].candidates(context, depth + len(without)) for name, depth in depths.items() if name in models
    }
    exhausted = all(len(found) < depths[name] + len(without) for name, found in answers.items())
    if len(without):
        answers = _left(answers, without, depths)
    named = np.concatenate([NO_ROWS, *(a.rows for a in answers.values())])
    weighted = np.concatenate([np.empty(0), *(weights.get(name, 0.0) * a.scores for name, a in answers.items())])
    rows, scores = summed(named, weighted)
    return Gathered(rows, _bounded(scores / max(sum(weights.values()), FLOOR)), answers, exhausted)


def _left(answers: Mapping[str, Scored], without: Ints, depths: Mapping[str, int]) -> dict[str, Scored]:
    """Return of each source what is not among ``without``, the best; all are looked up in one table."""
    edges = np.cumsum([0, *(len(found) for found in answers.values())])
    other = places_in(without, np.concatenate([NO_ROWS, *(found.rows for found in answers.values())])) < 0
    left = {
        name: np.flatnonzero(other[start:end])[: depths[name]]
        for name, start, end in zip(answers, edges[:-1], edges[1:], strict=True)
    }
    return {name: Scored(found.rows[left[name]], found.scores[left[name]]) for name, found in answers.items()}


def rate(models: Mapping[str, Source], weights: Mapping[str, float], context: Context, rows: Ints) -> Gathered:
    """Return exactly ``rows`` (distinct), blended as ``gather`` does; what no model knows gets the lowest score."""
    rows = np.sort(rows)
    answers = {name: Scored(rows, models[name].score(context, rows)) for name in weights if name in models}
    total = sum((weights[name] * answer.scores for name, answer in answers.items()), np.zeros(len(rows)))
    return Gathered(rows, _bounded(total / max(sum(weights.values()), FLOOR)), answers, exhausted=True)


def _bounded(scores: Doubles | Floats) -> Doubles:
    """Return ``scores`` in (0, 1]: a source without an upper bound shrinks them all, so that none are made equal."""
    bounded: Doubles = np.clip(scores.astype(np.float64) / max(float(scores.max(initial=0.0)), 1.0), FLOOR, 1.0)
    return bounded


def strongest(gathered: Gathered, weights: Mapping[str, float], rows: Ints) -> list[list[str]]:
    """Return for each of ``rows`` the sources that offer it, the one that adds most first."""
    names = list(gathered.by_source)
    parts = np.array([weights.get(name, FLOOR) * scores_of(gathered.by_source[name], rows) for name in names]).reshape(
        len(names), len(rows)
    )
    order = np.argsort(-parts, axis=0, kind="stable")
    return [[names[place] for place in order[:, column] if parts[place, column] > 0] for column in range(len(rows))]
