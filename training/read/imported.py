"""Files of a format as clean tables of our own: Parquet under our names, with times that name their moment."""

from collections.abc import Sequence
from pathlib import Path

from models.errors import DataError
from models.shop import PurchaseTable, Table
from training.read.attributes import stage_ids
from training.read.copies import drop_copies, take_whole_orders
from training.read.engine import Session, literal, name
from training.read.facts import TableFacts
from training.read.files import open_piece
from training.read.formats.part import Format, Part, plain_name
from training.read.formatted import expand
from training.read.lines import checks
from training.read.mapping import PRODUCTS, PURCHASES, STOCK, USERS, Plan, plan
from training.read.stage import Staged, stage
from training.read.values import are_numbers

KNOWN = {"purchases": PURCHASES, "products": PRODUCTS, "users": USERS, "stock": STOCK}


def parts_of(session: Session, shape: Format, paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Return table -> files, by what the files have; one is of several tables where these need the same of it.

    Raises:
        DataError: a file is of no table of the format.
    """
    out: dict[str, list[Path]] = {}
    for path in paths:
        own = set(map(plain_name, open_piece(session, path).types))
        fits = [
            one for one in shape.parts
            if set(map(plain_name, one.needs)) <= own and (not one.tells or own & set(map(plain_name, one.tells)))
        ]  # fmt: skip
        if not fits:
            wanted = "; ".join(f"{one.table}: {', '.join(one.needs)}" for one in shape.parts)
            raise DataError(f"{path}: no {shape.name} file; these have at least {wanted}")
        best = max(fits, key=lambda one: len(own & set(map(plain_name, (*one.needs, *one.reads)))))
        for one in fits:
            if one.needs == best.needs:
                out.setdefault(one.table, []).append(path)
    return out


def import_table(
    session: Session, shape: Format, part: Part, files: Sequence[Path], salt: str | None, out: Path
) -> TableFacts:
    """Write the Parquet file ``out`` from files of a format, and return what was kept, refused and set aside.

    Events that are no purchase are kept, with their kind in ``event``; repeated copies and whole refunded orders are not.

    Raises:
        DataError: a file is not of the format, or cannot be read.
        ConfigError: the format hashes and there is no salt.
    """
    what, into = f"data.{part.table}", f"imported_{part.table}"
    section = {"files": tuple(str(one.resolve()) for one in files), "format": shape.name, "salt": salt}
    table = expand(session, what, (PurchaseTable if part.table == "purchases" else Table).model_validate(section))
    if part.table in ("products", "users"):
        key = f"{part.table[:-1]}_id"
        staged = stage_ids(session, plan(what, table, KNOWN[part.table], [key], closed=False), key, into)
    else:
        staged = _stage_rows(session, what, table, part, into)
    rows = f'select {_columns(session, staged, into)} from {into} order by "#file", "#row"'
    session.con.execute(f"copy ({rows}) to {literal(out)}")
    return staged.facts


def _stage_rows(session: Session, what: str, table: Table, part: Part, into: str) -> Staged:
    own = set(table.columns) | set(table.attributes)
    columns = {**table.columns, **{one: one for one in part.extras if one not in own}}
    table = table.model_copy(update={"columns": columns})
    planned = Plan(what, table, {one: KNOWN[part.table].get(one, "any") for one in (*columns, *table.attributes)})
    if part.table == "stock":
        tests = {"no product_id": "product_id is null", "quantity is no number": '"!quantity" or quantity is null'}
    else:
        tests = checks(planned, session.now, None)
    staged = stage(session, planned, tests, into)
    drop_copies(session, staged.facts, part, into)
    if part.table == "purchases":
        take_whole_orders(session, staged.facts, into)
    return staged


def _columns(session: Session, staged: Staged, into: str) -> str:
    out = []
    for our, role in staged.planned.roles.items():
        value = name(our)
        if role == "time":
            value = f"to_timestamp({value})"
        elif role == "any" and are_numbers(session, staged.numbers[our], our, into):
            value = f"{value}::double"
        out.append(f"{value} as {name(our.removeprefix('#'))}")
    return ", ".join(out)
