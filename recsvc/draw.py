"""The one way in which shoppers are drawn: the same one always draws the same, on every replica, without any memory."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate

BITS = 53
"""Of a draw: as many as a float holds without rounding."""


def draw(who: str, *what: str) -> float:
    """Return a number in [0, 1) for a shopper, even over shoppers and independent over ``what``."""
    drawn = sha256("\0".join((*what, who)).encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(drawn[:8], "big") >> (64 - BITS)) / (1 << BITS)


def place_of(drawn: float, weights: Sequence[float]) -> int:
    """Return which part of a line cut by ``weights`` (above 0) the number ``drawn`` in [0, 1) lies in."""
    at = drawn * sum(weights)
    return next((place for place, end in enumerate(accumulate(weights)) if at < end), len(weights) - 1)
