"""Who bought what, as one sparse matrix: the input of the collaborative models."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.base import Fitting
from models.lists import best_entries, decay, summed
from models.moments import ages, moments
from models.robust import damped, line_weights
from models.schema import DAY, UNKNOWN, Bools, Context, Doubles, Floats, Ints, Longs

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class Weighting:
    """How much a purchase counts for likeness: 1 + log(1 + orders), faded by recency. One user, one product, one cell."""

    half_life: float = 365.0
    """Days; large = recency hardly counts."""
    binary: bool = False
    """True: bought or not, however often."""


def user_items(data: Fitting, weighting: Weighting) -> "csr_matrix":
    """Return the (n_users, n_products) matrix of float32 weights above 0, at most about 1 + log of the purchases.

    A view, a cart or a click counts as a part of a purchase, by its weight; in a binary matrix up to a whole one.

    Heavy shoppers count for less (``models.robust``), in their products' weights and in how many products they speak for.
    """
    from scipy.sparse import csr_matrix  # here and in every fit: serving needs no scipy, and starts without it

    lines, signals = data.purchases, data.signals
    known = lines.user != UNKNOWN
    named: Bools | slice = slice(None) if known.all() else known  # no copy of every line where all are known
    cells, users, products = _weights(data, weighting, named), lines.user[named], lines.product[named]
    if len(signals):
        faded = 1.0 if weighting.binary else decay((data.until - signals.time) / DAY, weighting.half_life)
        cells = np.concatenate([cells, (signals.weight * faded).astype(np.float32)])
        users, products = np.concatenate([users, signals.user]), np.concatenate([products, signals.product])
    matrix = csr_matrix((cells, (users, products)), shape=(lines.n_users, lines.n_products), dtype=np.float32)
    matrix.sum_duplicates()
    matrix.data = np.minimum(matrix.data, 1.0) if weighting.binary else np.log1p(matrix.data)
    return damped(matrix, data.heavy)


def _weights(data: Fitting, weighting: Weighting, named: Bools | slice) -> Floats:
    """Return what each of the lines ``named`` counts for."""
    lines = data.purchases
    if weighting.binary:
        return np.ones(len(lines.user[named]), np.float32)
    faded = decay((data.until - moments(lines, data.until)[named]) / DAY, weighting.half_life)
    faded *= line_weights(data)[named]
    return faded.astype(np.float32)


def heaviest(users: "csr_matrix", most: int) -> "csr_matrix":
    """Return ``users`` with the ``most`` heaviest entries of each row at most: one shopper must not cost a square."""
    longest = np.diff(users.indptr).max(initial=0)
    if longest <= most:
        return users
    from scipy.sparse import csr_matrix

    rows = np.repeat(np.arange(users.shape[0]), np.diff(users.indptr))
    ptr, kept = best_entries(rows, users.indices.astype(np.int32), users.data, users.shape[0], most)
    return csr_matrix((users.data[kept], users.indices[kept], ptr), users.shape)


def tastes(context: Context, weighting: Weighting, session_weight: float = 1.0) -> tuple[Ints, Doubles]:
    """Return the products that speak for this shopper now, ascending, and their weights on the scale of ``user_items``.

    Purchases count as in training; the last products looked at and the cart count ``session_weight``, halved each
    three steps back.
    """
    bought = context.history
    session = np.concatenate([context.recent[-20:], context.cart[-20:]])
    rows = np.concatenate([bought.product, session])
    faded = np.concatenate(
        [
            decay(ages(bought, context.at), weighting.half_life),
            session_weight * decay(np.arange(len(session))[::-1] / 1.0, 3.0),
        ]
    )
    distinct, weights = summed(rows, faded)
    return distinct, np.ones(len(distinct)) if weighting.binary else np.log1p(weights)


def to_list(data: Fitting, users: Longs) -> Longs:
    """Return those of ``users`` whose lists are worked out: all, but where it is known who will be asked for."""
    return users if data.asked is None else users[np.isin(users, data.asked)]


def by_recency(data: Fitting, users: Longs) -> Longs:
    """Return ``users`` in the order of their last purchase, the latest first; ties by lower row."""
    last = np.full(data.purchases.n_users, np.iinfo(np.int64).min)
    known = data.purchases.user != UNKNOWN
    np.maximum.at(last, data.purchases.user[known], data.purchases.time[known])
    return users[np.argsort(-last[users], kind="stable")].astype(np.int64)
