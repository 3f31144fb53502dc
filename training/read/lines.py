"""Purchase lines from files to inside rows: validated, without products that are none, sorted."""

from collections.abc import Collection, Mapping

from models.errors import ConfigError, DataError
from models.shop import FieldKind, PurchaseTable
from training.read.copies import drop_copies, take_whole_orders
from training.read.engine import Session, literal
from training.read.facts import AFTER, TableFacts
from training.read.fields import clean_fields, field_roles
from training.read.formats.part import CALL
from training.read.formatted import expand, part_of
from training.read.mapping import PURCHASES, Plan, plan
from training.read.patterns import named_no_product, set_no_products_aside, set_test_orders_aside
from training.read.references import REFER, find_references
from training.read.repeats import drop_ids_again
from training.read.signals import event_codes, keep_signals
from training.read.stage import stage

OLDEST = 315_532_800
"""1980: an earlier time is a blank that was written as a number."""
MOST_PIECES = 1_000_000
HIGHEST_PRICE = 100_000_000
BOUGHT = (
    "purchase",
    "purchased",
    "purchase-complete",
    "order",
    "ordered",
    "order completed",
    "buy",
    "bought",
    "sale",
    "transaction",
)
RETURNED = (
    "refund",
    "refunded",
    "return",
    "returned",
    "order refunded",
    "cancel",
    "cancelled",
    "canceled",
    "cancellation",
)
WHO = ("user_id", "visitor_id", "session_id", "order_id")


def plan_purchases(table: PurchaseTable, kinds: Mapping[str, FieldKind]) -> Plan:
    """Return what the columns of the purchases are; ``kinds`` are the fields of a request.

    Raises:
        ConfigError: nothing says who bought, a column could be of the line or of the request, or see ``mapping.plan``.
    """
    for one in (*table.columns, *table.derive, *table.attributes):
        if one in kinds and one in PURCHASES:
            raise ConfigError(
                f"context.fields.{one}: data.purchases has a column of that name: call the field otherwise"
            )
    otherwise = "; a field of the request is declared in context.fields"
    known = {**PURCHASES, CALL: "id", **field_roles(kinds)}
    planned = plan("data.purchases", table, known, ["product_id"], closed=True, otherwise=otherwise)
    if not any(one in planned.roles for one in WHO):
        raise ConfigError(f"data.purchases: nothing says who bought: map one of {', '.join(WHO)}")
    return planned


def checks(planned: Plan, now: int, currency: str | None) -> dict[str, str]:
    """Return reason -> condition under which a purchase line is refused; ``now`` is in Unix seconds.

    What is named as no product is set aside whatever its quantity and price.
    """
    has = planned.roles.__contains__
    none = named_no_product(planned.table.no_products) if isinstance(planned.table, PurchaseTable) else "false"
    nobody = " and ".join(f"{one} is null" for one in WHO if has(one))
    out = {"no product_id": "product_id is null", f"no {' or '.join(one for one in WHO if has(one))}": nobody}
    if has("time"):
        out |= {
            "time cannot be read": '"!time"',
            "no time": "time is null",
            "time in the future": f"time > {now}",
            "time before 1980": f"time < {OLDEST}",
        }
    values: dict[str, str] = {}
    if has("quantity"):
        values |= {
            "quantity is no number": '"!quantity"',
            "quantity is not finite": "not isfinite(quantity)",
            "quantity is 0": "quantity = 0",
            f"quantity is absurd (above {MOST_PIECES:,})": f"abs(quantity) > {MOST_PIECES}",
        }
    if has("price"):
        values |= {
            "price is no number": '"!price"',
            "price is not finite": "not isfinite(price)",
            "price is below 0": "price < 0",
            f"price is absurd (above {HIGHEST_PRICE:,})": f"price > {HIGHEST_PRICE}",
        }
    if has("currency") and currency:
        values[f"currency is not {currency}"] = f"upper(currency) <> {literal(currency)}"
    return out | {reason: f"not {none} and ({condition})" for reason, condition in values.items()}


def stage_lines(session: Session, table: PurchaseTable, until: int | None) -> TableFacts:
    """Read the purchases into the engine's table ``lines``, with a column for every name, and count what goes.

    Columns: user, product, store, order_key, time, quantity (above 0), price, kind (0 = bought, 1 = taken back), number (the
    order's id, where it is a whole number), and those of ``clean_fields``.
    """
    part, table = part_of("data.purchases", table), expand(session, "data.purchases", table)
    planned = plan_purchases(table, session.shop.context.kinds)
    facts = stage(session, planned, checks(planned, session.now, session.shop.currency), "raw_lines").facts
    check_count(session, facts)
    if part is not None:
        drop_copies(session, facts, part, "raw_lines")
        take_whole_orders(session, facts, "raw_lines")
    set_test_orders_aside(session, facts, table.test_orders, "raw_lines", planned.roles)
    if "line_id" in planned.roles:
        drop_ids_again(session, facts, "raw_lines")
    make_lines(session, planned)
    if find_references(session, planned):
        session.con.execute(REFER)
    session.con.execute("drop table raw_lines")
    keep_signals(session, planned)
    leave_out(session, facts, until)
    note_absent(facts, until)
    return facts


