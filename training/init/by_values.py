"""Which column is which where its name does not say: by its values alone, and by asking."""

from collections.abc import Mapping, Sequence

from models.schema import DAY
from training.init.asked import NONE, Answers
from training.init.draft import Draft
from training.init.guess import WHY, guess
from training.init.look import Seen
from training.init.roles import WHAT
from training.init.words import MOMENT, says_something
from training.read.engine import Session, name
from training.read.times import Clock, seconds

OPTIONAL = ("user_id", "order_id", "quantity", "price")
"""Names that purchases need not have, where they have those before, so that none is an answer."""
FEWEST_VISITS, LINES_OF_A_VISIT = 50, 10
"""Visits of more than one line that tell what a column is; lines that a visit has on average, at most."""


def map_time(draft: Draft, answers: Answers, numbered: bool) -> None:
    """Map the moment of a purchase where no name says which it is: the one column of times, or the one that is asked for.

    ``numbered``: orders are told by their numbers where there are no times.
    """
    if "time" in draft.columns:
        return
    seen = [one for one in draft.first.columns.values() if one.name not in draft.columns.values()]
    timed = sorted((one for one in seen if one.filled and one.times >= 0.99), key=_sureness)
    if not timed:
        if not numbered:
            draft.notes.append("no column tells when: nothing that depends on time is learned")
        return
    names = [one.name for one in timed]
    question = f"{draft.first.path.name}: which column is {WHAT['time']} of the purchase?"
    draft.columns["time"] = (answers.ask("time", question, names, names[0]) if len(names) > 1 else None) or names[0]


def _sureness(seen: Seen) -> int:
    return next((place for place, word in enumerate(MOMENT) if word in seen.plain), len(MOMENT))


def map_by_values(session: Session, draft: Draft, answers: Answers) -> None:
    """Map the columns of purchases whose names say nothing: a time, then users or visits, then products, then the rest."""
    timed = [one for one in draft.first.columns.values() if one.times >= 0.99]
    if timed and "time" not in draft.columns and not draft.first.header:
        draft.columns["time"] = timed[0].name
    ids = [one for one in draft.first.columns.values() if one.name not in draft.columns.values() and one not in timed]
    if draft.first.header:
        ids = [one for one in ids if not says_something(one.plain)]
    time = draft.columns.get("time") or (min(timed, key=_sureness).name if timed else None)
    guessed = guess(session, draft, ids, time)
    left = [one.name for one in ids if one.name not in guessed.values()]
    if not {"user_id", "session_id", "order_id"} & set(draft.columns):
        _map_who(session, draft, answers, guessed, left)
    if "product_id" not in draft.columns:
        first = guessed.get("product_id") or (left.pop(0) if left else None)
        _ask(draft, answers, "product_id", f"is {WHAT['product_id']}", first, guessed)
    known = {"user_id", *draft.columns} if "session_id" in draft.columns else {*draft.columns}
    for role in (
        one for one in OPTIONAL if one not in known and guessed.get(one) not in (None, *draft.columns.values())
    ):
        _ask(draft, answers, role, f"is {WHAT[role]}", guessed[role], guessed, (NONE,))
    if not draft.first.header:
        draft.notes.append("further columns are named by --set, such as --set price=COLUMN")


def _map_who(session: Session, draft: Draft, answers: Answers, guessed: Mapping[str, str], left: list[str]) -> None:
    """Map who bought, or the visit, to the guess, or to the first column that is ``left``; it is none of these any more."""
    first = guessed.get("user_id") or (left.pop(0) if left else None)
    if first is not None and "user_id" not in guessed and _are_visits(session, draft, first):
        said = "is the visit (its values last less than a day each), or who bought (--set user_id=COLUMN)"
        _ask(draft, answers, "session_id", said, first, guessed)
    else:
        said = f"is {WHAT['user_id']}, or the visit (--set session_id=COLUMN)"
        _ask(draft, answers, "user_id", said, first, guessed)


def _ask(
    draft: Draft, answers: Answers, role: str, said: str, proposal: str | None, guessed: Mapping[str, str],
    others: Sequence[str] = (),
) -> None:  # fmt: skip
    """Map the answer to a question; a guess is called one, in the question and in what is written."""
    proposal = None if proposal in draft.columns.values() else proposal
    why = f"by its values alone: {WHY[role]}" if proposal and role in guessed else ""
    asked = f"which column {said}?{_doubt(role, proposal, why)}"
    told = answers.ask(role, f"{draft.first.path.name}: {asked}", [*draft.first.columns, *others], proposal)
    if told and told not in others:
        draft.columns[role] = told
        if why and told == proposal and role not in answers.given:
            draft.notes.append(f"{role} = {told} is a guess, {why}: look whether it is so")


def _doubt(role: str, proposal: str | None, why: str) -> str:
    """Return what is unsure of a proposal; a visit's question says itself what it goes by."""
    if why:
        return f" {proposal} is a guess, {why};"
    if proposal is None or role == "session_id":
        return ""
    return f" {proposal} is the first that is left: neither names nor values tell;"


def _are_visits(session: Session, draft: Draft, column: str) -> bool:
    """Tell whether the values of a column last less than a day each and have few lines, while the data spans many days."""
    time = draft.columns.get("time")
    if time is None:
        return False
    moment = seconds(name(time), draft.first.piece.types[time], Clock("UTC"))
    several, short, lines, days = session.rows(
        f"select count(*), count(*) filter (last - first < {DAY}), avg(n), (max(last) - min(first)) / {DAY} from "
        f"(select count(*) as n, min({moment}) as first, max({moment}) as last from {draft.sql} group by {name(column)}) where n > 1"
    )[0]
    return bool(several >= FEWEST_VISITS and short >= 0.99 * several and lines <= LINES_OF_A_VISIT and days >= 7)


def map_list(draft: Draft, answers: Answers) -> None:
    """Map a list whose columns have no names: its key is the first column, and a name the one whose texts all differ."""
    _key(draft, answers)
    if draft.table != "products" or "name" in draft.columns:
        return
    texts = [
        one for one in draft.first.columns.values()
        if one.name not in draft.columns.values() and not one.numbers and one.distinct >= 0.9 * max(draft.first.rows, 1)
    ]  # fmt: skip
    if len(texts) == 1:
        question = f"{draft.first.path.name}: which column is the name of the product, such as {texts[0].examples[0]}?"
        if told := answers.ask("products.name", question, list(draft.first.columns), texts[0].name):
            draft.columns["name"] = told


def _key(draft: Draft, answers: Answers) -> None:
    key = "user_id" if draft.table == "users" else "store_id" if draft.table == "stores" else "product_id"
    if key in draft.columns:
        return
    columns = list(draft.first.columns)
    question = f"{draft.first.path.name}: which column is {WHAT[key] if key != 'user_id' else 'the user'}?"
    if told := answers.ask(f"{draft.table}.{key}", question, columns, columns[0]):
        draft.columns[key] = told
