"""Why a product is there, in facts that the models measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.base import Fact, Model
from models.columns import NumberColumn
from models.schema import Context
from recsvc.asking import Reason
from recsvc.snapshot import Snapshot

SHOWN = ("name", "brand", "category", "image", "url")
"""What an answer tells of a product beside its price."""
MOST_KNOWN = 10_000
"""Products whose facts are kept at once: 10 MB at most."""
NO_REASON = Reason("catalogue", "From the catalogue")


def reason_of(snapshot: Snapshot, context: Context, row: int, sources: Sequence[str]) -> Reason:
    """Return the first fact that ``sources``, the strongest first, know about a product."""
    fact = _first_fact(snapshot.models, context, row, sources)
    if fact is None:
        return NO_REASON
    return Reason(fact.code, fact.text.format(**_named(snapshot, fact.values)))


def pin_reason(rule: str) -> Reason:
    """Return the reason of a pinned product."""
    return Reason("pin", f"Pinned: {rule}")


class ProductFacts:
    """What an answer tells of each product of one snapshot: read from the catalogue once, and shared by all answers."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._known: dict[int, tuple[str, Mapping[str, Any]]] = {}

    def of(self, row: int) -> tuple[str, Mapping[str, Any]]:
        """Return the id of a product, and what a storefront shows of it."""
        found = self._known.get(row)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known = {}
            found = self.snapshot.catalogue.ids.id(row), product_facts(self.snapshot, row)
            self._known[row] = found
        return found


def product_facts(snapshot: Snapshot, row: int) -> dict[str, Any]:
    """Return what a storefront shows of a product, as far as the catalogue knows it."""
    catalogue = snapshot.catalogue
    out: dict[str, Any] = {name: value for name in SHOWN if (value := catalogue.value(name, row))}
    price = catalogue.columns.get("price")
    if isinstance(price, NumberColumn) and (known := price.value(row)) is not None:
        out["price"] = round(known, 2)
        if snapshot.shop.currency:
            out["currency"] = snapshot.shop.currency
    return out


def _first_fact(models: Mapping[str, Model], context: Context, row: int, sources: Sequence[str]) -> Fact | None:
    for name in (*sources, "popularity"):
        if name in models and (fact := models[name].fact(context, row)) is not None:
            return fact
    return None


def _named(snapshot: Snapshot, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with products by name, or by id where they have none."""
    out = dict(values)
    if "product" in out and isinstance(out["product"], int):
        row = out["product"]
        out["product"] = snapshot.catalogue.value("name", row) or snapshot.catalogue.ids.id(row)
    return out
