"""Fit the contextual rankers on many label windows; each window is worked out once, however often it is used."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import joblib
import numpy as np

from models.als import ALS
from models.context_table import ContextTable
from models.features import context_fields
from models.ranker import Ranker
from models.schema import DAY, NO_ROWS, UNKNOWN, Bools, Floats
from models.shop import Shop
from models.sources import new_models
from models.trees import Trees
from training.baselines import BLEND
from training.fit import NO_START, before, feature_names, fitting
from training.judge import Judgement
from training.prices import with_prices
from training.progress import Progress
from training.read.shop_data import ShopData
from training.split import TASKS
from training.threads import limited
from training.windows import LONGER, TASKS_OF, Begun, Examples, joined, learn_window, span_of

if TYPE_CHECKING:
    from training.forest import Forest

Windows = dict[int, dict[str, Examples]]
"""By the moment that a window begins; -1, -2, … for the folds of a shop without times."""
LEAST_BOUGHT = 100
"""A ranker with fewer bought examples would be noise: the blend orders instead."""
BYTES_A_LINE, BYTES_A_PAIR, MOST_PRODUCTS = 400, 8, 10_000
"""What a window takes in memory, about: by purchase line, and by pair of the products that EASE relates."""
FEWEST_WINDOWS = 4
"""Windows of a shop so large that a part of its shoppers is drawn."""
LEAST_PAST = 3
"""Models of a window must know so much of the data: one part in so many."""
MANY, FEW_FEATURES, LEAST_GAIN = 100_000, 0.4, 0.0008
"""Examples from which features are chosen, by their share in what a small forest gains, and each split looks at a share of those:
other trees then see other things. Fewer examples have none to spare."""
TOLD_BY = 200_000
"""Examples of that small forest, at least, where there are as many."""
PRIOR = 50.0
"""Examples that the mean counts for in the number of a code."""


def window_starts(shop: Shop, until: int, first: int) -> list[int]:
    """Return the moments at which the windows before ``until`` begin, the latest first; none before a third of the data.

    They are more than the shop sets: a ranker whose labels take several windows begins as many earlier, see ``learners``.
    """
    days = shop.training.window_days
    starts = [until - days * DAY * number for number in range(1, shop.training.windows + LONGER)]
    return [start for start in starts if start - first >= (until - first) / LEAST_PAST]


def learners(place: int, windows: int) -> list[str]:
    """Return the rankers that learn from the window at ``place``, 0 for the latest: each from ``windows`` of them.

    None learns from a window after which its labels would reach past the end of the latest.
    """
    return [name for name in TASKS_OF if 0 <= place - (span_of(name) - 1) < windows]


def fewer_windows(shop: Shop, share: float) -> Shop:
    """Return ``shop`` with windows for a ``share`` of its purchases: each still has as many shoppers as are drawn."""
    windows = min(shop.training.windows, max(FEWEST_WINDOWS, round(shop.training.windows * share)))
    return shop.model_copy(update={"training": shop.training.model_copy(update={"windows": windows})})


def learn_windows(
    data: ShopData, shop: Shop, starts: list[int], seed: int, progress: Progress, share: float = 1.0
) -> Windows:
    """Return the examples of the windows that begin at ``starts`` (-1, -2, …: folds), worked out on all cores.

    ``share`` of the shop's purchases are in ``data``.
    """
    days, cores = shop.training.window_days, shop.training.threads or joblib.cpu_count()
    found: Windows = {}
    with progress.step("looking back at past weeks", total=len(starts)) as bar:
        begun = _begun(data, shop, min(starts, default=UNKNOWN), seed)
        jobs = min(cores, max(len(starts), 1), _that_fit(data))
        work = joblib.Parallel(n_jobs=jobs, return_as="generator")(
            joblib.delayed(learn_window)(
                data, shop, start, days, seed, share, begun,
                learners(place, shop.training.windows) if start >= 0 else tuple(TASKS_OF),
            )
            for place, start in enumerate(starts)
        )  # fmt: skip
        for start, examples in zip(starts, work, strict=True):
            found[start] = examples
            bar.update(1)
    return found


def _begun(data: ShopData, shop: Shop, earliest: int, seed: int) -> Begun:
    """Return what ALS learns before the ``earliest`` window: a third of its iterations leads on from there."""
    known = with_prices(before(data, earliest), shop.training.heavy_shoppers)
    if not len(known.purchases):
        return NO_START
    bundle = replace(fitting(known, earliest, shop, seed), asked=NO_ROWS)
    arrays = new_models(shop.models)[ALS.source].fit(bundle).arrays()
    return {ALS.source: {name: arrays[name] for name in ("kept", "item_factors")}}


def _that_fit(data: ShopData) -> int:
    """Return how many windows may be worked out at once, so that they take half of the machine's memory at most."""
    products = min(data.purchases.n_products, MOST_PRODUCTS)
    window = BYTES_A_LINE * len(data.purchases) + BYTES_A_PAIR * products * products
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, memory // 2 // max(window, 1))


