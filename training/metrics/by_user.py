"""The measures of answered requests, one value a shopper: what is averaged, compared in pairs and resampled."""

import numpy as np

from models.schema import UNKNOWN, Doubles, Longs
from training.metrics.ranking import Lists, hit_rate, ndcg, recall
from training.split import Requests

MEASURES = ("recall@10", "ndcg@10", "hit@10")


def scores(task: Requests, shown: Longs, n_products: int) -> dict[str, Doubles]:
    """Return (n_users,) of each of ``MEASURES``, users ascending, for (n_requests, 10) product rows ``shown``."""
    lists = lists_of(task, shown, n_products)
    depth = shown.shape[1]
    found = {"recall@10": recall(lists, depth), "ndcg@10": ndcg(lists, depth), "hit@10": hit_rate(lists, depth)}
    return {name: by_user(values, task) for name, values in found.items()}


def lists_of(task: Requests, shown: Longs, n_products: int) -> Lists:
    """Return which of the (n_requests, depth) rows ``shown`` were bought; never one that is ``UNKNOWN``."""
    bought = np.concatenate([row * n_products + found.astype(np.int64) for row, found in enumerate(task.truth)])
    keys = np.arange(len(task))[:, None] * n_products + shown
    hits = np.isin(keys, bought) & (shown != UNKNOWN)
    return Lists(hits, np.array([len(found) for found in task.truth], np.int32))


def by_user(values: Doubles, task: Requests) -> Doubles:
    """Return (n_users,) the mean of (n_requests,) ``values`` of each user, users ascending."""
    _, places = np.unique(task.user, return_inverse=True)
    means: Doubles = np.bincount(places, values) / np.bincount(places)
    return means
