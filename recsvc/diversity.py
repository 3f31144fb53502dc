"""Diversity: each product that is like what stands before it gives way, the more the more of them there are."""

from dataclasses import dataclass

import numpy as np

from models.schema import UNKNOWN, Bools, Doubles, Ints, Longs

POSITIONS = 100
"""Places that are filled one by one; always as many, so that the pages of a carousel are slices of one ranking."""
SOFT = 0.5
"""The most that a shared category or brand counts beside a shared kind."""
LEAST = 1e-100
"""What is left of a score at diversity 1: below every score that a product of another kind can have."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like two candidates are, from 0 to 1; every array has shape (n_candidates,).

    1 for the same kind. Else a shared category or brand counts ``SOFT`` x (1 - the share of candidates that have it):
    what nearly all candidates share sets nothing apart.
    """

    kind: Ints
    category: Ints
    brand: Ints
    category_counts: Doubles
    brand_counts: Doubles

    @classmethod
    def of(cls, kind: Ints, category: Ints, brand: Ints, best: Longs) -> "Likeness":
        """Return the likeness by codes, ``UNKNOWN`` where there is none; shares are those among the ``best`` places."""
        return cls(kind, category, brand, _counts(category, best), _counts(brand, best))

    def where(self, mask: Bools) -> "Likeness":
        """Return it for the candidates that ``mask`` holds for."""
        return Likeness(
            self.kind[mask], self.category[mask], self.brand[mask], self.category_counts[mask], self.brand_counts[mask]
        )


def _counts(codes: Ints, best: Longs) -> Doubles:
    distinct, places = np.unique(codes, return_inverse=True)
    shares = np.bincount(places[best], minlength=len(distinct)) / max(len(best), 1)
    counts: Doubles = np.where(codes == UNKNOWN, 0.0, SOFT * (1 - shares[places]))
    return counts


def diversify(scores: Doubles, likeness: Likeness, diversity: float) -> Doubles:
    """Return (n_candidates,) scores in (0, 1], distinct, none above the one given; their order is the diverse one.

    Places are filled one by one, each by the best score that is left; then every other candidate's score is multiplied
    by 1 - diversity x its likeness to the one that was taken. So the same kind again costs (1 - diversity) for each time
    that it was shown, and at 1 it comes after all kinds that were not.

    Args:
        scores: (n_candidates,) in (0, 1].
        likeness: of the same candidates.
        diversity: above 0, at most 1.

    Source: Carbonell, Goldstein, The use of MMR, SIGIR 1998, section 2: greedy by relevance and likeness to what was
    chosen; here as a product, so that it holds on any scale of scores, and over all that was chosen, not the likest.
    """
    n, logs = len(scores), np.log(scores)
    of_kind = np.log(max(1 - diversity, LEAST))
    of_category = np.log(1 - diversity * likeness.category_counts)
    of_brand = np.log(1 - diversity * likeness.brand_counts)
    taken, keys = np.empty(min(POSITIONS, n), np.int64), np.empty(n)
    for place in range(len(taken)):
        one = int(np.argmax(logs))
        taken[place], keys[place], logs[one] = one, logs[one], -np.inf
        cost = np.minimum(
            np.where(likeness.category == likeness.category[one], of_category, 0.0),
            np.where(likeness.brand == likeness.brand[one], of_brand, 0.0),
        )
        if likeness.kind[one] != UNKNOWN:
            cost[likeness.kind == likeness.kind[one]] = of_kind
        logs += cost
    rest = np.argsort(-logs, kind="stable")[: n - len(taken)]  # what was taken is -inf: behind them
    keys[len(taken) :] = logs[rest]
    return np.minimum(_in_order(np.concatenate([taken, rest]), keys), scores)


def _in_order(order: Longs, keys: Doubles) -> Doubles:
    """Return (n,) scores by candidate: exp(``keys``), a trace less at each place, so that equal ones keep their order.

    Whatever would be too small for a number shares out what is below ``LEAST``.
    """
    n = len(order)
    place = np.arange(n)
    large = np.log(LEAST) < keys
    scores = np.where(large, np.exp(np.maximum(keys, np.log(LEAST))) * (1 - 1e-12 * place), 0.0)
    scores = np.where(large, scores, LEAST / 2 * (n - place) / n)
    out = np.empty(n)
    out[order] = scores
    return out
