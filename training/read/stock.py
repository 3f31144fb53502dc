"""What lies in stock, by product and store."""

from dataclasses import dataclass

import numpy as np

from models.schema import NO_ROWS, Doubles, Ints
from training.read.engine import Session
from training.read.facts import TableFacts
from training.read.formatted import expand
from training.read.mapping import STOCK, plan
from training.read.stage import stage


@dataclass(frozen=True, slots=True)
class Stock:
    """Quantities in stock, sorted by product, then store; every array has shape (n,)."""

    product: Ints
    store: Ints
    """``UNKNOWN`` where the quantity is of the whole shop."""
    quantity: Doubles


NO_STOCK = Stock(NO_ROWS, NO_ROWS, np.empty(0, np.float64))


def stage_stock(session: Session) -> TableFacts | None:
    """Read the stock table into the engine's table ``stock``; None where there is none."""
    table = session.shop.data.stock
    if table is None:
        return None
    table = expand(session, "data.stock", table)
    planned = plan("data.stock", table, STOCK, ["product_id", "quantity"], closed=True)
    checks = {
        "no product_id": "product_id is null",
        "quantity is no number": '"!quantity" or quantity is null or not isfinite(quantity)',
    }
    return stage(session, planned, checks, "stock").facts


def read_stock(session: Session, facts: TableFacts | None) -> Stock:
    """Return the staged stock; of rows for the same product and store the last one counts."""
    if facts is None:
        return NO_STOCK
    store = "store_id" if "store_id" in facts.mapping else "null::varchar"
    session.con.execute(
        f"create temp table levels as select p.row as product, coalesce(s.row, -1) as store, quantity from stock t "
        f"left join product_ids p on p.id = t.product_id left join store_ids s on s.id = {store} "
        f'qualify row_number() over (partition by t.product_id, {store} order by "#file" desc, "#row" desc) = 1'
    )
    unknown = facts.kept - session.rows("select count(product) from levels")[0][0]
    if unknown:
        facts.set_aside["product is not in the catalogue, or the level was given again"] += unknown
    found = session.arrays("select * from levels where product is not null order by product, store")
    return Stock(
        found["product"].astype(np.int32), found["store"].astype(np.int32), found["quantity"].astype(np.float64)
    )
