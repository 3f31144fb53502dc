"""What the carousel of a task is judged against: rows answered by the same engine, for the same requests.

bestsellers       the shop's carousel of that name
simple            the rule that is hard to beat in this task: one source, or two with fixed weights
blend             the task's own carousel without its ranker: what the ranker is worth; it is kept only where it wins
shuffled          the task's own carousel, asked in the context of other requests: what it loses is what context is worth
"""

from dataclasses import replace

import numpy as np

from models.carousels import Carousel
from models.shop import Rules, Shop
from training.split import TASKS, Requests

BASELINE = "bestsellers"
SIMPLE, BLEND, SHUFFLED = "simple", "blend", "shuffled"
"""Names of rows."""
SHUFFLED_TITLE = "context shuffled"


def _rule(sources: dict[str, float], bought: str = "include") -> Carousel:
    return Carousel.model_validate({"title": "Simple rule", "sources": sources, "bought": bought})


RULES = {
    "next-order": ("own frequency", _rule({"buy-again": 1.0})),
    "first-order": ("store popularity", _rule({"store-popularity": 1.0})),
    "discovery": ("recent popularity", _rule({"popularity": 1.0}, bought="exclude")),
    "complements": ("often together", _rule({"bought-together": 1.0})),
    "completing": ("own + together", _rule({"buy-again": 1.0, "bought-together": 3.0})),
    "session": ("often together new", _rule({"bought-together": 1.0}, bought="exclude")),
}
"""Task -> its simple rule, under the name of the carousel that the engine is asked for."""


def with_rules_of_thumb(shop: Shop) -> Shop:
    """Return ``shop`` with a carousel for each simple rule beside its own, and without the merchandiser's rules."""
    own = {name: shop.carousels[name] for name in TASKS.values() if shop.carousels[name].ranker is not None}
    blends = {blend_of(name): carousel.model_copy(update={"ranker": None}) for name, carousel in own.items()}
    return shop.model_copy(update={"carousels": {**shop.carousels, **dict(RULES.values()), **blends}, "rules": Rules()})


def blend_of(carousel: str) -> str:
    """Return the name of a carousel's own blend, which no ranker orders."""
    return f"{carousel}, blend"


def rows_of(task: Requests, seed: int, shuffle: bool, ranked: bool = False) -> dict[str, tuple[Requests, str]]:
    """Return what is asked for ``task`` and of which carousel, by row; the task's own carousel is row ``""``.

    ``ranked``: the version has a ranker for it, so that its blend is something else.
    """
    own = TASKS[task.task]
    rows = {"": (task, own), BASELINE: (task, BASELINE), SIMPLE: (task, RULES[task.task][0])}
    if ranked:
        rows[BLEND] = (task, blend_of(own))
    return rows | ({SHUFFLED: (shuffled(task, seed), own)} if shuffle else {})


def shuffled(task: Requests, seed: int) -> Requests:
    """Return ``task`` with store, moment and fields of each request, all three together, given to another one."""
    places = np.random.default_rng([seed, len(task)]).permutation(len(task))
    fields = {name: column.take(places) for name, column in task.fields.items()}
    return replace(task, store=task.store[places], at=task.at[places], fields=fields)
