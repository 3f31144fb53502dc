"""What was shown to whom, into the table; only of those who allow storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, delete, insert, select

from recsvc.store.allowed import look_up
from recsvc.store.apart import key_beside_others
from recsvc.store.tables import exposures

PRUNED_AT_ONCE = 5_000
"""Rows that one transaction forgets."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One carousel of an answer, as a shopper got it."""

    request_id: str
    time: int
    """Unix seconds on the shop's clock."""
    carousel: str
    user_id: str | None
    visitor_id: str | None
    """At least one of the two is given."""
    products: tuple[str, ...]
    """Ids by position; not empty."""
    first: int = 1
    """Position of the first."""
    pins: tuple[int, ...] = ()
    """Positions of those that a rule pinned."""
    arms: Mapping[str, str] = field(default_factory=dict)
    """Experiment -> arm."""
    model: str | None = None
    """The version that answered."""


def record_exposures(connection: Connection, seen: Sequence[Exposure]) -> int:
    """Keep exposures, and return how many: not those of shoppers who do not allow it or were erased."""
    known = look_up(connection, key_beside_others(connection), seen)
    rows = [
        {
            "request_id": one.request_id,
            "time": one.time,
            "carousel": one.carousel,
            "shopper": known.shopper(one),
            "arm": _arms(one.arms),
            "products": _products(one),
        }
        for one in seen
        if known.allows(one)
    ]
    if rows:
        connection.execute(insert(exposures), rows)
    return len(rows)


def forget_exposures(connection: Connection, before: int) -> int:
    """Forget exposures from before a moment, some at a time; return how many.

    They came in the order of time, so that the first ones tell whether there are any: the rest is not looked at.
    """
    first = select(exposures.c.seq).order_by(exposures.c.seq).limit(PRUNED_AT_ONCE).subquery()
    old = delete(exposures).where(exposures.c.seq.in_(select(first.c.seq)), exposures.c.time < before)
    return connection.execute(old).rowcount


def _arms(arms: Mapping[str, str]) -> str | None:
    return orjson.dumps(dict(arms), option=orjson.OPT_SORT_KEYS).decode() if arms else None


def _products(one: Exposure) -> str:
    told = {"ids": one.products, "first": one.first, "pins": one.pins}
    return orjson.dumps({**told, "model": one.model} if one.model else told).decode()
