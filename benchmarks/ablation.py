"""What each source and each group of features adds: rankers fitted again without it, on the shop's own data.

    taskset -c 0 .venv/bin/python benchmarks/ablation.py examples/complete-journey/shop.toml --until 2017-10-01

The rankers learn from the label windows that a run learns them from, and order the candidates of the days that the run
holds out (``--users`` shoppers at most). Two tables by task: NDCG@10 with all features, and how it changes without one group
(fitted again; shopper by shopper, with its 95 % interval); then how much of what was bought only this source brings, and how
NDCG@10 changes where its own candidates are missing (not fitted again).
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from time import time

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from models.candidates import gather  # noqa: E402
from models.features import context_fields, features  # noqa: E402
from models.ranker import DEPTHS, Ranker  # noqa: E402
from models.schema import NO_ROWS, UNKNOWN, Bools, Doubles, Floats, Ints, Longs, best  # noqa: E402
from models.shop import Shop, read_shop  # noqa: E402
from training.fit import before, feature_names  # noqa: E402
from training.held_out import known_until, suited  # noqa: E402
from training.metrics.bootstrap import mean_interval, signed  # noqa: E402
from training.metrics.by_user import scores  # noqa: E402
from training.pipeline import Options, end_of, read  # noqa: E402
from training.prices import with_prices  # noqa: E402
from training.progress import Progress  # noqa: E402
from training.ranking import Windows, fit_rankers, learn_windows, window_starts  # noqa: E402
from training.read.shop_data import ShopData  # noqa: E402
from training.split import Requests, make_requests  # noqa: E402
from training.windows import TASKS_OF, Past, context_of, past_of  # noqa: E402

GROUPS: Mapping[str, tuple[str, ...]] = {
    "the product's own past with the shopper": ("product.", "share_since", "in_last", "quantity", "here"),
    "kind, category, make, brand of what was bought": ("kind.", "category.", "make.", "brand.", "of_kind"),
    "likeness (als, ease, neighbours)": ("als", "ease", "user-neighbours"),
    "who the shopper is": ("user_", "people_lift"),
    "sales, trend and first purchases": (
        "share7", "share30", "share90", "share365", "rise", "buyers", "again", "newcomers", "gap",
    ),
    "the store": ("store", "user_here"),
    "the moment": ("lift.",),
    "prices": ("log_price", "price_now", "price_to_own"),
    "the page": ("bought-together", "page_lift", "similar", "same_", "price_to_page"),
    "context tables": (),
}  # fmt: skip
"""Group -> how the names of its features begin; context tables: what ends the names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests of one task with all their candidates; arrays are (n_candidates,)."""

    task: Requests
    ranker: str
    number: Longs
    rows: Ints
    features: Floats
    """(n_candidates, n_features)"""
    sources: Mapping[str, Bools]
    """Whether a source offers it."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--until")
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--windows", type=int, help="fewer than shop.toml says: quicker, and a little worse")
    given = parser.parse_args()
    shop, progress = read_shop(given.shop), Progress()
    if given.windows:
        shop = shop.model_copy(update={"training": shop.training.model_copy(update={"windows": given.windows})})
    now, moment = time(), None if given.until is None else shop.moment(given.until)
    options = Options(Path(), int(now), int(now) + shop.clock_offset(now), moment)
    data = read(shop, options, None, progress)
    until, seed = end_of(data, options.until), shop.training.seed
    shop = suited(shop, data, until)
    since = known_until(data.purchases, shop, until)
    windows = learn_windows(data, shop, window_starts(shop, since, int(data.purchases.time.min())), seed, progress)
    past = past_of(with_prices(before(data, since), shop.training.heavy_shoppers), shop, since, seed)
    asked = ask(past, make_requests(data.purchases, since, until, given.users, seed))
    labels = feature_names(data)
    fit = fitter(shop, data, seed, progress, windows)
    whole = fit(np.zeros(len(labels), np.bool_))
    base = {one.task.task: measured(one, whole, len(data.products)) for one in asked}
    tables = sum(len(table.columns) or 1 for table in data.contexts.values() if table.by_product)
    print(f"\n{'without':<42}" + "".join(f" {name:<28}" for name in base))
    print(f"{'nothing: NDCG@10':<42}" + "".join(f" {values.mean():<28.4f}" for values in base.values()))
    for group, starts in GROUPS.items():
        left_out = np.array([name.startswith(starts) for name in labels]) if starts else np.zeros(len(labels), np.bool_)
        left_out[len(labels) - tables :] = not starts
        without = fit(left_out)
        print(
            f"{group:<42}"
            + "".join(f" {gap(measured(one, without, len(data.products)), base, one):<28}" for one in asked)
        )
    for one in asked:
        print(f"\n{one.task.task}: source, share of what was bought, of it by this source alone, NDCG@10 without these")
        for source, alone, recall in sources(one):
            left = measured(one, whole, len(data.products), ~alone)
            only, every = recall_of(one, alone), recall_of(one, recall)
            print(f"  {source:<18} {every:.4f} {only:.4f}  {gap(left, base, one)}")
        print(f"  {'all together':<18} {recall_of(one, np.ones(len(one.rows), np.bool_)):.4f}")


