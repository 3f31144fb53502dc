"""Which column is which: by its name, where its values agree; two that fit are asked about."""

from collections.abc import Callable

from training.init.asked import NONE, Answers
from training.init.draft import Draft
from training.init.kinds import candidates
from training.init.look import Seen
from training.init.words import SITUATIONS, STATUS, UNDONE, WORDS
from training.read.engine import Session, literal, name
from training.read.lines import BOUGHT
from training.read.suspects import NOBODY

FITS: dict[str, Callable[[Seen], bool]] = {
    "time": lambda seen: seen.times >= 0.8,
    "available_from": lambda seen: seen.times >= 0.8,
    "available_until": lambda seen: seen.times >= 0.8,
    "quantity": lambda seen: seen.numbers >= 0.9 and seen.whole >= 0.5,
    "price": lambda seen: seen.moneys >= 0.9,
    "cost": lambda seen: seen.moneys >= 0.9,
    "total": lambda seen: seen.moneys >= 0.9,
    "rating": lambda seen: seen.numbers >= 0.9,
    "order_number": lambda seen: seen.whole >= 0.99,
    "weather": lambda seen: seen.distinct <= 1000,
}
"""What the values of a column must be like to be what its name says; a column without a value is none."""
WHAT = {
    "user_id": "who bought", "product_id": "the product", "order_id": "the order", "time": "the moment", "quantity": "the quantity",
    "price": "the price of a piece", "store_id": "the store",
}  # fmt: skip
NO_TIMES = {"time": "daytime", "day": "weekday", "date": "day_type"}
"""What a column is whose name speaks of a moment and whose values are a few words, such as weekend and workday."""
FEW_MOMENTS = 50
_NOBODY = f"({', '.join(map(literal, NOBODY))})"
NAMED = {"user_id", "visitor_id", "session_id", "order_id"}
"""What a line belongs to."""
ASIDE = ("order_number", "total", "rating")
"""Names that are read here and mean nothing in shop.toml."""


def map_columns(draft: Draft, answers: Answers, purchases: Draft | None) -> dict[str, Seen]:
    """Fill ``draft.columns``; return the columns of the names that are none of shop.toml's.

    ``purchases``, where they are mapped already: what they call a product or a shopper is called so in other tables too.
    """
    words, aside = WORDS[draft.table], dict[str, Seen]()
    called = (
        {} if purchases is None else {our: seen.plain for our in purchases.columns if (seen := purchases.seen(our))}
    )
    for role in words:
        if _refused(draft, role, answers):
            continue
        chosen = _told(draft, role, answers) or _choose(draft, role, answers, called.get(role))
        if chosen is None:
            continue
        if role in ASIDE:
            aside[role] = chosen
        elif chosen.name not in draft.columns.values():
            draft.columns[role] = chosen.name
    return aside


def _anything(_: Seen) -> bool:
    return True


def _keys(draft: Draft, role: str) -> list[str]:
    return [f"{draft.table}.{role}", *([role] if draft.table == "purchases" else [])]


def _refused(draft: Draft, role: str, answers: Answers) -> bool:
    """Tell whether the answer is that no column is it."""
    keys = _keys(draft, role)
    return NONE not in draft.first.columns and any(one in answers.given for one in keys) and answers.told(*keys) == NONE


def _told(draft: Draft, role: str, answers: Answers) -> Seen | None:
    keys = _keys(draft, role)
    told = answers.told_among(draft.first.columns, *keys)
    return None if told is None else draft.first.columns[told]


def _choose(draft: Draft, role: str, answers: Answers, called: str | None) -> Seen | None:
    fits = FITS.get(role, _anything)
    taken = set(draft.columns.values())
    found = [
        one
        for one in candidates(draft.first, WORDS[draft.table], role)
        if one.filled and fits(one) and one.name not in taken
    ]
    found.sort(key=lambda one: one.plain != called)
    if len(found) < 2 or found[0].plain == called or role not in WHAT or found[0].plain == role:
        if len(found) > 1:
            draft.notes.append(f"{role} = {found[0].name}; {', '.join(one.name for one in found[1:])} could be it too")
        return found[0] if found else None
    key = role if draft.table == "purchases" else f"{draft.table}.{role}"
    names = [one.name for one in found]
    told = answers.ask(key, f"{draft.first.path.name}: which column is {WHAT[role]}?", names, names[0])
    return draft.first.columns.get(told or names[0], found[0])


def judge_purchases(session: Session, draft: Draft, aside: dict[str, Seen]) -> None:
    """Look at the values of what was mapped: events, prices, sequences, ratings."""
    _event(session, draft)
    _plain_ids(session, draft)
    _leave_undone_out(session, draft)
    if (number := aside.get("order_number")) is not None and "user_id" in draft.columns and "time" not in draft.columns:
        draft.columns["order_id"] = number.name
        draft.notes.append(f"orders follow one another by {number.name}: there are no dates")
    if "price" not in draft.columns and (total := aside.get("total")) is not None and "quantity" in draft.columns:
        value = name(total.name) if total.numbers >= 0.9 else f"number_of_text({without_signs(total.name)})"
        draft.derive["price"] = f"{value} / nullif({name(draft.columns['quantity'])}, 0)"
        draft.notes.append(f"price = {total.name} / {draft.columns['quantity']}")
    clean_price(draft)
    if (rating := aside.get("rating")) is not None:
        draft.notes.append(
            f'every row counts as bought, whatever its {rating.name}: keep = "{rating.name} >= 4" would take the good ones alone'
        )


