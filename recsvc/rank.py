"""Order by what this moment makes likely: the contextual ranker in the request path, or the blend where there is none."""

from collections.abc import Mapping

import numpy as np

from models.beyond import values_at
from models.candidates import FLOOR, Gathered
from models.carousels import Carousel
from models.features import features
from models.held_places import BEHIND
from models.ranker import DEPTHS, Ranker
from models.schema import UNKNOWN, Doubles, Ints
from recsvc.context import Moment
from recsvc.session_places import session_depths
from recsvc.snapshot import Snapshot


def ranker_of(snapshot: Snapshot, carousel: Carousel, moment: Moment) -> Ranker | None:
    """Return the ranker that orders a carousel, or None where the blend does.

    Discovery learned from visits without a page; near a page's product the blend, which knows likeness, orders.
    """
    if carousel.ranker is None or (carousel.ranker == "discovery" and moment.context.page != UNKNOWN):
        return None
    return snapshot.rankers.get(carousel.ranker)


def depths_of(snapshot: Snapshot, carousel: Carousel, moment: Moment, depth: int) -> Mapping[str, int]:
    """Return how many candidates to take of each source: as the ranker was trained, or ``depth`` of each in the blend.

    Where a ranker orders, those that the session brings come on top.
    """
    if carousel.ranker is not None and ranker_of(snapshot, carousel, moment) is not None:
        return {**DEPTHS[carousel.ranker], **session_depths(carousel, moment.context)}
    return dict.fromkeys(carousel.sources, depth)


def rank(snapshot: Snapshot, carousel: Carousel, moment: Moment, gathered: Gathered) -> Doubles:
    """Return (n_candidates,) scores in (0, 1]: the ranker's probabilities, or the blend's scores."""
    ranker = ranker_of(snapshot, carousel, moment)
    if ranker is None or snapshot.world is None or not len(gathered.rows):
        return gathered.scores
    known = features(snapshot.world, moment.context, gathered.rows, moment.shopper.user_id)
    scores: Doubles = np.clip(ranker.score(known), FLOOR, 1.0)
    return _with_new(scores, gathered.rows, snapshot)


def _with_new(scores: Doubles, rows: Ints, snapshot: Snapshot) -> Doubles:
    """Return ``scores`` where products that came after the training have what is usual among the candidates of their kind.

    The ranker reads how a product sells, and would put them last, as what nobody wants. The first of them stands right
    behind the best of its kind: nobody learns how a product sells that is never seen. It is one, however many come.
    """
    if snapshot.trained is None or snapshot.world is None:
        return scores
    old = rows < len(snapshot.trained.catalogue)
    kinds = values_at(snapshot.world.basis.kind_, rows, UNKNOWN).astype(np.int64) + 1  # 0: of no kind
    known = np.bincount(kinds, old & (kinds > 0))
    new = np.flatnonzero(~old & (known[kinds] > 0))
    if not len(new):
        return scores
    usual, out = np.bincount(kinds, old * scores) / np.maximum(known, 1), scores.copy()
    out[new] = usual[kinds[new]]
    first = new[np.argmax(out[new])]
    out[first] = scores[old & (kinds == kinds[first])].max() * BEHIND
    return out


def ranker_features(snapshot: Snapshot, carousel: Carousel, moment: Moment, row: Ints) -> dict[str, float]:
    """Return what the ranker knew of one product (1,), by feature; nothing where the blend orders."""
    ranker = ranker_of(snapshot, carousel, moment)
    if ranker is None or snapshot.world is None:
        return {}
    values = ranker.encode(features(snapshot.world, moment.context, row, moment.shopper.user_id))[0]
    used = zip(ranker.columns_.tolist(), values.tolist(), strict=True)
    return {ranker.names_[place]: round(value, 6) for place, value in used if np.isfinite(value)}
