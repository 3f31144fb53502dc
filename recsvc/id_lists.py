"""The lists of ids that rules name: CSV files beside the rules file, the id in the first column."""

from collections.abc import Callable
from pathlib import Path

MOST_IDS = 1_000_000
"""Of one list."""


def lists_in(folder: Path) -> Callable[[str], frozenset[str]]:
    """Return what reads a list in ``folder`` or below by its name; it raises OSError or ValueError."""

    def read(name: str) -> frozenset[str]:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise ValueError(f"{name!r} lies outside of the folder of the rules file")
        with path.open(encoding="utf-8-sig") as lines:
            ids = {line.split(",")[0].strip().strip('"') for line in lines}
        if len(ids) > MOST_IDS:
            raise ValueError(f"{name!r} holds more than {MOST_IDS:,} ids")
        return frozenset(ids - {""})

    return read
