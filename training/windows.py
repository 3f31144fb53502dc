"""Label windows: what competed for a shopper at a moment in the past, and what was bought then.

Each window begins some days before the next one. Models are fitted on what came before it, candidates come from them
as they will at serving, and a candidate's label is whether the shopper's order in the window held it. One window ties
with counting; several win, since each shows other weeks, promotions and shoppers. In a shop without times, folds take
their place: each hides a part of other shoppers' purchases (``training.held_out``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.basis import Basis
from models.candidates import gather
from models.compiled import isin
from models.features import SOURCES as FEATURE_SOURCES
from models.features import World, features
from models.histories import Histories
from models.ids import IdIndex
from models.ranker import DEPTHS
from models.schema import DAY, NO_HISTORY, NO_ROWS, UNKNOWN, Arrays, Bools, Context, Doubles, Floats
from models.shop import Shop
from models.sources import new_models
from training.fit import NO_START, before, fitting
from training.held_out import hidden_parts
from training.prices import with_prices
from training.read.shop_data import ShopData
from training.split import Requests, askers, make_requests
from training.threads import limited

Begun = Mapping[str, Arrays]
"""By model, see ``models.base.Fitting.start``."""
TASKS_OF = {
    "next-order": ("next-order",),
    "discovery": ("discovery", "session"),
    "complements": ("complements", "completing"),
}
"""Ranker -> the tasks of ``training.split`` that it learns from."""
NEGATIVES, OF_FEW = {"next-order": 35, "discovery": 17, "complements": 35}, 70
"""By ranker: candidates that were not bought, drawn for each request, and how many where a task has few requests. Each
stands for as many as were left out."""
BARE = 0.15
"""Share of requests that are learned from without store, fields and moment: a storefront may tell nothing of these."""
MOST_USERS = 2000
"""Shoppers drawn for each ranker in a window; where there are more, its tasks take turns with them."""
LONGER = 2
"""Windows that make the span of discovery: what is new to a shopper is bought more seldom."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What one ranker learns from in one window; every array has n_examples rows."""

    features: Floats
    """(n_examples, n_features)"""
    bought: Bools
    weight: Doubles
    """What an example stands for, divided by the root of the products that its order held: a small order counts more
    for each of its products, as it does in recall."""
    found: int
    """Bought products that were among the candidates."""
    wanted: int
    """Bought products."""


@dataclass(frozen=True, slots=True)
class Past:
    """The world as it was at a moment."""

    data: ShopData
    world: World
    histories: Histories
    until: int
    """Unix seconds: the moment that the models were fitted for."""


def learn_window(
    data: ShopData, shop: Shop, start: int, days: int, seed: int, share: float = 1.0, begun: Begun = NO_START,
    rankers: Collection[str] = tuple(TASKS_OF),
) -> dict[str, Examples]:  # fmt: skip
    """Return the examples of the window that begins at ``start`` (Unix seconds), by ranker.

    Args:
        data: purchases until the end of the window at least, and none that training must not see.
        shop: the settings.
        start: the moment that models may know the past of; -1, -2, …: in a shop without times, the fold of shoppers
            a part of whose purchases is hidden from them.
        days: of the window.
        seed: of the draws.
        share: of the shop's purchases that are in ``data``, where a part of the shoppers was drawn.
        begun: what models of earlier purchases learned, for those of the window to begin with.
        rankers: those that learn from it.
    """
    with limited(1):
        if start < 0:
            return _learn_fold(data, shop, -1 - start, seed, share)
        by_span = {
            span: make_requests(data.purchases, start, start + days * DAY * span, MOST_USERS, seed)
            for span in sorted({span_of(ranker) for ranker in rankers})
        }
        asked = {ranker: by_span[span_of(ranker)] for ranker in rankers}
        return _learned(before(data, start), shop, start, asked, seed, share, begun)


def span_of(ranker: str) -> int:
    """Return how many windows the labels of a ranker take."""
    return LONGER if ranker == "discovery" else 1


def _learn_fold(data: ShopData, shop: Shop, fold: int, seed: int, share: float) -> dict[str, Examples]:
    until = int(data.purchases.time.max(initial=0)) + 1
    split = hidden_parts(data.purchases, until, MOST_USERS, seed, fold, shop.training.windows)
    known = replace(data, purchases=split.known)
    return _learned(known, shop, until, dict.fromkeys(TASKS_OF, split.requests), seed, share)


