"""The shop's clock."""

import time
from collections.abc import Callable

from models.shop import Shop


def shop_clock(shop: Shop) -> Callable[[], int]:
    """Return the shop's clock: the machine's, moved once and for all where the shop names another start."""
    offset = shop.clock_offset(time.time())
    return lambda: int(time.time()) + offset
