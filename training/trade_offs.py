"""What each trade-off costs on the shop's own data: one version, fitted once, asked under every value of every setting."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from models.base import Fitting
from models.catalogue import Catalogue
from models.columns import NumberColumn, TextColumn
from models.distinct import distinct
from models.errors import ConfigError
from models.kinds import kind_codes
from models.pairs import paired
from models.schema import UNKNOWN, Bools, Doubles, Ints, Longs
from models.shop import Rules, Shop, suggest
from models.statistics import first_lines
from training.choose.choose import choose
from training.held_out import Split, suited
from training.judge_ask import DEPTH, ask
from training.metrics.bootstrap import Interval, mean_interval
from training.metrics.by_user import by_user, lists_of
from training.metrics.ranking import ndcg, recall
from training.pipeline import Options, end_of, learn_rankers, read
from training.progress import Progress
from training.read.shop_data import ShopData
from training.rehearsal import rehearse
from training.shop_toml import shop_toml
from training.split import NEWCOMERS, TASKS, Requests

SETTINGS = ("diversity", "novelty", "margin_weight", "price_tilt")
VALUES = (0.0, 0.25, 0.5, 0.75, 1.0)
SELLERS = 100
"""The bestsellers whose share of the lists is told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One carousel in one task under one value of one setting; means over lists of ten products."""

    task: str
    carousel: str
    setting: str
    value: float
    requests: int
    ndcg: float
    difference: Interval
    """NDCG@10 less that at 0, shopper by shopper, with its 95 % interval."""
    recall: float
    means: dict[str, float | None]
    """The names of ``MEASURES`` -> value; None where the shop does not know it."""

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        gap = [round(one, 5) for one in (self.difference.mean, self.difference.low, self.difference.high)]
        means = {name: None if one is None else round(one, 5) for name, one in self.means.items()}
        known = {"task": self.task, "carousel": self.carousel, "setting": self.setting, "value": self.value}
        judged = {"ndcg@10": round(self.ndcg, 5), "ndcg@10 against 0": gap, "recall@10": round(self.recall, 5)}
        return {**known, "requests": self.requests, **judged, **means}


MEASURES = ("coverage@10", "top100", "price", "margin", "profit", "kinds", "categories")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of products, from what came before the judged days; every array has shape (n_products,)."""

    sellers: Bools
    """Whether it is one of the ``SELLERS`` products in most orders."""
    price: Doubles
    margin: Doubles
    """Share of the price."""
    profit: Doubles
    """Money a piece; the margin in a shop without prices."""
    kind: Ints
    category: Ints

    @classmethod
    def of(cls, known: ShopData, until: int) -> "Facts":
        """Return the facts of the products of ``known``; NaN and ``UNKNOWN`` where there is none."""
        lines, catalogue, n = known.purchases, known.catalogue, len(known.products)
        orders = np.bincount(lines.product[first_lines(lines.order, lines.product, n)], minlength=n)
        top = np.argsort(-orders, kind="stable")[:SELLERS]
        column = catalogue.columns.get("category")
        category = column.codes if isinstance(column, TextColumn) else np.full(n, UNKNOWN, np.int32)
        price, margin = (_numbers(catalogue, name) for name in ("price", "margin"))
        return cls(
            sellers=np.isin(np.arange(n), top[orders[top] > 0]),
            price=price,
            margin=margin,
            profit=margin * price if "price" in catalogue.columns else margin,
            kind=paired(kind_codes(Fitting(lines, catalogue, until))[0], category),
            category=category,
        )


def _numbers(catalogue: Catalogue, name: str) -> Doubles:
    column = catalogue.columns.get(name)
    return column.values if isinstance(column, NumberColumn) else np.full(len(catalogue), np.nan)


def price_trade_offs(shop: Shop, options: Options, carousels: tuple[str, ...], progress: Progress) -> list[Step]:
    """Return what each setting costs and brings, for each of ``carousels`` (none: all that a task judges).

    Raises:
        ConfigError: the shop has no such carousel.
        DataError: the data cannot be used.
    """
    if lost := [name for name in carousels if name not in shop.carousels]:
        known = ", ".join(shop.carousels)
        raise ConfigError(f"no carousel {lost[0]!r}{suggest(lost[0], shop.carousels) or f': there are {known}'}")
    seed = shop.training.seed if options.seed is None else options.seed
    data = read(shop, options, None, progress)
    until = end_of(data, options.until)
    shop = suited(shop, data, until)
    shop, _ = choose(shop, data, until, seed, progress)
    rankers = learn_rankers(shop, data, until, seed, progress)
    chosen = carousels or tuple(dict.fromkeys(TASKS.values()))
    return rehearse(shop, data, until, rankers, seed, options.now, progress, partial(steps_of, chosen), [])


