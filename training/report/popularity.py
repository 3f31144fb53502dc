"""Whether lists show more than what everybody buys: coverage, popularity bias, and how evenly places are given."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from models.distinct import distinct
from models.schema import UNKNOWN, Doubles, Ints, Longs, Purchases
from models.statistics import first_lines
from training.baselines import BASELINE, SIMPLE
from training.held_out import Split
from training.judge import Shown
from training.report.parts import Section, Table, missing, number, share
from training.report.plots import COLOURS, picture
from training.split import TASKS, Requests

EDGES = (0.01, 0.05, 0.2)
"""Shares of the products, best sellers first, at which groups end; the last group is the rest of those ever sold."""
GROUPS = ("top 1 %", "next 4 %", "next 15 %", "other 80 %", "never sold")
BOUGHT = "what was bought"


def groups_of_products(known: Purchases) -> Ints:
    """Return (n_products,) the place in ``GROUPS`` of each product, by the orders that it was in."""
    n = known.n_products
    orders = np.bincount(known.product[first_lines(known.order, known.product, n)], minlength=n)
    sold = int((orders > 0).sum())
    ends = [max(1, round(edge * sold)) for edge in EDGES]
    rank = np.empty(n, np.int64)
    rank[np.argsort(-orders, kind="stable")] = np.arange(n)
    group = np.searchsorted(ends, rank, side="right")
    return np.where(orders > 0, group, len(GROUPS) - 1).astype(np.int32)


def shares(rows: Longs, group: Ints) -> Doubles:
    """Return (n_groups,) the share of product ``rows`` in each of ``GROUPS``; ``UNKNOWN`` ones are left out."""
    there = rows[rows != UNKNOWN]
    out: Doubles = np.bincount(group[there], minlength=len(GROUPS)) / max(len(there), 1)
    return out


def gini(rows: Longs, n_products: int) -> float:
    """Return how unevenly the places of ``rows`` are given to the products: 0 = all alike, 1 = one has them all.

    Source: Fleder, Hosanagar, Blockbuster culture's next rise or fall, Management Science 2009, section 4.
    """
    counts = np.sort(np.bincount(rows[rows != UNKNOWN], minlength=n_products))
    if not counts.sum():
        return 0.0
    weights = 2 * np.arange(1, n_products + 1) - n_products - 1
    return float((weights * counts).sum() / (n_products * counts.sum()))


def popularity(split: Split, lists: Shown) -> Section:
    """Return what share of the lists the bestsellers have, beside the share that they have in what was bought."""
    title = "Popularity bias and coverage"
    if not split.requests:
        return missing("popularity", title, "Nothing was asked.")
    group, n = groups_of_products(split.known), split.known.n_products
    pictures, tables = [], []
    for task in split.requests:
        rows = _rows(task, lists)
        pictures.append(_picture(task, {name: shares(found, group) for name, found in rows.items()}))
        tables.append(_table(task, rows, group, n))
    text = (
        "Products are grouped by the orders that they were in before the held-out days. Where a carousel gives the top sellers a larger share "
        "than they have in what was really bought, it shows what everybody knows. Coverage is the share of the catalogue that some list "
        "showed; a Gini index of 1 gives every place to one product.",
    )
    return Section("popularity", title, text, tuple(pictures), tuple(tables))


def _rows(task: Requests, lists: Shown) -> dict[str, Longs]:
    names = {"": TASKS[task.task], SIMPLE: "simple rule", BASELINE: "bestsellers"}
    found = {title: lists[task.task, row] for row, title in names.items() if (task.task, row) in lists}
    return found | {BOUGHT: np.concatenate(task.truth).astype(np.int64)}


def _table(task: Requests, rows: dict[str, Longs], group: Ints, n: int) -> Table:
    told = [
        (
            name,
            *(share(one) for one in shares(found, group)),
            share(len(distinct(found[found != UNKNOWN])) / max(n, 1), 2),
            number(gini(found.ravel(), n), 3),
        )
        for name, found in rows.items()
    ]
    return Table(
        f"{task.task}: share of the places by how well products sell", ("list", *GROUPS, "coverage", "Gini"), told
    )


def _picture(task: Requests, rows: dict[str, Doubles]) -> Markup:
    def draw(axes: Axes) -> None:
        left = np.zeros(len(rows))
        for place, name in enumerate(GROUPS):
            width = np.array([one[place] for one in rows.values()])
            axes.barh(range(len(rows)), width, left=left, color=COLOURS[place], height=0.62, label=name)
            left += width
        axes.set_yticks(range(len(rows)), list(rows))
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of the places")
        axes.grid(visible=False)
        axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.4, -0.28))

    told = {name: (share(float(one[0])), share(float(one[:2].sum()))) for name, one in rows.items()}
    alt = "; ".join(f"{name}: top 1 % of products {top}, top 5 % {more}" for name, (top, more) in told.items())
    return picture(f"{task.task}: who gets the places", f"Share of the places in {task.task}: {alt}", draw)
