"""The data page: what a shop's files hold, as a text that a person can act on."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from models.shop import Shop
from training.read.advice import GOOD, advice
from training.read.facts import Facts, TableFacts
from training.read.findings import Findings

WIDTH = 100
"""Characters of a row or an expression that are shown."""
BAR = 20
"""Characters of a full bar."""
GAPS = 4
"""Gaps in time that are shown."""


def data_page(shop: Shop, facts: Facts, found: Findings | None = None) -> str:
    """Return the page: the files, the shop, what each carousel can do where ``found`` tells it, and what to fix first."""
    lines = [f"{shop.name}: {facts.lines:,} purchase lines"]
    for table in facts.tables.values():
        lines += ["", *table_lines(table)]
    lines += ["", "The shop", *(f"  {line}" for line in _figures(shop, facts))]
    if found is not None and found.readiness:
        lines += ["", "What carousels can do by themselves (their fallbacks do the rest)", *_readiness(shop, found)]
    fixes = [fix.text for fix in advice(facts, found)] or [GOOD]
    lines += ["", "What to fix first", *(f"  {place}. {line}" for place, line in enumerate(fixes, 1))]
    return "\n".join(lines)


def table_lines(table: TableFacts) -> Iterator[str]:
    """Yield what became of one table's rows."""
    files = f"{table.files[0]} and {len(table.files) - 1} more" if len(table.files) > 1 else "".join(table.files)
    yield f"{table.name} from {files}"
    for our, theirs in table.mapping.items():
        yield f"  {our:16} = {_short(theirs)}"
    refused, aside = table.refused.total(), table.set_aside.total()
    yield f"  {table.read:,} rows read: {table.kept:,} kept, {refused:,} refused, {aside:,} set aside"
    for reason, count in sorted(table.refused.items(), key=lambda one: (-one[1], one[0])):
        yield f"    refused {count:,}: {reason}"
        for example in table.examples:
            if example.reason == reason:
                yield f"      {example.file}, line {example.line}: {_short(_values(example.row))}"
    for reason, count in sorted(table.set_aside.items(), key=lambda one: (-one[1], one[0])):
        yield f"    set aside {count:,}: {reason}"
    for reason, count in sorted(table.unknown.items(), key=lambda one: (-one[1], one[0])):
        yield f"    kept without the value {count:,}: {reason}"
    for note in table.notes:
        yield f"  {note}"


def _values(row: str) -> str:
    """Return the values of a row that is kept as JSON, without the names of its columns; another row as it stands."""
    try:
        values = json.loads(row)
    except ValueError:  # a line that is none, or one that was cut
        return row
    return " | ".join("" if one is None else str(one) for one in values.values()) if isinstance(values, dict) else row


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= WIDTH else flat[: WIDTH - 1] + "…"


def _figures(shop: Shop, facts: Facts) -> Iterator[str]:
    yield f"{facts.users:,} users, {facts.one_order_users:,} of them with a single order"
    yield f"{facts.products:,} products bought, {facts.products_listed:,} listed, {facts.without_catalogue_row:,} bought but not listed"
    yield f"{facts.orders:,} orders, {facts.stores:,} stores"
    if facts.first is not None and facts.last is not None:
        first, last = (datetime.fromtimestamp(one, shop.zone) for one in (facts.first, facts.last))
        yield f"from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} ({shop.timezone}), {(last - first).days + 1:,} days"
        for one, other in facts.gaps[:GAPS]:
            yield f"no purchase on {one}" if one == other else f"no purchase from {one} to {other}"
        if len(facts.gaps) > GAPS:
            yield "and other gaps, none of them longer"
        if facts.closed:
            yield f"nothing is sold on {' and '.join(f'{one}s' for one in facts.closed)}: these are no gaps"
    yield f"{facts.repeat_share:.1%} of lines are repeat purchases"
    yield f"{facts.top_products_share:.1%} of lines are of the most bought 1% of products; {facts.rare_products:,} products have fewer than 5"
    yield f"{facts.largest_user_share:.1%} of lines are of one user; {facts.without_price:,} lines have no price, {facts.free:,} have a price of 0"


def _readiness(shop: Shop, found: Findings) -> Iterator[str]:
    width = max(len(one.carousel) for one in found.readiness)
    told = {one.carousel for one in found.readiness}
    for one in found.readiness:
        bar = "█" * round(BAR * one.share)
        reach = (
            f"{one.ready:,} products for {one.total:,} places"
            if one.of == "products"
            else f"{one.ready:,} of {one.total:,} {one.of}"
        )
        yield f"  {one.carousel:{width}}  {bar:·<{BAR}} {one.share:4.0%}  {reach}: {one.needs}"
    for name in shop.carousels:
        if name not in told:
            yield f"  {name:{width}}  by what the storefront tells of the session"


def as_one_object(facts: Facts, found: Findings) -> str:
    """Return the page for machines: the facts, what was found, and ``fix_first``."""
    fixes = [asdict(one) for one in advice(facts, found)]
    return json.dumps({**facts.plain(), **found.plain(), "fix_first": fixes}, ensure_ascii=False)
