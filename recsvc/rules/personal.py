"""Which rules the shopper's own purchases, session or draw may decide, and where the answer made for nobody may stand in.

What is listed reads nothing of the shopper; whatever is not listed counts as personal.
"""

from collections.abc import Sequence

from recsvc.rules.bind import BoundRules
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
    children,
)
from recsvc.rules.schema import ActiveIn, Condition, FieldBetween, FieldIs, ItemIs, WeeklyIn
from recsvc.rules.situation import SESSION_FIELDS, Situation

PLAIN_PARTS = (Number, Text, Literals, Arithmetic, Compare, Within, Not, Both, Either)
"""Parts of expressions that read nothing by themselves."""
PLAIN_CALLS = ("stock_in", "lower", "startswith", "contains", "days_since")
"""Functions that read their arguments, the stock and the clock alone."""


def is_personal(part: Expression) -> bool:
    """Return whether an expression may be true for one shopper and not for another who asks the same."""
    if isinstance(part, Name):
        plain = part.name != "bought" if part.scope == "product" else part.scope == "page" or _asked(part)
    elif isinstance(part, Call):
        plain = part.name in PLAIN_CALLS
    else:
        plain = isinstance(part, PLAIN_PARTS)
    return not plain or any(is_personal(one) for one in children(part))


def _asked(part: Name) -> bool:
    return part.scope == "context" and part.name not in SESSION_FIELDS


def depends_on_shopper(condition: Condition) -> bool:
    """Return whether a condition may hold for one shopper and not for another who asks the same."""
    if isinstance(condition, ActiveIn | WeeklyIn):
        return False
    if isinstance(condition, FieldIs | FieldBetween):
        return condition.name in SESSION_FIELDS
    if isinstance(condition, ItemIs) and condition.place == "page":
        return condition.where is not None and is_personal(condition.where)
    return True


def nobody_stands_for_all(bound: BoundRules, *, anywhere: bool = False) -> bool:
    """Return whether nobody's answer shows nothing that a rule takes off a shopper's own.

    A hide or a keep must hold for nobody wherever it holds for somebody; a pin must hold for all, or fail for nobody.
    ``anywhere``: the same of an answer that knows no page's product either.
    """
    rules = [place for place, rule in enumerate(bound.rules) if rule.verb in ("hide", "keep", "pin")]
    return all(_stands(bound, place, anywhere) for place in rules)


def _stands(bound: BoundRules, place: int, anywhere: bool) -> bool:
    rule = bound.rules[place]
    when, unless = (_own(bound, numbers, anywhere) for numbers in (bound.when[place], bound.unless[place] or ()))
    where = rule.where is not None and (is_personal(rule.where) or (anywhere and _reads_page(rule.where)))
    if rule.verb == "pin":
        return _fails(bound, when) or not (when or unless or where)
    return not when and not where and (not unless or _fails(bound, unless))


def _own(bound: BoundRules, numbers: Sequence[int], anywhere: bool) -> list[int]:
    conditions = bound.conditions.all
    return [
        number for number in numbers
        if depends_on_shopper(conditions[number]) or (anywhere and isinstance(conditions[number], ItemIs))
    ]  # fmt: skip


def _reads_page(part: Expression) -> bool:
    return (isinstance(part, Name) and part.scope == "page") or any(_reads_page(one) for one in children(part))


def _fails(bound: BoundRules, own: Sequence[int]) -> bool:
    """Return whether one of the conditions that depend on the shopper does not hold for nobody."""
    return any(not bound.conditions.holds(number, Situation(0, ""), {}) for number in own)
