"""Expressions over columns: all rows of the catalogue at once, or the rows of a request.

Truth has three values: what needs a value that is missing is unknown, so is its opposite, and unknown does not match.
A product without tags is known to have none of them.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from models.catalogue import Catalogue
from models.columns import NumberColumn, TagsColumn, TextColumn
from models.schema import UNKNOWN, Bools, Doubles, Ints
from recsvc.rules import expression_functions as functions
from recsvc.rules.expression_tree import (
    Arithmetic,
    Both,
    Call,
    Compare,
    Either,
    Expression,
    Literals,
    Name,
    Not,
    Number,
    Text,
    Within,
)
from recsvc.rules.expression_values import (
    UNKNOWN_TRUTH,
    Numbers,
    OneTags,
    OneText,
    Tags,
    Texts,
    Truth,
    Value,
    having,
)
from recsvc.rules.situation import Situation

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_NAN = Numbers(np.array(np.nan))


@dataclass(frozen=True, slots=True)
class Frame:
    """What an expression is evaluated over."""

    catalogue: Catalogue
    tables: dict[Any, Any]
    """What was worked out over whole vocabularies for the literals of the file; kept with the catalogue."""
    rows: Ints | None = None
    """(n_rows,) product rows; None means all."""
    situation: Situation | None = None
    user: Mapping[str, str | float | None] | None = None
    zone: str = "UTC"

    def __len__(self) -> int:
        return len(self.catalogue) if self.rows is None else len(self.rows)


def matches(part: Expression, frame: Frame) -> Bools:
    """Return (n_rows,): where ``part`` is true, and known to be."""
    with np.errstate(all="ignore"):
        value = evaluate(part, frame)
    yes = value.yes if isinstance(value, Truth) else UNKNOWN_TRUTH.yes
    return np.broadcast_to(yes, (len(frame),))


def evaluate(part: Expression, frame: Frame) -> Value:
    """Return the value of ``part``; sorts that do not fit together are unknown, never an error."""
    return _EVALUATE[type(part)](part, frame)


def _truth(part: Expression, frame: Frame) -> Truth:
    value = evaluate(part, frame)
    return value if isinstance(value, Truth) else UNKNOWN_TRUTH


def _both(part: Both, frame: Frame) -> Truth:
    truths = [_truth(one, frame) for one in part.parts]
    return Truth(reduce(operator.and_, (one.yes for one in truths)), reduce(operator.or_, (one.no for one in truths)))


def _either(part: Either, frame: Frame) -> Truth:
    truths = [_truth(one, frame) for one in part.parts]
    return Truth(reduce(operator.or_, (one.yes for one in truths)), reduce(operator.and_, (one.no for one in truths)))


def _not(part: Not, frame: Frame) -> Truth:
    truth = _truth(part.part, frame)
    return Truth(truth.no, truth.yes)


def _name(part: Name, frame: Frame) -> Value:
    if part.scope == "product":
        return column_value(part.name, frame)
    if part.scope == "page":
        return _page_value(part.name, frame)
    if part.scope == "user":
        return _one((frame.user or {}).get(part.name))
    return _one(frame.situation.fields.get(part.name) if frame.situation is not None else None)


def column_value(name: str, frame: Frame) -> Value:
    """Return the values of an attribute over the rows of ``frame``."""
    rows, ids = frame.rows, frame.catalogue.ids
    if name == "product_id":
        own = np.arange(len(ids), dtype=np.int32) if rows is None else rows
        return Texts(own, ids.texts, ids.row, name)
    column = frame.catalogue.columns.get(name)
    if isinstance(column, TextColumn):
        codes = column.codes if rows is None else column.codes[rows]
        return Texts(codes, column.vocabulary, column.vocabulary.find, name)
    if isinstance(column, NumberColumn):
        return Numbers(column.values if rows is None else column.values[rows])
    return Tags(column, rows) if isinstance(column, TagsColumn) else UNKNOWN_TRUTH


def _page_value(name: str, frame: Frame) -> Value:
    page = frame.situation.page if frame.situation is not None else UNKNOWN
    if not 0 <= page < len(frame.catalogue):
        return UNKNOWN_TRUTH
    if name == "product_id":
        return OneText(frame.catalogue.ids.id(page))
    value = frame.catalogue.value(name, page)
    return OneTags(frozenset(value)) if isinstance(value, list) else _one(value)


def _one(value: str | float | None) -> Value:
    if isinstance(value, str):
        return OneText(value)
    return UNKNOWN_TRUTH if value is None else Numbers(np.array(value, np.float64))


def _arithmetic(part: Arithmetic, frame: Frame) -> Numbers:
    left, right = evaluate(part.left, frame), evaluate(part.right, frame)
    if not isinstance(left, Numbers) or not isinstance(right, Numbers):
        return _NAN
    values: Doubles = np.asarray(_ARITHMETIC[part.sign](left.values, right.values))
    return Numbers(np.where(np.isfinite(values), values, np.nan))


def _compare(part: Compare, frame: Frame) -> Truth:
    left, right = evaluate(part.left, frame), evaluate(part.right, frame)
    if isinstance(left, Numbers) and isinstance(right, Numbers):
        known = ~(np.isnan(left.values) | np.isnan(right.values))
        return Truth.known(np.asarray(COMPARE[part.sign](left.values, right.values)), known)
    if part.sign not in ("==", "!="):
        return UNKNOWN_TRUTH
    equal = _equal(left, right, frame)
    return equal if part.sign == "==" else Truth(equal.no, equal.yes)


def _equal(left: Value, right: Value, frame: Frame) -> Truth:
    if isinstance(left, OneText) and isinstance(right, OneText):
        known = np.array(left.text is not None and right.text is not None)
        return Truth.known(np.array(left.text == right.text), known)
    if isinstance(left, OneText):
        left, right = right, left
    if isinstance(left, Texts) and isinstance(right, OneText):
        if right.text is None:
            return UNKNOWN_TRUTH
        code = functions.code_of(left, right.text, frame.tables if right.literal else None)
        return Truth.known(left.codes == code, left.codes != UNKNOWN) if code != UNKNOWN else _none_of(left)
    if isinstance(left, Texts) and isinstance(right, Texts):
        same = left.codes == functions.translated(right, left, frame.tables)
        return Truth.known(same, (left.codes != UNKNOWN) & (right.codes != UNKNOWN))
    return UNKNOWN_TRUTH


def _none_of(texts: Texts) -> Truth:
    known = texts.codes != UNKNOWN
    return Truth(np.zeros_like(known), known)


def _within(part: Within, frame: Frame) -> Truth:
    item = evaluate(part.item, frame)
    if isinstance(part.box, Literals):
        return _in_list(item, part.box, frame)
    box = evaluate(part.box, frame)
    if isinstance(box, OneTags) and isinstance(item, OneText) and item.text is not None and box.tags is not None:
        return Truth.known(np.array(item.text in box.tags))
    if isinstance(box, OneTags) and isinstance(item, Texts) and box.tags is not None:
        codes = np.array([item.find(tag) for tag in sorted(box.tags)], np.int32)
        return Truth.known(np.isin(item.codes, codes), item.codes != UNKNOWN)
    if isinstance(box, Tags) and isinstance(item, OneText) and item.text is not None:
        return Truth.known(having(box, np.array([box.column.vocabulary.find(item.text)], np.int32)))
    return UNKNOWN_TRUTH


def _in_list(item: Value, box: Literals, frame: Frame) -> Truth:
    if isinstance(item, Numbers):
        numbers = np.array([value for value in box.values if isinstance(value, float)], np.float64)
        return Truth.known(np.isin(item.values, numbers), ~np.isnan(item.values))
    texts = [value for value in box.values if isinstance(value, str)]
    if isinstance(item, OneText):
        return Truth.known(np.array(item.text in texts), np.array(item.text is not None))
    if isinstance(item, Texts):
        codes = np.array([functions.code_of(item, text, frame.tables) for text in texts], np.int32)
        known = item.codes != UNKNOWN
        return Truth.known(np.isin(item.codes, codes) & known, known)
    return UNKNOWN_TRUTH


def _call(part: Call, frame: Frame) -> Value:
    if part.name in ("bought", "days_since"):
        return _call_of_shopper(part, frame)
    values = [evaluate(argument, frame) for argument in part.arguments]
    if part.name == "stock_in":
        return functions.stock_in(values[0], _rows(frame), frame.situation)
    if part.name == "lower":
        return functions.lower(values[0], frame.tables)
    return functions.holds_text(part.name, values[0], values[1], frame.tables)


def _call_of_shopper(part: Call, frame: Frame) -> Value:
    situation = frame.situation
    if situation is None:
        return UNKNOWN_TRUTH
    if part.name == "days_since":
        argument = part.arguments[0]
        if isinstance(argument, Name) and argument.scope == "product" and argument.name == "bought":
            return functions.days_since_bought(_rows(frame), situation)
        return functions.days_since(evaluate(argument, frame), situation.now, frame.zone, frame.tables)
    days = next((one.value for one in part.arguments if isinstance(one, Number)), None)
    products = functions.bought_products(situation, days)
    name = next((one.name for one in part.arguments if isinstance(one, Name)), "product_id")
    own = column_value(name, frame)
    theirs = column_value(name, Frame(frame.catalogue, frame.tables, products))
    if not isinstance(own, Texts) or not isinstance(theirs, Texts):
        return UNKNOWN_TRUTH
    return Truth.known(np.isin(own.codes, theirs.codes), own.codes != UNKNOWN)


def _rows(frame: Frame) -> Ints:
    return np.arange(len(frame.catalogue), dtype=np.int32) if frame.rows is None else frame.rows


_EVALUATE: dict[type, Callable[[Any, Frame], Value]] = {
    Number: lambda part, _: Numbers(np.array(part.value)),
    Text: lambda part, _: OneText(part.value, literal=True),
    Literals: lambda _part, _frame: UNKNOWN_TRUTH,
    Name: _name,
    Call: _call,
    Arithmetic: _arithmetic,
    Compare: _compare,
    Within: _within,
    Not: _not,
    Both: _both,
    Either: _either,
}
