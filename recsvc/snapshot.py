"""Everything that one answer is made from, held together: swapped as a whole, never changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from models.base import Model
from models.catalogue import Catalogue
from models.columns import Column
from models.context_table import ContextTable
from models.features import World
from models.histories import Histories
from models.ids import IdIndex
from models.ranker import Ranker
from models.schema import Longs
from models.shop import Shop
from models.stock import Stock
from recsvc.overlay.stock import LiveStock
from recsvc.prepared import Prepared
from recsvc.rules.bind import BoundRules


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of the models, one of the catalogue, one of the rules."""

    shop: Shop
    clock: Callable[[], int]
    """The shop's clock: Unix seconds."""
    version: str | None
    """Of the artifact; None while there is none."""
    catalogue: Catalogue
    users: IdIndex
    stores: IdIndex
    histories: Histories
    user_columns: Mapping[str, Column]
    models: Mapping[str, Model]
    rules: BoundRules
    rules_hash: str | None
    stock: Stock | LiveStock | None = None
    contexts: Mapping[str, ContextTable] = field(default_factory=dict)
    rankers: Mapping[str, Ranker] = field(default_factory=dict)
    world: World | None = None
    """What the rankers' features are made of."""
    trained: "Snapshot | None" = None
    """The same before anything was told over it; None: this is it."""
    since: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    """(n_new,) Unix seconds at which each product was told of that training did not know; they lie behind the others."""
    told: int = 0
    """The change in the store's feed up to which it was told."""
    until: int = 0
    """Unix seconds: the moment that the version was trained for; at most 1 in a shop without times."""
    prepared: Prepared = field(default_factory=Prepared)
    """The lists for requests that there is no time for."""

    others: Mapping[str, "Snapshot"] = field(default_factory=dict)
    """The versions that arms of experiments serve beside this one, which have none beside them."""

    @property
    def everything(self) -> "tuple[Snapshot, ...]":
        """This one and those beside it."""
        return (self, *self.others.values())

    def under(self, rules: BoundRules, rules_hash: str | None) -> "Snapshot":
        """Return the same under other rules."""
        return replace(self, rules=rules, rules_hash=rules_hash)
