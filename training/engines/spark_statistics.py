"""The sums of ``models.statistics`` on Spark: grouped sums of a table of cells, pairs by a join, factors by its ALS.

Source of the factors: Spark's ``ml.recommendation.ALS`` (Hu, Koren, Volinsky 2008, with the regularisation of a shopper or
product grown by their number of purchases: Zhou, Wilkinson, Schreiber, Pan, AAIM 2008).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from models.lists import RankedLists
from models.schema import Doubles, Floats, Ints, Longs, Purchases
from models.statistics import Factoring
from training.engines.spark_session import asked

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from scipy.sparse import csr_matrix

Columns = dict[str, npt.NDArray[Any]]
ROWS = 1_000_000
"""Rows of a block of a file: what a task reads at once."""
CELLS = (
    "select `order`, product, min(place) as place, min_by(struct(weight, key), place) as first from cells "
    "group by `order`, product"
)
SOLD = "select first.key as key, product, sum(first.weight) as weight from firsts where first.key >= 0 group by 1, 2"
ORDERS = (
    "select key, sum(weight) as weight from (select `order`, first.key as key, min_by(first.weight, place) as weight "
    "from firsts where first.key >= 0 group by 1, 2) group by key"
)
PAIRS = (
    "select one, other, both, cast(weight as float) as weight from (select *, row_number() over (partition by one order by "
    "cast(weight as float) desc, other) as place from (select a.product as one, b.product as other, count(*) as both, "
    "sum(a.weight) as weight from cells a join cells b on a.basket = b.basket and a.product <> b.product group by 1, 2)) "
    "where place <= {length} and weight > -1 order by one, place"
)


@dataclass
class SparkStatistics:
    """Sums by a Spark session; tables go there and come back as Parquet in the shared folder."""

    goes_on: ClassVar[bool] = False
    session: "SparkSession"
    folder: str | None

    def sold(self, lines: Purchases, weights: Doubles) -> tuple[Doubles, float]:
        """Return what ``Statistics.sold`` does."""
        _, product, bought, total = self.sold_by(lines, weights, np.zeros(len(lines), np.int32), 1)
        out = np.zeros(lines.n_products)
        out[product] = bought
        return out, float(total[0])

    def sold_by(
        self, lines: Purchases, weights: Doubles, keys: Ints, n_keys: int
    ) -> tuple[Longs, Ints, Doubles, Doubles]:
        """Return what ``Statistics.sold_by`` does."""
        place = np.arange(len(lines))
        with self._table(
            "cells", {"order": lines.order, "product": lines.product, "key": keys, "weight": weights, "place": place}
        ) as folder:
            firsts = self.session.sql(CELLS).persist()
            firsts.createOrReplaceTempView("firsts")
            sold, orders = self._back(folder, "sold", SOLD), self._back(folder, "orders", ORDERS)
            firsts.unpersist()
        by_key = np.lexsort((sold["product"], sold["key"]))
        total = np.zeros(n_keys)
        total[orders["key"]] = orders["weight"]
        return (
            sold["key"][by_key].astype(np.int64), sold["product"][by_key].astype(np.int32),
            sold["weight"][by_key].astype(np.float64), total,
        )  # fmt: skip

    def pairs(self, baskets: "csr_matrix", weights: Doubles, length: int) -> tuple[RankedLists, Ints]:
        """Return what ``Statistics.pairs`` does: a join of the baskets with themselves."""
        basket = np.repeat(np.arange(baskets.shape[0], dtype=np.int32), np.diff(baskets.indptr))
        with self._table("cells", {"basket": basket, "product": baskets.indices, "weight": weights[basket]}) as folder:
            found = self._back(folder, "pairs", PAIRS.format(length=length))
        ptr = np.searchsorted(found["one"], np.arange(baskets.shape[1] + 1)).astype(np.int64)
        lists = RankedLists(ptr, found["other"].astype(np.int32), found["weight"].astype(np.float32))
        return lists, found["both"].astype(np.int32)

    def factors(self, matrix: "csr_matrix", told: Factoring) -> Floats:
        """Return factors by Spark's ALS, which begins anew each time; 0 for a product that it does not tell of."""
        from pyspark.ml.recommendation import ALS

        user = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        with self._table("cells", {"user": user, "product": matrix.indices, "weight": matrix.data}) as folder:
            self.session.sparkContext.setCheckpointDir(str(folder / "checkpoints"))
            blocks = max(self.session.sparkContext.defaultParallelism, matrix.nnz // 5_000_000)
            model = ALS(
                rank=told.factors, maxIter=told.iterations, regParam=told.regularization / typical(matrix),
                implicitPrefs=True, alpha=told.alpha, seed=told.seed, userCol="user", itemCol="product",
                ratingCol="weight", numUserBlocks=blocks, numItemBlocks=blocks,
            )  # fmt: skip
            fitted = asked(lambda: model.fit(self.session.table("cells")))
            names = [f"features[{place}] as f{place}" for place in range(told.factors)]
            found = self._back(folder, "factors", fitted.itemFactors.selectExpr("id", *names))
        out = np.zeros((matrix.shape[1], told.factors), np.float32)
        for place in range(told.factors):
            out[found["id"], place] = found[f"f{place}"]
        return out

    @contextmanager
    def _table(self, name: str, columns: Columns) -> Iterator[Path]:
        """Give Spark the table ``name`` for as long as the block runs, and return a folder for what comes back."""
        import pyarrow
        from pyarrow import parquet

        with tempfile.TemporaryDirectory(prefix="recsvc-spark-", dir=self.folder) as folder:
            path = Path(folder) / f"{name}.parquet"
            parquet.write_table(pyarrow.table(columns), path, row_group_size=ROWS)
            self.session.read.parquet(str(path)).createOrReplaceTempView(name)
            yield Path(folder)
            self.session.catalog.dropTempView(name)

    def _back(self, folder: Path, name: str, rows: "str | DataFrame") -> Columns:
        """Return the columns of a query, in its order."""
        from pyarrow import parquet

        found = self.session.sql(rows) if isinstance(rows, str) else rows
        asked(lambda: found.write.parquet(str(folder / name)))
        table = parquet.read_table(folder / name)
        return {column: table[column].to_numpy() for column in table.column_names}


def typical(matrix: "csr_matrix") -> float:
    """Return the products of a typical shopper (by lines): Spark's regularisation counts once for each of them."""
    sizes = np.diff(matrix.indptr).astype(np.float64)
    return float((sizes**2).sum() / max(sizes.sum(), 1.0)) or 1.0
