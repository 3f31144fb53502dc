"""Whether a ranker's probabilities are true: of what it gave 10 %, was a tenth bought?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from models.ranker import Ranker
from models.schema import Bools, Doubles
from training.report.competing import Competing, merged
from training.report.parts import Section, Table, missing, share
from training.report.plots import COLOURS, INK, Line, lines, picture, plain_ticks

BINS = 10
Z = 1.96


@dataclass(frozen=True, slots=True)
class Bin:
    """Candidates with like probabilities."""

    count: int
    said: float
    """Their mean probability."""
    bought: float
    """The share of them that was bought."""
    low: float
    high: float
    """95 % interval of ``bought``."""


def reliability(probability: Doubles, bought: Bools, bins: int = BINS) -> list[Bin]:
    """Return bins of (n,) probabilities, lowest first, each with about the same sum of them.

    So the many that are hardly ever bought share a bin or two, and the few at the top of lists have the others.
    Source: Wilson, Probable inference, JASA 1927 (the interval); Niculescu-Mizil, Caruana, ICML 2005, section 4 (the plot).
    """
    order = np.argsort(probability, kind="stable")
    middle = np.cumsum(probability[order]) - probability[order] / 2
    place = np.minimum(middle / max(float(probability.sum()), 1e-12) * bins, bins - 1).astype(np.int64)
    out = []
    for number in range(bins):
        mine = order[place == number]
        if len(mine):
            rate = float(bought[mine].mean())
            out.append(Bin(len(mine), float(probability[mine].mean()), rate, *wilson(rate, len(mine))))
    return out


def wilson(rate: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share ``rate`` of ``count``."""
    middle = (rate + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * np.sqrt(rate * (1 - rate) / count + Z * Z / (4 * count * count))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def calibration(found: list[Competing], rankers: Mapping[str, Ranker]) -> Section:
    """Return a reliability diagram of each ranker, on the candidates of the judged requests."""
    title = "Calibration of the rankers"
    pictures, tables = [], []
    for name, ranker in rankers.items():
        one = merged(found, name)
        if one is None or not len(one.bought):
            continue
        probability = ranker.score(one.features)
        bins = reliability(probability, one.bought)
        pictures.append(_picture(name, bins))
        tables.append(_table(name, bins, probability, one.bought))
    if not tables:
        return missing(
            "calibration", title, "No ranker orders a carousel of this version: blends have no probabilities."
        )
    text = (
        "Candidates of the held-out requests, in bins of like probability; each bin has the same sum of probabilities. "
        "On the dotted line what a ranker says comes true; below it, it says too much. Both axes are logarithmic.",
        "A ranker is told that small orders count more, and discovery learns what is bought in a longer span than the "
        "days that are held out: both move all dots one way and change no order.",
    )
    return Section("calibration", title, text, tuple(pictures), tuple(tables))


def _table(name: str, bins: list[Bin], probability: Doubles, bought: Bools) -> Table:
    off = float(sum(one.count * abs(one.said - one.bought) for one in bins) / max(len(bought), 1))
    ratio = float(bought.sum() / max(float(probability.sum()), 1e-12))
    caption = (
        f"{name}: {len(bought):,} candidates, {int(bought.sum()):,} bought, {ratio:.2f} times what was said; "
        f"expected calibration error {off:.5f}"
    )
    rows = [
        (share(one.said, 2), share(one.bought, 2), f"{share(one.low, 2)} to {share(one.high, 2)}", f"{one.count:,}")
        for one in bins
    ]
    return Table(caption, ("probability said", "bought", "95 % interval", "candidates"), rows)


def _picture(name: str, bins: list[Bin]) -> Markup:
    seen = [one for one in bins if one.bought > 0]
    line = Line(
        name,
        [one.said for one in seen],
        [one.bought for one in seen],
        [max(one.low, 1e-6) for one in seen],
        [one.high for one in seen],
    )

    def draw(axes: Axes) -> None:
        lines([line], "probability said", "share bought", log_x=True)(axes)
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
        ends = [min([*line.x, *line.low], default=1e-3), max([*line.x, *line.high], default=1.0)]
        axes.plot(ends, ends, color=INK, linestyle=":", linewidth=1)
        axes.grid(color=COLOURS[4], alpha=0.3)

    alt = ", ".join(f"{share(one.said)} came true in {share(one.bought)}" for one in bins)
    return picture(f"Reliability of {name}", f"Reliability of the ranker {name}: said {alt}", draw)
