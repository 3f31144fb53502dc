"""Places in a list that are held for products which their scores alone would put behind."""

import numpy as np

from models.schema import Doubles, Longs

EVERY = 3
"""One place of so many is held."""
BEHIND = 1 - 1e-6
"""Of a score: right behind it."""
STEP = 1e-6
"""Of a score: by so much each held one is behind the one before, where nothing else stands between them."""


def holding(scores: Doubles, chosen: Longs) -> Doubles:
    """Return (n,) ``scores`` in which every third place is one of ``chosen``, until none is left, these in their order.

    Args:
        scores: (n,), 0 for what must not be shown.
        chosen: (n_chosen,) places in ``scores``, each once, in the order in which they come. None falls back.
    """
    apart = scores > 0
    apart[chosen] = False
    others = np.sort(scores[apart])[::-1]
    out = scores.astype(np.float64)
    if len(chosen) and len(others):
        before = (EVERY - 1) * np.arange(1, len(chosen) + 1) - 1
        out[chosen] = np.maximum(out[chosen], others[np.minimum(before, len(others) - 1)] * BEHIND)
    out[chosen] *= 1 - STEP * np.arange(len(chosen))
    return out
