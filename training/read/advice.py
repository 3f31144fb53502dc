"""What to fix first in a shop's files: each advice with what it is worth, the most first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from training.read.facts import Facts
from training.read.findings import Findings
from training.read.returns import LOST

LONG_GAP = 3
"""Days without a purchase that a holiday does not explain."""
MANY, LITTLE = 0.05, 0.01
LARGE_USER = 0.25
"""Share of lines of one user among too few to say what is usual."""
ONCE = 0.98
"""Share of shoppers with a single order from which on the id may be that of an order or a visit."""
FEWEST_USERS = 100
FEW_READY = 0.5
"""Share of product pages below which a catalogue column is worth adding."""
GOOD = "Nothing: the files are in good order."


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to do."""

    worth: float
    """About the share of the lines, the shoppers or the pages that gain by it, in [0, 1]."""
    text: str


def advice(facts: Facts, found: Findings | None = None) -> list[Fix]:
    """Return what to do, what is worth most first; nothing where nothing needs doing."""
    found = found or Findings()
    fixes = [*_rows(facts), *_columns(facts), *_shape(facts, found), *_catalogue(facts, found)]
    return sorted(fixes, key=lambda one: -one.worth)


def _rows(facts: Facts) -> Iterator[Fix]:
    if not facts.lines:
        yield Fix(
            1, "No purchase line is left: look at the reasons above, then at `keep` and the columns of data.purchases."
        )
    for table in facts.tables.values():
        for reason, count in table.refused.most_common(3):
            rows = _said(count, f"row of {table.name} is", f"rows of {table.name} are")
            yield Fix(count / table.read, f"{rows} refused ({reason}): mend at the source, or leave out with `keep`.")
        for reason, count in table.unknown.most_common(3):
            yield Fix(
                count / table.read / 10,
                f"{_said(count, f'row of {table.name} is', f'rows of {table.name} are')} kept without a value ({reason}): mend it at "
                "the source, or with `derive`.",
            )
        for note in table.notes:
            if "fits nothing here" in note:
                yield Fix(0.01, f"{note}: correct the pattern, or take it out.")
    lost = sum(count for reason, count in facts.tables["purchases"].set_aside.items() if reason.startswith(LOST))
    if lost > 0.01 * max(facts.lines, 1):
        yield Fix(
            lost / max(facts.lines, 1),
            f"{_said(lost, 'return finds', 'returns find')} no purchase: map order_id or returns_order_id, or export from an earlier day on.",
        )


def _columns(facts: Facts) -> Iterator[Fix]:
    mapping = facts.tables["purchases"].mapping
    if "time" not in mapping:
        yield Fix(
            0.9,
            "Map a time column: without it nothing is recent, nothing trends, and versions are judged by hidden parts of what "
            "shoppers bought instead of by the last days.",
        )
    if not {"order_id", "session_id"} & set(mapping):
        yield Fix(
            0.3,
            "Map an order_id: without it the lines of a user's day count as one order."
            if "time" in mapping
            else "Map an order_id: without it nothing tells what was bought together.",
        )
    if "products" not in facts.tables:
        yield Fix(0.5, "Add data.products with name and category: new products can only be found by what they are.")
    elif facts.without_catalogue_row:
        yield Fix(
            facts.without_catalogue_row / max(facts.products, 1),
            _said(facts.without_catalogue_row, "product was bought but is", "products were bought but are")
            + ' not listed: add them to data.products, or set unlisted = "set-aside" in data.purchases.',
        )
    if facts.without_price > MANY * max(facts.lines, 1):
        yield Fix(
            0.2 * facts.without_price / facts.lines,
            f"{_said(facts.without_price, 'line has', 'lines have')} no price: map it, or derive it from the value of the line.",
        )


def _shape(facts: Facts, found: Findings) -> Iterator[Fix]:
    for first, last in facts.gaps:
        days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
        if days >= LONG_GAP:
            span = (facts.last or 0) - (facts.first or 0)
            yield Fix(
                days * 86_400 / max(span, 1), f"No purchase from {first} to {last} ({days} days): is a file missing?"
            )
            break
    if found.nobody_share > MANY:
        yield Fix(
            found.nobody_share,
            f"{found.nobody_share:.0%} of lines name no shopper, and speak for their order alone: map visitor_id or session_id "
            "beside user_id, if there is one.",
        )
    by_user = "user_id" in facts.tables["purchases"].mapping
    if by_user and facts.users >= FEWEST_USERS and facts.one_order_users >= ONCE * facts.users:
        yield Fix(
            0.6,
            f"{facts.one_order_users:,} of {facts.users:,} users have a single order: if user_id is another one with each order or "
            "visit, map what stays the same (a customer, an account, a loyalty card), or call it session_id.",
        )
    if found.suspects:
        lines = sum(one.lines for one in found.suspects)
        named = ", ".join(one.product_id + (f" ({one.name})" if one.name else "") for one in found.suspects)
        ids = ", ".join(f'"{one.product_id}"' for one in found.suspects)
        yield Fix(
            max(lines / max(facts.lines, 1), 0.02),
            f"{_said(lines, 'line is', 'lines are')} of what looks like no product: {named}. If so: no_products = [{ids}] in data.purchases.",
        )
    for product, share in found.in_most_orders:
        yield Fix(
            0.1,
            f'{product} is in {share:.0%} of all orders: if it is a bag or a fee, name it in no_products = ["{product}"].',
        )
    if facts.largest_user_share > LARGE_USER:
        who, how = "One user has", "leave a wholesaler, a till or a test account out with `keep` or test_orders."
        if found.nobody_id:
            who, how = f'User "{found.nobody_id}" has', "it stands for nobody, so make it empty with `derive`."
        yield Fix(facts.largest_user_share, f"{who} {facts.largest_user_share:.0%} of all lines: {how}")
    elif found.heavy_share >= LITTLE:
        yield Fix(
            0.01,
            f"{found.heavy_share:.0%} of all lines are of {_said(found.heavy_shoppers, 'heavy shopper', 'heavy shoppers')}, counted for "
            "less in what is learned of all (training.heavy_shoppers): a till or a test account is left out with test_orders.",
        )


def _catalogue(facts: Facts, found: Findings) -> Iterator[Fix]:
    if "products" not in facts.tables:
        return
    given = facts.tables["products"].mapping
    similar = next((one for one in found.readiness if one.carousel == "similar-items"), None)
    if similar is not None and similar.share < FEW_READY:
        missing = [one for one in ("category", "brand") if one not in given]
        how = f"map {' and '.join(missing)}" if missing else "fill category and brand for more products"
        yield Fix(
            (1 - similar.share) / 2,
            f"similar-items can be filled on {similar.share:.0%} of product pages: {how} in data.products.",
        )
    if "name" not in given:
        yield Fix(0.15, "Map a name in data.products: reasons and reports call products by it.")


def _said(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
