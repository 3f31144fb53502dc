"""The vectors that a shop gives its products: lists of numbers in Parquet and JSON, ``[0.1, 0.2]`` or ``0.1|0.2`` in text."""

import numpy as np

from models.schema import Floats
from training.read.engine import Session
from training.read.stage import Staged

VECTOR = "vector"


def vectors_of(session: Session, staged: Staged | None, n_products: int) -> Floats:
    """Return (n_products, n_dimensions) vectors, zeros where a product has none; (n_products, 0) where the shop gives none.

    Most vectors say how many dimensions there are; others, and those with what is no finite number, are taken as unknown
    and counted.
    """
    if staged is None or VECTOR not in staged.planned.roles:
        return np.empty((n_products, 0), np.float32)
    sizes = session.rows(
        f"select len({VECTOR}), count(*) from products where {VECTOR} is not null group by 1 order by 2 desc, 1"
    )
    width = int(sizes[0][0]) if sizes else 0
    sound = f"len({VECTOR}) = {width} and len(list_filter({VECTOR}, lambda x: isfinite(x))) = {width}"
    strange = session.rows(
        f"select count(*) from products where {VECTOR} is not null and not coalesce({sound}, false)"
    )[0][0]
    if strange:
        staged.facts.unknown[f"{VECTOR} is not of {width} finite numbers, as most are"] += strange
    out = np.zeros((n_products, width), np.float32)
    found = session.arrays(
        f"select i.row as row, unnest({VECTOR}) as x from products p join product_ids i on i.id = p.product_id "
        f"where {sound} order by i.row, generate_subscripts({VECTOR}, 1)"
    )
    if width and len(found["row"]):
        out[found["row"][::width]] = np.asarray(found["x"], np.float32).reshape(-1, width)
    return out
