"""Tables with one row an id (products, users) as columns by row."""

from collections.abc import Sequence

from models.columns import Column, number_column, tags_column, text_column
from training.read.engine import Session, name
from training.read.mapping import Plan
from training.read.stage import Staged, stage
from training.read.values import are_numbers


def stage_ids(session: Session, planned: Plan, key: str, into: str) -> Staged:
    """Read a table with one row an id into the engine's tables ``into`` and ``{into}_aside`` (ids that are not kept).

    Of rows with the same id the last one counts.
    """
    checks = {f"no {key}": f"{key} is null"}
    for our, role in planned.roles.items():
        if role in ("number", "time"):
            checks[f"{our} {'is no number' if role == 'number' else 'cannot be read'}"] = name("!" + our)
        if role == "number":
            checks[f"{our} is not finite"] = f"not isfinite({our})"
    if "price" in planned.roles:
        checks["price is below 0"] = "price < 0"
    staged = stage(session, planned, checks, f"{into}_all", key=key)
    session.con.execute(
        f"create temp table {into} as select * from {into}_all "
        f'qualify row_number() over (partition by {key} order by "#file" desc, "#row" desc) = 1'
    )
    session.con.execute(f"create temp table {into}_aside as select distinct {key} from {into}_all_aside")
    repeated = staged.facts.kept - session.rows(f"select count(*) from {into}")[0][0]
    if repeated:
        staged.facts.set_aside["given again: the last row counts"] += repeated
    session.con.execute(f"drop table {into}_all")
    return staged


def columns_of(session: Session, staged: Staged, into: str, key: str, ids: str) -> dict[str, Column]:
    """Return the columns of a table, aligned with ``ids``, an engine table of ``id`` and ``row``."""
    out: dict[str, Column] = {}
    for our, role in staged.planned.roles.items():
        if our == key:
            continue
        values = [
            row[0]
            for row in session.rows(
                f"select {name(our)} from {ids} i left join {into} t on t.{key} = i.id order by i.row"
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
