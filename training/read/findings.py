"""What ``check`` looks for beyond the figures: readiness, likely non-products, heavy shoppers, what stands in most orders."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.robust import shopper_weights
from models.schema import UNKNOWN, Ints
from models.shop import Shop
from models.statistics import first_lines
from training.read.readiness import Ready, readiness
from training.read.shop_data import ShopData
from training.read.suspects import NOBODY, Suspect, suspects

MOST_ORDERS = 0.5
"""Share of orders from which on a product is a bag or a fee rather than a choice."""
FEWEST_ORDERS = 50


@dataclass(frozen=True, slots=True)
class Findings:
    """What is found in a shop's data by looking closer."""

    readiness: tuple[Ready, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    heavy_shoppers: int = 0
    """Shoppers who count for less (``models.robust``)."""
    heavy_share: float = 0.0
    """Their share of all lines."""
    nobody_id: str = ""
    """The id of the user with the most lines, where it is a word for nobody."""
    nobody_share: float = 0.0
    """Share of lines that name no shopper."""
    in_most_orders: tuple[tuple[str, float], ...] = ()
    """(product id, share of orders) of what stands in more than half of them."""

    def plain(self) -> dict[str, Any]:
        """Return the findings as plain data for JSON."""
        return {**asdict(self), "readiness": [asdict(one) | {"share": round(one.share, 4)} for one in self.readiness]}


def findings(shop: Shop, data: ShopData) -> Findings:
    """Return what is found in the data of ``shop``; nothing where no line is left."""
    lines = data.purchases
    if not len(lines):
        return Findings()
    heavy = shopper_weights(lines, shop.training.heavy_shoppers) < 1
    named = lines.user[lines.user != UNKNOWN]
    orders = np.bincount(
        lines.product[first_lines(lines.order, lines.product, lines.n_products)], minlength=lines.n_products
    )
    common = np.flatnonzero(orders > MOST_ORDERS * lines.n_orders) if lines.n_orders >= FEWEST_ORDERS else ()
    return Findings(
        readiness(shop, data),
        suspects(data),
        int(heavy.sum()),
        float(heavy[named].sum()) / len(lines),
        _nobody(data, named),
        1 - len(named) / len(lines),
        tuple((data.products.id(int(row)), float(orders[row] / lines.n_orders)) for row in common),
    )


def _nobody(data: ShopData, named: Ints) -> str:
    most = data.users.id(int(np.bincount(named).argmax())) if len(named) else ""
    return most if most.lower() in NOBODY else ""