def fit_rankers(windows: Windows, data: ShopData, shop: Shop, seed: int, progress: Progress) -> dict[str, Ranker]:
    """Return a ranker for each task that ``windows`` of ``data`` have enough examples of."""
    out: dict[str, Ranker] = {}
    if not windows:
        return out
    labels = feature_names(data)
    rankers = sorted({name for found in windows.values() for name in found})
    with progress.step("fitting rankers", total=len(rankers)) as bar:
        for name in rankers:
            usable = [found[name] for _, found in sorted(windows.items()) if name in found]
            if sum(int(one.bought.sum()) for one in usable) >= LEAST_BOUGHT:
                out[name] = fit_ranker(joined(usable), labels, data.contexts, seed, shop.training.threads)
            bar.update(1)
    return out


def fit_ranker(
    examples: Examples, labels: tuple[str, ...], contexts: Mapping[str, ContextTable], seed: int, threads: int
) -> Ranker:
    """Return a ranker fitted on ``examples``, whose features ``labels`` names."""
    codes = {
        place: code_numbers(examples.features[:, place], examples)
        for place, label in enumerate(labels)
        if label in _code_fields(contexts)
    }
    known = np.flatnonzero(~np.isnan(examples.features).all(axis=0)).astype(np.int32)
    ranker = Ranker(known, labels, codes)
    with limited(threads):
        if len(examples.bought) >= MANY:
            ranker = replace(ranker, columns_=known[_telling(ranker, examples, seed)])
            model = _grown(ranker, examples, seed, 200, 0.05, FEW_FEATURES)
        else:
            model = _grown(ranker, examples, seed, 200, 0.05, 1.0)
    ranker.trees_ = Trees.of(model)
    return ranker


def _telling(ranker: Ranker, examples: Examples, seed: int) -> Bools:
    """Return which of the features that ``ranker`` reads tell something, by a small forest on a part of ``examples``.

    The others would only be in the way: where each split looks at some features, of all of them too few tell much.
    """
    step = max(1, len(examples.bought) // (TOLD_BY + 1))
    some = replace(
        examples, features=examples.features[::step], bought=examples.bought[::step], weight=examples.weight[::step]
    )
    model, gained = _grown(ranker, some, seed, 40, 0.15, 1.0), np.zeros(len(ranker.columns_))
    for (tree,) in model._predictors:
        splits = tree.nodes[tree.nodes["is_leaf"] == 0]
        np.add.at(gained, splits["feature_idx"], splits["gain"])
    telling: Bools = gained >= LEAST_GAIN * gained.sum()
    return telling


def _grown(ranker: Ranker, examples: Examples, seed: int, trees: int, rate: float, features: float) -> "Forest":
    """Return trees fitted on what ``ranker`` reads of ``examples``; each split looks at a share of the ``features``."""
    from training.forest import Forest  # here: nothing else of training needs scikit-learn

    model = Forest(
        max_iter=trees, learning_rate=rate, max_features=features, max_leaf_nodes=31, min_samples_leaf=150,
        l2_regularization=5.0, early_stopping=False, random_state=seed,
    )  # fmt: skip
    weight = examples.weight / examples.weight.mean()
    model.fit(ranker.encode(examples.features), examples.bought, sample_weight=weight)
    return model


def that_win(shop: Shop, rankers: Mapping[str, Ranker], judged: Judgement) -> dict[str, Ranker]:
    """Return the rankers but those that lose to the blend over the tasks that they were judged in.

    Each task is asked of one of the shop's carousels, and the ranker that orders this one answers for it.
    """
    gains: dict[str, list[float]] = {}
    for result in judged.results:
        if result.row == BLEND:
            name = shop.carousels[TASKS[result.task]].ranker or ""
            gains.setdefault(name, []).append(result.difference["ndcg@10"].mean)
    return {name: ranker for name, ranker in rankers.items() if sum(gains.get(name, ())) >= 0}


def _code_fields(contexts: Mapping[str, ContextTable]) -> set[str]:
    return {
        f"{table}.{name}"
        for table, name in context_fields(contexts)
        if name in contexts[table].columns and contexts[table].columns[name].kind != "number"
    }


def code_numbers(codes: Floats, examples: Examples) -> Floats:
    """Return for each code + 1 the log of how much more often its products were bought than all, drawn to 0 where rare."""
    place = codes.astype(np.int64) + 1
    bought = np.bincount(place, examples.weight * examples.bought)
    every = np.bincount(place, examples.weight)
    mean = max(float(bought.sum() / max(every.sum(), 1e-9)), 1e-9)
    return np.log((bought + PRIOR * mean) / (every + PRIOR) / mean).astype(np.float32)
