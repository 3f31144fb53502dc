"""Reports as text for a terminal."""

from collections.abc import Callable, Iterator, Sequence

from recsvc.results.estimates import RATES, Estimate
from recsvc.results.report import Group, Report
from recsvc.results.tried import Tried

HEADINGS = ("click rate", "conversion", "revenue per shopper")
FORMS: tuple[Callable[[float], str], ...] = ("{:.2%}".format, "{:.2%}".format, "{:.3f}".format)
SIGNED: tuple[Callable[[float], str], ...] = ("{:+.2%}".format, "{:+.2%}".format, "{:+.3f}".format)


def experiment_lines(tried: Tried, report: Report, days: int) -> Iterator[str]:
    """Yield the lines of a report on an experiment."""
    on = "all carousels" if tried.carousels is None else ", ".join(tried.carousels)
    yield f"{tried.name}: on {on}; clicks and purchases within {days} days; 95 % intervals"
    yield ""
    yield from group_lines(report.arms, "arm")
    first = report.arms[0].name
    yield ""
    yield from _table(["less " + first, *HEADINGS], [_differences(arm) for arm in report.arms[1:]])
    yield ""
    pins = "counted above too" if tried.kind == "rules" else "not counted above"
    yield f"pinned products ({pins})"
    yield from pinned_lines(report.arms, "arm")
    yield ""
    if report.mixed_shoppers:
        yield f"{report.mixed_shoppers} shoppers were shown more than one arm and count in the first"
    if len({model for arm in report.arms for model in arm.models}) > 1:
        for arm in report.arms:
            made = ", ".join(f"{model} ({count:,} answers)" for model, count in arm.models.items())
            yield f"{arm.name} was served by {made or 'no version'}"
    if report.sample_ratio_p is not None:
        yield f"split of the shoppers: {_verdict(report)} (p = {report.sample_ratio_p:.4g})"


def group_lines(groups: Sequence[Group], what: str) -> Iterator[str]:
    """Yield a table of groups, each with its rates."""
    counts = ("answers", "shoppers", "products")
    rows = [
        [one.name, *(f"{n:,}" for n in (one.exposures, one.shoppers, one.impressions)), *_rates(one)] for one in groups
    ]
    yield from _table([what, *counts, *HEADINGS], rows)


def pinned_lines(groups: Sequence[Group], what: str) -> Iterator[str]:
    """Yield a table of what pins were shown."""
    pins = [(one.name, one.pinned) for one in groups]
    rows = [[name, f"{p.impressions:,}", f"{p.clicks:,}", f"{p.purchases:,}", f"{p.revenue:,.2f}"] for name, p in pins]
    yield from _table([what, "products", "clicks", "purchases", "revenue"], rows)


def _rates(group: Group) -> list[str]:
    return [_cell(group.rates[name], form) for name, form in zip(RATES, FORMS, strict=True)]


def _differences(group: Group) -> list[str]:
    told = group.difference or dict.fromkeys(RATES)
    return [group.name, *(_cell(told[name], form) for name, form in zip(RATES, SIGNED, strict=True))]


def _cell(one: Estimate | None, form: Callable[[float], str]) -> str:
    return "-" if one is None else f"{form(one.value)} [{form(one.low)}, {form(one.high)}]"


def _verdict(report: Report) -> str:
    return (
        "MISMATCH: something is wrong with the drawing, do not trust the rest" if report.mismatch else "as it should be"
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in (headings, *rows)) for place in range(len(headings))]
    for row in (headings, *rows):
        cells = [
            f"{cell:<{width}}" if not place else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
