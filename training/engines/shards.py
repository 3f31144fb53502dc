"""What an executor does with its part of the purchases: the same SQL as on one machine, in a DuckDB of its own.

A part comes from a file or from a shuffle, and goes as Parquet to the folder that driver and executors share; what was
counted goes back to the driver. A part that is done twice (a lost executor) replaces the first.
"""

import glob
import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from models.errors import DataError, RecsvcError
from models.shop import Shop
from training.progress import SILENT
from training.read.engine import Session, literal, open_session
from training.read.facts import TableFacts
from training.read.lines import checks, judge_products, leave_out, make_lines
from training.read.live_orders import leave_gone_out
from training.read.mapping import Plan
from training.read.patterns import set_test_orders_aside
from training.read.references import REFER
from training.read.rejects import open_rejects
from training.read.repeats import Shared, drop_ids_again, drop_repeats
from training.read.signals import keep_signals, no_signals
from training.read.stage import Staged, pieces_of, stage_piece
from training.read.times import Clock

if TYPE_CHECKING:
    import pyarrow

MIDDLE = 9_223_372_036_854_775_808
"""Spark's longs have a sign: keys are told less this, which keeps their order."""
PACKED = (
    f"lines.* replace ((lines.order_key::hugeint - {MIDDLE})::bigint as order_key, "
    f"(lines.ref_key::hugeint - {MIDDLE})::bigint as ref_key, lines.kind::smallint as kind)"
)
UNPACKED = (
    f"(order_key + {MIDDLE}::hugeint)::ubigint as order_key, (ref_key + {MIDDLE}::hugeint)::ubigint as ref_key, "
    "kind::utinyint as kind"
)
NAMED = ("order_id", "returns_order_id")
"""Columns beside those of ``lines`` that tell which order a return means."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every part of one reading needs; it travels with the work."""

    shop: Shop
    planned: Plan
    clock: Clock
    now: int
    until: int | None
    folder: Path
    """Shared by driver and executors."""


@dataclass(slots=True)
class Done:
    """What one part says."""

    facts: TableFacts
    rejects: list[tuple[Any, ...]] = field(default_factory=list)
    refused: list[tuple[Any, ...]] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    lines: int = 0
    returns: int = 0
    empty: bool = False
    """A shuffle brought nothing here."""
    error: RecsvcError | None = None


def read_file(job: Job, place: int, path: Path) -> Done:
    """Read one file, number ``place``, into ``raw/`` (with ids of lines: rows as they came) and ``signals/``."""
    facts = TableFacts(job.planned.what, job.planned.names())
    try:
        with _session(job) as session:
            open_rejects(session)
            table = job.planned.table.model_copy(update={"files": (glob.escape(str(path)),)})
            (piece,) = pieces_of(session, job.planned.what, table)
            staged = Staged("raw_lines", job.planned, facts)
            stage_piece(session, staged, piece, job.clock, checks(job.planned, job.now, job.shop.currency), place, True)
            given = job.shop.data.purchases
            patterns = given.test_orders if given is not None else ()
            set_test_orders_aside(session, facts, patterns, "raw_lines", job.planned.roles)
            done = Done(facts, session.rows("from rejects"), session.rows("from refused"))
            if "line_id" in job.planned.roles:
                (done.lines,) = session.rows("select count(*) from raw_lines")[0]
                _write(session, "from raw_lines", job.folder / "rows", place)
            else:
                _lines_of(session, job, done, place)
            return done
    except RecsvcError as error:
        return Done(facts, error=error)


def drop_again(job: Job, place: int, batches: "Iterator[pyarrow.RecordBatch]") -> Done:
    """Leave out lines whose id came before, of rows that share ids, and make lines of the rest."""
    done = Done(TableFacts(job.planned.what, job.planned.names()))
    with _session(job) as session:
        done.empty = not _take(session, "raw_lines", "*", batches)
        if not done.empty:
            drop_ids_again(session, done.facts, "raw_lines")
            _lines_of(session, job, done, place)
    return done


def _lines_of(session: Session, job: Job, done: Done, place: int) -> None:
    no_signals(session)
    make_lines(session, job.planned)
    keep_signals(session, job.planned)
    named = "".join(f", r.{one}" for one in NAMED if one in job.planned.roles)
    joined = ' join raw_lines r using ("#file", "#row")' if named else ""
    _write(session, f"select {PACKED}{named} from lines{joined}", job.folder / "raw", place)
    _write(session, "from signals", job.folder / "signals", place)
    done.lines, done.returns = session.rows("select count(*), count(*) filter (kind = 1) from lines")[0]


def settle(job: Job, place: int, batches: "Iterator[pyarrow.RecordBatch]") -> Done:
    """Do with the lines of some orders what ``Local.settle_lines`` does with all, into ``lines/``."""
    done = Done(TableFacts(job.planned.what, job.planned.names()))
    with _session(job) as session:
        named = ", ".join(one for one in NAMED if one in job.planned.roles)
        columns = f"* {f'exclude ({named})' if named else ''} replace ({UNPACKED})"
        done.empty = not _take(session, "lines", columns, batches)
        if done.empty:
            return done
        for table in ("products", "products_aside", "gone_ids", "referenced"):
            if (path := job.folder / f"{table}.parquet").exists():
                session.con.execute(f"create temp table {table} as from read_parquet({literal(path)})")
        if (job.folder / "referenced.parquet").exists():
            session.con.execute(REFER)
        leave_out(session, done.facts, job.until)
        if (job.folder / "gone_ids.parquet").exists():
            leave_gone_out(session, done.facts)
        names = [row[0] for row in session.rows("select column_name from (describe products)")]
        judge_products(session, {"purchases": done.facts, "products": TableFacts("data.products", {})}, names)
        done.shared = drop_repeats(session, done.facts)
        (done.lines,) = session.rows("select count(*) from lines")[0]
        _write(session, f"select {PACKED} from lines", job.folder / "lines", place)
    return done


def _session(job: Job) -> "Any":
    alone = job.shop.training.model_copy(update={"engine": "local", "threads": 1})
    return open_session(job.shop.model_copy(update={"training": alone}), job.now, SILENT)


def _take(session: Session, table: str, columns: str, batches: "Iterator[pyarrow.RecordBatch]") -> bool:
    """Make ``table`` of what a shuffle brings; return whether it brings anything."""
    import pyarrow

    first = next(batches, None)
    if first is None:
        return False

    def every() -> "Iterator[pyarrow.RecordBatch]":
        yield first
        yield from batches

    session.con.register("brought", pyarrow.RecordBatchReader.from_batches(first.schema, every()))
    session.con.execute(f"create temp table {table} as select {columns} from brought")
    session.con.unregister("brought")
    return True


def _write(session: Session, sql: str, folder: Path, place: int) -> None:
    """Write the rows of a query as the part ``place`` of ``folder``, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{place}.{os.getpid()}.tmp"
    try:
        session.con.execute(f"copy ({sql}) to {literal(half)} (format parquet)")
    except duckdb.IOException as error:
        raise DataError(f"{folder}: cannot be written by an executor: {error}: is it on the shared folder?") from error
    half.replace(folder / f"part-{place:06d}.parquet")


def packed(done: Done) -> bytes:
    """Return what travels back through Spark."""
    return pickle.dumps(done)
