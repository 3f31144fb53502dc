"""From files to a proposal for ``shop.toml``: READ FIRST. The steps are those of ``propose``, in order."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from training.init.asked import Answers
from training.init.by_values import map_by_values, map_list, map_time
from training.init.dates import clock_start, settle_order, settle_zone
from training.init.draft import Draft
from training.init.joins import join_files
from training.init.kinds import named_format, other_names, table_of, told_columns
from training.init.look import Looked, look_all
from training.init.no_products import find_no_products, patterns
from training.init.roles import (
    clean_price,
    depends_on,
    judge_purchases,
    map_columns,
    map_situations,
)
from training.init.words import PRODUCT_WORDS
from training.read.engine import Session, name
from training.read.files import renamed
from training.read.formats import FORMATS
from training.read.item_lists import LINE

FEWEST_LINES = 1000
"""Lines that tell whether anything is bought again."""
BOUGHT_AGAIN = 0.002
"""Share of lines up to which nothing is: what is left are lines that were written twice."""


@dataclass(slots=True)
class Proposal:
    """What ``shop.toml`` is to say."""

    name: str
    timezone: str = "UTC"
    currency: str | None = None
    clock_starts: str | None = None
    bought_once: bool = False
    """Whether nobody buys a product again, so that ``for-you`` leaves out what a shopper has."""
    drafts: list[Draft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def draft(self, table: str) -> Draft | None:
        """Return the draft of a table."""
        return next((one for one in self.drafts if one.table == table), None)


def propose(session: Session, paths: Sequence[Path], called: str, answers: Answers) -> Proposal:
    """Return what the files say and ``answers`` settle; questions that stay open are in ``answers.open``.

    Raises:
        DataError: a file cannot be read.
    """
    out = Proposal(answers.told("name") or called, currency=answers.told("currency"))
    out.drafts = sort_files(join_files(session, look_all(session, paths), out.notes), answers, out.notes)
    purchases = out.draft("purchases")
    for draft in sorted(out.drafts, key=lambda one: one is not purchases):
        if draft.format == "columns":
            _map(session, draft, answers, purchases)
    if purchases is None:
        return out
    if purchases.format == "columns":
        _cancellations(session, purchases)
        first = settle_order(session, purchases, answers)
        out.timezone = settle_zone(session, purchases, answers, out.notes)
        out.clock_starts = clock_start(session, purchases, out.timezone, first, session.now)
        if out.clock_starts is not None:
            out.notes.append(
                f"clock_starts = {out.clock_starts}: the data ends long ago, so the shop's clock starts there"
            )
        _no_products(session, purchases, answers)
        out.bought_once = _bought_once(session, purchases)
        if out.bought_once:
            out.notes.append("nobody buys a product again here, so for-you leaves out what a shopper has")
        if out.draft("products") is None and (made := products_of(session, purchases, answers)) is not None:
            out.drafts.append(made)
        _match_products(session, purchases, out.draft("products"))
    else:
        out.timezone = settle_zone(session, purchases, answers, out.notes)
        if out.draft("products") is None and FORMATS[purchases.format].tells_products():
            out.drafts.append(Draft("products", purchases.files, purchases.format, notes=["made from the same files"]))
    return out


def sort_files(files: Sequence[Looked], answers: Answers, notes: list[str]) -> list[Draft]:
    """Return a draft for each table; files of one table have the same columns, or the same format."""
    out: dict[str, Draft] = {}
    for looked in files:
        found = named_format(looked) if answers.told(looked.path.name) is None else None
        shape, table = (found[0], found[1].table) if found else ("columns", table_of(looked, answers, len(files) == 1))
        if table is None:
            notes.append(f"{looked.path.name}: left out")
            continue
        draft = out.get(table)
        if draft is None:
            out[table] = Draft(table, [looked], shape, secrets.token_hex(16) if found and found[1].salted else None)
        elif draft.format == shape and (shape != "columns" or set(draft.first.columns) == set(looked.columns)):
            draft.files.append(looked)
        else:
            notes.append(_add(draft, looked, shape))
    return list(out.values())


def _add(draft: Draft, looked: Looked, shape: str) -> str:
    """Add a file with other columns to a table, where they are the same under other names; say what was done."""
    left_out = f"{looked.path.name}: left out: {draft.table} are {draft.first.path.name} already"
    if shape != "columns" or draft.format != shape or draft.first.query or not (looked.header and draft.first.header):
        return f"{left_out}, which has another shape"
    found = other_names(draft, looked)
    lost = [one for one in told_columns(draft) if one not in looked.columns and one not in found.values()]
    if lost:
        return f"{left_out}, and it has nothing like {', '.join(lost)} of it"
    draft.aliases |= found
    draft.files.append(replace(looked, piece=renamed(looked.piece, found)))
    names = ", ".join(f"{theirs} is {own}" for theirs, own in found.items())
    return f"{looked.path.name} has other names for the columns of {draft.first.path.name}: {names}"


def _map(session: Session, draft: Draft, answers: Answers, purchases: Draft | None) -> None:
    if draft.first.piece.line == LINE:
        draft.notes.append("each line is a user and the items of that user")
    aside = map_columns(draft, answers, None if draft is purchases else purchases)
    if draft.table == "purchases":
        who = {"user_id", "visitor_id", "session_id", "order_id"} & set(draft.columns)
        if "product_id" not in draft.columns or not who or not draft.first.header:
            map_by_values(session, draft, answers)
        map_time(draft, answers, "order_number" in aside)
        judge_purchases(session, draft, aside)
        map_situations(draft)
    else:
        if not draft.first.header:
            map_list(draft, answers)
        clean_price(draft)
    if draft.table in ("products", "users"):
        used = draft.used()
        draft.attributes = [
            one.name for one in draft.first.columns.values()
            if one.name not in used and one.name.isidentifier() and one.name.lower() not in draft.columns and one.distinct > 1
        ]  # fmt: skip


def _cancellations(session: Session, draft: Draft) -> None:
    """Look for orders whose number has a letter before it, such as C536379: they take purchases back."""
    order, quantity = draft.columns.get("order_id"), draft.columns.get("quantity")
    if order is None:
        return
    marked = f"regexp_full_match(trim({name(order)}::varchar), '[Cc][- ]?\\d+')"
    taken = f"number_of_text({name(quantity)}::varchar) < 0" if quantity else "false"
    count, below, plain = session.rows(
        f"select count(*) filter ({marked}), count(*) filter ({marked} and {taken}), "
        f"count(*) filter (regexp_full_match(trim({name(order)}::varchar), '\\d+')) from {draft.sql}"
    )[0]
    if not count or count > plain:
        return
    if below >= 0.9 * count:
        draft.notes.append(
            f"{count:,} lines of orders such as C… have a quantity below 0: they take their purchase back"
        )
    elif "event" not in draft.columns:
        draft.derive["event"] = f"case when {name(order)} ilike 'C%' then 'cancelled' else 'purchase' end"
        draft.notes.append(f"{count:,} lines of orders such as C… are cancellations: they take their purchase back")


def _bought_once(session: Session, draft: Draft) -> bool:
    """Tell whether hardly a shopper has a product on two lines, in data of many lines."""
    user, product = draft.columns.get("user_id"), draft.columns.get("product_id")
    if user is None or product is None or "event" in {*draft.columns, *draft.derive}:
        return False
    lines, pairs = session.rows(
        f"select count(*), count(distinct ({name(user)}, {name(product)})) from {draft.sql} where not blank({name(user)}::varchar)"
    )[0]
    return bool(lines >= FEWEST_LINES and lines - pairs <= BOUGHT_AGAIN * lines)


def _no_products(session: Session, draft: Draft, answers: Answers) -> None:
    if "product_id" not in draft.columns:
        return
    told = answers.told("no_products")
    if told is not None:
        draft.no_products = [one.strip() for one in told.split(",") if one.strip()]
        return
    named = answers.given.get("products.name")
    found = find_no_products(session, draft, named)
    if not found:
        return
    draft.no_products = patterns(found)
    shown = ", ".join(f"{one.id} ({one.said or 'no name'}, {one.lines:,})" for one in found[:12])
    draft.notes.append(f"no products, by their ids and names: {shown}{', …' if len(found) > 12 else ''}")
    if answers.terminal and not answers.yes:
        proposal = ",".join(draft.no_products)
        answer = answers.ask("no_products", "Sold and no product (ids with commas between them)", [], proposal)
        draft.no_products = [one.strip() for one in (answer or "").split(",") if one.strip()]


def products_of(session: Session, draft: Draft, answers: Answers) -> Draft | None:
    """Return a draft of products from the columns of purchases that are told, or that say the same of a product each time."""
    key, used = draft.columns.get("product_id"), draft.used()
    if key is None:
        return None
    made = Draft("products", draft.files, columns={"product_id": key}, aliases=draft.aliases)
    by_word = {one.plain: one for one in draft.first.columns.values() if one.name not in used and one.filled}
    for our in ("name", "category", "brand"):
        told = answers.told_among(draft.first.columns, f"products.{our}")
        seen = next((by_word[word] for word in PRODUCT_WORDS[our] if word in by_word), None)
        if told is not None:
            made.columns[our] = told
        elif seen is not None and (our == "name" or depends_on(session, draft, key, seen.name)):
            made.columns[our] = seen.name
    if len(made.columns) == 1:
        return None
    sold = []
    for our in ("price", "quantity"):
        if our in draft.columns:
            sold.append(f"{name(draft.columns[our])} > 0")
            if our == "price":
                made.columns[our] = draft.columns[our]
    made.keep = " and ".join(sold) or None
    made.notes.append(f"made from the purchases: {', '.join(made.columns)}; of each what most lines say")
    return made


def _match_products(session: Session, purchases: Draft, products: Draft | None) -> None:
    """Choose the key of the products table that the purchases use, where several could be it."""
    if products is None or products.format != "columns" or products.files is purchases.files:
        return
    bought = f"(select distinct trim({name(purchases.columns['product_id'])}::varchar) as id from {purchases.sql} limit 5000)"
    used = products.columns.values()
    own = products.columns.get("product_id")
    shares = {
        seen.name: session.rows(
            f"select coalesce(avg((id in (select trim({name(seen.name)}::varchar) from {products.sql}))::int), 0) from {bought}"
        )[0][0]
        for seen in products.first.columns.values()
        if seen.distinct >= 0.9 * max(products.first.rows, 1) and (seen.name == own or seen.name not in used)
    }
    if not shares:
        return
    best = max(shares, key=lambda one: shares[one])
    if own is None or shares[best] > shares.get(own, 0.0) + 0.2:
        products.columns["product_id"] = best
        products.attributes = [one for one in products.attributes if one != best]
    share = shares[products.columns["product_id"]]
    products.notes.append(f"{share:.0%} of the products bought are listed under {products.columns['product_id']}")
