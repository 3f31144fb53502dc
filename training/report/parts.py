"""What a report is made of: sections with pictures, and the same figures as tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from training.metrics.bootstrap import Interval


@dataclass(frozen=True, slots=True)
class Table:
    """Figures as text; the first cell of a row names it."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {"caption": self.caption, "rows": [dict(zip(self.head, row, strict=True)) for row in self.rows]}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report under a heading."""

    key: str
    """Its address in the page."""
    title: str
    text: tuple[str, ...] = ()
    """Paragraphs: what is seen, and how to read it."""
    pictures: tuple[Markup, ...] = ()
    tables: tuple[Table, ...] = ()
    verbatim: str = field(default="")
    """Text that keeps its lines."""

    def plain(self) -> dict[str, object]:
        """Return it as JSON values, pictures left out: the tables have the same figures."""
        tables = [table.plain() for table in self.tables]
        return {"title": self.title, "text": list(self.text), "tables": tables, "verbatim": self.verbatim}


def missing(key: str, title: str, why: str) -> Section:
    """Return a section that says why there is nothing to see."""
    return Section(key, title, (why,))


def share(value: float | None, digits: int = 1) -> str:
    """Return a share as per cent; a dash where it is not known."""
    return "–" if value is None else f"{100 * value:.{digits}f}\u00a0%"


def number(value: float | None, digits: int = 4) -> str:
    """Return a number; a dash where it is not known."""
    return "–" if value is None else f"{value:.{digits}f}"


def verdict(gap: Interval) -> str:
    """Return what an interval of a difference says."""
    if gap.low > 0:
        return "better"
    return "worse" if gap.high < 0 else "no difference shown"


def orders_text(low: int, high: int | None) -> str:
    """Return the name of a group of shoppers by their orders before."""
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"
