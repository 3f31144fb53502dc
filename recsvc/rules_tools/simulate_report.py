"""A replay as a table for people and as plain values for machines."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from recsvc.rules_tools.simulate import MEASURES, Interval, Result

TIMES = {"recall@10": 100, "revenue": 1_000, "margin": 1_000, "short": 100, "exposure": 1}
HEADS = {
    "recall@10": "recall@10, points",
    "revenue": "revenue / 1,000 carousels",
    "margin": "margin / 1,000",
    "short": "short, points",
    "exposure": "slots changed / carousel",
}


def as_text(result: Result, *, margins: bool) -> str:
    """Return a replay as a Markdown table, each difference with its 95 % interval.

    Args:
        result: the replay.
        margins: whether the catalogue knows costs; else there is no column for margins.
    """
    return "\n".join(_lines(result, [name for name in MEASURES if margins or name != "margin"]))


def _lines(result: Result, names: list[str]) -> Iterator[str]:
    yield f"{result.requests} carousels at the orders of {result.shoppers} shoppers"
    now = [f"{HEADS[name]} {_cell(result.totals[name], name, '')}" for name in names if name != "exposure"]
    yield f"with all rules: {'; '.join(now)}"
    yield ""
    yield "with minus without:"
    yield ""
    yield "| rule | held | " + " | ".join(HEADS[name] for name in names) + " |"
    yield "|---|" + "---|" * (len(names) + 1)
    for one in result.effects:
        if one.held:
            cells = [_cell(one.measures[name], name, "" if name == "exposure" else "+") for name in names]
        else:
            cells = [f"never held: {one.why_not}", *("" for _ in names[1:])]
        yield f"| {one.rule} | {one.held} | " + " | ".join(cells) + " |"


def _cell(interval: Interval, name: str, sign: str) -> str:
    times, places = TIMES[name], 0 if TIMES[name] == 1_000 else 2
    mean, low, high = (
        f"{value * times + 0.0:{sign},.{places}f}" for value in (interval.mean, interval.low, interval.high)
    )
    return f"{mean} [{low}, {high}]"


def as_json(result: Result) -> dict[str, Any]:
    """Return a replay as plain values, per carousel and not multiplied."""
    return asdict(result)