def steps_of(
    carousels: tuple[str, ...], shop: Shop, artifacts: Path, known: ShopData, split: Split, seed: int, progress: Progress,
) -> list[Step]:  # fmt: skip
    """Ask the version in ``artifacts`` once for everything, and compare each answer with what was bought."""
    facts = Facts.of(known, split.until)
    plans = [(task, name) for name in carousels for task in split.requests if task.task in tasks_of(name)]
    if not plans:
        return []
    asked = [(task, _named(name, setting, value)) for task, name in plans for setting in SETTINGS for value in VALUES]
    with tempfile.TemporaryDirectory(prefix="recsvc-trade-offs-") as folder:
        toml = Path(folder) / "shop.toml"
        toml.write_text(shop_toml(with_settings(shop, carousels)), "utf-8")
        shown = np.concatenate(ask(toml, artifacts, known, asked, progress))
    out: list[Step] = []
    first = 0
    for task, name in plans:
        for setting in SETTINGS:
            last = first + len(VALUES) * len(task)
            lists = shown[first:last].reshape(len(VALUES), len(task), DEPTH)
            out.extend(_compared(task, name, setting, lists, facts, shop.evaluation.rounds, seed))
            first = last
    return out


def tasks_of(carousel: str) -> tuple[str, ...]:
    """Return the tasks that judge a carousel; one that no task is for is judged by the next order.

    What newcomers are asked is left out: there is little in it that a trade-off could cost.
    """
    return tuple(task for task, name in TASKS.items() if name == carousel and task != NEWCOMERS) or ("next-order",)


def with_settings(shop: Shop, carousels: tuple[str, ...]) -> Shop:
    """Return ``shop`` with a copy of each carousel for every value of every setting, and without rules."""
    copies = {
        _named(name, setting, value): shop.carousels[name].model_copy(update={setting: value})
        for name in carousels
        for setting in SETTINGS
        for value in VALUES
    }
    return shop.model_copy(update={"carousels": {**shop.carousels, **copies}, "rules": Rules()})


def _named(carousel: str, setting: str, value: float) -> str:
    return f"{carousel} {setting} {value:g}"


def _compared(
    task: Requests, carousel: str, setting: str, shown: Longs, facts: Facts, rounds: int, seed: int
) -> Iterator[Step]:
    """Yield a step for each of the (n_values, n_requests, ``DEPTH``) product rows ``shown``; the first is at 0."""
    n = len(facts.sellers)
    plain: Doubles | None = None
    for value, rows in zip(VALUES, shown, strict=True):
        lists = lists_of(task, rows, n)
        gain = by_user(ndcg(lists, DEPTH), task)
        plain = gain if plain is None else plain
        gap = mean_interval(gain - plain, rounds, seed)
        found = float(by_user(recall(lists, DEPTH), task).mean())
        means = measures(rows, facts)
        yield Step(task.task, carousel, setting, value, len(task), float(gain.mean()), gap, found, means)


def measures(rows: Longs, facts: Facts) -> dict[str, float | None]:
    """Return ``MEASURES`` of (n_requests, depth) product rows, ``UNKNOWN`` where a list ended."""
    n, there = len(facts.sellers), rows[rows != UNKNOWN]
    told = {
        "coverage@10": len(distinct(there)) / max(n, 1),
        "top100": _mean(facts.sellers.astype(np.float64), there),
        "price": _mean(facts.price, there),
        "margin": _mean(facts.margin, there),
        "profit": _mean(facts.profit, there),
        "kinds": _distinct(facts.kind, rows),
        "categories": _distinct(facts.category, rows),
    }
    return {name: told[name] for name in MEASURES}


def _mean(values: Doubles, rows: Longs) -> float | None:
    known = values[rows][np.isfinite(values[rows])]
    return float(known.mean()) if len(known) else None


def _distinct(codes: Ints, rows: Longs) -> float | None:
    """Return how many different codes a list has, on average; None where no product of the shop has one."""
    if not len(rows) or not np.any(codes != UNKNOWN):
        return None
    found = np.sort(np.where(rows == UNKNOWN, UNKNOWN, codes[rows]), axis=1)
    fresh = np.diff(found, axis=1, prepend=UNKNOWN) != 0
    return float(fresh.sum(axis=1).mean())
