"""The functions of expressions; tables over whole vocabularies are worked out once and kept."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from models.schema import DAY, UNKNOWN, Doubles, Ints
from models.strings import Strings, encode
from recsvc.rules.expression_values import UNKNOWN_TRUTH, Numbers, OneText, Texts, Truth, Value
from recsvc.rules.situation import Situation
from recsvc.rules.times import instant_of_text

T = TypeVar("T")


def kept(tables: dict[Any, Any] | None, key: object, make: Callable[[], T]) -> T:
    """Return what ``tables`` keeps under ``key``, made on first use; without tables, made each time."""
    if tables is None:
        return make()
    if key not in tables:
        tables[key] = make()
    out: T = tables[key]
    return out


def code_of(texts: Texts, text: str, tables: dict[Any, Any] | None) -> int:
    """Return the code of ``text``, or ``UNKNOWN``."""
    return kept(tables, ("code", texts.key, text), lambda: texts.find(text))


def translated(texts: Texts, into: Texts, tables: dict[Any, Any]) -> Ints:
    """Return the codes of ``texts`` in the vocabulary of ``into``; below 0 where there is none."""
    if texts.key == into.key:
        return texts.codes
    table = kept(
        tables,
        ("translate", texts.key, into.key),
        lambda: np.array([*(into.find(text) for text in texts.strings), UNKNOWN], np.int32),
    )
    codes: Ints = table[texts.codes]
    return codes


def lower(value: Value, tables: dict[Any, Any]) -> Value:
    """Return the texts in small letters."""
    if isinstance(value, OneText):
        return OneText(value.text.lower() if value.text is not None else None, value.literal)
    if not isinstance(value, Texts):
        return UNKNOWN_TRUTH
    vocabulary, codes = kept(tables, ("lower", value.key), lambda: _lowered(value))
    return Texts(codes[value.codes], vocabulary, vocabulary.find, f"lower({value.key})")


def _lowered(texts: Texts) -> tuple[Strings, Ints]:
    small = [text.lower() for text in texts.strings]
    ordered = sorted(set(small), key=encode)
    places = {text: code for code, text in enumerate(ordered)}
    return Strings.of(ordered), np.array([*(places[text] for text in small), UNKNOWN], np.int32)


def holds_text(name: str, value: Value, part: Value, tables: dict[Any, Any]) -> Truth:
    """Return where a text starts with, or contains, another one."""
    if not isinstance(part, OneText) or part.text is None:
        return UNKNOWN_TRUTH
    needle = part.text

    def test(text: str) -> bool:
        return text.startswith(needle) if name == "startswith" else needle in text

    if isinstance(value, OneText):
        return UNKNOWN_TRUTH if value.text is None else Truth.known(np.array(test(value.text)))
    if not isinstance(value, Texts):
        return UNKNOWN_TRUTH
    known = value.codes != UNKNOWN
    if part.literal:
        table = kept(
            tables,
            (name, value.key, needle),
            lambda: np.array([*(test(text) for text in value.strings), False], np.bool_),
        )
        return Truth.known(table[value.codes], known)
    codes, places = np.unique(value.codes, return_inverse=True)
    found = np.array([code != UNKNOWN and test(value.strings[int(code)]) for code in codes], np.bool_)
    return Truth.known(found[places], known)


def stock_in(store: Value, rows: Ints, situation: Situation | None) -> Value:
    """Return the pieces of ``rows`` in a store; unknown without a store or without stock."""
    if situation is None or situation.stock is None or not isinstance(store, OneText) or store.text is None:
        return UNKNOWN_TRUTH
    return Numbers(np.asarray(situation.stock(rows, store.text), np.float64))


def bought_products(situation: Situation, days: float | None) -> Ints:
    """Return the products of this shopper's purchases, of the last ``days`` where given."""
    history = situation.shopper.history.before(situation.now)
    if days is None:
        return history.product
    return history.product[history.time >= situation.now - days * DAY]


def days_since_bought(rows: Ints, situation: Situation) -> Numbers:
    """Return the days since this shopper last bought each of ``rows``; unknown if never."""
    history = situation.shopper.history.before(situation.now)
    out = np.full(len(rows), np.nan)
    if len(history):
        products, last = np.unique(history.product[::-1], return_index=True)
        places = np.minimum(np.searchsorted(products, rows), len(products) - 1)
        times = history.time[::-1][last][places]
        out = np.where(products[places] == rows, (situation.now - times) / DAY, np.nan)
    return Numbers(out)


def days_since(value: Value, now: int, zone: str, tables: dict[Any, Any]) -> Value:
    """Return the days since a moment: a number is Unix seconds, a text a date such as 2026-10-01."""
    if isinstance(value, Numbers):
        return Numbers((now - value.values) / DAY)
    if isinstance(value, OneText):
        return Numbers((now - np.array(_seconds(value.text, zone))) / DAY)
    if not isinstance(value, Texts):
        return UNKNOWN_TRUTH
    table: Doubles = kept(
        tables, ("days", value.key), lambda: np.array([*(_seconds(text, zone) for text in value.strings), np.nan])
    )
    return Numbers((now - table[value.codes]) / DAY)


def _seconds(text: str | None, zone: str) -> float:
    moment = instant_of_text(text, zone) if text else None
    return np.nan if moment is None else float(moment)
