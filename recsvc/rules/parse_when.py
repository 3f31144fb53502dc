"""Windows, hours, and the conditions of ``when`` and ``unless``."""

from collections.abc import Callable, Collection, Mapping
from typing import Literal

from recsvc.rules.readers import Reader
from recsvc.rules.schema import NO_END, ActiveIn, Condition, FieldBetween, FieldIs, ItemIs, SegmentIs, WeeklyIn
from recsvc.rules.times import DAYS, Weekly, Window, end_of, read_clock, start_of
from recsvc.rules.yaml_nodes import Mapping as MapNode
from recsvc.rules.yaml_nodes import Node, Scalar

KNOWN = "known"
LONGEST_ID = 15
"""Digits up to which lost zeros are looked for."""
OF_WHEN = ("segment", "active", "weekly", "page_item", "cart_item")
"""Keys of ``when`` beside the fields of the request."""
OF_WINDOW = ("from", "until")
OF_WEEK = ("days", "from", "until")
OF_RANGE = ("at_least", "at_most")
OF_ITEM = ("product", "products", "where")
_DATE_HINT = 'write year-month-day, with a time if needed: "2026-10-31" or "2026-10-31 09:00"'


def read_window(reader: Reader, node: Node, what: str, name: str = "") -> Window | None:
    """Return the window of ``{from, until}``; either may be left out."""
    fields = reader.mapping(node, what, OF_WINDOW)
    if not fields:
        if isinstance(node, MapNode) and not node.entries:
            reader.faults.add(node, f"{what} needs 'from', 'until' or both")
        return None
    start = _moment(reader, fields["from"], f"{what}: from", start_of) if "from" in fields else Window().start
    end = _moment(reader, fields["until"], f"{what}: until", end_of) if "until" in fields else Window().end
    if start is None or end is None:
        return None
    if end <= start:
        reader.faults.add(node, f"{what} ends before it starts", "until must be later than from")
        return None
    return Window(start, end, name)


def _moment(reader: Reader, node: Node, what: str, convert: Callable[[str, str], int]) -> int | None:
    text = reader.text(node, what)
    if text is None:
        return None
    try:
        return convert(text, reader.zone)
    except (ValueError, OverflowError):
        reader.faults.add(node, f"{what} {text!r} is no date", _DATE_HINT)
        return None


def read_active(reader: Reader, node: Node, calendar: Mapping[str, Window]) -> ActiveIn | None:
    """Return the windows of ``active``: names of the calendar, ``{from, until}``, or a list of these."""
    windows = []
    for item in reader.items(node, "active"):
        if isinstance(item, Scalar):
            name = reader.choice(item, "calendar window", calendar)
            windows.append(None if name is None else calendar[name])
        else:
            windows.append(read_window(reader, item, "active"))
    found = tuple(window for window in windows if window is not None)
    now = reader.shop.now
    if found and now is not None and all(window.end <= now.timestamp() for window in found):
        reader.faults.warn(node, "active has ended", "remove the rule, or give it new dates")
    return ActiveIn(found) if found else None


def read_weekly(reader: Reader, node: Node) -> WeeklyIn | None:
    """Return the hours of ``weekly``: ``{days, from, until}`` or a list of these."""
    weeks = [_read_week(reader, item) for item in reader.items(node, "weekly")]
    found = tuple(week for week in weeks if week is not None)
    return WeeklyIn(found) if found else None


def _read_week(reader: Reader, node: Node) -> Weekly | None:
    fields = reader.mapping(node, "weekly", OF_WEEK)
    if not fields:
        if isinstance(node, MapNode) and not node.entries:
            reader.faults.add(node, "weekly needs 'days', 'from' or 'until'")
        return None
    days = (
        frozenset(DAYS.index(day) for day in reader.choices(fields["days"], "day", DAYS)) if "days" in fields else None
    )
    start = _clock(reader, fields["from"]) if "from" in fields else 0
    end = _clock(reader, fields["until"]) if "until" in fields else 1440
    if start is None or end is None or days == frozenset():
        return None
    if start == end:
        reader.faults.add(node, "weekly starts and ends at the same time", "leave both out for the whole day")
        return None
    return Weekly(days if days is not None else Weekly().days, start, end)


def _clock(reader: Reader, node: Node) -> int | None:
    text = reader.text(node, "weekly time")
    if text is None:
        return None
    try:
        return read_clock(text)
    except ValueError:
        reader.faults.add(node, f"weekly time {text!r} is no time of day", 'write hours and minutes: "09:30"')
        return None


