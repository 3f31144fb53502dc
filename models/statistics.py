"""The sums over all purchases that cost most, as a protocol: this process works them out, or a cluster does."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from models.distinct import first_places, numbered
from models.lists import RankedLists, best_entries
from models.schema import UNKNOWN, Doubles, Floats, Ints, Longs, Purchases

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PACKED = 2.0**22
"""More orders than any two products share."""


@dataclass(frozen=True, slots=True)
class Factoring:
    """How a matrix is factorised; see ``models.als``."""

    factors: int
    regularization: float
    alpha: float
    iterations: int
    seed: int
    threads: int = 0
    """0 = all cores."""
    begun: Floats | None = None
    """(n_products, factors) to begin with, and None to begin anew."""


class Statistics(Protocol):
    """What models count by; whoever counts, the counts are the same."""

    goes_on: ClassVar[bool]
    """Whether ``factors`` begins with what it is given; if not, it wants all of its iterations."""

    def sold(self, lines: Purchases, weights: Doubles) -> tuple[Doubles, float]:
        """Return (n_products,) the summed weight of the orders that hold each product, and that of all orders.

        An order weighs, for each of its products, what the first line with it weighs; ``weights`` are (n_lines,).
        """
        ...

    def sold_by(
        self, lines: Purchases, weights: Doubles, keys: Ints, n_keys: int
    ) -> tuple[Longs, Ints, Doubles, Doubles]:
        """Return the same by key: key, product and weight of each pair that occurs (ascending), and (n_keys,) of all orders.

        ``keys`` are (n_lines,), ``UNKNOWN`` where a line has none; a product's first line in an order tells its key.
        """
        ...

    def pairs(self, baskets: "csr_matrix", weights: Doubles, length: int) -> tuple[RankedLists, Ints]:
        """Return for each product those of the same baskets, heaviest first, ``length`` at most, and the number of baskets.

        Args:
            baskets: (n_baskets, n_products) of 1 where a basket holds a product.
            weights: (n_baskets,) in [0, 1].
            length: of a product's list.
        """
        ...

    def factors(self, matrix: "csr_matrix", told: Factoring) -> Floats:
        """Return (n_products, factors) of the products of ``matrix`` (n_users, n_products), entries above 0."""
        ...


class Here:
    """Everything in this process, with numpy, scipy and implicit."""

    goes_on: ClassVar[bool] = True

    def sold(self, lines: Purchases, weights: Doubles) -> tuple[Doubles, float]:
        """Sort lines by order and product."""
        orders = first_places(lines.order)
        cells = first_lines(lines.order, lines.product, lines.n_products)
        bought: Doubles = np.bincount(lines.product[cells], weights[cells], lines.n_products).astype(np.float64)
        return bought, float(weights[orders].sum())

    def sold_by(
        self, lines: Purchases, weights: Doubles, keys: Ints, n_keys: int
    ) -> tuple[Longs, Ints, Doubles, Doubles]:
        """Sort lines by order and product, and these by key."""
        n = max(lines.n_products, 1)
        cells = first_lines(lines.order, lines.product, lines.n_products)
        cells = cells[keys[cells] != UNKNOWN]
        pairs, places = numbered(keys[cells].astype(np.int64) * n + lines.product[cells])
        bought = np.bincount(places, weights[cells], len(pairs)).astype(np.float64)
        orders = cells[first_lines(lines.order[cells], keys[cells], n_keys)]
        total: Doubles = np.bincount(keys[orders], weights[orders], n_keys).astype(np.float64)
        return pairs // n, (pairs % n).astype(np.int32), bought, total

    def pairs(self, baskets: "csr_matrix", weights: Doubles, length: int) -> tuple[RankedLists, Ints]:
        """Count in blocks of products, so that memory stays bounded; keep each product's best.

        One product of matrices gives both figures: a cell of ``weighted`` is 1 + weight / PACKED, so a sum's whole part
        is the number of baskets, and its fraction their weight.
        """
        from scipy.sparse import diags_array

        weighted = (diags_array(1 + weights / PACKED) @ baskets).tocsc()
        n, blocks = baskets.shape[1], []
        lines = np.asarray(baskets.sum(axis=0)).ravel()
        edges = np.flatnonzero(np.diff(np.cumsum(lines) // 150_000, prepend=-1, append=-1))
        for start, end in pairwise(edges.tolist()):
            pairs = (weighted[:, start:end].T @ baskets).tocoo()
            count = np.floor(pairs.data)
            weight = (pairs.data - count) * PACKED
            apart = np.flatnonzero(pairs.col != pairs.row + start)
            ptr, kept = best_entries(pairs.row[apart], pairs.col[apart], weight[apart], end - start, length)
            kept = apart[kept]
            blocks.append((np.diff(ptr), pairs.col[kept], weight[kept], count[kept]))
        lengths, rows, heavy, counts = (
            np.concatenate([block[part] for block in blocks] or [np.zeros(n if part == 0 else 0)]) for part in range(4)
        )
        ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return RankedLists(ptr, rows.astype(np.int32), heavy.astype(np.float32)), counts.astype(np.int32)

    def factors(self, matrix: "csr_matrix", told: Factoring) -> Floats:
        """Ask ``implicit``."""
        from implicit.cpu.als import AlternatingLeastSquares  # here: serving needs no implicit
        from scipy.sparse import csr_matrix

        trust = np.minimum(matrix.data, 1) + told.alpha * matrix.data  # a view is a part of a purchase
        trusted = csr_matrix((trust, matrix.indices, matrix.indptr), matrix.shape)
        with threadpool_limits(1, "blas"):  # around the constructor too: it warns of BLAS threads
            model = AlternatingLeastSquares(
                factors=told.factors, regularization=told.regularization, random_state=told.seed, alpha=1.0,
                iterations=told.iterations, num_threads=told.threads,
            )  # fmt: skip
            model.item_factors = told.begun
            model.fit(trusted, show_progress=False)
        return np.ascontiguousarray(model.item_factors, np.float32)


def first_lines(keys: Ints, rows: Ints, n_rows: int) -> Longs:
    """Return the places of one entry of each (key, row), the first: an order may hold a product on several lines."""
    return first_places(keys.astype(np.int64) * n_rows + rows)
