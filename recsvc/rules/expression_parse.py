"""Tokens to an expression: a white list by recursive descent, no eval.

any    := all ("or" all)*
all    := no ("and" no)*
no     := "not" no | test
test   := sum (sign sum)* | sum "not"? "in" sum | sum "not"? "between" sum "and" sum
sum    := product (("+" | "-") product)*
product:= unit (("*" | "/") unit)*
unit   := "-" unit | number | text | "[" … "]" | "(" any ")" | name | scope "." name | name "(" … ")"
"""

from math import isfinite
from typing import cast

from recsvc.rules.expression_tokens import ExpressionError, Token, tokens
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
    Scope,
    Text,
    Within,
)
from recsvc.rules.faults import did_you_mean

FUNCTIONS = {
    "lower": "lower(brand)",
    "startswith": "startswith(name, 'Dr')",
    "contains": "contains(name, 'organic')",
    "stock_in": "stock_in(context.store)",
    "bought": "bought(), bought(90), bought(brand) or bought(brand, 90)",
    "days_since": "days_since(available_from) or days_since(bought)",
}
"""Each function with an example of its use."""
SIGNS = ("==", "!=", "<", "<=", ">", ">=")
MAX_DEPTH = 40
MAX_CHAIN = 60
"""Signs of arithmetic in a row; each makes the tree one deeper."""


def parse_expression(source: str, *, bare: Scope = "product") -> Expression:
    """Return the expression of ``source``, names not yet checked.

    Args:
        source: the text, as the YAML holds it.
        bare: what a name without a scope belongs to: the product tested, or the user.

    Raises:
        ExpressionError: with the character that does not fit.
    """
    parser = _Parser(tokens(source), bare)
    if parser.now.sort == "end":
        raise ExpressionError(0, "the expression is empty", "for example: category == 'wine'")
    out = parser.any()
    parser.refuse_rest()
    return out


