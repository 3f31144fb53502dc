"""An expression's text to tokens with their places."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

MAX_LENGTH = 2_500
KEYWORDS = ("and", "or", "not", "in", "between")

Sort: TypeAlias = Literal["number", "text", "name", "keyword", "sign", "end"]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<tick>`[^`]+`)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>==|!=|<=|>=|<|>|\+|-|\*|/|\(|\)|\[|\]|,|\.)
    |(?P<end>\Z))""",
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


@dataclass(slots=True)
class Token:
    """One word, number, text or sign; made once and not changed."""

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
    while not out or out[-1].sort != "end":
        match = _TOKEN.match(source, at)
        if match is None:
            at += len(source[at:]) - len(source[at:].lstrip())
            raise ExpressionError(at, f"{source[at]!r} means nothing here", _HINTS.get(source[at], ""))
        group = match.lastgroup or ""
        out.append(_token(group, match[group], match.start(group)))
        at = match.end()
    return out


def _token(group: str, text: str, at: int) -> Token:
    if group == "text":
        quote = text[0]
        return Token("text", text[1:-1].replace(quote * 2, quote), at)
    if group == "tick":
        return Token("name", text[1:-1], at)
    if group == "name":
        return Token("keyword" if text in KEYWORDS else "name", text, at)
    return Token(cast(Sort, group), text, at)
