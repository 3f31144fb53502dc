"""Which column of purchases is which, by what its values do: a guess for columns whose names say nothing.

Lines of an order share their moment and their shopper and differ in the product; shoppers and products come back on other
days, orders do not. Without lines that share a moment nothing tells shoppers from products, and nothing is guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.schema import DAY
from training.init.draft import Draft
from training.init.look import ROWS, Seen
from training.read.engine import Session, literal, name
from training.read.times import Clock, seconds

WHY = {
    "user_id": "its values come back on other days, and an order has one of them",
    "order_id": "its values come again at one moment and at no other",
    "product_id": "an order has several of its values, and they come back",
    "quantity": "small whole numbers, 1 most of all",
    "price": "amounts with decimals",
}
"""What the values of a column do that is taken for a role."""
AMOUNT = r"[^0-9.,+-]{0,4}[+-]?[0-9][0-9.,]*[^0-9.,]{0,4}"
"""A number, with a sign of a currency or without."""
PART = r"[.,]([0-9]?[1-9]|[1-9][0-9])[^0-9]*$"
"""The end of one that is not whole: two digits at most, so that thousands are none."""
FEWEST = 5
"""Orders of several lines that tell what a column is, at least."""


@dataclass(frozen=True, slots=True)
class Habit:
    """What the values of one column do; shares are of the values, or of the orders, that stand on several lines."""

    seen: Seen
    repeated: int
    """Values on several lines."""
    at_once: float
    """Share of these that stand at one moment."""
    on_days: float
    """Share of these that come back a day later, or more."""
    decimal: bool
    """Whether the values are amounts, not all of them whole."""
    orders: int = 0
    alike: float = 0.0
    """Share of orders that have one value, at most."""
    fresh: float = 0.0
    """Distinct values of an order, by line."""
    ones: float = 0.0
    """Share of the values that are 1, where no other is as frequent."""
    length: float = 0.0
    """Characters of a value."""


def guess(session: Session, draft: Draft, free: Iterable[Seen], time: str | None) -> dict[str, str]:
    """Return role -> column among ``free``, for roles that no column has yet; ``time`` is the column of the moment."""
    if time is None:
        return {}
    moment = seconds(name(time), draft.first.piece.types[time], Clock("UTC"))
    session.con.execute(
        f'create or replace temp table guessed as select *, {moment} as "#t" from {draft.first.piece.sql} limit {ROWS}'
    )
    habits = {one.name: _habit(session, one) for one in free if one.filled}
    out: dict[str, str] = {}
    order = draft.columns.get("order_id") or _order(habits)
    if order is not None and "order_id" not in draft.columns:
        out["order_id"] = order
    key = name(order) if order else '"#t"'
    rest = [_within(session, one, key) for one in habits.values() if one.seen.name != order]
    rest = [one for one in rest if one.orders >= FEWEST]
    for role, find in (("product_id", _product), ("user_id", _user), ("quantity", _quantity)):
        if role not in draft.columns and (found := find([one for one in rest if one.seen.name not in out.values()])):
            out[role] = found
    product = draft.columns.get("product_id") or out.get("product_id")
    if "price" not in draft.columns and (price := _price(session, rest, product)):
        out["price"] = price
    return out


def _habit(session: Session, seen: Seen) -> Habit:
    column = name(seen.name)
    given = f"from guessed where not blank({column}::varchar)"
    span = f'select max("#t") - min("#t") as span {given} group by {column} having count(*) > 1'
    repeated, at_once, on_days = session.rows(
        f"select count(*), avg((span = 0)::int), avg((span >= {DAY})::int) from ({span})"
    )[0]
    text = f"trim({column}::varchar)"
    amounts, parts = session.rows(
        f"select avg(regexp_full_match({text}, {literal(AMOUNT)})::int), avg(regexp_matches({text}, {literal(PART)})::int) {given}"
    )[0]
    return Habit(seen, repeated, at_once or 0.0, on_days or 0.0, amounts >= 0.99 and parts >= 0.2)


def _within(session: Session, habit: Habit, key: str) -> Habit:
    """Return ``habit`` with what the values do within the orders that ``key`` (SQL) tells."""
    value = f"nullif(trim({name(habit.seen.name)}::varchar), '')"
    lines = f"select {key} as k, {value} as v from guessed where {value} is not null and not blank({key}::varchar)"
    orders, alike, fresh = session.rows(
        "select count(*), avg((d = 1)::int), sum(d) / sum(n) from "
        f"(select count(*) as n, count(distinct v) as d from ({lines}) group by k having count(*) > 1)"
    )[0]
    length, ones, mode = session.rows(
        f"select avg(length(v)), avg((number_of_text(v) = 1)::int), number_of_text(mode(v)) from ({lines})"
    )[0]
    return Habit(
        habit.seen, habit.repeated, habit.at_once, habit.on_days, habit.decimal, orders, alike or 0.0, fresh or 0.0,
        (ones or 0.0) if mode == 1 else 0.0, length or 0.0,
    )  # fmt: skip


def _order(habits: Mapping[str, Habit]) -> str | None:
    found = [one for one in habits.values() if one.repeated >= FEWEST and one.at_once >= 0.99 and not one.decimal]
    return min(found, key=lambda one: one.seen.distinct).seen.name if found else None


def _product(habits: Iterable[Habit]) -> str | None:
    """Return the column of most values that differ within orders; of a code and a name the shorter one."""
    found = [
        one for one in habits
        if one.alike <= 0.5 and one.fresh >= 0.9 and one.on_days >= 0.1 and not one.decimal and one.seen.distinct > 2
    ]  # fmt: skip
    return max(found, key=lambda one: (one.seen.distinct, -one.length)).seen.name if found else None


def _user(habits: Iterable[Habit]) -> str | None:
    """Return the column of most values that orders have one of each: more than stores and countries have."""
    found = [
        one for one in habits if one.alike >= 0.95 and one.on_days >= 0.1 and not one.decimal and one.seen.distinct > 1
    ]
    return max(found, key=lambda one: (one.seen.distinct, -one.length)).seen.name if found else None


def _quantity(habits: Iterable[Habit]) -> str | None:
    """Return the one column of small whole numbers that come again within an order, which the places of its lines do not."""
    found = [
        one for one in habits
        if one.seen.whole >= 0.99 and one.ones >= 0.25 and one.fresh < 0.95 and 1 < one.seen.distinct <= 500 and one.alike < 0.95
    ]  # fmt: skip
    return found[0].seen.name if len(found) == 1 else None


def _price(session: Session, habits: Iterable[Habit], product: str | None) -> str | None:
    """Return the column of amounts that differ within orders and least within a product: a piece's, not the line's."""
    found = [one.seen.name for one in habits if one.decimal and one.alike < 0.95 and not one.seen.times]
    if product is None or len(found) < 2:
        return found[0] if found else None
    pairs = [f"count(distinct ({name(product)}, {name(one)}))" for one in found]
    counts = session.rows(f"select {', '.join(pairs)} from guessed")[0]
    return min(zip(counts, range(len(found)), found, strict=True))[2]
