"""Rows that a shop's patterns set aside: what is no product, and orders that are tests."""

import re
from collections.abc import Collection, Mapping, Sequence

import duckdb

from models.errors import ConfigError
from models.patterns import REGEX, Pattern, label, parts
from models.shop import suggest
from training.read.engine import Session, first_line, literal, name
from training.read.facts import TableFacts

WHERE = "data.purchases"


def condition(session: Session, pattern: Mapping[str, str], columns: Mapping[str, str], where: str) -> str:
    """Return SQL that is true where every text of a pattern fits its column.

    Args:
        session: the reading.
        pattern: column -> text.
        columns: column -> SQL of its value.
        where: the setting, for messages.

    Raises:
        ConfigError: a column that is not there, or an expression that the engine does not know.
    """
    out = []
    for column, text in pattern.items():
        if column not in columns:
            has = ", ".join(columns) or "none"
            raise ConfigError(f"{where}: no column {column!r} to look at{suggest(column, columns)}; there are: {has}")
        out.append(f"coalesce({_fits(session, f'{columns[column]}::varchar', text, where)}, false)")
    return " and ".join(out)


def _fits(session: Session, value: str, text: str, where: str) -> str:
    if not text.startswith(REGEX):
        return _globs(value, text)
    found = f"regexp_matches({{}}, {literal(text.removeprefix(REGEX))})"
    try:
        session.rows("select " + found.format("''"))
    except duckdb.Error as error:
        raise ConfigError(f"{where}: {text!r} cannot be used: {first_line(error)}") from error
    return found.format(value)


def _globs(value: str, text: str) -> str:
    glob = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in text)
    return f"regexp_full_match({value}, {literal(glob)}, 'is')"


def named_no_product(patterns: Sequence[Pattern]) -> str:
    """Return SQL that is true of a row whose ``product_id`` is named as no product; expressions and other columns are left out."""
    plain = [one for one in patterns if isinstance(one, str) and not one.startswith(REGEX)]
    return f"coalesce({' or '.join(_globs('product_id', one) for one in plain)}, false)" if plain else "false"


def set_test_orders_aside(
    session: Session, facts: TableFacts, patterns: Sequence[Pattern], table: str, names: Collection[str]
) -> None:
    """Set the rows of ``table`` aside whose order is a test; ``names`` are its columns by our names.

    Raises:
        ConfigError: see ``condition``.
    """
    for pattern in patterns:
        holds = condition(
            session, parts(pattern, "order_id"), {one: name(one) for one in names}, f"{WHERE}.test_orders"
        )
        gone = session.rows(f"select count(*) from {table} where {holds}")[0][0]
        _told(facts, "test_orders", "test order", pattern, gone)
        session.con.execute(f"delete from {table} where {holds}")


def leave_test_orders_out(
    session: Session, facts: TableFacts, patterns: Sequence[Pattern], table: str, columns: Mapping[str, str]
) -> None:
    """Leave the orders of the service's events in ``table`` out that are tests; ``columns``: our name -> SQL of its value.

    A pattern over a column that only the files have fits none of them.
    """
    for pattern in patterns:
        told = parts(pattern, "order_id")
        if not told.keys() <= columns.keys():
            continue
        holds = condition(session, told, columns, f"{WHERE}.test_orders")
        gone = session.rows(f"select count(*) from {table} where {holds}")[0][0]
        if gone:
            facts.set_aside[f"test order: {label(pattern)}"] += gone
            session.con.execute(f"delete from {table} where {holds}")


def set_no_products_aside(
    session: Session,
    tables: Mapping[str, TableFacts],
    patterns: Sequence[Pattern],
    names: Collection[str],
) -> None:
    """Set what is no product aside, in the engine's tables ``lines`` and ``products``; the first pattern that fits counts.

    Args:
        session: the reading.
        tables: facts by table; purchases and, where the shop has it, products are told.
        patterns: of shop.toml.
        names: the columns of the products table.

    Raises:
        ConfigError: see ``condition``.
    """
    for pattern in patterns:
        columns = {"product_id": "id", **{one: f"p.{name(one)}" for one in names if one != "product_id"}}
        holds = condition(session, parts(pattern, "product_id"), columns, f"{WHERE}.no_products")
        session.con.execute(
            "create or replace temp table no_products as select id from (select product as id from lines union "
            f"select product_id from products) left join products p on p.product_id = id where {holds}"
        )
        inside = "(select id from no_products)"
        gone = session.rows(f"select count(*) from lines where product in {inside}")[0][0]
        listed = session.rows(f"select count(*) from products where product_id in {inside}")[0][0]
        _told(tables["purchases"], "no_products", "no product", pattern, gone, listed)
        if listed:
            tables["products"].set_aside[f"no product: {label(pattern)}"] += listed
        session.con.execute(f"delete from lines where product in {inside}")
        session.con.execute(f"delete from products where product_id in {inside}")


def _told(facts: TableFacts, setting: str, reason: str, pattern: Pattern, gone: int, listed: int = 0) -> None:
    if gone:
        facts.set_aside[f"{reason}: {label(pattern)}"] += gone
    elif not listed:
        facts.notes.append(f"{setting}: {label(pattern)!r} fits nothing here")
