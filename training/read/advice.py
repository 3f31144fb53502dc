"""What to fix first in a shop's files, most harmful first."""

from collections.abc import Iterator
from datetime import date

from training.read.facts import Facts
from training.read.returns import LOST

LARGE_USER = 0.02
"""One user with more than this share of lines is a wholesaler or a till."""
LONG_GAP = 3
"""Days without a purchase that a holiday does not explain."""
MANY = 0.05


def advice(facts: Facts) -> list[str]:
    """Return what to do, in order; one sentence where nothing needs doing."""
    return [*_rows(facts), *_columns(facts), *_shape(facts)] or ["Nothing: the files are in good order."]


def _rows(facts: Facts) -> Iterator[str]:
    if not facts.lines:
        yield "No purchase line is left: look at the reasons above, then at `keep` and the columns of data.purchases."
    refused = [
        (count, table.name, reason) for table in facts.tables.values() for reason, count in table.refused.items()
    ]
    for count, table, reason in sorted(refused, reverse=True)[:3]:
        yield f"{count:,} rows of {table} are refused ({reason}): mend them at the source, or name them in `keep`."
    unknown = [
        (count, table.name, reason) for table in facts.tables.values() for reason, count in table.unknown.items()
    ]
    for count, table, reason in sorted(unknown, reverse=True)[:3]:
        yield f"{count:,} rows of {table} are kept without a value ({reason}): mend it at the source, or with `derive`."
    lost = sum(count for reason, count in facts.tables["purchases"].set_aside.items() if reason.startswith(LOST))
    if lost > MANY * max(facts.lines, 1):
        yield f"{lost:,} returns find no purchase: give their order_id, or export from an earlier day on."


def _columns(facts: Facts) -> Iterator[str]:
    mapping = facts.tables["purchases"].mapping
    if "time" not in mapping:
        yield "Map a time column: without it nothing is recent, nothing trends, and no honest test can be made."
    if "order_id" not in mapping:
        yield "Map an order_id: without it the lines of a user's day count as one order."
    if "products" not in facts.tables:
        yield "Add data.products with name and category: new products can only be found by what they are."
    elif facts.without_catalogue_row:
        yield (
            f"{facts.without_catalogue_row:,} products were bought but are not listed: add them to data.products, or set "
            'unlisted = "set-aside" in data.purchases.'
        )
    if facts.without_price > MANY * max(facts.lines, 1):
        yield f"{facts.without_price:,} lines have no price: map it, or derive it from the value of the line."


def _shape(facts: Facts) -> Iterator[str]:
    if facts.largest_user_share > LARGE_USER:
        yield (
            f"One user has {facts.largest_user_share:.0%} of all lines: leave wholesalers, tills and test accounts out "
            "with `keep`."
        )
    for first, last in facts.gaps:
        days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
        if days >= LONG_GAP:
            yield f"No purchase from {first} to {last} ({days} days): is a file missing?"
            break
