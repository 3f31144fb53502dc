"""Tables with one row an id (products, users) as columns by row."""

from collections.abc import Sequence

from models.columns import Column, number_column, tags_column, text_column
from training.read.engine import Session, name
from training.read.formatted import part_of
from training.read.mapping import Plan
from training.read.stage import Staged, stage
from training.read.values import are_numbers

LAST, USUAL = "given again: the last row counts", "given again: the value of most rows counts"


def stage_ids(session: Session, planned: Plan, key: str, into: str) -> Staged:
    """Read a table with one row an id into the engine's tables ``into`` and ``{into}_aside`` (ids that are not kept).

    Of rows with the same id the last one counts. Where the rows are the lines of purchases (the same files, or the items of
    events), an id has in each column the value that most of its rows have: one line that says "?" or "damaged" renames no product.
    """
    checks = {f"no {key}": f"{key} is null"}
    for our, role in planned.roles.items():
        if role in ("number", "time", "vector"):
            checks[f"{our} {'is no number' if role == 'number' else 'cannot be read'}"] = name("!" + our)
        if role == "number":
            checks[f"{our} is not finite"] = f"not isfinite({our})"
    if "price" in planned.roles:
        checks["price is below 0"] = "price < 0"
    staged = stage(session, planned, checks, f"{into}_all", key=key)
    from_lines = _are_lines(session, planned)
    session.con.execute(f"create temp table {into} as {_usual(planned, key, into) if from_lines else _last(key, into)}")
    session.con.execute(f"create temp table {into}_aside as select distinct {key} from {into}_all_aside")
    repeated = staged.facts.kept - session.rows(f"select count(*) from {into}")[0][0]
    if repeated:
        staged.facts.set_aside[USUAL if from_lines else LAST] += repeated
    session.con.execute(f"drop table {into}_all")
    return staged


def _are_lines(session: Session, planned: Plan) -> bool:
    """Tell whether the rows of a table are the lines of purchases, each of which tells its product again."""
    part, purchases = part_of(planned.what, planned.table), session.shop.data.purchases
    if part is not None and part.items is not None:
        return True
    return purchases is not None and bool(planned.table.files) and planned.table.files == purchases.files


def _last(key: str, into: str) -> str:
    newest = f'row_number() over (partition by {key} order by "#file" desc, "#row" desc)'
    return f"select * from {into}_all qualify {newest} = 1"


def _usual(planned: Plan, key: str, into: str) -> str:
    """Return SQL for a row an id: of each column the most frequent value, of those the one that came last."""
    joined = f'(select {key}, max("#file") as "#file", min("#row") as "#row" from {into}_all group by {key}) ids'
    for place, our in enumerate(one for one in planned.roles if one != key):
        joined += (
            f" left join (select {key}, arg_max({name(our)}, (n, last)) as {name(our)} from (select {key}, {name(our)}, "
            f'count(*) as n, max(("#file", "#row")) as last from {into}_all where {name(our)} is not null '
            f"group by {key}, {name(our)}) group by {key}) c{place} using ({key})"
        )
    return f"select * from {joined}"


def columns_of(session: Session, staged: Staged, into: str, key: str, ids: str) -> dict[str, Column]:
    """Return the columns of a table, aligned with ``ids``, an engine table of ``id`` and ``row``."""
    out: dict[str, Column] = {}
    for our, role in staged.planned.roles.items():
        if our == key or role == "vector":
            continue
        values = [
            row[0]
            for row in session.rows(
                f"select t.{name(our)} from {ids} i left join {into} t on t.{key} = i.id order by i.row"
            )
        ]
        if role in ("number", "time"):
            out[our] = number_column(values)
        elif role == "tags":
            out[our] = tags_column([text.split("|") if text else None for text in values])
        elif role == "any" and are_numbers(session, staged.numbers[our], our, into):
            out[our] = number_column([None if one is None else float(one) for one in values])
        else:
            out[our] = text_column(values)
    return out


def make_ids(session: Session, into: str, queries: Sequence[str]) -> list[str]:
    """Make the engine table ``into`` (``id``, ``row``) of all ids that the queries yield, sorted by their bytes.

    Returns:
        The ids by row.
    """
    union = " union ".join(queries)
    session.con.execute(
        f"create temp table {into} as select id, (row_number() over (order by id) - 1)::integer as row "
        f"from ({union}) as found(id) where id is not null and id <> ''"
    )
    return [row[0] for row in session.rows(f"select id from {into} order by row")]
