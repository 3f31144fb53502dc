"""An expression's text to tokens with their places."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

MAX_LENGTH = 2_500
KEYWORDS = ("and", "or", "not", "in", "between")

Sort: TypeAlias = Literal["number", "text", "name", "keyword", "sign", "end"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<tick>`[^`]+`)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>==|!=|<=|>=|<|>|\+|-|\*|/|\(|\)|\[|\]|,|\.)""",
    re.VERBOSE,
)
_HINTS = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
    "%": "write a fraction: 30% is 0.30",
    "£": "write the number alone",
    "$": "write the number alone",
    "€": "write the number alone",
    "‘": "use straight quotes: '…'",
    "’": "use straight quotes: '…'",
    "“": "use straight quotes: '…'",
    "”": "use straight quotes: '…'",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "'": "the quote is never closed",
    '"': "the quote is never closed",
    "`": "the back tick is never closed",
    ";": "join conditions with and",
}


class ExpressionError(Exception):
    """The expression does not hold; ``at`` is the character, from 0."""

    def __init__(self, at: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.at, self.message, self.hint = at, message, hint


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, text or sign."""

    sort: Sort
    text: str
    """Of a text, without its quotes; of a name in back ticks, without them."""
    at: int


def tokens(source: str) -> list[Token]:
    """Return the tokens of ``source``, ended by one of sort ``end``.

    Raises:
        ExpressionError: too long, or a character that means nothing here.
    """
    if len(source) > MAX_LENGTH:
        hint = "split it over two rules, or give the products a tag"
        raise ExpressionError(0, f"the expression has {len(source):,} characters, more than {MAX_LENGTH:,}", hint)
    out: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise ExpressionError(at, f"{source[at]!r} means nothing here", _HINTS.get(source[at], ""))
        if match.lastgroup != "space":
            out.append(_token(match.lastgroup or "", match.group(), at))
        at = match.end()
    out.append(Token("end", "", len(source)))
    return out


def _token(group: str, text: str, at: int) -> Token:
    if group == "text":
        quote = text[0]
        return Token("text", text[1:-1].replace(quote * 2, quote), at)
    if group == "tick":
        return Token("name", text[1:-1], at)
    if group == "name":
        return Token("keyword" if text in KEYWORDS else "name", text, at)
    return Token("number" if group == "number" else "sign", text, at)