def _plain_ids(session: Session, draft: Draft) -> None:
    """Clean ids: the ``.0`` of a spreadsheet or a data frame goes (13085.0 is 13085), and words for nobody are nobody."""
    for our in ("user_id", "visitor_id", "session_id", "product_id", "order_id"):
        column = draft.columns.get(our)
        if column is None or draft.first.piece.types[column] != "VARCHAR":
            continue
        plain = f"{name(column)}::varchar"
        sql = _without_point(session, draft, our, column, plain)
        if our != "product_id":
            sql = _without_nobody(session, draft, our, column, sql)
        if sql != plain:
            del draft.columns[our]
            draft.derive[our] = sql


def _without_point(session: Session, draft: Draft, our: str, column: str, sql: str) -> str:
    text = f"trim({name(column)})"
    pointed, whole, count = session.rows(
        f"select count(*) filter (regexp_full_match({text}, '\\d+\\.0')), count(*) filter (regexp_full_match({text}, "
        f"'\\d+(\\.0)?')), count(*) from {draft.sql} where not blank({name(column)}) and lower({text}) not in {_NOBODY}"
    )[0]
    if not pointed or whole <= 0.95 * count:
        return sql
    draft.notes.append(f"{our}: the .0 behind the numbers of {column} is taken off")
    return f"regexp_replace({sql}, '\\.0$', '')"  # some with it, some without: two exports of the same ids


def _without_nobody(session: Session, draft: Draft, our: str, column: str, sql: str) -> str:
    text = f"trim({name(column)})"
    words = _nobodies(session, draft, text)
    if not words:
        return sql
    somebody = f"lower({text}) not in ({', '.join(map(literal, words))})"
    said = f"{our}: {', '.join(f'{one} ({lines:,})' for one, lines in words.items())} of {column} is nobody"
    if NAMED & {*draft.columns, *draft.derive} - {our}:
        draft.notes.append(said)
        return f"case when {somebody} then {sql} end"
    draft.keep = somebody
    draft.notes.append(f"{said}, and nothing else names them: these lines are left out")
    return sql


def _leave_undone_out(session: Session, draft: Draft) -> None:
    """Leave lines out whose status says that their order came to nothing."""
    for seen in draft.first.columns.values():
        if seen.plain not in STATUS or seen.name in draft.used():
            continue
        status = f"lower(trim({name(seen.name)}::varchar))"
        rows = session.rows(f"select {status}, count(*) from {draft.sql} group by 1 order by 2 desc, 1")
        undone = {str(word): int(lines) for word, lines in rows if word in UNDONE}
        if undone and len(undone) < len(rows):
            done = f"coalesce({status}, '') not in ({', '.join(map(literal, undone))})"
            draft.keep = done if draft.keep is None else f"{draft.keep} and {done}"
            said = ", ".join(f"{word} ({lines:,})" for word, lines in undone.items())
            draft.notes.append(f"lines whose {seen.name} is {said} are left out")


def _nobodies(session: Session, draft: Draft, text: str) -> dict[str, int]:
    """Return the words for nobody among the values of ``text``, in small letters, and on how many lines each stands."""
    rows = session.rows(
        f"select lower({text}), count(*) from {draft.sql} where lower({text}) in {_NOBODY} group by 1 order by 2 desc, 1"
    )
    return {str(word): int(lines) for word, lines in rows if any(map(str.isalpha, str(word)))}


def _event(session: Session, draft: Draft) -> None:
    column = draft.columns.get("event")
    if column is None:
        return
    counts = session.rows(
        f"select lower(trim({name(column)}::varchar)), count(*) from {draft.sql} group by all order by 2 desc limit 50"
    )
    bought = [f"{value} ({count:,})" for value, count in counts if value in BOUGHT]
    others = ", ".join(f"{value} ({count:,})" for value, count in counts if value not in BOUGHT)[:200]
    if bought:
        draft.notes.append(f"bought is {', '.join(bought)} of {column}; set aside: {others or 'nothing'}")
    else:
        del draft.columns["event"]
        draft.notes.append(f"no value of {column} speaks of buying ({others}): every row counts")


def clean_price(draft: Draft) -> None:
    """Take currency signs off prices that have them."""
    for our in ("price", "cost"):
        seen = draft.seen(our)
        if seen is not None and seen.numbers < 0.9:
            del draft.columns[our]
            draft.derive[our] = without_signs(seen.name)
            draft.notes.append(f"{our}: signs and letters around the numbers of {seen.name} are taken off")


def without_signs(column: str) -> str:
    """Return SQL of a column's numbers as texts, without currency signs and letters."""
    return f"regexp_replace({name(column)}::varchar, '[^0-9.,+-]', '', 'g')"


def map_situations(draft: Draft) -> None:
    """Map the columns that describe the moment of a purchase as fields of the request."""
    used = draft.used()
    for seen in draft.first.columns.values():
        called = NO_TIMES.get(seen.plain, seen.plain)
        no_time = seen.plain in NO_TIMES and seen.times < 0.1 and seen.distinct <= FEW_MOMENTS
        if seen.name in used or called in draft.columns or not (no_time or seen.plain in SITUATIONS):
            continue
        if 1 < seen.distinct <= 5000:
            draft.columns[called] = seen.name
            draft.fields[called] = "categorical"


def depends_on(session: Session, draft: Draft, key: str, column: str) -> bool:
    """Tell whether a column says the same of nearly every ``key``, and groups them."""
    found = session.rows(
        f"select avg(n), count(*), (select count(distinct {name(column)}) from {draft.sql}) from "
        f"(select count(distinct {name(column)}) as n from {draft.sql} group by {name(key)})"
    )[0]
    return found[0] is not None and found[0] <= 1.05 and 1 < found[2] <= max(0.5 * found[1], 2)
