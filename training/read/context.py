"""Context tables: facts that hold for a moment, from their files to lookup tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from models.columns import Column, number_column, text_column
from models.context_table import ALWAYS, DATE, PRODUCT, ContextTable, Key, build
from models.errors import ConfigError
from models.ids import IdIndex
from models.schema import Longs
from models.shop import ContextTable as Section
from models.shop import suggest
from training.read.engine import Session, name
from training.read.facts import TableFacts
from training.read.mapping import Plan
from training.read.stage import Staged, stage
from training.read.values import Role, are_numbers

STARTS, ENDS = "#starts", "#ends"
BUILT_IN = (PRODUCT, "user_id", "store_id", "store", "device", "referrer", "campaign", "country", "weather", DATE)
"""Keys that every request may carry; periods and declared context fields come to them."""


def read_contexts(session: Session, tables: dict[str, TableFacts]) -> dict[str, ContextTable]:
    """Return the context tables by name; ``tables`` gets their facts.

    Raises:
        ConfigError: a key that no request carries.
        DataError: see ``stage``.
    """
    return {called: _read(session, called, section, tables) for called, section in session.shop.context.tables.items()}


def _read(session: Session, called: str, section: Section, tables: dict[str, TableFacts]) -> ContextTable:
    keys = keys_of(session, called, section)
    planned = plan_context(called, section, keys)
    staged = stage(session, planned, _checks(planned), "context_rows", as_view=True)
    tables[f"context.{called}"] = staged.facts
    _leave_out_gone(session, staged)
    kinds = _make_kinds(session, staged, section)
    with session.progress.step(f"laying out {called}"):
        table = _lay_out(session, staged, keys, section, kinds)
    for made in ("context_kinds", *(f"context_key{place}" for place in range(len(keys)))):
        session.con.execute(f"drop table {made}")
    session.con.execute("drop view context_rows")
    return table


def _leave_out_gone(session: Session, staged: Staged) -> None:
    """Leave out the rows of users who must not be learned from."""
    there = session.rows("select count(*) from duckdb_tables() where table_name = 'gone_ids'")[0][0]
    if not there or "user_id" not in staged.planned.roles:
        return
    gone = session.rows("select count(*) from context_rows where user_id in (select id from gone_ids)")[0][0]
    if gone:
        rows = f"context_rows{len(staged.facts.files) - 1}"
        staged.facts.set_aside["user was erased, or refused personalisation"] += gone
        session.con.execute(
            f"create or replace temp view context_rows as select * from {rows} where user_id not in (select id from gone_ids)"
        )


def keys_of(session: Session, called: str, section: Section) -> list[Key]:
    """Return the keys of a context table other than the product.

    Raises:
        ConfigError: a key that no request carries, or a period that is no key.
    """
    known = [*BUILT_IN, *session.shop.context.fields, *section.periods]
    keys = []
    for one in section.keys:
        if one not in known:
            raise ConfigError(
                f"context.{called}.keys.{one}: no request carries it{suggest(one, known)}; declare it in "
                f"context.fields, or say what it counts in context.{called}.periods"
            )
        if one in section.periods:
            period = section.periods[one]
            keys.append(Key(one, "period", date.fromisoformat(period.starts).toordinal(), period.days, period.first))
        elif one != PRODUCT:
            keys.append(Key(one, "period" if one == DATE else "text"))
    for one in section.periods:
        if one not in section.keys:
            raise ConfigError(f"context.{called}.periods.{one}: is no key of the table{suggest(one, section.keys)}")
    return keys


def plan_context(called: str, section: Section, keys: list[Key]) -> Plan:
    """Return what the columns of a context table are."""
    periods = {key.name: key for key in keys if key.kind == "period"}
    columns, roles = dict(section.columns), dict[str, Role]()
    for one, theirs in section.keys.items():
        columns[one] = theirs
        roles[one] = ("day" if one == DATE else "number") if one in periods else "id"
    for one, given in ((STARTS, section.starts), (ENDS, section.ends)):
        if given is not None:
            columns[one] = given
            roles[one] = "time"
    for one in section.fields:
        roles[one] = "any"
        if one not in section.derive:
            columns.setdefault(one, one)
    mapped = section.model_copy(update={"columns": columns, "attributes": ()})
    return Plan(f"context.{called}", mapped, roles)


def _checks(planned: Plan) -> dict[str, str]:
    checks = {}
    for our, role in planned.roles.items():
        called = our.removeprefix("#")
        if role in ("number", "time", "day"):
            checks[f"{called} cannot be read"] = name("!" + our)
        if role in ("id", "number", "day"):
            checks[f"no {called}"] = f"{name(our)} is null"
        if role == "number":
            checks[f"{called} is no whole number"] = f"{name(our)} <> round({name(our)})"
    return checks


@dataclass(frozen=True, slots=True)
class _Kinds:
    """What holds, once for all rows alike."""

    starts: Longs
    ends: Longs
    columns: Mapping[str, Column]


def _make_kinds(session: Session, staged: Staged, section: Section) -> _Kinds:
    """Make the engine table ``context_kinds``: every combination of fields and validity, latest start first."""
    wanted = [one for one in (STARTS, ENDS, *section.fields) if one in staged.planned.roles]
    names = ", ".join(name(one) for one in wanted) or "1"
    order = ", ".join(f"{name(one)} {'desc nulls last' if one in (STARTS, ENDS) else ''}" for one in wanted) or "1"
    session.con.execute(
        f"create temp table context_kinds as select *, row_number() over (order by {order}) - 1 as code "
        f"from (select distinct {names} from context_rows)"
    )
    rows = session.rows(f"select {names} from context_kinds order by code")
    values = {one: [row[place] for row in rows] for place, one in enumerate(wanted)}
    zone = ZoneInfo(session.shop.timezone)
    none: list[Any] = [None] * len(rows)
    return _Kinds(
        np.array([ALWAYS.min if one is None else one for one in values.get(STARTS, none)], np.int64),
        np.array([ALWAYS.max if one is None else _end(one, zone) for one in values.get(ENDS, none)], np.int64),
        {one: _column(session, staged, one, values[one]) for one in section.fields},
    )


def _end(seconds: int, zone: ZoneInfo) -> int:
    """Return the moment at which a row ends: a date alone means that whole day."""
    local = datetime.fromtimestamp(seconds, zone)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return seconds
    return int((local.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone).timestamp())


def _column(session: Session, staged: Staged, our: str, values: list[str | None]) -> Column:
    if are_numbers(session, staged.numbers[our], our, "context_kinds"):
        return number_column([None if one is None else float(one) for one in values])
    return text_column(values)


def _lay_out(session: Session, staged: Staged, keys: list[Key], section: Section, kinds: _Kinds) -> ContextTable:
    values = [_make_key(session, place, key) for place, key in enumerate(keys)]
    by_product = PRODUCT in section.keys
    n_products = session.rows("select count(*) from product_ids")[0][0] if by_product else None
    packed = "0::bigint"
    joins = ""
    for place, key in enumerate(keys):
        packed = f"({packed} * {len(values[place])} + key{place}.code)"
        joins += f" join context_key{place} key{place} on key{place}.value = t.{name(key.name)}"
    if by_product:
        packed = f"({packed} * {n_products} + p.row)"
        joins += " join product_ids p on p.id = t.product_id"
    alike = [one for one in (STARTS, ENDS, *section.fields) if one in staged.planned.roles]
    if alike:
        rule = " and ".join(f"k.{name(one)} is not distinct from t.{name(one)}" for one in alike)
        joins += f" join context_kinds k on {rule}"
        packed = f"({packed} * {len(kinds.starts)} + k.code)"
    rows: Longs = session.arrays(f"select {packed} as packed from context_rows t{joins}")["packed"]
    if len(rows) < staged.facts.kept:
        staged.facts.set_aside["product is not in the catalogue"] += staged.facts.kept - len(rows)
    return build(keys, values, rows, n_products, session.shop.timezone, kinds.starts, kinds.ends, kinds.columns)


def _make_key(session: Session, place: int, key: Key) -> IdIndex | Longs:
    """Make the engine table ``context_key{place}`` (``value``, ``code``) and return the values by code."""
    session.con.execute(
        f"create temp table context_key{place} as select value, row_number() over (order by value) - 1 as code "
        f"from (select distinct {name(key.name)} as value from context_rows)"
    )
    values = [row[0] for row in session.rows(f"select value from context_key{place} order by code")]
    return np.array(values, np.float64).astype(np.int64) if key.kind == "period" else IdIndex.of(values)
