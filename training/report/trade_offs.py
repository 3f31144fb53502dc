"""What breadth, novelty, margin and price cost in NDCG, on the shop's own data."""

from itertools import groupby

from markupsafe import Markup

from training.metrics.bootstrap import signed
from training.report.parts import Section, Table, missing, number
from training.report.plots import Line, lines, picture
from training.trade_offs import MEASURES, SETTINGS, Step

BRINGS = {"diversity": "kinds", "novelty": "top100", "margin_weight": "profit", "price_tilt": "price"}
"""Setting -> the measure that it is there for."""
SHARES = ("coverage@10", "top100", "margin")
"""Measures that are shares."""
AXES = {
    "kinds": "kinds in a list of ten",
    "top100": "share of the 100 best sellers",
    "profit": "mean profit of what is shown",
    "price": "mean price of what is shown",
}


def trade_off_curves(steps: list[Step]) -> Section:
    """Return a curve for each setting: what it brings, against the NDCG@10 that is paid for it."""
    title = "Trade-offs"
    if not steps:
        return missing("trade-offs", title, "Left out, or nothing was held out that could be asked for.")
    text: tuple[str, ...] = (
        "Each setting at 0, 0.25, 0.5, 0.75 and 1, the others as shop.toml has them: to the side what it brings, upwards the NDCG@10 that is paid, "
        "shopper by shopper, with 95 % intervals. A cost whose interval reaches 0 is not told apart from none. Past purchases were made "
        "under the carousels of their time: this is the price in hits, not what shoppers would buy.",
    )
    silent = [name for name, measure in BRINGS.items() if all(step.means[measure] is None for step in steps)]
    if silent:
        text += (
            f"Without an effect here, since no product that was shown has a known price or margin: {', '.join(silent)}.",
        )
    pictures = tuple(found for name in SETTINGS if (found := _curve(name, steps)) is not None)
    heard = [step for step in steps if step.setting not in silent]  # rows of five equal figures say nothing
    told = groupby(heard, key=lambda step: (step.task, step.carousel))
    return Section("trade-offs", title, text, pictures, tuple(_table(list(own)) for _, own in told))


def _curve(setting: str, steps: list[Step]) -> Markup | None:
    measure = BRINGS[setting]
    mine = [step for step in steps if step.setting == setting and step.means[measure] is not None]
    drawn = []
    for (task, _), found in groupby(mine, key=lambda step: (step.task, step.carousel)):
        own = list(found)
        x = [step.means[measure] or 0.0 for step in own]
        gaps = [step.difference for step in own]
        drawn.append(Line(task, x, [gap.mean for gap in gaps], [gap.low for gap in gaps], [gap.high for gap in gaps]))
    if len({x for line in drawn for x in line.x}) < 2:
        return None  # nothing moved: a list can hold no other products here
    alt = "; ".join(f"{line.name}: " + ", ".join(f"{y:+.4f} at {x:.3g}" for x, y in zip(line.x, line.y, strict=True)) for line in drawn)  # fmt: skip
    draw = lines(drawn, AXES[measure], "NDCG@10 against 0", zero=True)
    return picture(setting, f"NDCG@10 that {setting} costs, by {AXES[measure]}: {alt}", draw)


def _table(steps: list[Step]) -> Table:
    head = ("setting", "value", "NDCG@10", "against 0", "recall@10", *MEASURES)
    rows = [
        (
            step.setting, f"{step.value:g}", number(step.ndcg), signed(step.difference) if step.value else "", number(step.recall),
            *("–" if one is None else _said(name, one) for name, one in step.means.items()),
        )
        for step in steps
    ]  # fmt: skip
    return Table(f"{steps[0].task}: {steps[0].carousel}, {steps[0].requests:,} requests", head, rows)


def _said(measure: str, value: float) -> str:
    return f"{value:.1%}".replace("%", " %") if measure in SHARES else f"{value:.4g}"
