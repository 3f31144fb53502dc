"""Erased shoppers leave what a reading keeps for later: the kept rows of files, and the text of refused rows."""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import orjson

from training.read.engine import Session, literal, name
from training.read.event_store import Shoppers

SHOPPER = ("user_id", "visitor_id")
"""The names under which kept rows hold a shopper."""
WORD = re.compile(r'[^",;|\t:{}]+')
"""A value in the text of a row, JSON or not."""
GONE = "(the shopper was erased)"
"""Stands for the text of such a row: its file, line and reason stay."""


def forget_what_stays(session: Session, shoppers: Shoppers) -> None:
    """Take the rows of erased shoppers out of the kept files, and their ids out of the text of refused rows.

    Refused rows are counted and told of all the same.
    """
    if not shoppers.digests:
        return
    erased = cache(shoppers.erased)
    for path in sorted(session.kept.folder.glob("*.parquet")) if session.kept else ():
        _rewrite(session, path, erased)
    rows = session.rows('select distinct "row" from rejects where "row" is not null')
    named = [(GONE, str(row)) for (row,) in rows if any(map(erased, _values(str(row))))]
    if named:
        session.con.executemany('update rejects set "row" = ? where "row" = ?', named)


def _values(row: str) -> set[str]:
    """Return whatever may be an id in the text of a row: a JSON object, or a line of a file as it was or cut off."""
    found = {word.strip() for word in WORD.findall(row)}
    try:
        return found | {str(one) for one in orjson.loads(row).values()}
    except (orjson.JSONDecodeError, AttributeError):
        return found


def _rewrite(session: Session, path: Path, erased: Callable[[str], bool]) -> None:
    source = f"read_parquet({literal(path)})"
    there = {str(row[0]) for row in session.rows(f"describe select * from {source}")}
    gone = {
        column: found
        for column in SHOPPER
        if column in there
        for ids in [session.rows(f"select distinct {name(column)} from {source} where {name(column)} is not null")]
        if (found := [str(one) for (one,) in ids if erased(str(one))])
    }
    if not gone:
        return
    named = {column: ", ".join(map(literal, ids)) for column, ids in gone.items()}
    others = " and ".join(f"coalesce({name(column)} not in ({ids}), true)" for column, ids in named.items())
    [(now,)] = session.rows(f"select decode(value) from parquet_kv_metadata({literal(path)}) where decode(key) = 'now'")
    half = path.with_name(f".{path.stem}.{os.getpid()}.tmp")
    session.con.execute(
        f"copy (select * from {source} where {others}) to {literal(half)} (format parquet, kv_metadata {{now: '{now}'}})"
    )
    half.replace(path)
