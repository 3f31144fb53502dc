"""Orders that the service's events tell of, beside those in the shop's files; and shoppers who must not be learned from."""

from collections.abc import Mapping

from models.shop import FieldKind
from training.read.engine import Session, literal, name
from training.read.event_store import EventStore, Shoppers
from training.read.facts import AFTER, TableFacts
from training.read.fields import clean_fields, given_fields
from training.read.patterns import leave_test_orders_out

OWN = ("user_id", "product_id", "order_id", "store_id", "time", "quantity", "price")
SAME_SECONDS = 86_400
"""Two records of one purchase, in a file and in an event, lie at most so far apart: files may tell of days alone."""
COLUMNS = {
    "user": "VARCHAR", "product": "VARCHAR", "store": "VARCHAR", "order": "VARCHAR", "time": "BIGINT",
    "quantity": "DOUBLE", "price": "DOUBLE", "kind": "UTINYINT",
}  # fmt: skip


def no_lines(kinds: Mapping[str, FieldKind]) -> TableFacts:
    """Return the facts of purchases that come from events alone; their lines are made by ``add_orders``."""
    return TableFacts("data.purchases", {one: one for one in (*OWN, *kinds)}, notes=["from events alone"])


def add_orders(session: Session, store: EventStore | None, purchases: TableFacts, until: int | None) -> TableFacts:
    """Add the orders in ``store`` to the engine's table ``lines``, or make it of them; return what was found.

    An order that the files tell of too counts once: within a day, the same product by the same shopper. Without times in
    the files, a product that the shopper has there is not added.

    Args:
        session: the reading.
        store: None: there is none yet.
        purchases: the facts of the files' purchases; their columns decide what is taken over.
        until: Unix seconds; what happened then or later is left out.
    """
    fields = given_fields(session.shop, purchases)
    timed = "time" in purchases.mapping
    path = session.scratch / "orders.jsonl"
    path.touch()
    count = store.write_orders(path, fields) if store else 0
    facts = TableFacts("data.events", {one: one for one in (*OWN, *fields)}, ["store"], count)
    _load(session, path, fields)
    if (given := session.shop.data.purchases) is not None:
        named = {"user_id": '"user"', "product_id": "product", "order_id": '"order"', "store_id": "store"}
        own = {one: name(one) for one in ("time", "quantity", "price", *fields)}
        leave_test_orders_out(session, facts, given.test_orders, "raw_live", named | own)
    _make_uniform(session, fields, timed)
    _leave_out(session, facts, "time in the future", f"time > {session.now}")
    if until is not None and timed:
        _leave_out(session, facts, AFTER, f"time >= {until}")
    exists = session.rows("select count(*) from duckdb_tables() where table_name = 'lines'")[0][0]
    if not exists:
        session.con.execute("create temp table lines as select * from live_lines")
    else:
        near = f" and abs(l.time - live_lines.time) <= {SAME_SECONDS}" if timed else ""
        alike = 'l."user" = live_lines."user" and l.product = live_lines.product and l.kind = live_lines.kind' + near
        _leave_out(session, facts, "is in the files too", f"exists (select 1 from lines l where {alike})")
        session.con.execute("insert into lines by name select * from live_lines")
    session.con.execute("drop table live_lines")
    return facts


def _load(session: Session, path: object, fields: Mapping[str, FieldKind]) -> None:
    """Read the orders into the engine's table ``raw_live``, fields under their own names."""
    columns = COLUMNS | {f"={one}": "VARCHAR" for one in fields}
    shape = ", ".join(f"{literal(one)}: {literal(kind)}" for one, kind in columns.items())
    context = ", ".join(f"{name('=' + one)} as {name(one)}" for one in fields)
    source = f"read_json({literal(path)}, format = 'newline_delimited', columns = {{{shape}}})"
    session.con.execute(f"create temp table raw_live as select *{', ' + context if context else ''} from {source}")


def _make_uniform(session: Session, fields: Mapping[str, FieldKind], timed: bool) -> None:
    """Make the engine's table ``live_lines`` of ``raw_live``, as ``lines`` is."""
    session.con.execute(
        'create temp table live_lines as select -1::integer as "#file", row_number() over () as "#row", "user", product, '
        'store, hash("user", \'o\' || "order") as order_key, '
        f'{"time" if timed else "0::bigint"} as time, quantity, price, kind, try_cast("order" as bigint) as number, null::ubigint as ref_key'
        f"{clean_fields(session, fields)} from raw_live"
    )
    session.con.execute("drop table raw_live")


def _leave_out(session: Session, facts: TableFacts, reason: str, condition: str) -> None:
    gone = session.rows(f"select count(*) from live_lines where {condition}")[0][0]
    if gone:
        facts.set_aside[reason] += gone
        session.con.execute(f"delete from live_lines where {condition}")


def find_gone(session: Session, shoppers: Shoppers, facts: TableFacts) -> None:
    """Make the engine's table ``gone_ids`` of erased shoppers and of those who refused personalisation; no user is one.

    The context tables leave them out too.
    """
    found = session.rows('select distinct "user" from lines where "user" <> \'\' union select user_id from users')
    ids = [str(row[0]) for row in found]
    erased = [one for one in ids if shoppers.erased(one)]
    refused = [one for one in ids if one in shoppers.refused]
    session.con.execute("create or replace temp table gone_ids(id varchar, erased boolean)")
    gone = [(one, True) for one in erased] + [(one, False) for one in refused]
    if not gone:
        return
    session.con.executemany("insert into gone_ids values (?, ?)", gone)
    session.con.execute("delete from users where user_id in (select id from gone_ids)")
    if refused:
        facts.notes.append(f"{len(refused):,} shoppers refused personalisation: their orders are nobody's")


def leave_gone_out(session: Session, facts: TableFacts) -> None:
    """Delete the lines of erased shoppers, and make those who refused personalisation nobody."""
    lines = session.rows('select count(*) from lines where "user" in (select id from gone_ids where erased)')[0][0]
    session.con.execute('delete from lines where "user" in (select id from gone_ids where erased)')
    session.con.execute('update lines set "user" = \'\' where "user" in (select id from gone_ids)')
    if lines:
        facts.set_aside["shopper was erased"] += lines
