"""A part of a large shop's shoppers, so that label windows cost the same however large the shop is."""

from dataclasses import replace

import numpy as np

from models.distinct import numbered
from models.ids import IdIndex
from models.schema import UNKNOWN, Bools, Ints, Longs, Purchases
from models.signals import Signals
from training.read.shop_data import ShopData


def few_shoppers(data: ShopData, most_lines: int, seed: int) -> tuple[ShopData, float]:
    """Return ``data`` of shoppers drawn with ``seed``, and the share of the purchase lines that they have.

    A shopper comes with every purchase or with none; of the orders that name nobody the same share is drawn. At most
    ``most_lines`` lines stay, but for those of one shopper or order; a shop that has no more is returned as it is.
    Products and stores keep their rows; users have rows of their own.
    """
    lines = data.purchases
    if len(lines) <= most_lines:
        return data, 1.0
    rng = np.random.default_rng([seed, most_lines])
    of_user = np.bincount(lines.user[lines.user != UNKNOWN], minlength=lines.n_users)
    wanted = most_lines * int(of_user.sum()) / len(lines)
    drawn = rng.permutation(lines.n_users)
    users = np.sort(drawn[: 1 + np.searchsorted(np.cumsum(of_user[drawn]), wanted)])
    mine = np.zeros(lines.n_users + 1, np.bool_)  # the last place is that of UNKNOWN
    mine[users] = True
    kept = mine[lines.user]
    nobodys = lines.user == UNKNOWN
    if nobodys.any():
        kept |= nobodys & (rng.random(lines.n_orders)[lines.order] < most_lines / len(lines))
    few = IdIndex.of([data.users.id(int(row)) for row in users])
    columns = {name: column.take(users) for name, column in data.user_columns.items()}
    purchases, signals = _closed_up(lines, kept, users), _of_these(data.signals, users, lines.n_users)
    found = replace(data, purchases=purchases, signals=signals, users=few, user_columns=columns)
    return found, len(found.purchases) / len(lines)


def _closed_up(lines: Purchases, kept: Bools, users: Longs) -> Purchases:
    """Return the ``kept`` lines, with rows of users and numbers of orders that leave no gaps."""
    some = lines.where(kept)
    rows = _new_rows(users, lines.n_users)
    numbers, order = numbered(some.order)
    return replace(some, user=rows[some.user], order=order.astype(np.int32), n_users=len(users), n_orders=len(numbers))


def _new_rows(users: Longs, n_users: int) -> Ints:
    """Return (n_users + 1,) the new row of each user row; ``UNKNOWN`` for all others, and in the place of ``UNKNOWN``."""
    rows = np.full(n_users + 1, UNKNOWN, np.int32)
    rows[users] = np.arange(len(users), dtype=np.int32)
    return rows


def _of_these(signals: Signals, users: Longs, n_users: int) -> Signals:
    """Return the signals of ``users``, in their new rows."""
    rows = _new_rows(users, n_users)[signals.user]
    mine = signals.where(rows != UNKNOWN)
    return replace(mine, user=rows[rows != UNKNOWN])
