"""Pictures as SVG inside the page: sharp on paper, a few kB each, text that can be searched and read aloud.

Matplotlib, and not a library that draws in the browser: plotly's script alone has 4 MB in each report, and needs it to
print. Axes and texts take the colour of the page around them, so that a dark page has light pictures.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

INK = "#010203"
"""Stands for the colour of the page's text."""
COLOURS = ("#2f7ed8", "#d97706", "#159a72", "#c2529b", "#7c7f86", "#8a63d2")
"""Each has a contrast of 3 or more to white and to the dark page."""
MARKERS = ("o", "s", "^", "D", "v", "P")
MOST_MARKED, APART = 8, 1.3
"""Places that an axis has marks for by themselves, and how far apart they must be on a logarithmic one, as a ratio."""
Draw = Callable[[Axes], None]
"""Puts something on the axes that it is given."""
SIZE = (4.4, 3.0)
"""Inches: fits a phone without shrinking much."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": COLOURS[4],
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


@dataclass(frozen=True, slots=True)
class Line:
    """Points that belong together; every sequence has one value a point."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    """Ends of the intervals of ``y``; empty: none are drawn."""


def picture(title: str, alt: str, draw: Draw, size: tuple[float, float] = SIZE) -> Markup:
    """Return the SVG that ``draw`` makes; ``alt`` says in words what it shows."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_title(title, loc="left")
        draw(axes)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(out.getvalue(), alt)


def _inline(text: str, alt: str) -> Markup:
    """Return the SVG as a part of a page: named for those who do not see it, in the page's colour."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S).replace(INK, "currentColor")
    named = f'<svg role="img" class="plot"><title>{escape(alt)}</title>'
    head, _, rest = text.partition(">")
    given = re.sub(r' (width|height)="[^"]*"', "", head.removeprefix("<svg"))
    return Markup(named.replace("<svg", f"<svg{given}", 1) + rest)


def plain_ticks(axis: Axis) -> None:
    """Write 0.01, and not a power of ten, along a logarithmic axis: at 1, 2 and 5 of each ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def ticks_at(axis: Axis, places: Sequence[float]) -> None:
    """Mark a logarithmic axis at ``places``, where they are few enough to be told apart; else as ``plain_ticks`` does."""
    plain_ticks(axis)
    if len(places) <= MOST_MARKED and all(other / one > APART for one, other in pairwise(places)):
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
        axis.set_minor_locator(NullLocator())


def bars(
    names: Sequence[str], values: Sequence[float], low: Sequence[float], high: Sequence[float], label: str
) -> Draw:
    """Return what draws a bar for each name, the first on top and in its own colour, with intervals."""

    def draw(axes: Axes) -> None:
        places = range(len(names))
        colours = [COLOURS[0], *[COLOURS[4]] * (len(names) - 1)]
        errors = [[v - a for v, a in zip(values, low, strict=True)], [b - v for v, b in zip(values, high, strict=True)]]
        axes.barh(places, values, color=colours, height=0.62, xerr=errors, ecolor=INK, capsize=2.5)
        axes.set_yticks(list(places), list(names))
        axes.invert_yaxis()
        axes.set_xlabel(label)
        axes.grid(axis="y", visible=False)

    return draw


def lines(found: Sequence[Line], x: str, y: str, *, log_x: bool = False, zero: bool = False) -> Draw:
    """Return what draws each line with its own colour and mark; ``zero``: a line where ``y`` is 0."""

    def draw(axes: Axes) -> None:
        for place, one in enumerate(found):
            style: dict[str, Any] = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
            errors = None
            if one.low:
                errors = [
                    [v - a for v, a in zip(one.y, one.low, strict=True)],
                    [b - v for v, b in zip(one.y, one.high, strict=True)],
                ]
            axes.errorbar(one.x, one.y, yerr=errors, label=one.name, capsize=2.5, markersize=4, linewidth=1.4, **style)
        if log_x:
            axes.set_xscale("log")
            ticks_at(axes.xaxis, sorted({x for one in found for x in one.x}))
        if zero:
            axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        if len(found) > 1:
            axes.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.45, -0.22))  # below, where it hides no line

    return draw
