"""The seam between a training and what does its heavy work: one protocol, kept by ``Local`` and by ``spark.Spark``."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

import numpy.typing as npt

from models.shop import PurchaseTable, Shop
from models.statistics import Here, Statistics
from training.read.engine import Session
from training.read.event_store import Shoppers
from training.read.facts import TableFacts
from training.read.lines import judge_products, stage_lines
from training.read.live_orders import find_gone, leave_gone_out
from training.read.repeats import drop_repeats, note_overlaps


class Engine(Protocol):
    """Brings purchase lines from files to sorted arrays, and sums them up.

    The session's other tables lie in its DuckDB either way.
    """

    def stage_lines(self, session: Session, table: PurchaseTable, until: int | None) -> TableFacts:
        """Read and check the purchases, give the session ``lines`` (a table or a view), and return what was found."""
        ...

    def settle_lines(
        self, session: Session, tables: Mapping[str, TableFacts], names: Collection[str], shoppers: Shoppers | None
    ) -> None:
        """Leave out of ``lines`` who is gone, what is no product, and what came twice; count it in ``tables``.

        ``names`` are the columns of the products table; ``shoppers`` tell who is gone.
        """
        ...

    def sorted_lines(self, session: Session, sql: str) -> dict[str, npt.NDArray[Any]]:
        """Return the columns of a query over ``lines`` and the session's small tables that ends in an ORDER BY."""
        ...

    def statistics(self) -> Statistics:
        """Return what works out the sums that models are made of."""
        ...


class Local:
    """Everything in this process."""

    def stage_lines(self, session: Session, table: PurchaseTable, until: int | None) -> TableFacts:
        """Make the session's table ``lines``."""
        return stage_lines(session, table, until)

    def settle_lines(
        self, session: Session, tables: Mapping[str, TableFacts], names: Collection[str], shoppers: Shoppers | None
    ) -> None:
        """Delete from the session's table ``lines``."""
        facts = tables["purchases"]
        if shoppers is not None:
            find_gone(session, shoppers, facts)
            leave_gone_out(session, facts)
        judge_products(session, tables, names)
        note_overlaps(session, facts, drop_repeats(session, facts))

    def sorted_lines(self, session: Session, sql: str) -> dict[str, npt.NDArray[Any]]:
        """Ask the session."""
        return session.arrays(sql)

    def statistics(self) -> Statistics:
        """Work them out here."""
        return Here()


def engine_of(shop: Shop) -> Engine:
    """Return the engine that ``shop`` names; Spark starts with it, unless it runs already.

    Raises:
        ConfigError: Spark cannot be started; the message says what is missing.
    """
    if shop.training.engine == "local":
        return Local()
    from training.engines.spark import Spark  # here: pyspark is an extra

    return Spark.of(shop)
