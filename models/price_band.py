"""How near two prices are, for whoever looks for something instead."""

import numpy as np

from models.schema import Doubles, Floats

OCTAVES = 0.7
"""log2 of the price ratio at which nearness is one half: a factor of 1.6."""


def nearness(prices: Floats, own: float, octaves: float = OCTAVES) -> Doubles:
    """Return (n,) 2 ** -(log2(price ratio) / ``octaves``) ** 2, in (0, 1]; one half where either price is not known."""
    ratio = np.log2(np.maximum(prices, 0.01) / max(own, 0.01))
    near: Doubles = np.exp2(-((np.where(np.isnan(ratio), octaves, ratio) / octaves) ** 2))
    return near
