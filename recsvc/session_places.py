"""What was just looked at holds places in a carousel whose ranker learned from visits that had no session."""

from collections.abc import Mapping

import numpy as np

from models.candidates import Gathered
from models.carousels import Carousel
from models.held_places import holding
from models.lists import scores_of
from models.schema import Context, Doubles

LOOKED_AT, IN_CART = ("next-in-session", "similar"), ("bought-together",)
"""Sources that tell what is near the products looked at, and what goes with the cart."""
DEPTH = 60
"""Candidates taken of each."""


def session_depths(carousel: Carousel, context: Context) -> Mapping[str, int]:
    """Return how many candidates to take because of the session, by source of a carousel that a ranker orders.

    That is a matter of discovery, whose ranker never saw a session: what a shopper looks at now says more than what training
    can know. Nothing without a session.
    """
    if carousel.ranker != "discovery":
        return {}
    names = (LOOKED_AT if len(context.recent) else ()) + (IN_CART if len(context.cart) else ())
    return {name: DEPTH for name in names if name in carousel.sources}


def with_session(scores: Doubles, gathered: Gathered, carousel: Carousel, context: Context) -> Doubles:
    """Return (n_candidates,) the ranker's ``scores``, every third place held for what the session's sources offer most.

    What the scores alone would show among the first ``carousel.size`` needs no place, so that the session is seen; where
    there is nothing else, as in a shop of few products, it has one.
    """
    offering = [name for name in session_depths(carousel, context) if name in gathered.by_source]
    if not offering:
        return scores
    near = np.zeros(len(scores))
    for name in offering:
        near += carousel.sources[name] * scores_of(gathered.by_source[name], gathered.rows)
    behind = near > 0
    behind[np.argsort(-scores, kind="stable")[: carousel.size]] = False
    chosen = np.flatnonzero(behind if behind.any() else near > 0)
    return holding(scores, chosen[np.lexsort((-scores[chosen], -near[chosen]))])
