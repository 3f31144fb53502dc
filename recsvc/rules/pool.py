"""What goes into the rules and what comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from models.schema import Bools, Bytes, Doubles, Ints

BarsOf: TypeAlias = Callable[[Ints], Bytes]
"""Product rows -> system exclusions, see ``situation.BARS``."""
Fallback: TypeAlias = tuple[str, Callable[[], Ints]]
"""A name and the product rows that it offers, best first; asked only while slots are open."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates before any rule; every array has shape (n_candidates,)."""

    rows: Ints
    """Distinct products, in any order."""
    scores: Doubles
    """In (0, 1]."""
    organic: Bools
    """False: here only because a pin may take it; never shown otherwise."""
    behind: int = 0
    """So many at the end are a tail: they come after all others, whatever their factors, so that pages agree."""


@dataclass(frozen=True, slots=True)
class DroppedPin:
    """A pin that does not stand as the file wishes."""

    rule: str
    product: str
    """Its id; empty for a pin by ``where``."""
    position: int
    reason: str
    """unknown_product, hidden, not_kept, past_end, duplicate, conflict, no_match, or a name of ``situation.BARS``."""
    instead: str = ""
    """The product of ``instead`` that stands in."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Kept when asked to explain."""

    factors: Mapping[int, tuple[tuple[str, float], ...]]
    """Shown product -> rules and their factors."""
    hidden: Mapping[int, tuple[str, ...]]
    """Candidate -> rules that hide it."""
    not_kept: Mapping[int, tuple[str, ...]]
    """Candidate -> keeps that leave it out."""
    barred: Mapping[int, tuple[str, ...]]
    """Candidate -> system exclusions."""
    over_limit: Mapping[int, str]
    """Candidate that was passed over -> the limit."""


NO_NOTES = Notes({}, {}, {}, {}, {})


@dataclass(frozen=True, slots=True)
class Arranged:
    """A carousel after the rules; every array and tuple has one entry a shown product, in order."""

    rows: Ints
    scores: Doubles
    """With factors; 0 for what the models did not score."""
    sources: tuple[str, ...]
    """``MODEL``, ``PIN``, or the name of a fallback."""
    pins: tuple[str | None, ...]
    """The rule of each pin."""
    short: bool
    """The candidates did not suffice: a deeper pool may do better than fallbacks or over-limit products."""
    dropped: tuple[DroppedPin, ...] = ()
    skipped_keeps: tuple[str, ...] = ()
    """Keeps that would have left fewer than their ``min_results``."""
    notes: Notes = field(default_factory=lambda: NO_NOTES)


MODEL, PIN = "model", "pin"
