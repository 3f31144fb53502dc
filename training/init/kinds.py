"""Which table a file is: by a format's own columns, else by what its columns are called."""

from collections.abc import Iterable, Mapping

from training.init.asked import Answers
from training.init.draft import Draft
from training.init.look import Looked, Seen
from training.init.words import FILE_WORDS, WEAK, WORDS, key_word
from training.read.formats import FORMATS
from training.read.formats.part import Part, plain_name

TABLES = ("purchases", "products", "users", "stock", "stores")


def named_format(looked: Looked) -> tuple[str, Part] | None:
    """Return the format whose columns the file has, the one with the most where several fit."""
    own = {plain_name(one) for one in looked.piece.types}
    best: tuple[int, str, Part] | None = None
    for shape in FORMATS.values():
        for part in shape.parts:
            spelled = set(looked.piece.types) if part.exact else own
            needs = part.needs if part.exact else tuple(map(plain_name, part.needs))
            if not set(needs) <= spelled or (part.tells and not own & set(map(plain_name, part.tells))):
                continue
            score = len(own & set(map(plain_name, (*part.needs, *part.reads))))
            if best is None or score > best[0]:
                best = (score, shape.name, part)
    return None if best is None else best[1:]


def candidates(looked: Looked, words: Mapping[str, tuple[str, ...]], role: str) -> list[Seen]:
    """Return the columns that are called as ``role`` is, the surest first; weak words only where nothing else is.

    Where no column is, those count that are keys of its kind by another ending: ``ClientNo`` is ``client_id``.
    """
    columns = list(looked.columns.values())[::-1]
    found = _called({seen.plain: seen for seen in columns}, words[role])
    if not found:
        found = _called({word: seen for seen in columns if (word := key_word(seen.plain))}, words[role])
    strong = [seen for seen in found if seen.plain not in WEAK]
    return strong or found


def _called(by_word: Mapping[str, Seen], words: Iterable[str]) -> list[Seen]:
    return [by_word[word] for word in dict.fromkeys(words) if word in by_word]


def _is_list(looked: Looked) -> bool:
    """Tell whether the first column is the key of a list: each value once."""
    first = next(iter(looked.columns.values()))
    return first.filled == first.distinct == looked.rows


def table_of(looked: Looked, answers: Answers, alone: bool = True) -> str | None:
    """Return which table a file of plain columns is; None where it is none of ours, as is proposed if it is not ``alone``."""
    told = answers.told_among((*TABLES, "none"), looked.path.name)
    if told is not None:
        return told if told in TABLES else None
    has = {table: {role for role in words if candidates(looked, words, role)} for table, words in WORDS.items()}
    who = has["purchases"] & {"user_id", "visitor_id", "session_id", "order_id"}
    hinted = next(
        (table for table, words in FILE_WORDS.items() if any(one in looked.path.name.lower() for one in words)), None
    )
    if "product_id" in has["purchases"] and who:
        return "purchases"
    if not looked.header and hinted and _is_list(looked):
        return hinted
    timed = any(seen.times >= 0.99 for seen in looked.columns.values())
    if not looked.header and (len(looked.columns) in (2, 3, 4) or timed):
        return "purchases"
    if hinted and f"{hinted.rstrip('s') if hinted != 'stock' else 'product'}_id" in has[hinted]:
        return hinted
    if {"product_id", "quantity"} <= has["stock"] and "name" not in has["products"]:
        return "stock"
    if "product_id" in has["products"] and (has["products"] - {"product_id"} or "product_id" in has["purchases"]):
        return "products"
    if "user_id" in has["purchases"]:
        return "users"
    if "store_id" in has["purchases"]:
        return "stores"
    columns = ", ".join(looked.piece.types)
    found = answers.ask(
        looked.path.name,
        f"{looked.path.name} ({columns}): which table is it?",
        [*TABLES, "none"],
        None if alone else "none",
    )
    return found if found in TABLES else None


def told_columns(draft: Draft) -> list[str]:
    """Return the columns of a draft's first file whose names say what they are."""
    found = (candidates(draft.first, WORDS[draft.table], role) for role in WORDS[draft.table])
    return list(dict.fromkeys(seen[0].name for seen in found if seen))


def other_names(draft: Draft, looked: Looked) -> dict[str, str]:
    """Return the columns of ``looked`` that a draft's first file has under another name: theirs -> its own."""
    out: dict[str, str] = {}
    for role, words in WORDS[draft.table].items():
        ours, theirs = (candidates(one, {role: words}, role) for one in (draft.first, looked))
        if ours and theirs and ours[0].name not in looked.columns and theirs[0].name not in draft.first.columns:
            out.setdefault(theirs[0].name, ours[0].name)
    return out
