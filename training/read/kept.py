"""Files that were read and checked once, kept as Parquet beside the artifacts: the next night's run reads only new ones.

A file counts as the same by its content, and what it became by everything that shaped it: the SQL that reads and checks
it, and the engine. So a changed file, mapping or zone has it read again, and nothing is ever stale.
"""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from models.artifact import digest
from training.read.engine import MACROS, Session
from training.read.files import Piece

FUTURE = "time in the future"
"""The reason of rows that another day would not refuse."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder of kept files, and which of them a reading used or made."""

    folder: Path
    used: set[str] = field(default_factory=set)

    def clean(self) -> None:
        """Delete what this reading had no use for: files that are gone, or were changed."""
        for path in self.folder.glob("*.parquet"):
            if path.name not in self.used:
                path.unlink(missing_ok=True)


def place_of(session: Session, piece: Piece, sql: str) -> Path | None:
    """Return where the rows of ``piece`` are kept that ``sql`` makes of it; None where they are not to be kept."""
    paths = list({path for path, _ in session.opened if path.name == piece.label})
    if session.kept is None or len(paths) != 1 or piece.has_aside:  # a format's own macros would have to be told too
        return None
    told = sql.replace(str(session.scratch), "").replace(f"time > {session.now}", "time > now")
    mark = hashlib.sha256("\n".join([duckdb.__version__, digest(paths[0]), MACROS, told]).encode()).hexdigest()
    return session.kept.folder / f"{mark[:32]}.parquet"


def is_kept(session: Session, place: Path) -> bool:
    """Return whether rows are kept at ``place`` that hold today: none was in the future, and the clock went on."""
    try:
        (now,) = session.con.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'now'", [str(place)]
        ).fetchall()[0]
    except (duckdb.Error, IndexError):  # not there, or not whole
        return False
    if session.kept is not None and int(now) <= session.now:
        session.kept.used.add(place.name)
        return True
    return False


def keep(session: Session, table: str, place: Path) -> None:
    """Keep the rows of an engine's table at ``place``, where every line of the file is one and none is of the future."""
    broken = "select 1 from broken limit 1"
    future = f"select 1 from {table} where \"#refused\" = '{FUTURE}' limit 1"
    if session.kept is None or session.rows(broken) or session.rows(future):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_name(f".{place.stem}.{os.getpid()}.tmp")
    session.con.execute(
        f"copy (select * exclude (\"#file\") from {table}) to '{half}' (format parquet, kv_metadata {{now: '{session.now}'}})"
    )
    half.replace(place)
    session.kept.used.add(place.name)
