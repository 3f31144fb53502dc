"""Patterns over ids and other columns: what in a shop's data is no product, and which orders are tests."""

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from models.section import Name

REGEX = "re:"


def _checked(text: str) -> str:
    if not text.strip() or text == REGEX:
        raise ValueError("a pattern is empty: write an id, a text with * and ?, or re: and a regular expression")
    if text.startswith(REGEX):
        try:
            re.compile(text.removeprefix(REGEX))
        except re.error as error:
            raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


Text = Annotated[str, AfterValidator(_checked)]
"""``DOT*`` (* = any characters, ? = one; the whole text, in upper or lower case), or ``re:^gift_`` (found anywhere)."""


def _some(named: dict[str, str]) -> dict[str, str]:
    if not named:
        raise ValueError('a pattern names nothing: write { name = "*postage*" }')
    return named


Pattern: TypeAlias = Text | Annotated[dict[Name, Text], AfterValidator(_some)]
"""A text for the id, or ``{ name = "*postage*" }`` for other columns; of several all must hold."""


def parts(pattern: Pattern, own: str) -> dict[str, str]:
    """Return column -> text of a pattern whose plain text is for the column ``own``."""
    return {own: pattern} if isinstance(pattern, str) else pattern


def label(pattern: Pattern) -> str:
    """Return the pattern for people: ``DOT*``, ``name = *postage*``."""
    return pattern if isinstance(pattern, str) else ", ".join(f"{name} = {text}" for name, text in pattern.items())
