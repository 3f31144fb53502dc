"""Views, carts and clicks, out of the shop's files and the service's store: what speaks for a product without buying it."""

from collections.abc import Mapping
from pathlib import Path

from models.signals import Signals
from training.read.engine import Session, literal
from training.read.event_store import EventStore, Shoppers
from training.read.facts import TableFacts
from training.read.mapping import Plan

WORDS: Mapping[str, tuple[str, ...]] = {
    "view": ("view", "viewed", "view_item", "view-item", "detail-page-view", "product viewed", "product-view", "pageview"),
    "cart": ("cart", "add-to-cart", "add_to_cart", "addtocart", "product added", "added-to-cart", "basket"),
    "click": ("click", "clicked", "select_item", "select-item", "product clicked"),
}  # fmt: skip
"""What each kind is called in files and in the store."""
CODES = {kind: 3 + place for place, kind in enumerate(WORDS)}
"""``kind`` of a line that is a signal; 2 is an event that says nothing here."""
COLUMNS = {"user": "VARCHAR", "product": "VARCHAR", "time": "BIGINT", "kind": "UTINYINT"}


def event_codes(event: str) -> str:
    """Return the branches of an SQL ``case`` that give the code of a signal; ``event`` is its text in lower case."""
    return " ".join(f"when {event} in {words} then {CODES[kind]}" for kind, words in WORDS.items())


def no_signals(session: Session) -> None:
    """Make the engine's table ``signals``: user, product, time, kind (a code)."""
    session.con.execute('create temp table signals("user" varchar, product varchar, time bigint, kind utinyint)')


def keep_signals(session: Session, planned: Plan) -> None:
    """Copy the signals among the engine's ``lines``; without times or without shoppers there are none."""
    if "event" not in planned.roles or "time" not in planned.roles:
        return
    session.con.execute(
        'insert into signals select "user", product, time, kind from lines where kind > 2 and "user" <> \'\' and time > 0'
    )


def add_signals(session: Session, store: EventStore | None) -> None:
    """Add the views, carts and clicks that ``store`` holds."""
    if store is None:
        return
    path = Path(session.scratch) / "signals.jsonl"
    if not store.write_signals(path, CODES):
        return
    shape = ", ".join(f"{literal(one)}: {literal(kind)}" for one, kind in COLUMNS.items())
    session.con.execute(
        f'insert into signals select "user", product, time, kind from read_json({literal(path)}, '
        f"format = 'newline_delimited', columns = {{{shape}}})"
    )


def settle_signals(session: Session, shoppers: Shoppers | None, until: int | None, facts: TableFacts) -> None:
    """Leave out what is not learned from: without weight, after ``until``, in the future, of no product, of who said no.

    Of one shopper, product, kind and day one counts.
    """
    gone = ["time > " + str(session.now)]
    gone += [f"time >= {until}"] if until is not None else []
    worth = session.shop.training.weights
    gone += [f"kind = {code}" for kind, code in CODES.items() if not getattr(worth, kind)]
    gone += ["product in (select product_id from products_aside) and product not in (select product_id from products)"]
    session.con.execute(f"delete from signals where {' or '.join(f'({one})' for one in gone)}")
    session.con.execute(
        'create or replace temp table signals as select "user", product, max(time) as time, kind from signals '
        'group by "user", product, kind, time // 86400'
    )
    if shoppers is not None:
        ids = [str(row[0]) for row in session.rows('select distinct "user" from signals')]
        refused = [(one,) for one in ids if shoppers.erased(one) or one in shoppers.refused]
        if refused:
            session.con.executemany('delete from signals where "user" = ?', refused)
    counts = dict(session.rows("select kind, count(*) from signals group by kind"))
    if counts:
        told = ", ".join(f"{counts.get(code, 0):,} {kind}s" for kind, code in CODES.items())
        facts.notes.append(f"signs beside purchases, by shopper, product and day: {told}")


def signals_of(session: Session) -> Signals:
    """Return the engine's signals with their weights, sorted by user, time and product."""
    found = session.arrays(
        "select u.row as user, p.row as product, time, kind from signals s join user_ids u on u.id = s.user "
        "join product_ids p on p.id = s.product order by 1, 3, 2, 4"
    )
    worth = {code: getattr(session.shop.training.weights, kind) for kind, code in CODES.items()}
    return Signals.of(found["user"], found["product"], found["time"], found["kind"], worth)
