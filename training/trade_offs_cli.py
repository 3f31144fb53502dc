"""``recsvc-train trade-offs``: the price of each trade-off, as a table or JSON."""

import json
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

from models.shop import read_shop
from training.options import STORE, store_url
from training.pipeline import Options
from training.progress import Progress
from training.trade_offs import MEASURES, Step, price_trade_offs

NEEDS = {"margin_weight": "profit", "price_tilt": "price"}
"""Setting -> the measure that it needs to do anything."""


@click.command("trade-offs")
@click.argument("shop", type=click.Path(path_type=Path))
@click.option("--carousel", "carousels", multiple=True, metavar="NAME", help="Only this one; may be given again.")
@click.option("--until", metavar="TIME", help="Use only purchases strictly before this moment of the shop's clock.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of everything random; default: shop.toml's.")
@STORE
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, no progress.")
def trade_offs(
    shop: Path, carousels: tuple[str, ...], until: str | None, seed: int | None, store: str | None, as_json: bool
) -> None:
    """Tell what diversity, novelty, margin_weight and price_tilt cost and bring in the carousels of SHOP.

    Models are fitted once, on what came before the last days; then the serving engine is asked for these days with each
    setting at 0, 0.25, 0.5, 0.75 and 1, the others as shop.toml has them. Nothing is kept.

    \b
    Example:
      recsvc-train trade-offs examples/complete-journey/shop.toml --carousel for-you
    """
    told, now = read_shop(shop), time.time()
    moment = None if until is None else told.moment(until)
    options = Options(
        Path("artifacts"),
        int(now),
        int(now) + told.clock_offset(now),
        moment,
        seed,
        store=store_url(store, Path("artifacts"), told),
    )
    steps = price_trade_offs(told, options, carousels, Progress(quiet=as_json))
    click.echo(json.dumps({"steps": [step.plain() for step in steps]}) if as_json else table(steps))


def table(steps: list[Step]) -> str:
    """Return the steps as tables for a terminal, one for each task and carousel."""
    if not steps:
        return "nothing to judge: what was held out holds no purchase that a task of these carousels asks for"
    return "\n\n".join(
        "\n".join(_lines(list(own))) for _, own in groupby(steps, key=lambda step: (step.task, step.carousel))
    )


def _lines(steps: list[Step]) -> Iterator[str]:
    first = steps[0]
    yield f"{first.carousel}, judged by {first.task}: {first.requests} requests"
    yield f"{'setting':<14} {'value':>5}  {'ndcg@10':>7}  {'against 0':<27} {'recall@10':>9}" + "".join(
        f" {name:>11}" for name in MEASURES
    )
    for step in steps:
        gap = step.difference
        against = f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]" if step.value else ""
        cells = "".join(f" {'-' if one is None else f'{one:.4g}':>11}" for one in step.means.values())
        yield f"{step.setting:<14} {step.value:>5g}  {step.ndcg:>7.4f}  {against:<27} {step.recall:>9.4f}{cells}"
    for setting, needed in NEEDS.items():
        if all(step.means[needed] is None for step in steps):
            yield f"{setting} does nothing here: no product that was shown has a known {needed}"
