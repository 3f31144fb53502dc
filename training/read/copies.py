"""What a format exports more than once, or takes back in one word: days that are written again, whole orders."""

from training.read.engine import Session, literal, name
from training.read.facts import TableFacts
from training.read.formats.part import CALL, LINES, WHOLE_ORDER, Part

AGAIN = "given again: the last copy counts"
TAKEN = "its whole order was taken back"
TAKES = "takes its whole order back"


def drop_copies(session: Session, facts: TableFacts, part: Part, table: str) -> None:
    """Delete from the engine's ``table`` what the part's ``once`` says is a copy, all but the last one's rows."""
    if part.once is None:
        return
    copy = '"#file"' if part.copy == "file" else f'"#file", "#row" // {LINES}'
    there = {row[0] for row in session.rows(f"describe {table}")}
    call = "" if CALL in there else f"null::varchar as {name(CALL)}, "
    session.con.execute(
        f'create or replace temp table copies as select "#file", "#row" from (select *, ({part.once}) as once '
        f"from (select {call}* from {table})) "
        f"where once is not null qualify rank() over (partition by once order by ({copy}) desc) > 1"
    )
    _set_aside(
        session, facts, table, AGAIN, 'exists (from copies c where c."#file" = t."#file" and c."#row" = t."#row")'
    )
    session.con.execute("drop table copies")


def take_whole_orders(session: Session, facts: TableFacts, table: str) -> None:
    """Delete the lines of orders that a refund without products takes back, and those refunds themselves."""
    if not {"order_id", "product_id"} <= set(facts.mapping):
        return
    gone = f"(select order_id from {table} where product_id = {literal(WHOLE_ORDER)} and order_id is not null)"
    _set_aside(session, facts, table, TAKEN, f"product_id <> {literal(WHOLE_ORDER)} and order_id in {gone}")
    _set_aside(session, facts, table, TAKES, f"product_id = {literal(WHOLE_ORDER)}")


def _set_aside(session: Session, facts: TableFacts, table: str, reason: str, condition: str) -> None:
    gone = session.rows(f"select count(*) from {table} t where {condition}")[0][0]
    if gone:
        facts.set_aside[reason] += gone
        session.con.execute(f"delete from {table} t where {condition}")
