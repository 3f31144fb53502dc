"""Which order a return takes back: the one that it names, its own, or the one whose number it has with a prefix."""

from training.read.engine import Session
from training.read.mapping import Plan

_FORMS = (
    "order_id",
    r"regexp_extract(order_id, '^\D(.*\d.*)$', 1)",
    r"regexp_extract(order_id, '^[A-Za-z]+[-_ /#.:]?(.*\d.*)$', 1)",
    r"regexp_extract(order_id, '^(.*\d)[-_ /#.:]?[A-Za-z]+\d{0,2}$', 1)",
)
"""C536365, RET-536365 and 536365-R1 take back 536365."""


def add_references(session: Session, planned: Plan) -> None:
    """Give the engine's table ``lines`` the column ``ref_key``: the ``order_key`` of the purchase that a return means.

    It is NULL for purchases and where no order of the same shopper (or of nobody, on either side) has such a number.
    ``raw_lines`` still has the rows as they came.
    """
    session.con.execute("alter table lines add column ref_key ubigint")
    if "order_id" not in planned.roles or not session.rows("select count(*) from lines where kind = 1")[0][0]:
        return
    named = ["returns_order_id"] if "returns_order_id" in planned.roles else []
    forms = ", ".join([*named, *_FORMS])
    session.con.execute(
        f'create or replace temp table referred as select "#file" as f, "#row" as r, "user", order_key, unnest([{forms}]) '
        "as ref, generate_subscripts(["
        + forms
        + '], 1) as place from lines join raw_lines using ("#file", "#row") where kind = 1'
    )
    session.con.execute(
        'create or replace temp table bought_orders as select distinct order_id as ref, order_key, "user" from raw_lines '
        'join lines using ("#file", "#row") where kind = 0 and order_id in (select ref from referred)'
    )
    session.con.execute(
        "update lines set ref_key = found.key from (select w.f, w.r, arg_min(b.order_key, "
        '(w.place, b."user" <> w."user", b.order_key)) as key from referred w join bought_orders b on b.ref = w.ref '
        'and (b."user" = w."user" or b."user" = \'\' or w."user" = \'\') group by w.f, w.r) found '
        'where lines."#file" = found.f and lines."#row" = found.r'
    )
    session.con.execute("drop table referred; drop table bought_orders")
