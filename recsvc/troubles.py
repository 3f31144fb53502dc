"""What did not load, as /readyz and the log tell it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that did not load."""

    part: str
    """"model", "rules" or "catalogue"."""
    file: str
    line: int | None
    cause: str
    since: str = ""
    """ISO time, UTC."""


def since(troubles: list[Trouble], before: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """Return ``troubles`` with the time at which each was first seen."""
    known = {(one.part, one.file, one.cause): one.since for one in before}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return tuple(replace(one, since=known.get((one.part, one.file, one.cause), now)) for one in troubles)
