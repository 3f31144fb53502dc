"""Candidates from several models at once, merged by product and blended; no loop over products."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.base import Model
from models.lists import scores_of
from models.schema import NO_ROWS, Context, Doubles, Ints, Scored

FLOOR = 1e-6
"""The score of a product that no model says anything about."""


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


def gather(models: Mapping[str, Model], weights: Mapping[str, float], context: Context, depth: int) -> Gathered:
    """Return the ``depth`` best of each source, blended: the weighted mean of the sources' scores."""
    answers = {name: models[name].candidates(context, depth) for name in weights if name in models}
    rows, places = np.unique(np.concatenate([NO_ROWS, *(a.rows for a in answers.values())]), return_inverse=True)
    weighted = np.concatenate([np.empty(0), *(weights[name] * a.scores for name, a in answers.items())])
    scores = np.bincount(places, weighted, len(rows)) / max(sum(weights.values()), FLOOR)
    exhausted = all(len(answer) < depth for answer in answers.values())
    return Gathered(rows.astype(np.int32), np.clip(scores, FLOOR, 1.0), answers, exhausted)


def rate(models: Mapping[str, Model], weights: Mapping[str, float], context: Context, rows: Ints) -> Gathered:
    """Return exactly ``rows`` (distinct), blended as ``gather`` does; what no model knows gets the lowest score."""
    rows = np.sort(rows)
    answers = {name: Scored(rows, models[name].score(context, rows)) for name in weights if name in models}
    total = sum((weights[name] * answer.scores for name, answer in answers.items()), np.zeros(len(rows)))
    return Gathered(rows, np.clip(total / max(sum(weights.values()), FLOOR), FLOOR, 1.0), answers, exhausted=True)


def strongest(gathered: Gathered, weights: Mapping[str, float], rows: Ints) -> list[list[str]]:
    """Return for each of ``rows`` the sources that offer it, the one that adds most first."""
    names = list(gathered.by_source)
    parts = np.array([weights[name] * scores_of(gathered.by_source[name], rows) for name in names]).reshape(
        len(names), len(rows)
    )
    order = np.argsort(-parts, axis=0, kind="stable")
    return [[names[place] for place in order[:, column] if parts[place, column] > 0] for column in range(len(rows))]
