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


REFER = 'update lines set ref_key = found.key from referenced found where lines."#file" = found.f and lines."#row" = found.r'
"""Gives returns the ``order_key`` of the purchase that they mean, as ``ref_key``; it stays NULL where there is none."""


def find_references(session: Session, planned: Plan) -> bool:
    """Make the engine's table ``referenced`` (``f``, ``r``, ``key``): the ``order_key`` of the purchase that a return means.

    A return is not there where no order of the same shopper (or of nobody, on either side) has such a number.
    ``lines`` are looked at, and ``raw_lines``, which still has the rows as they came. Return whether there is a return.
    """
    if "order_id" not in planned.roles or not session.rows("select count(*) from lines where kind = 1")[0][0]:
        return False
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
        "create or replace temp table referenced as select w.f, w.r, arg_min(b.order_key, "
        '(w.place, b."user" <> w."user", b.order_key)) as key from referred w join bought_orders b on b.ref = w.ref '
        'and (b."user" = w."user" or b."user" = \'\' or w."user" = \'\') group by w.f, w.r'
    )
    session.con.execute("drop table referred; drop table bought_orders")
    return True
