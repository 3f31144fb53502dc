"""Names and sorts of an expression, checked before it ever runs."""

from collections.abc import Mapping
from typing import TypeAlias

from models.columns import Kind
from recsvc.rules.expression_parse import FUNCTIONS
from recsvc.rules.expression_tokens import ExpressionError
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
from recsvc.rules.faults import did_you_mean
from recsvc.rules.shop_facts import ShopFacts

Sort: TypeAlias = str | None
"""text, number, tags, list, truth, or None where the shop's columns are not known yet."""

_SHOWN = {"text": "a text", "number": "a number", "tags": "tags", "list": "a list", "truth": "a condition"}


def check_expression(part: Expression, shop: ShopFacts) -> list[ExpressionError]:
    """Return what is wrong with an expression that must be true or false."""
    checker = _Checker(shop)
    sort = checker.sort(part)
    if not checker.errors and sort not in ("truth", None):
        checker.note(part, f"this is {_SHOWN[sort]}, not a condition", "compare it: category == 'wine'")
    return checker.errors


class _Checker:
    def __init__(self, shop: ShopFacts) -> None:
        self.shop = shop
        self.errors: list[ExpressionError] = []
        self.values: set[int] = set()
        """Where a name stands that a value is expected for."""

    def note(self, part: Expression, message: str, hint: str = "") -> None:
        self.errors.append(ExpressionError(part.at, message, hint))

    def sort(self, part: Expression) -> Sort:
        """Return the sort of ``part``, having noted what is wrong inside."""
        if isinstance(part, Number):
            return "number"
        if isinstance(part, Text):
            return "text"
        if isinstance(part, Literals):
            return "list"
        if isinstance(part, Name):
            return self.name(part)
        if isinstance(part, Call):
            return self.call(part)
        if isinstance(part, Arithmetic):
            for side in (part.left, part.right):
                self.want(side, "number", f"{part.sign} needs numbers")
            return "number"
        if isinstance(part, Compare):
            self.compare(part)
        elif isinstance(part, Within):
            self.within(part)
        else:
            for one in (part.part,) if isinstance(part, Not) else part.parts:
                self.want(one, "truth", "and, or and not join conditions")
        return "truth"

    def want(self, part: Expression, wanted: str, why: str) -> None:
        sort = self.sort(part)
        if sort not in (wanted, None):
            hint = "compare it with a value" if wanted == "truth" else ""
            self.note(part, f"{why}, and this is {_SHOWN[sort]}", hint)

    def name(self, part: Name) -> Sort:
        if part.scope == "context":
            fields = self.shop.fields()
            if part.name not in fields:
                self.note(part, f"unknown context field {part.name!r}", did_you_mean(part.name, fields))
                return None
            return "text" if fields[part.name] == "categorical" else "number"
        columns: Mapping[str, Kind] | None = self.shop.user_columns if part.scope == "user" else self.shop.columns
        if part.scope != "user" and part.name == "product_id":
            return "text"
        if columns is None or part.name in columns:
            return None if columns is None else columns[part.name]
        whose = "user" if part.scope == "user" else "product"
        self.note(part, f"no {whose} has an attribute {part.name!r}", self.hint(part, columns))
        return None

    def hint(self, part: Name, columns: Mapping[str, Kind]) -> str:
        if part.name in self.shop.fields() and part.name not in columns:
            return f"write context.{part.name}"
        if part.name in FUNCTIONS:
            return f"a function needs brackets: {FUNCTIONS[part.name]}"
        near = did_you_mean(part.name, columns)
        return f"a text needs quotes: '{part.name}'" if part.at in self.values and "did you" not in near else near

    def compare(self, part: Compare) -> None:
        if isinstance(part.right, Name):
            self.values.add(part.right.at)
        left, right = self.sort(part.left), self.sort(part.right)
        sorts = {left, right} - {None}
        for sort in sorts - {"text", "number"}:
            hint = "write 'x' in tags" if sort == "tags" else "write in before a list" if sort == "list" else ""
            self.note(part, f"{part.sign} cannot compare {_SHOWN[str(sort)]}", hint)
            return
        if len(sorts) == 2:
            number = part.right if right == "number" else part.left
            hint = "write the number in quotes" if isinstance(number, Number) else "one side needs to change"
            text = part.right if right == "text" else part.left
            hint = "write the number without quotes" if isinstance(text, Text) else hint
            self.note(part, f"{part.sign} compares a text with a number", hint)
        elif "text" in sorts and part.sign not in ("==", "!="):
            self.note(part, f"{part.sign} cannot order texts", "texts know == and !=; dates: days_since(…)")

    def within(self, part: Within) -> None:
        item, box = self.sort(part.item), self.sort(part.box)
        if box not in ("list", "tags", None):
            hint = "text inside a text: contains(name, 'organic')" if box == "text" else "write ['a', 'b']"
            self.note(part.box, f"in needs a list or tags, and this is {_SHOWN[box]}", hint)
        elif item not in ("text", "number", None) or (box == "tags" and item == "number"):
            self.note(part.item, f"in cannot look for {_SHOWN[str(item)]}" + (" in tags" if box == "tags" else ""))
        elif isinstance(part.box, Literals) and item is not None:
            texts = isinstance(part.box.values[0], str)
            if texts != (item == "text"):
                self.note(
                    part.box, f"the list holds {'texts' if texts else 'numbers'}, and the value is {_SHOWN[item]}"
                )

    def call(self, part: Call) -> Sort:
        count = {"lower": (1, 1), "stock_in": (1, 1), "days_since": (1, 1), "bought": (0, 2)}.get(part.name, (2, 2))
        if not count[0] <= len(part.arguments) <= count[1]:
            self.note(part, f"{part.name} does not take {len(part.arguments)} values", f"write {FUNCTIONS[part.name]}")
        elif part.name == "bought":
            self.bought(part)
        elif part.name == "days_since":
            self.days_since(part)
        elif part.name == "stock_in":
            self.want(part.arguments[0], "text", "stock_in needs a store")
            if _is_column(part.arguments[0]):
                self.note(part.arguments[0], "stock_in needs one store for all products", FUNCTIONS["stock_in"])
        else:
            for argument in part.arguments:
                self.want(argument, "text", f"{part.name} needs texts")
            if part.name != "lower" and _is_column(part.arguments[1]):
                self.note(part.arguments[1], f"{part.name} looks for one text", f"write {FUNCTIONS[part.name]}")
        return {"lower": "text", "stock_in": "number", "days_since": "number"}.get(part.name, "truth")

    def bought(self, part: Call) -> None:
        kinds = [type(one) for one in part.arguments]
        if kinds not in ([], [Number], [Name], [Name, Number]):
            self.note(part, "bought takes an attribute, a number of days, or both", f"write {FUNCTIONS['bought']}")
            return
        for one in part.arguments:
            if isinstance(one, Name):
                self.want(one, "text", "bought compares texts")
                if one.scope != "product":
                    self.note(one, "bought takes an attribute of the product tested", f"write {FUNCTIONS['bought']}")
            elif isinstance(one, Number) and one.value <= 0:
                self.note(one, "the number of days must be above 0")

    def days_since(self, part: Call) -> None:
        argument = part.arguments[0]
        if isinstance(argument, Name) and argument.scope == "product" and argument.name == "bought":
            return
        if self.sort(argument) in ("tags", "list", "truth") or isinstance(argument, Number | Text):
            self.note(argument, "days_since needs an attribute that holds a date", f"write {FUNCTIONS['days_since']}")


def _is_column(part: Expression) -> bool:
    """Return whether the value differs from product to product."""
    if isinstance(part, Name):
        return part.scope == "product"
    if isinstance(part, Call):
        return any(_is_column(one) for one in part.arguments)
    return isinstance(part, Both | Either)
