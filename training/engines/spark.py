"""Reading on Spark: a task a file, a shuffle by order, a sort by shopper; see ``shards`` for what the tasks do."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigError
from models.shop import PurchaseTable, Shop
from models.statistics import Statistics
from training.engines.shards import MIDDLE, NAMED, UNPACKED, Done, Job, drop_again, packed, read_file, settle
from training.engines.spark_session import INSTEAD, asked, open_spark
from training.engines.spark_statistics import SparkStatistics
from training.read.engine import Session, literal
from training.read.event_store import Shoppers
from training.read.facts import TableFacts
from training.read.formats.part import WHOLE_ORDER
from training.read.formatted import expand, part_of
from training.read.lines import check_count, judge_products, note_absent, plan_purchases
from training.read.live_orders import find_gone
from training.read.mapping import Plan
from training.read.references import find_references
from training.read.rejects import stop_where_too_many
from training.read.repeats import note_overlaps
from training.read.sources import resolve_all
from training.read.stage import clock_of, pieces_of

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql import DataFrame, SparkSession

WHAT = "data.purchases"
LINES = 500_000
"""Lines that a part of a shuffle holds, about."""


@dataclass
class Spark:
    """Purchases by a Spark session."""

    session: "SparkSession"
    shop: Shop
    made: Job | None = None
    """Since ``stage_lines``."""
    parts: int = 1

    @property
    def job(self) -> Job:
        """What the parts of this reading need."""
        if self.made is None:
            raise RuntimeError("stage_lines comes first")
        return self.made

    @classmethod
    def of(cls, shop: Shop) -> "Spark":
        """Return the engine of ``shop`` over a session that runs.

        Raises:
            ConfigError: see ``open_spark``.
        """
        return cls(open_spark(shop), shop)

    def stage_lines(self, session: Session, table: PurchaseTable, until: int | None) -> TableFacts:
        """Give the session the view ``lines`` over what was read and checked."""
        check_supported(self.shop, table)
        table = expand(session, WHAT, table)
        planned = plan_purchases(table, self.shop.context.kinds)
        pieces = pieces_of(session, WHAT, table)
        facts = TableFacts(WHAT, planned.names(), [piece.label for piece in pieces])
        check_count(session, facts)
        folder = session.scratch / "spark"
        folder.mkdir()
        self.made = job = Job(self.shop, planned, clock_of(session, planned, pieces), session.now, until, folder)
        paths = resolve_all(table.files, self.shop.folder)
        with session.progress.step(f"reading purchases on Spark: {len(paths)} files"):
            done = self._each(list(enumerate(paths)), lambda one: read_file(job, *one))
            _keep_rejects(session, done)
            add_up(facts, done)
            stop_where_too_many(facts, self.shop.training.refused_share)
            self.parts = self._parts(sum(one.lines for one in done))
            if "line_id" in planned.roles:
                rows = self._parquet("rows").selectExpr(
                    "*", "coalesce(line_id, concat(`#file`, '.', `#row`)) as `#key`"
                )
                done = self._shuffled(rows, "#key", drop_again)
                add_up(facts, done)
        session.con.execute(f"insert into signals from read_parquet({literal(folder / 'signals/*.parquet')})")
        if any(one.returns for one in done):
            _refer(session, planned, folder)
        kept = "kind < 2" + (f" and time < {until}" if until is not None and "time" in planned.roles else "")
        session.con.execute(f"create or replace temp view lines as select * from {_raw(folder)} where {kept}")
        note_absent(facts, until)
        return facts

    def settle_lines(
        self, session: Session, tables: Mapping[str, TableFacts], names: Collection[str], shoppers: Shoppers | None
    ) -> None:
        """Give the session the view ``lines`` over what is left of it; orders are looked at together."""
        facts, folder = tables["purchases"], self.job.folder
        if shoppers is not None:
            find_gone(session, shoppers, facts)
            _hand_out(session, folder, "gone_ids")
        _hand_out(session, folder, "products", "products_aside")
        with session.progress.step(f"settling purchases on Spark: {self.parts} parts"):
            done = self._shuffled(self._parquet("raw"), "order_key", settle)
        add_up(facts, done)
        note_overlaps(session, facts, [pair for one in done for pair in one.shared])
        session.con.execute("drop view lines")
        session.con.execute(f"create temp table lines as select * from {_raw(folder)} limit 0")
        judge_products(session, {**tables, "purchases": TableFacts(WHAT, {})}, names)  # the products' own rows
        session.con.execute("drop table lines")
        if sum(one.lines for one in done):
            settled = f"(select * replace ({UNPACKED}) from read_parquet({literal(folder / 'lines/*.parquet')}))"
        else:
            settled = f"(select * from {_raw(folder)} limit 0)"
        session.con.execute(f"create temp view lines as select * from {settled}")

    def sorted_lines(self, session: Session, sql: str) -> dict[str, npt.NDArray[Any]]:
        """Sort by Spark's range shuffle, and bring the parts together in their order."""
        folder = self.job.folder
        if not session.rows("select 1 from lines limit 1"):
            return session.arrays(sql)
        small = [
            str(row[0])
            for row in session.rows("select table_name from duckdb_tables() where temporary")
            if row[0].endswith(("_ids", "_values")) and f" {row[0]} " in sql
        ]
        _hand_out(session, folder, *small)
        for one in small:
            self.session.read.parquet(str(folder / f"{one}.parquet")).createOrReplaceTempView(one)
        self._parquet("lines").createOrReplaceTempView("lines")
        with session.progress.step("sorting purchases on Spark"):
            asked(lambda: self.session.sql(sql).write.parquet(str(folder / "sorted")))
        found = session.arrays(f"from read_parquet({literal(folder / 'sorted/*.parquet')})")
        for one in ("order_key", "ref_key"):
            if one in found:
                found[one] = np.asarray(found[one]).view(np.uint64) + np.uint64(MIDDLE)
        return found

    def statistics(self) -> Statistics:
        """Return sums by the same session."""
        return SparkStatistics(self.session, self.shop.training.spark.folder)

    def _parts(self, lines: int) -> int:
        least = 2 * self.session.sparkContext.defaultParallelism
        return self.shop.training.spark.partitions or max(least, -(-lines // LINES))

    def _parquet(self, folder: str) -> "DataFrame":
        return self.session.read.parquet(str(self.job.folder / folder))

    def _each(self, what: list[Any], work: Callable[[Any], Done]) -> list[Done]:
        """Return what ``work`` makes of each of ``what``, a task each."""
        done: list[Done] = asked(lambda: self.session.sparkContext.parallelize(what, len(what)).map(work).collect())
        for one in done:
            if one.error is not None:
                raise one.error
        return done

    def _shuffled(
        self, rows: "DataFrame", key: str, work: "Callable[[Job, int, Iterator[pyarrow.RecordBatch]], Done]"
    ) -> list[Done]:
        """Return what ``work`` makes of all rows with the same key, a task a part."""
        parted = rows.repartition(self.parts, f"`{key}`").drop(*(["#key"] if key == "#key" else []))
        found = asked(lambda: parted.mapInArrow(partial(_part, work, self.job), "done binary").collect())
        return [_unpacked(row.done) for row in found]


def check_supported(shop: Shop, table: PurchaseTable) -> None:
    """Return where Spark reads such purchases.

    Raises:
        ConfigError: it does not; the message says what it does read.
    """
    part = part_of(WHAT, table)
    plain = "Spark reads files of columns (CSV, TSV, JSON lines, Parquet) and formats that tell each line once"
    if table.url is not None or table.tables:
        said = "url" if table.url is not None else "tables"
        raise ConfigError(f'{WHAT}.{said}: not with training.engine = "spark": {plain}: export to Parquet, {INSTEAD}')
    if part is not None and (part.once or any(WHOLE_ORDER in sql for sql in part.fields.values())):
        raise ConfigError(
            f'{WHAT}.format: {table.format!r} is not read with training.engine = "spark": {plain}: write it as columns '
            f"(recsvc-train import {table.format} FILES --out DIR), {INSTEAD}"
        )
    if shop.data.events == "store":
        raise ConfigError(
            f'data.events = "store": not with training.engine = "spark": {plain}: leave it out, {INSTEAD}'
        )


def add_up(facts: TableFacts, parts: Iterable[Done]) -> None:
    """Add what the parts counted to the facts; a note stays where every part has it."""
    notes: Counter[str] = Counter()
    n = 0
    for one in parts:
        n += not one.empty
        facts.read += one.facts.read
        for name in ("refused", "set_aside", "unknown"):
            getattr(facts, name).update(getattr(one.facts, name))
        notes.update(one.facts.notes)
    facts.notes.extend(note for note, count in notes.items() if count == n)


def _part(
    work: "Callable[[Job, int, Iterator[pyarrow.RecordBatch]], Done]",
    job: Job,
    batches: "Iterator[pyarrow.RecordBatch]",
) -> "Iterator[pyarrow.RecordBatch]":
    import pyarrow
    from pyspark import TaskContext

    task = TaskContext.get()
    done = work(job, task.partitionId() if task is not None else 0, batches)
    yield pyarrow.RecordBatch.from_pydict({"done": pyarrow.array([packed(done)], pyarrow.binary())})


def _unpacked(done: bytes | bytearray) -> Done:
    import pickle

    found = pickle.loads(bytes(done))
    assert isinstance(found, Done)
    return found


def _keep_rejects(session: Session, done: Iterable[Done]) -> None:
    """Keep the refused rows of all files, as many of a reason as there is room for, the first ones staying."""
    room: Counter[str] = Counter()
    most = session.shop.training.rejects_rows
    for one in done:
        rows = []
        for row in one.rejects:
            room[row[3]] += 1
            rows += [row] if room[row[3]] <= most else []
        for table, found in (("rejects", rows), ("refused", one.refused)):
            if found:
                session.con.executemany(f"insert into {table} values ({', '.join('?' * len(found[0]))})", found)


def _raw(folder: Path) -> str:
    return f"(select * replace ({UNPACKED}) from read_parquet({literal(folder / 'raw/*.parquet')}))"


def _refer(session: Session, planned: Plan, folder: Path) -> None:
    """Find the orders that returns mean, here: of the purchases only their orders' ids are looked at."""
    named = ", ".join(one for one in NAMED if one in planned.roles)
    without = f"* exclude ({named})" if named else "*"
    session.con.execute(f"create temp view lines as select {without} from {_raw(folder)}")
    session.con.execute(
        f'create temp view raw_lines as select "#file", "#row"{named and ", " + named} from {_raw(folder)}'
    )
    if find_references(session, planned):
        _hand_out(session, folder, "referenced")
    session.con.execute("drop view lines; drop view raw_lines")


def _hand_out(session: Session, folder: Path, *tables: str) -> None:
    """Write tables of the session to where executors find them."""
    for table in tables:
        path = folder / f"{table}.parquet"
        session.con.execute(f"copy {table} to {literal(path)} (format parquet)")
