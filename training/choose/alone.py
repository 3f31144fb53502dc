"""What a model finds by itself in the task that it is for: the measure that its settings are chosen and tuned by."""

from collections.abc import Sequence

from models.base import Model
from models.schema import Doubles
from models.shop import Shop
from training.choose.offers import offers_of
from training.choose.pasts import Past
from training.choose.scope import TASKS_OF

HOME = {
    "buy-again": ("next-order",),
    "bought-together": ("complements", "session"),
    "popularity": ("first-order", "next-order", "discovery"),
    "store-popularity": ("first-order", "next-order"),
}
"""Source -> tasks, the first of which that is asked judges its settings; of the others ``discovery``, else ``session``."""


def home_of(source: str, pasts: Sequence[Past]) -> str | None:
    """Return the task that judges the settings of ``source``; None where no past asks one."""
    tasks = HOME.get(source, ("discovery", "session"))
    return next((task for task in tasks if any(task in past.requests for past in pasts)), None)


def gains_alone(shop: Shop, task: str, model: Model, past: Past) -> Doubles:
    """Return (n_users,) NDCG@10 of what ``model``, fitted on ``past``, finds there in ``task``."""
    carousel = shop.carousels[next(name for name, tasks in TASKS_OF.items() if task in tasks)]
    offers = offers_of({model.source: model}, (model.source,), carousel, past.requests[task], past.contexts[task])
    return offers.gains({model.source: 1.0})
