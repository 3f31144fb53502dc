"""What every model is: fitted from one bundle of data, kept as plain arrays, asked with a context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self
from zoneinfo import ZoneInfo

import numpy as np

from models.catalogue import Catalogue
from models.columns import Column
from models.robust import HEAVY
from models.schema import Arrays, Context, Floats, Ints, Purchases, Scored
from models.signals import Signals
from models.statistics import Here, Statistics


@dataclass(frozen=True, slots=True)
class Fitting:
    """What a model may learn from: nothing here happened at ``until`` or later."""

    purchases: Purchases
    catalogue: Catalogue
    until: int
    """Unix seconds: the moment that the model is trained for."""
    seed: int = 1
    threads: int = 0
    """0 = all cores."""
    users: Mapping[str, Column] = field(default_factory=dict)
    """Attributes of users, (n_users,) rows each."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    """The shop's clock."""
    heavy: float = HEAVY
    """Times the lines of a typical shopper from which on a shopper counts for less (``models.robust``); 0 = nobody does."""
    signals: Signals = field(default_factory=Signals)
    """Views, carts and clicks before ``until``."""
    vectors: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """(n_products, n_dimensions) that the shop gives, zeros for a product without one; empty where it gives none."""
    start: Mapping[str, Arrays] = field(default_factory=dict)
    """What models learned from nearly the same purchases, by source, in the rows of these: some need less work then."""
    statistics: Statistics = field(default_factory=Here)
    """Who works out the sums over all purchases."""
    asked: Ints | None = None
    """User rows, ascending: nobody else will be asked for, so that no other shopper needs a list. None = anybody may be."""


class Model(Protocol):
    """A source of candidates. Its settings are its constructor's arguments; its learned state ends in ``_``."""

    source: ClassVar[str]
    """The name under which a carousel's blend asks for it (``models.carousels.SOURCES``)."""
    personal: ClassVar[bool]
    """True: it reads who the shopper is, and stays silent without consent."""

    def fit(self, data: Fitting) -> Self:
        """Learn, and return self; the same data and seed give byte-identical arrays."""
        ...

    def arrays(self) -> Arrays:
        """Return the learned state for an artifact."""
        ...

    def load(self, arrays: Arrays) -> Self:
        """Take the learned state over from an artifact (read-only maps), and return self."""
        ...

    def candidates(self, context: Context, n: int) -> Scored:
        """Return at most ``n`` products, highest score first; nothing where the context says nothing to it.

        Raises:
            NotFittedError: neither fitted nor loaded.
        """
        ...

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return (n_rows,) scores on the scale of ``candidates``; 0 where the model would not offer the product."""
        ...

    def fact(self, context: Context, row: int) -> "Fact | None":
        """Return why the product is offered, or None where this model has no fact about it."""
        ...


@dataclass(frozen=True, slots=True)
class Fact:
    """A measured reason: ``code`` for machines, ``text`` with ``str.format`` names, ``values`` to fill them."""

    code: str
    text: str
    values: dict[str, Any]
    """Numbers and texts; ``product`` is a product row, shown by name."""
