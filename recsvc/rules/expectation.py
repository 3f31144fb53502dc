"""What a merchandiser expects of a carousel, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Given:
    """A request in outside ids."""

    carousel: str
    user: str | None = None
    visitor: str | None = None
    page_item: str | None = None
    cart: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    at: int | None = None
    """Unix seconds; None = the shop's clock."""
    size: int | None = None
    fields: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a carousel must look like for one request; what is not named is not tested."""

    name: str
    line: int
    given: Given
    positions: Mapping[int, str] = field(default_factory=dict)
    """Position -> product; ``first`` is position 1."""
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    pinned_by: Mapping[str, str] = field(default_factory=dict)
    """Product -> the rule that must pin it."""
    short: bool | None = None
    """Whether the carousel must have fewer products than asked for."""
