"""What sources offer to past requests, held as arrays: a blend of them is weighed without asking any model again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.base import Model
from models.candidates import gather
from models.carousels import Carousel
from models.schema import NO_ROWS, Bools, Context, Doubles, Floats, Ints, Longs
from training.metrics.by_user import by_user
from training.metrics.ranking import Lists, ndcg
from training.split import Requests

DEPTH = 10
"""Products of a list that count."""
ASKED = 310
"""Candidates of each source, about as many as serving takes."""


@dataclass(frozen=True, slots=True)
class Offers:
    """The candidates of every request of one task, with each source's score."""

    requests: Requests
    sources: tuple[str, ...]
    scores: Floats
    """(n_sources, n_requests, n_candidates): 0 where a source does not offer a product, or the list has ended."""
    bought: Bools
    """(n_requests, n_candidates)"""
    held: Longs
    """(n_requests,) products that were bought, offered or not."""

    def gains(self, blend: Mapping[str, float]) -> Doubles:
        """Return (n_users,) NDCG@10 of the blend by shopper, users ascending; weights of other sources count nothing."""
        weights = np.array([blend.get(name, 0.0) for name in self.sources], np.float32)
        return self._gains(np.tensordot(weights, self.scores, axes=1))

    def _gains(self, scores: Floats) -> Doubles:
        depth = min(DEPTH, scores.shape[1])
        top = np.argpartition(-scores, depth - 1, axis=1)[:, :depth] if depth else np.empty((len(scores), 0), np.int64)
        top = np.sort(top, axis=1)  # ties by lower row
        found = np.take_along_axis(scores, top, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        top, found = np.take_along_axis(top, order, axis=1), np.take_along_axis(found, order, axis=1)
        hits = np.take_along_axis(self.bought, top, axis=1) & (found > 0)
        return by_user(ndcg(Lists(hits, self.held.astype(np.int32)), DEPTH), self.requests)

    def strength(self, blend: Mapping[str, float]) -> float:
        """Return the mean score of the products that the blend puts into its lists; 0 where it offers nothing."""
        weights = np.array([blend.get(name, 0.0) for name in self.sources], np.float32)
        scores = np.tensordot(weights, self.scores, axes=1)
        depth = min(DEPTH, scores.shape[1])
        return float(-np.partition(-scores, depth - 1, axis=1)[:, :depth].mean()) if depth and len(scores) else 0.0


def offers_of(
    models: Mapping[str, Model],
    sources: Sequence[str],
    carousel: Carousel,
    requests: Requests,
    contexts: Sequence[Context],
) -> Offers:
    """Return what ``sources`` of fitted ``models`` offer to ``requests`` for a carousel.

    What the carousel leaves out, the page's own product and what the shopper has bought, is left out here too.
    """
    depths = dict.fromkeys(sources, ASKED)
    found = []
    for context in contexts:
        bought = context.history.products() if carousel.bought == "exclude" else NO_ROWS
        gathered = gather(models, {}, depths, context, bought)
        rows = gathered.rows[gathered.rows != context.page]
        found.append((rows, [gathered.by_source[name] for name in sources]))
    widest = max((len(rows) for rows, _ in found), default=0)
    scores = np.zeros((len(sources), len(found), widest), np.float32)
    right = np.zeros((len(found), widest), np.bool_)
    for place, (rows, answers) in enumerate(found):
        right[place, : len(rows)] = np.isin(rows, requests.truth[place])
        for number, answer in enumerate(answers):
            where, inside = _places(rows, answer.rows)
            scores[number, place, where[inside]] = answer.scores[inside]
    held = np.array([len(truth) for truth in requests.truth], np.int64)
    return Offers(requests, tuple(sources), scores, right, held)


def _places(rows: Ints, wanted: Ints) -> tuple[Longs, Bools]:
    """Return where each of ``wanted`` lies in the ascending ``rows``, and whether it does."""
    places = np.minimum(np.searchsorted(rows, wanted), max(len(rows) - 1, 0)).astype(np.int64)
    return places, rows[places] == wanted if len(rows) else np.zeros(len(wanted), np.bool_)