def read_when(
    reader: Reader, node: Node, what: str, calendar: Mapping[str, Window], segments: Collection[str]
) -> tuple[Condition, ...]:
    """Return the conditions of ``when`` or ``unless`` in the order of the file."""
    found = reader.mapping(node, what, (*OF_WHEN, *reader.fields))
    if isinstance(node, MapNode) and not node.entries:
        reader.faults.add(node, f"{what} is empty", "leave it out for everywhere and everybody")
    conditions = [_condition(reader, key, value, calendar, segments) for key, value in found.items()]
    return tuple(one for one in conditions if one is not None)


def _condition(
    reader: Reader, key: str, node: Node, calendar: Mapping[str, Window], segments: Collection[str]
) -> Condition | None:
    if key in reader.fields:
        return _field(reader, node, key) if reader.fields[key] == "categorical" else _numeric(reader, node, key)
    if key == "segment":
        return _segments(reader, node, segments)
    if key == "active":
        return read_active(reader, node, calendar)
    if key == "weekly":
        return read_weekly(reader, node)
    return _item(reader, node, "page" if key == "page_item" else "cart")


def _segments(reader: Reader, node: Node, segments: Collection[str]) -> SegmentIs | None:
    names = reader.choices(node, "segment", segments)
    return SegmentIs(names) if names else None


def _field(reader: Reader, node: Node, name: str) -> FieldIs | None:
    if isinstance(node, Scalar) and node.text == KNOWN:
        return FieldIs(name, known=True)
    values = reader.texts(node, name)
    return FieldIs(name, values) if values else None


def _numeric(reader: Reader, node: Node, name: str) -> Condition | None:
    if isinstance(node, Scalar) and node.text == KNOWN:
        return FieldIs(name, known=True)
    if isinstance(node, MapNode):
        fields = reader.mapping(node, name, OF_RANGE)
        low = (
            reader.number(fields["at_least"], f"{name}: at_least", -NO_END, NO_END) if "at_least" in fields else -NO_END
        )
        high = reader.number(fields["at_most"], f"{name}: at_most", -NO_END, NO_END) if "at_most" in fields else NO_END
        if low is None or high is None or not fields:
            return None
        if low > high:
            reader.faults.add(node, f"{name}: at_least is above at_most")
        return FieldBetween(name, low, high)
    numbers = [
        reader.number(item, name, -1e15, 1e15, "or {at_least: …, at_most: …}") for item in reader.items(node, name)
    ]
    values = tuple(number for number in numbers if number is not None)
    return FieldIs(name, values) if values else None


def _item(reader: Reader, node: Node, on: Literal["page", "cart"]) -> ItemIs | None:
    """Read an expression, or ``{product}``, ``{products}``, ``{where}``."""
    what = f"{on}_item"
    if isinstance(node, Scalar):
        where = reader.expression(node, what)
        return None if where is None else ItemIs(on, where=where)
    fields = reader.mapping(node, what, OF_ITEM)
    if len(fields) != 1:
        reader.faults.add(node, f"{what} needs one of 'product', 'products' and 'where'")
        return None
    if "where" in fields:
        where = reader.expression(fields["where"], what)
        return None if where is None else ItemIs(on, where=where)
    products = reader.texts(next(iter(fields.values())), what)
    warn_unknown(reader, node, products)
    return ItemIs(on, products) if products else None


def _about_missing(product: str, known: Callable[[str], bool] | None) -> str:
    padded = (product.zfill(length) for length in range(len(product) + 1, LONGEST_ID))
    near = next((one for one in padded if known is not None and known(one)), None) if product.isdecimal() else None
    if near is not None:
        return f'did you mean "{near}"? quotes keep leading zeros'
    return "it works once it arrives" + ("; quotes keep leading zeros" if product.isdecimal() else "")


def warn_unknown(reader: Reader, node: Node, products: Collection[str], hint: str = "") -> None:
    """Warn about products that the catalogue does not hold yet; ``hint`` takes the place of what a rule is told."""
    known = reader.shop.product_ids
    missing = [product for product in products if known is not None and not known(product)]
    for product in missing[:20]:
        told = _about_missing(product, known)
        told = told if told.startswith("did you mean") else hint or told
        reader.faults.warn(node, f"product {product!r} is not in the catalogue yet", told)
