"""What is live, and what a look at the disk found: plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from recsvc.carousel import Engine
from recsvc.last_good import Good
from recsvc.rules.schema import RuleSet
from recsvc.troubles import Trouble

MOST_TROUBLES = 20
"""Faults of one rules file that are told; `recsvc rules check` tells all."""


@dataclass(frozen=True, slots=True)
class State:
    """What is live, made once and never changed."""

    engine: Engine
    folder: Path | None = None
    """Of the trained version."""
    rules: RuleSet | None = None
    troubles: tuple[Trouble, ...] = ()
    missing: tuple[str, ...] = ()
    """Parts that ought to be there and never loaded."""
    text: bytes | None = None
    """Of the rules file that ``rules`` come from."""
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The lists of ids that ``rules`` name, as they were read."""

    @property
    def model(self) -> str | None:
        """The trained version, or None."""
        return self.engine.snapshot.version

    @property
    def models(self) -> tuple[str, ...]:
        """Every trained version that serves: the live one, and those of arms of experiments."""
        return tuple(one.version for one in self.engine.snapshot.everything if one.version is not None)

    @property
    def until(self) -> int:
        """Unix seconds: what all of these versions were trained for; sessions are read from there."""
        return min(one.until for one in self.engine.snapshot.everything)

    @property
    def good(self) -> Good:
        """What of it can be loaded again."""
        return Good(self.folder, self.text, self.lists)

    @property
    def rules_hash(self) -> str | None:
        """The hash of the rules file, or None."""
        return self.rules.hash if self.rules else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the rules file would be better without."""
        return tuple(str(warning) for warning in self.rules.warnings[:MOST_TROUBLES]) if self.rules else ()


@dataclass(frozen=True, slots=True)
class Look:
    """What was on the disk at one look."""

    folder: Path | None
    text: bytes | None
    """Of the rules file; None where it cannot be read, or where the service has none."""
    trouble: Trouble | None = None
    """Why the rules file cannot be read."""

    @property
    def key(self) -> tuple[Path | None, bytes]:
        """Changes whenever something else is to be loaded."""
        return self.folder, sha256(self.text).digest() if self.text is not None else b""
