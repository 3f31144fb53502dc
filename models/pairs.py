"""Two codes of a product as one: the same kind is the same fine code within the same coarse one."""

import numpy as np

from models.schema import UNKNOWN, Ints


def paired(fine: Ints, coarse: Ints) -> Ints:
    """Return (n_rows,) codes of the pairs that occur; ``UNKNOWN`` where both are.

    A size of 750 ml is not one kind of product, wine of 750 ml is. Where one of the two is unknown, the other tells.
    """
    known = (fine != UNKNOWN) | (coarse != UNKNOWN)
    out = np.full(len(fine), UNKNOWN, np.int32)
    width = int(coarse.max(initial=0)) + 2
    pairs = (fine[known].astype(np.int64) + 1) * width + coarse[known] + 1
    out[known] = np.unique(pairs, return_inverse=True)[1]
    return out
