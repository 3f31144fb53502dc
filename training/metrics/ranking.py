"""Recall, NDCG and hit rate of ranked lists against what was bought."""

from dataclasses import dataclass

import numpy as np

from models.schema import Bools, Doubles, Ints


@dataclass(frozen=True, slots=True)
class Lists:
    """Answers to (n_requests,) requests, and how much there was to find."""

    hits: Bools
    """(n_requests, depth): whether the product at a position was bought; False where the list ended."""
    truth: Ints
    """(n_requests,) products that were bought; at least 1."""


def recall(lists: Lists, k: int) -> Doubles:
    """Return (n_requests,) the share of the truth among the first ``k``, in [0, 1]; not capped by k."""
    share: Doubles = lists.hits[:, :k].sum(axis=1) / lists.truth
    return share


def hit_rate(lists: Lists, k: int) -> Doubles:
    """Return (n_requests,) 1.0 where any of the first ``k`` was bought, else 0.0."""
    hit: Doubles = np.any(lists.hits[:, :k], axis=1).astype(np.float64)
    return hit


def ndcg(lists: Lists, k: int) -> Doubles:
    """Return (n_requests,) discounted gain over that of the best possible list of min(k, truth), in [0, 1].

    Source: Järvelin, Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002, section 2.2; binary gain.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    shown = lists.hits[:, :k]
    gains: Doubles = (shown @ discounts[: shown.shape[1]]) / ideal[np.minimum(lists.truth, k)]
    return gains