def _learned(
    data: ShopData,
    shop: Shop,
    until: int,
    asked: Mapping[str, list[Requests]],
    seed: int,
    share: float,
    begun: Begun = NO_START,
) -> dict[str, Examples]:
    """Return the examples, by ranker, of what those are ``asked`` who know ``data`` (of ``until``) and no more."""
    known = with_prices(data, shop.training.heavy_shoppers)
    if not len(known.purchases):
        return {}
    past = past_of(known, shop, until, seed, share, begun, [one for some in asked.values() for one in some])
    out: dict[str, Examples] = {}
    for ranker, requests in asked.items():
        mine = [one for one in requests if one.task in TASKS_OF[ranker]]
        if mine:
            turns = [_turns(len(one), place, len(mine)) for place, one in enumerate(mine)]
            out[ranker] = joined([_examples(past, ranker, *pair, seed) for pair in zip(mine, turns, strict=True)])
    return out


def _turns(n_requests: int, place: int, n_tasks: int) -> range:
    """Return the requests of the task at ``place`` of a ranker's that are learned from."""
    return range(n_requests) if n_requests * n_tasks <= MOST_USERS else range(place, n_requests, n_tasks)


def past_of(
    known: ShopData, shop: Shop, start: int, seed: int, share: float = 1.0, begun: Begun = NO_START,
    requests: Sequence[Requests] | None = None,
) -> Past:  # fmt: skip
    """Return the world of those who know ``known``, priced, until ``start``: a ``share`` of the shop's purchases.

    Models begin with what those of earlier purchases learned, ``begun``. What none of the ``requests`` reads (lists of other
    shoppers, weights of sessions) is not worked out; None: anything may be asked.
    """
    asked = None if requests is None else askers(requests)
    bundle = replace(fitting(known, start, shop, seed), threads=1, start=begun, asked=asked)
    sessions = requests is None or any(one.recent for one in requests)
    wanted = {*FEATURE_SOURCES, *(name for depths in DEPTHS.values() for name in depths)}
    settings = {**shop.models, "ease": {**shop.models.get("ease", {}), "sessions": sessions}}
    models = {name: model.fit(bundle) for name, model in new_models(settings).items() if name in wanted}
    world = World(Basis().fit(bundle).of_share(share), models, known.contexts, shop.zone)
    return Past(known, world, Histories.of(known.purchases), start)


def _examples(past: Past, ranker: str, requests: Requests, numbers: range, seed: int) -> Examples:
    rng = np.random.default_rng([seed, len(requests)])
    negatives = OF_FEW if 2 * len(requests) <= MOST_USERS else NEGATIVES[ranker]
    parts: list[tuple[Floats, Bools, Doubles]] = []
    found = wanted = 0
    for number in numbers:
        truth = requests.truth[number]
        bare_at = past.until if rng.random() < BARE else None
        context = context_of(requests, number, past.histories, past.data.stores, bare_at)
        bought = context.history.products() if ranker == "discovery" else NO_ROWS
        rows = gather(past.world.models, {}, DEPTHS[ranker], context, bought).rows
        rows = rows[rows != context.page]
        right = isin(rows, truth)
        found, wanted = found + int(right.sum()), wanted + len(truth)
        wrong = np.flatnonzero(~right)
        drawn = rng.choice(wrong, min(negatives, len(wrong)), replace=False)
        kept = np.sort(np.concatenate([np.flatnonzero(right), drawn]))
        weight = np.where(right[kept], 1.0, len(wrong) / max(len(drawn), 1)) / np.sqrt(len(truth))
        user_id = past.data.users.id(context.user) if context.user != UNKNOWN else None
        values = features(past.world, context, rows[kept], user_id)
        parts.append((values, right[kept], weight))
    values, bought_, weights = (np.concatenate([part[place] for part in parts]) for place in range(3))
    return Examples(values, bought_, weights, found, wanted)


def context_of(
    requests: Requests, number: int, histories: Histories, stores: IdIndex, bare_at: int | None = None
) -> Context:
    """Return request ``number`` as the models read it; ``bare_at``: at that moment, and without store and fields."""
    user = int(requests.user[number]) if requests.known else UNKNOWN
    bare = bare_at is not None
    store = UNKNOWN if bare else int(requests.store[number])
    fields = {} if bare else requests.fields_of(number)
    at = int(requests.at[number])
    return Context(
        at=bare_at if bare_at is not None and at else at,
        user=user,
        page=int(requests.page[number]),
        recent=requests.recent[number] if requests.recent else NO_ROWS,
        store=store,
        history=histories.of_user(user) if user != UNKNOWN else NO_HISTORY,
        fields=fields | ({"store": stores.id(store)} if store != UNKNOWN else {}),
    )


def joined(found: list[Examples]) -> Examples:
    """Return all examples as one."""
    features_, bought, weight = (
        np.concatenate([getattr(one, name) for one in found]) for name in ("features", "bought", "weight")
    )
    return Examples(features_, bought, weight, sum(one.found for one in found), sum(one.wanted for one in found))
