"""Purchase lines as sorted arrays: what came twice counts once, and what was taken back is gone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from models.schema import Bools, Doubles, Ints, Longs, Purchases
from models.shop import FieldKind
from training.read.engine import Session
from training.read.facts import TableFacts
from training.read.fields import columns_of_fields, count_unknown, field_sql, given_fields
from training.read.returns import take_back


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in inside rows, sorted by user, time, product and the rest; every array has shape (n_lines,)."""

    user: Ints
    product: Ints
    store: Ints
    order_key: npt.NDArray[np.uint64]
    ref_key: npt.NDArray[np.uint64]
    """The ``order_key`` of the purchase that a return means; of a purchase its own."""
    time: Longs
    quantity: Doubles
    price: Doubles
    taken_back: Bools
    """True for a return, whose quantity is above 0 too."""
    fields: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    """The request's context: codes of texts, numbers."""

    def __len__(self) -> int:
        return len(self.user)

    def where(self, mask: Bools) -> "Lines":
        """Return the lines that ``mask`` holds for."""
        fields = {name: values[mask] for name, values in self.fields.items()}
        return Lines(**{one: getattr(self, one)[mask] for one in VALUES}, fields=fields)


Sorted: TypeAlias = Callable[[Session, str], dict[str, npt.NDArray[Any]]]
"""Answers a query over ``lines`` that ends in an ORDER BY with its columns."""
VALUES = tuple(one for one in Lines.__slots__ if one != "fields")
"""What makes a line; its context comes with it."""


def purchases_of(session: Session, facts: TableFacts, counts: tuple[int, int, int], ask: Sorted) -> Purchases:
    """Return ``lines`` as purchases; ``counts`` are the numbers of users, products and stores, ``ask`` sorts the lines."""
    timed = "time" in facts.mapping
    fields = given_fields(session.shop, facts)
    count_unknown(session, facts, fields)
    counted = not timed and counted_by_shopper(session)
    if counted:
        facts.notes.append("orders are numbered by shopper, and follow one another by number")
    sequence = 'number, "#file", "#row"' if counted else None if timed else '"#file", "#row"'
    lines = fetch(session, sequence, fields, ask)
    kept, returns = take_back(lines)
    facts.set_aside.update(returns)
    _note(facts, "purchase that was taken back", len(lines) - returns.total() - len(kept))
    orders = _by_appearance(kept.order_key)
    return Purchases(
        kept.user, kept.product, kept.time, orders, kept.store, kept.quantity.astype(np.float32),
        kept.price.astype(np.float32), *counts, n_orders=int(orders.max(initial=-1)) + 1,
        fields=columns_of_fields(session, fields, kept.fields),
    )  # fmt: skip


def counted_by_shopper(session: Session) -> bool:
    """Return whether order ids are numbers that start again with each shopper: the sequence of the orders, then."""
    found = session.rows(
        "select count(*) = count(number) and 2 * count(distinct number) <= count(distinct (user, number)) from lines "
        "where user <> ''"
    )
    return bool(found[0][0])


def fetch(session: Session, sequence: str | None, fields: Mapping[str, FieldKind], ask: Sorted) -> Lines:
    """Return the lines, sorted by user and time; without times ``sequence`` (SQL) stands for time."""
    values, joins = field_sql(session, fields)
    order = "2, 5, 1, 4, 3, 6, 7 nulls last, 8" if sequence is None else f"2, {sequence}"
    returned = session.rows("select 1 from lines where kind = 1 limit 1")
    reference = ", coalesce(ref_key, order_key) as ref_key" if returned else ""
    found = ask(
        session,
        "select coalesce(p.row, -1) as product, coalesce(u.row, -1) as user, coalesce(s.row, -1) as store, order_key, "
        f"time, quantity, price, kind = 1 as taken_back{reference}{values} from lines l "
        "left join product_ids p on p.id = l.product left join user_ids u on u.id = l.user "
        f'left join store_ids s on s.id = l.store{joins} order by {order}, "#file", "#row"',
    )
    found.setdefault("ref_key", found["order_key"])
    context = {name: _plain(found[f"field{place}"]) for place, name in enumerate(fields)}
    return Lines(**{one: _plain(found[one]) for one in VALUES}, fields=context)


def _plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ma.filled(column, np.nan) if isinstance(column, np.ma.MaskedArray) else column


def _by_appearance(keys: npt.NDArray[np.uint64]) -> Ints:
    """Return numbers from 0 in the order in which the keys first appear.

    Lines of an order mostly follow one another, so that runs of them are numbered: memory and sorting are theirs.
    """
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.int64)
    _, first, inverse = np.unique(keys[starts], return_index=True, return_inverse=True)
    numbers = np.empty(len(first), np.int32)
    numbers[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    return np.repeat(numbers[inverse], np.diff(starts, append=len(keys)))


def _note(facts: TableFacts, reason: str, count: int) -> None:
    if count:
        facts.set_aside[reason] += count
