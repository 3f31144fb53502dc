"""``recsvc-train compare``: two versions asked the same, as a table or JSON."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import click

from models.errors import GateRefusedError
from models.shop import Shop, read_shop
from training.compare import ALL, Comparison, Pair, compare, local
from training.judge_table import rounded
from training.metrics.bootstrap import signed
from training.metrics.by_user import MEASURES
from training.options import ARTIFACTS, JSON, SEED, STORE, store_url
from training.pipeline import Options
from training.progress import Progress


@click.command("compare")
@click.argument("a")
@click.argument("b")
@click.argument("shop", type=click.Path(path_type=Path))
@ARTIFACTS
@click.option(
    "--gate", is_flag=True, help="End with exit code 3 where A wins beyond the interval in any task: B is worse."
)
@click.option("--until", metavar="TIME", help="Ask only for purchases strictly before this moment of the shop's clock.")
@SEED
@STORE
@JSON
def compare_versions(
    a: str,
    b: str,
    shop: Path,
    artifacts: Path,
    gate: bool,
    until: str | None,
    seed: int | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Ask the versions A and B of SHOP the same, and tell who wins beyond the interval.

    A and B are names of `recsvc-train versions`, paths of versions' folders, or artifacts folders (what is live there).
    Asked for is what was bought after both were trained, so train both with an --until before the last days. B less A
    is a 95 % bootstrap interval over shoppers; a winner is named where it leaves out 0.

    Exit codes: 0 asked, whoever wins; 1 it cannot be asked; 3 with --gate, where B loses.

    \b
    Example:
      recsvc-train compare out/ artifacts/ examples/complete-journey/shop.toml
    """
    told, now = read_shop(shop), time.time()
    moment = None if until is None else told.moment(until)
    options = Options(
        artifacts, int(now), int(now) + told.clock_offset(now), moment, seed, store=store_url(store, artifacts, told)
    )
    found = compare(told, a, b, options, Progress(quiet=as_json))
    click.echo(json.dumps(plain(found, told)) if as_json else table(found, told))
    if gate and (lost := won_by("A", found, told.publication.metric)):
        raise GateRefusedError(f"{found.b.version} loses to {found.a.version} in {', '.join(lost)} beyond the interval")


def table(found: Comparison, shop: Shop) -> str:
    """Return the comparison as a table for a terminal."""
    return "\n".join(_lines(found, shop))


def _lines(found: Comparison, shop: Shop) -> Iterator[str]:
    metric = shop.publication.metric
    for name, one in (("A", found.a), ("B", found.b)):
        yield f"{name}  {one.version}, trained until {local(one.until, shop)}"
    yield f"asked for what was bought from {local(found.start, shop)} to {local(found.end, shop)}"
    yield (
        f"{'task':<12} {'carousel':<18} {'orders before':<13} {'users':>5}  {f'A {metric}':<24} {f'B {metric}':<24} "
        f"{'B less A':<27} winner"
    )
    for pair in found.pairs:
        first = pair.group == ALL
        yield (
            f"{pair.task if first else '':<12} {pair.carousel if first else '':<18} {pair.group:<13} {pair.users:>5}  "
            f"{pair.a[metric]!s:<24} {pair.b[metric]!s:<24} {signed(pair.difference[metric]):<27} "
            f"{pair.winner(metric) or '-'}"
        )
    yield _verdict(found, metric)


def won_by(name: str, found: Comparison, metric: str) -> list[str]:
    """Return the tasks in which A or B wins beyond the interval, over all shoppers."""
    return [pair.task for pair in found.pairs if pair.group == ALL and pair.winner(metric) == name]


def _verdict(found: Comparison, metric: str) -> str:
    won = {name: won_by(name, found, metric) for name in ("A", "B")}
    told = [f"{name} wins {', '.join(tasks)}" for name, tasks in won.items() if tasks]
    return "; ".join(told) + " beyond the interval" if told else "neither wins beyond the interval"


def plain(found: Comparison, shop: Shop) -> dict[str, object]:
    """Return the comparison as JSON values."""
    versions = {name: {"version": m.version, "until": m.until} for name, m in (("A", found.a), ("B", found.b))}
    return {
        **versions,
        "from": found.start,
        "to": found.end,
        "metric": shop.publication.metric,
        "tasks": [_pair(pair) for pair in found.pairs],
    }


def _pair(pair: Pair) -> dict[str, object]:
    return {
        "task": pair.task,
        "carousel": pair.carousel,
        "group": pair.group,
        "users": pair.users,
        "A": rounded(pair.a),
        "B": rounded(pair.b),
        "difference": rounded(pair.difference),
        "winner": {measure: pair.winner(measure) for measure in MEASURES},
    }
