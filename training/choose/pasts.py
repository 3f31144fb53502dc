"""Weeks before the judged ones, each with what was known at its beginning and what was asked and bought in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from models.base import Fitting
from models.distinct import distinct
from models.histories import Histories
from models.moments import timed
from models.schema import DAY, NO_HISTORY, NO_ROWS, UNKNOWN, Context, Purchases
from models.shop import Shop
from training.fit import fitting
from training.held_out import held_out, hidden_parts, known_until
from training.prices import with_prices
from training.read.shop_data import ShopData
from training.split import Requests, make_requests

MOST_USERS = 1000
"""Shoppers who are asked in each task of a past, at most."""
FEWEST_USERS = 40
"""Shoppers of whom a difference can be told from noise at all; a task of fewer chooses nothing."""
LONGER = 2
"""Label windows that make the weeks that are asked for."""
LEAST_PAST = 3
"""Models must know so much of the data: one part in so many."""


@dataclass(frozen=True, slots=True)
class Past:
    """What models may learn from, and what they are asked."""

    bundle: Fitting
    requests: Mapping[str, Requests]
    """By task."""
    contexts: Mapping[str, Sequence[Context]]
    """By task, one for each request."""


def windows_of(shop: Shop, data: ShopData, until: int, most: int) -> list[tuple[int, int]]:
    """Return [start, end) of at most ``most`` windows before the held-out part, the latest first, none over another.

    Two label windows long, or one where the data is short. Without times the pairs are fold numbers.
    """
    if not timed(data.purchases):
        return [(fold, fold + 1) for fold in range(most)]
    since, first = known_until(data.purchases, shop, until), int(data.purchases.time.min())
    for windows in (LONGER, 1):
        span = windows * shop.training.window_days * DAY
        ends = [since - span * number for number in range(most)]
        if found := [(end - span, end) for end in ends if end - span - first >= (since - first) / LEAST_PAST]:
            return found
    return []


def past_of(shop: Shop, data: ShopData, until: int, window: tuple[int, int], users: int, seed: int) -> Past:
    """Return the past of one of ``windows_of``; nothing that happened in the held-out part is in it."""
    start, end = window
    if timed(data.purchases):
        known = data.purchases.where(data.purchases.time < start)
        asked = make_requests(data.purchases, start, end, users, seed)
    else:
        rest = held_out(data.purchases, shop, until, seed).known
        split = hidden_parts(rest, until, users, seed + 1 + start)
        start, known, asked = until, split.known, split.requests
    seen = with_prices(replace(data, purchases=known), shop.training.heavy_shoppers)
    requests = {one.task: one for one in asked if len(distinct(one.user)) >= FEWEST_USERS}
    histories = Histories.of(known)
    contexts = {name: _contexts(one, seen, histories) for name, one in requests.items()}
    return Past(fitting(seen, start, shop, seed), requests, contexts)


def known_lines(data: ShopData, window: tuple[int, int]) -> Purchases:
    """Return about what a past of ``window`` learns from, for an estimate of its size."""
    timed_ = timed(data.purchases)
    return data.purchases.where(data.purchases.time < window[0]) if timed_ else data.purchases


def _contexts(requests: Requests, known: ShopData, histories: Histories) -> list[Context]:
    out = []
    for number in range(len(requests)):
        user = int(requests.user[number]) if requests.known else UNKNOWN
        store = int(requests.store[number])
        fields = requests.fields_of(number) | ({"store": known.stores.id(store)} if store != UNKNOWN else {})
        out.append(
            Context(
                at=int(requests.at[number]), user=user, page=int(requests.page[number]),
                recent=requests.recent[number] if requests.recent else NO_ROWS, store=store,
                history=histories.of_user(user) if user != UNKNOWN else NO_HISTORY, fields=fields,
            )
        )  # fmt: skip
    return out