def check_count(session: Session, facts: TableFacts) -> None:
    """Return where the purchases have as many files as the shop expects.

    Raises:
        DataError: there are fewer.
    """
    expected = session.shop.training.expected_files
    if expected is not None and len(facts.files) < expected:
        raise DataError(
            f"data.purchases: {len(facts.files)} files where training.expected_files = {expected}: wait for the rest of "
            "the export, or lower it"
        )


def make_lines(session: Session, planned: Plan) -> None:
    """Make the engine's table ``lines`` of its table ``raw_lines``, without references yet."""
    session.con.execute(f"create temp table lines as {_uniform(session, planned)}")
    session.con.execute("alter table lines add column ref_key ubigint")


def leave_out(session: Session, facts: TableFacts, until: int | None) -> None:
    """Set aside what is no purchase, and what came at ``until`` or later."""
    _set_aside(session, facts, "event is no purchase", "kind >= 2")
    if until is not None and "time" in facts.mapping:
        _set_aside(session, facts, AFTER, f"time >= {until}")


def note_absent(facts: TableFacts, until: int | None) -> None:
    """Note what is not learned where a column is not there."""
    if "time" not in facts.mapping:
        facts.notes.append("no time column: nothing that depends on time is learned")
        if until is not None:
            facts.notes.append("no time column: --until leaves nothing out")
    if "price" not in facts.mapping:
        facts.notes.append("no price column: spend and price bands are not known")


def _uniform(session: Session, planned: Plan) -> str:
    has = planned.roles.__contains__

    def column(one: str, otherwise: str) -> str:
        return one if has(one) else otherwise

    who = [one for one in ("user_id", "visitor_id") if has(one)]
    if not who and has("session_id"):
        who = ["session_id"]
    user = f"coalesce({', '.join(who)}, '')" if who else "''"
    orders = [f"'{mark}' || {one}" for mark, one in (("o", "order_id"), ("s", "session_id")) if has(one)]
    day = (
        f"'d' || timezone({literal(session.shop.timezone)}, to_timestamp(time))::date"
        if has("time")
        else "'r' || \"#file\" || '.' || \"#row\""
    )
    quantity = column("quantity", "1.0::double")
    taken = f"{quantity} < 0"
    event = "0"
    if has("event"):
        taken += f" or lower(event) in {RETURNED}"
        event = f"case when event is null or lower(event) in {BOUGHT} then 0 {event_codes('lower(event)')} else 2 end"
    store = "coalesce(store_id, '')" if has("store_id") else "''"
    return f"""select "#file", "#row", {user} as user, product_id as product, {store} as store,
        hash({user}, coalesce({", ".join([*orders, day])})) as order_key, {column("time", "0::bigint")} as time,
        abs(coalesce({quantity}, 1.0)) as quantity, {column("price", "null::double")} as price,
        (case when {taken} then 1 else {event} end)::utinyint as kind,
        {"try_cast(order_id as bigint)" if has("order_id") else "null::bigint"} as number
        {clean_fields(session, planned.roles)} from raw_lines"""


def _set_aside(session: Session, facts: TableFacts, reason: str, condition: str) -> None:
    gone = session.rows(f"select count(*) from lines where {condition}")[0][0]
    if gone:
        facts.set_aside[reason] += gone
        session.con.execute(f"delete from lines where {condition}")


def judge_products(session: Session, tables: Mapping[str, TableFacts], names: Collection[str]) -> None:
    """Set purchases of products aside that are none, and of those that no table lists where the shop wants it so.

    ``names`` are the columns of the products table.
    """
    facts, given = tables["purchases"], session.shop.data.purchases
    if given is not None:
        set_no_products_aside(session, tables, given.no_products, names)
    none = "product in (select product_id from products_aside) and product not in (select product_id from products)"
    _set_aside(session, facts, "product is not kept in data.products", none)
    if session.shop.data.products is not None and given is not None and given.unlisted == "set-aside":
        unlisted = "product not in (select product_id from products)"
        _set_aside(session, facts, "product is not listed in data.products", unlisted)
