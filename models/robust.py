"""One shopper does not bend a shop: wholesalers, tills and offices count for what others see as one heavy shopper does.

The lines of a shopper who has far more than is typical are counted by their logarithm, product by product, and together
for no more than the limit (winsorising, Tukey 1962). Everybody else's count in full, to the last bit.
"""

from typing import TYPE_CHECKING

import numpy as np

from models.schema import UNKNOWN, Doubles, Purchases

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from models.base import Fitting

HEAVY = 5.0
"""Times the lines of a typical shopper; more is more than anybody buys for a home."""
FEWEST = 20
"""Shoppers without whom nothing is typical."""
LEAST_SHARE = 0.001
"""Of all lines: who has fewer bends nothing."""


def limit_of(sizes: Doubles, heavy: float) -> float:
    """Return above which of the (n_users,) ``sizes`` a shopper is a heavy one; infinite where nobody is.

    Typical is the size that half of all lines lie in shoppers of at most (a median by lines, so that the many who came once
    do not make everybody heavy), the largest hundredth of the shoppers left out.
    """
    present = np.sort(sizes[sizes > 0])
    if heavy <= 0 or len(present) < FEWEST:
        return float("inf")
    usual = present[: len(present) - max(len(present) // 100, 1)]
    typical = float(usual[np.searchsorted(np.cumsum(usual), usual.sum() / 2)])
    return max(heavy * typical, LEAST_SHARE * float(present.sum()))


def shopper_weights(lines: Purchases, heavy: float) -> Doubles:
    """Return (n_users,) how much each line of a shopper counts for others: 1, and less for a heavy shopper; above 0."""
    known = lines.user[lines.user != UNKNOWN]
    sizes = np.bincount(known, minlength=lines.n_users).astype(np.float64)
    limit = limit_of(sizes, heavy)
    out = np.ones(lines.n_users)
    for user in np.flatnonzero(sizes > limit).tolist():
        start, end = np.searchsorted(lines.user, [user, user + 1])
        counts = np.unique(lines.product[start:end], return_counts=True)[1]
        out[user] = min(float(np.log1p(counts).sum()), limit) / sizes[user]
    return out


def weights_of(lines: Purchases, heavy: float) -> Doubles:
    """Return (n_lines,) how much each line counts; lines of nobody count in full."""
    weights = np.append(shopper_weights(lines, heavy), 1.0)
    return np.broadcast_to(1.0, len(lines)) if (weights == 1).all() else weights[lines.user]


def line_weights(data: "Fitting") -> Doubles:
    """Return (n_lines,) how much each line counts in a model."""
    return weights_of(data.purchases, data.heavy)


def damped(users: "csr_matrix", heavy: float) -> "csr_matrix":
    """Return the (n_users, n_products) matrix with the rows of those who buy far more products than is typical shrunk.

    Their weights are lowered so that, together, they are those of as many products as the limit.
    """
    counts = np.diff(users.indptr).astype(np.float64)
    limit = limit_of(counts, heavy)
    if (counts > limit).any():
        users = users.copy()
        users.data *= np.repeat(np.minimum(1.0, limit / np.maximum(counts, 1.0)), np.diff(users.indptr)).astype(
            users.dtype
        )
    return users
