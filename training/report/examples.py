"""Real carousels, with names and reasons, beside what was really bought."""

from collections.abc import Iterator, Sequence

import numpy as np

from models.histories import Histories
from models.schema import UNKNOWN
from models.shop import Shop
from training.groups import orders_before
from training.held_out import Split
from training.judge_page import ALIKE
from training.read.shop_data import ShopData
from training.report.answers import Asked, Item, Lists, taken
from training.report.parts import Section, Table
from training.split import TASKS, Requests

LATELY = 5
"""Purchases that are told of a shopper."""
SHOWN = 8
"""Products of a list that are shown."""
OF_TASK = 2
"""Requests of a task: shoppers with few and with many orders."""


def examples(shop: Shop, known: ShopData, asked: Sequence[Asked], found: Sequence[Lists]) -> Section:
    """Return a few carousels as they would be shown; shoppers are told by what they bought, never by their id."""
    histories, orders = Histories.of(known.purchases), orders_before(known.purchases)
    tables = [
        _table(shop, known, histories, orders.tolist(), one, lists[0]) for one, lists in zip(asked, found, strict=True)
    ]
    text = (
        "Asked at a moment of the held-out days, before anything of them was known, rules left out. A tick stands where "
        "the shopper then really bought the product. The shoppers are those in the middle of the quieter and of the busier half.",
    )
    return Section("examples", "Carousels as shoppers see them", text, (), tuple(tables))


def plan(split: Split) -> list[Asked]:
    """Return what is asked: for each task, one shopper with few orders before and one with many."""
    return list(_chosen(split))


def _chosen(split: Split) -> Iterator[Asked]:
    orders = orders_before(split.known)
    for task in split.requests:
        busy = np.argsort(orders[task.user], kind="stable")
        places = sorted({len(busy) // 4, 3 * len(busy) // 4})[:OF_TASK]
        for place in places:
            one = taken(task, [int(busy[place])])
            yield one, TASKS[task.task]
            if task.task == "complements" and place == places[0]:
                yield one, ALIKE


def _table(
    shop: Shop, known: ShopData, histories: Histories, orders: Sequence[int], one: Asked, items: list[Item]
) -> Table:
    task, carousel = one
    truth = set(task.truth[0].tolist())
    rows = [
        (str(place), name_of(known, item.product), item.reason, "✓" if item.product in truth else "")
        for place, item in enumerate(items[:SHOWN], 1)
    ]
    caption = f"“{shop.carousels[carousel].title}” ({carousel}, {task.task}) for {_who(known, histories, orders, task)}"
    return Table(caption, ("place", "product", "reason", "bought"), rows)


def _who(known: ShopData, histories: Histories, orders: Sequence[int], task: Requests) -> str:
    user, page = int(task.user[0]), int(task.page[0])
    told = []
    if not task.known:
        told.append("somebody without a name")
    elif user != UNKNOWN:
        own = histories.of_user(user).product
        lately = list(dict.fromkeys(own[::-1].tolist()))[:LATELY]
        names = "; ".join(name_of(known, row) for row in lately)
        told.append(f"a shopper with {orders[user]} orders before (lately: {names})" if names else "a new shopper")
    if page != UNKNOWN:
        told.append(f"on the page of {name_of(known, page)}")
    if task.recent:
        told.append("who looked at " + "; ".join(name_of(known, int(row)) for row in task.recent[0]))
    return ", ".join(told)


def name_of(known: ShopData, row: int) -> str:
    """Return a product's name, or its id where it has none."""
    if row == UNKNOWN:
        return "a product that is not known"
    return str(known.catalogue.value("name", row) or known.products.id(row))