class _Parser:
    def __init__(self, line: list[Token], bare: Scope) -> None:
        self.line, self.bare = line, bare
        self.place = 0
        self.now = line[0]
        self.depth = 0

    def next(self) -> Token:
        token = self.now
        if token.sort != "end":
            self.place += 1
            self.now = self.line[self.place]
        return token

    def take(self, *texts: str) -> Token | None:
        """Step over the next token if it is one of these signs or keywords."""
        now = self.now
        return self.next() if now.text in texts and now.sort in ("sign", "keyword") else None

    def expect(self, text: str, why: str) -> None:
        if not self.take(text):
            raise ExpressionError(self.now.at, f"{text!r} is missing {why}, found {_shown(self.now)}")

    def deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(at, f"nested more than {MAX_DEPTH} levels deep")

    def refuse_rest(self) -> None:
        token = self.now
        if token.sort == "end":
            return
        hint = "decimals have a point: 9.99" if token.text == "," else ""
        if token.sort == "name":
            hint = f"write {token.text.lower()}" if token.text.lower() in ("and", "or", "not", "in") else ""
            hint = hint or ("write ==" if token.text == "is" else "join conditions with and; put quotes round a text")
        raise ExpressionError(token.at, f"{_shown(token)} does not belong here", hint)

    def any(self) -> Expression:
        first = self.all()
        parts = [first]
        while self.take("or"):
            parts.append(self.all())
        return Either(tuple(parts), first.at) if len(parts) > 1 else first

    def all(self) -> Expression:
        first = self.no()
        parts = [first]
        while self.take("and"):
            parts.append(self.no())
        return Both(tuple(parts), first.at) if len(parts) > 1 else first

    def no(self) -> Expression:
        token = self.take("not")
        if token is None:
            return self.test()
        self.deeper(token.at)
        out = Not(self.no(), token.at)
        self.depth -= 1
        return out

    def test(self) -> Expression:
        left = self.sum()
        turned = self.now.text == "not" and self.line[min(self.place + 1, len(self.line) - 1)].text in ("in", "between")
        at = self.next().at if turned else self.now.at
        out: Expression = left
        if self.take("in"):
            out = Within(left, self.sum(), left.at)
        elif self.take("between"):
            low = self.sum()
            self.expect("and", "after between … ")
            out = Both((Compare(">=", left, low, left.at), Compare("<=", left, self.sum(), left.at)), left.at)
        else:
            out = self.chain(left)
        return Not(out, at) if turned else out

    def chain(self, left: Expression) -> Expression:
        """Return ``a < b <= c`` as both of its halves."""
        parts: list[Expression] = []
        while token := self.take(*SIGNS):
            right = self.sum()
            parts.append(Compare(token.text, left, right, left.at))  # type: ignore[arg-type]
            left = right
        if not parts:
            return left
        return parts[0] if len(parts) == 1 else Both(tuple(parts), parts[0].at)

    def sum(self) -> Expression:
        out, length = self.product(), 0
        while token := self.take("+", "-"):
            out, length = Arithmetic(token.text, out, self.product(), out.at), length + 1  # type: ignore[arg-type]
            self.refuse_chain(length, token.at)
        return out

    def product(self) -> Expression:
        out, length = self.unit(), 0
        while token := self.take("*", "/"):
            out, length = Arithmetic(token.text, out, self.unit(), out.at), length + 1  # type: ignore[arg-type]
            self.refuse_chain(length, token.at)
        return out

    def refuse_chain(self, length: int, at: int) -> None:
        if length > MAX_CHAIN:
            raise ExpressionError(at, f"more than {MAX_CHAIN} signs of arithmetic in a row")

    def unit(self) -> Expression:
        token = self.next()
        self.deeper(token.at)
        out = self.unit_of(token)
        self.depth -= 1
        return out

    def unit_of(self, token: Token) -> Expression:
        if token.sort == "number":
            return Number(_number(token), token.at)
        if token.sort == "text":
            return Text(token.text, token.at)
        if token.sort == "name":
            return self.call(token) if self.take("(") else self.name(token)
        if token.sort == "sign" and token.text == "-":
            part = self.unit()
            return Number(-part.value, token.at) if isinstance(part, Number) else _minus(part, token.at)
        if token.sort == "sign" and token.text == "(":
            out = self.any()
            self.expect(")", f"for the bracket at character {token.at + 1}")
            return out
        if token.sort == "sign" and token.text == "[":
            return self.literals(token.at)
        raise ExpressionError(token.at, f"{_shown(token)} where an attribute, a number or a text in quotes belongs")

    def name(self, token: Token) -> Name:
        if not self.take("."):
            return Name(self.bare, token.text, token.at)
        if token.text not in ("page", "context"):
            hint = did_you_mean(token.text, ["page", "context"])
            raise ExpressionError(token.at, f"{token.text!r} has no parts", hint)
        part = self.next()
        if part.sort not in ("name", "keyword"):
            raise ExpressionError(part.at, f"{_shown(part)} where the name of a part of {token.text} belongs")
        return Name(cast(Scope, token.text), part.text, token.at)

    def call(self, token: Token) -> Call:
        if token.text not in FUNCTIONS:
            raise ExpressionError(token.at, f"unknown function {token.text!r}", did_you_mean(token.text, FUNCTIONS))
        arguments: list[Expression] = []
        while not self.take(")"):
            if arguments:
                self.expect(",", f"between the arguments of {token.text}")
            arguments.append(self.any())
        return Call(token.text, tuple(arguments), token.at)

    def literals(self, at: int) -> Literals:
        values: list[str | float] = []
        while not self.take("]"):
            if values:
                self.expect(",", "between the values of the list")
            sign = -1.0 if self.take("-") else 1.0
            token = self.next()
            if token.sort == "number":
                values.append(sign * _number(token))
            elif token.sort == "text" and sign > 0:
                values.append(token.text)
            else:
                hint = "put quotes round a text" if token.sort == "name" else ""
                raise ExpressionError(token.at, f"{_shown(token)} where a number or a text in quotes belongs", hint)
        if len({type(value) for value in values}) != 1:
            raise ExpressionError(at, "a list needs values, all of them numbers or all of them texts")
        return Literals(tuple(values), at)


def _number(token: Token) -> float:
    value = float(token.text)
    if not isfinite(value):
        raise ExpressionError(token.at, "the number is too large")
    return value


def _minus(part: Expression, at: int) -> Expression:
    return Arithmetic("-", Number(0.0, at), part, at)


def _shown(token: Token) -> str:
    if token.sort == "end":
        return "the end"
    return f"the text {token.text!r}" if token.sort == "text" else repr(token.text)
