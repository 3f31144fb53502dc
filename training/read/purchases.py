"""Purchase lines as sorted arrays: repeated lines count once, and what was taken back is gone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.schema import Bools, Doubles, Ints, Longs, Purchases
from training.read.engine import Session
from training.read.facts import TableFacts
from training.read.returns import take_back

REPEATED = "repeated line: counted once"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in inside rows, sorted by user, time, product and the rest; every array has shape (n_lines,)."""

    user: Ints
    product: Ints
    store: Ints
    order_key: npt.NDArray[np.uint64]
    time: Longs
    quantity: Doubles
    price: Doubles
    taken_back: Bools
    """True for a return, whose quantity is above 0 too."""

    def __len__(self) -> int:
        return len(self.user)

    def where(self, mask: Bools) -> "Lines":
        """Return the lines that ``mask`` holds for."""
        return Lines(*(getattr(self, one)[mask] for one in self.__slots__))


def purchases_of(session: Session, facts: TableFacts, counts: tuple[int, int, int]) -> Purchases:
    """Return the engine's table ``lines`` as purchases; ``counts`` are the numbers of users, products and stores."""
    timed = "time" in facts.mapping
    lines = fetch(session, timed)
    if timed or "order_id" in facts.mapping:
        fresh = ~repeats(lines)
        _note(facts, REPEATED, len(lines) - int(fresh.sum()))
        lines = lines.where(fresh)
    kept, lost = take_back(lines)
    returns = int(lines.taken_back.sum())
    _note(facts, "return: takes its purchase back", returns - lost)
    _note(facts, "return without its purchase", lost)
    _note(facts, "purchase that was taken back", len(lines) - returns - len(kept))
    orders = _by_appearance(kept.order_key)
    return Purchases(
        kept.user, kept.product, kept.time, orders, kept.store, kept.quantity.astype(np.float32),
        kept.price.astype(np.float32), *counts, n_orders=int(orders.max(initial=-1)) + 1,
    )  # fmt: skip


def fetch(session: Session, timed: bool) -> Lines:
    """Return the lines of the engine, sorted; without times the order of the files stands for time."""
    order = "2, 5, 1, 4, 3, 6, 7, 8" if timed else "2, f, r"
    found = session.arrays(
        "select coalesce(p.row, -1) as product, coalesce(u.row, -1) as user, coalesce(s.row, -1) as store, order_key, "
        'time, quantity, price, kind = 1 as taken_back, "#file" as f, "#row" as r from lines l '
        "left join product_ids p on p.id = l.product left join user_ids u on u.id = l.user "
        f"left join store_ids s on s.id = l.store order by {order}, f, r"
    )
    return Lines(**{one: _plain(found[one]) for one in Lines.__slots__})


def _plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ma.filled(column, np.nan) if isinstance(column, np.ma.MaskedArray) else column


def repeats(lines: Lines) -> Bools:
    """Return (n_lines,): True where a line is the same as the one before it in every known value."""
    same = np.ones(max(len(lines) - 1, 0), np.bool_)
    for one in lines.__slots__:
        values = getattr(lines, one)
        equal = values[1:] == values[:-1]
        if values.dtype.kind == "f":
            equal |= np.isnan(values[1:]) & np.isnan(values[:-1])
        same &= equal
    return np.concatenate([np.zeros(min(len(lines), 1), np.bool_), same])


def _by_appearance(keys: npt.NDArray[np.uint64]) -> Ints:
    """Return numbers from 0 in the order in which the keys first appear."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    numbers = np.empty(len(first), np.int32)
    numbers[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    return numbers[inverse]


def _note(facts: TableFacts, reason: str, count: int) -> None:
    if count:
        facts.set_aside[reason] += count