def ask(past: Past, asked: list[Requests]) -> list[Asked]:
    """Return the tasks that rankers learn, each with its candidates and their features."""
    ranker_of = {task: ranker for ranker, tasks in TASKS_OF.items() for task in tasks}
    return [_ask(past, task, ranker_of[task.task]) for task in asked if task.task in ranker_of]


def _ask(past: Past, task: Requests, ranker: str) -> Asked:
    parts: list[tuple[Longs, Ints, Floats]] = []
    offered: dict[str, list[Bools]] = {name: [] for name in DEPTHS[ranker]}
    for number in range(len(task)):
        context = context_of(task, number, past.histories, past.data.stores)
        bought = np.unique(context.history.product) if ranker == "discovery" else NO_ROWS
        gathered = gather(past.world.models, {}, DEPTHS[ranker], context, bought)
        rows = gathered.rows[gathered.rows != context.page]
        user_id = past.data.users.id(context.user) if context.user != UNKNOWN else None
        parts.append((np.full(len(rows), number), rows, features(past.world, context, rows, user_id)))
        for name, kept in offered.items():
            kept.append(np.isin(rows, gathered.by_source[name].rows))
    number_, rows_, values = (np.concatenate([part[place] for part in parts]) for place in range(3))
    return Asked(task, ranker, number_, rows_, values, {name: np.concatenate(kept) for name, kept in offered.items()})


def fitter(
    shop: Shop, data: ShopData, seed: int, progress: Progress, windows: Windows
) -> Callable[[Bools], dict[str, Ranker]]:
    """Return what fits the rankers without the features that a mask (n_features,) leaves out."""

    labels = feature_names(data)
    coded = {f"{table}.{name}" for table, name in context_fields(data.contexts)}
    nothing = np.array([UNKNOWN if label in coded else np.nan for label in labels], np.float32)  # no code, no number

    def fit(left_out: Bools) -> dict[str, Ranker]:
        known = {
            start: {name: replace(one, features=np.where(left_out, nothing, one.features)) for name, one in found.items()}
            for start, found in windows.items()
        }  # fmt: skip
        return fit_rankers(known, data, shop, seed, progress)

    return fit


def measured(one: Asked, rankers: Mapping[str, Ranker], n_products: int, there: Bools | None = None) -> Doubles:
    """Return (n_users,) NDCG@10 of the candidates, or of those that are ``there``, in the order of their ranker."""
    score = rankers[one.ranker].score(one.features)
    if there is not None:
        score = np.where(there, score, 0.0)
    shown = np.full((len(one.task), 10), UNKNOWN, np.int64)
    edges = np.searchsorted(one.number, np.arange(len(one.task) + 1))
    for number, (start, end) in enumerate(pairwise(edges.tolist())):
        found = best(score[start:end], 10, one.rows[start:end]).rows
        shown[number, : len(found)] = found
    return scores(one.task, shown, n_products)["ndcg@10"]


def gap(values: Doubles, base: Mapping[str, Doubles], one: Asked) -> str:
    """Return the mean difference to ``base`` with its interval."""
    return signed(mean_interval(values - base[one.task.task], 1000, 1))


def sources(one: Asked) -> list[tuple[str, Bools, Bools]]:
    """Return each source, which candidates are its alone, and which it offers."""
    many = sum(found.astype(np.int64) for found in one.sources.values())
    return [(name, found & (many == 1), found) for name, found in one.sources.items()]


def recall_of(one: Asked, candidates: Bools) -> float:
    """Return the share of all that was bought that is among ``candidates``."""
    wide = int(one.rows.max(initial=0)) + 1
    held = one.number[candidates] * wide + one.rows[candidates]
    bought = np.concatenate([n * wide + truth[truth < wide].astype(np.int64) for n, truth in enumerate(one.task.truth)])
    return float(np.isin(bought, held).sum() / sum(len(truth) for truth in one.task.truth))


if __name__ == "__main__":
    main()
