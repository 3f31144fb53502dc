"""``recsvc-train``: from a shop's files to a trained version. Exit codes: 0 done, 1 bad input, 2 usage, 3 gate refused."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from models.artifact import Manifest
from models.errors import GateRefusedError, RecsvcError
from models.registry import Registry
from models.shop import Shop, read_shop
from training.choose.choice import lines_of
from training.compare_cli import compare_versions
from training.import_cli import import_files
from training.init_cli import init_shop
from training.judge_table import metrics_of, table
from training.options import ARTIFACTS, JSON, SEED, STORE, UNTIL, store_url
from training.pipeline import Options, Report
from training.pipeline import evaluate as evaluate_shop
from training.pipeline import run as run_shop
from training.progress import Progress
from training.read.findings import findings
from training.read.page import as_one_object, data_page
from training.read.rejects import stop_where_too_many, tolerant
from training.read.shop_data import read_shop_data
from training.report.cli import report as write_report
from training.trade_offs_cli import trade_offs
from training.tune.cli import tune


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="recsvc", prog_name="recsvc-train")
def cli() -> None:
    """Train product recommendations from a shop's own files.

    \b
    A first day:
      recsvc-train init FILES…          look at the files, and write a shop.toml for them
      recsvc-train check shop.toml      what the files say, and what to fix first
      recsvc-train run shop.toml        train, judge, and publish what does not lose

    Exit codes: 0 done, 1 bad input, 2 usage, 3 the gate refused a version.
    """


def main(prog_name: str = "recsvc-train") -> None:
    """Run the command; what is wrong with the input ends it with a message and an exit code, not with a traceback."""
    try:
        cli(prog_name=prog_name)
    except RecsvcError as error:
        click.echo("\n".join(f"{prog_name}: {line}" for line in str(error).splitlines()), err=True)
        sys.exit(3 if isinstance(error, GateRefusedError) else 1)
    except OSError as error:  # a full disk, a folder that cannot be written
        click.echo(f"{prog_name}: {error.filename or 'the disk'}: {error.strerror or error}", err=True)
        sys.exit(1)


@cli.command()
@click.argument("shop", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, no progress.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write every refused row to rejects.csv in this folder: table, file, line, reason, row.",
)
@click.option("--until", metavar="TIME", help="Leave out purchases from this moment on, such as 2026-11-01.")
@STORE
def check(shop: Path, as_json: bool, rejects: Path | None, until: str | None, store: str | None) -> None:
    """Read the files of SHOP (a shop.toml), and tell what they hold and what to fix first.

    Nothing is trained and nothing is changed. Rows that cannot be used are refused and counted by reason with their
    file and line; rows that `keep` leaves out are set aside.

    \b
    Example:
      recsvc-train check examples/complete-journey/shop.toml --rejects out/
    """
    told = read_shop(shop)
    machine = time.time()
    data = read_shop_data(
        tolerant(told),
        until=None if until is None else told.moment(until),
        now=int(machine) + told.clock_offset(machine),
        rejects=None if rejects is None else rejects / "rejects.csv",
        progress=Progress(quiet=as_json),
        store=store_url(store, Path("artifacts"), told),
    )
    found = findings(told, data)
    click.echo(as_one_object(data.facts, found) if as_json else data_page(told, data.facts, found))
    if not data.facts.lines and not len(data.signals):
        click.echo(f"recsvc-train: {shop}: no purchase is left to learn from", err=True)
        raise click.exceptions.Exit(1)
    for one in data.facts.tables.values():
        stop_where_too_many(one, told.training.refused_share)


def _options(told: Shop, artifacts: Path, until: str | None, seed: int | None, store: str | None) -> Options:
    now = time.time()
    moment = None if until is None else told.moment(until)
    return Options(
        artifacts, int(now), int(now) + told.clock_offset(now), moment, seed, store=store_url(store, artifacts, told)
    )


@cli.command()
@click.argument("shop", type=click.Path(path_type=Path))
@ARTIFACTS
@UNTIL
@SEED
@STORE
@click.option("--fast", is_flag=True, help="No rankers and no judging: no figures, and no gate that could refuse it.")
@click.option(
    "--incremental",
    is_flag=True,
    help="Take over from the live version what still holds: its rankers for training.refit_days, its factors as a start.",
)
@click.option("--no-publish", is_flag=True, help="Write the version, and leave the live one as it is.")
@JSON
def run(
    shop: Path,
    artifacts: Path,
    until: str | None,
    seed: int | None,
    store: str | None,
    fast: bool,
    incremental: bool,
    no_publish: bool,
    as_json: bool,
) -> None:
    """Train SHOP (a shop.toml): read, judge on the last days, fit on everything, write a version, publish it.

    A version that loses to the live one beyond its interval is written and not published (exit code 3). Rows that
    cannot be used are kept in rejects.csv in the artifacts folder. With engine = "spark" under [training] a Spark cluster
    reads, counts and factorises (training.spark: master, folder, partitions, conf).

    \b
    Example:
      recsvc-train run examples/complete-journey/shop.toml --until 2017-12-01 --artifacts out/
      recsvc-train run shop.toml --incremental      every night: what still holds is not learned again
    """
    told = read_shop(shop)
    options = replace(
        _options(told, artifacts, until, seed, store), fast=fast, publish=not no_publish, incremental=incremental
    )
    report = run_shop(told, options, Progress(quiet=as_json))
    click.echo(json.dumps(_report_json(report), ensure_ascii=False) if as_json else _report_text(report, fast))
    if report.refused is not None:
        raise GateRefusedError(report.refused)


@cli.command()
@click.argument("shop", type=click.Path(path_type=Path))
@UNTIL
@SEED
@STORE
@click.option(
    "--shuffle-context",
    is_flag=True,
    help="Ask each task again with store, moment and fields of other requests: what they are worth.",
)
@JSON
def evaluate(
    shop: Path, until: str | None, seed: int | None, store: str | None, shuffle_context: bool, as_json: bool
) -> None:
    """Judge the models of SHOP on the last days of its data, through the serving engine; nothing is kept.

    Models are fitted on what came before these days. Each task is compared, shopper by shopper, with the bestsellers
    and with a simple rule that is hard to beat; intervals are 95 % bootstrap intervals over shoppers.

    \b
    Example:
      recsvc-train evaluate examples/complete-journey/shop.toml --until 2017-12-01
    """
    told = read_shop(shop)
    options = _options(told, Path("artifacts"), until, seed, store)
    judged = evaluate_shop(told, options, Progress(quiet=as_json), shuffle=shuffle_context)
    click.echo(json.dumps(metrics_of(judged)) if as_json else table(judged))


cli.add_command(trade_offs)
cli.add_command(compare_versions)
cli.add_command(init_shop)
cli.add_command(import_files)
cli.add_command(write_report)
cli.add_command(tune)


@cli.command()
@ARTIFACTS
@JSON
def versions(artifacts: Path, as_json: bool) -> None:
    """List the trained versions, oldest first; the live one has a star.

    \b
    Example:
      recsvc-train versions --artifacts out/
    """
    registry = Registry(artifacts)
    live, found = registry.current(), registry.versions()
    if as_json:
        lines = [
            {"version": m.version, "until": m.until, "live": _is_live(m, live), "metrics": m.metrics} for m in found
        ]
        click.echo(json.dumps(lines))
        return
    for manifest in found:
        star = "*" if _is_live(manifest, live) else " "
        click.echo(
            f"{star} {manifest.version}  {manifest.shop}  {manifest.data.get('lines', 0):,} purchases{_score(manifest)}"
        )
    if not found:
        click.echo(f"no version in {artifacts}: recsvc-train run shop.toml makes one")


@cli.command()
@click.argument("version")
@ARTIFACTS
@JSON
def promote(version: str, artifacts: Path, as_json: bool) -> None:
    """Make VERSION the live one; running services pick it up within two seconds.

    \b
    Example:
      recsvc-train promote 2026-11-22T10-00-00Z-3fa2
    """
    _say_live(Registry(artifacts).promote(version), as_json)


@cli.command()
@ARTIFACTS
@JSON
def rollback(artifacts: Path, as_json: bool) -> None:
    """Make live what was live before; running services pick it up within two seconds.

    \b
    Example:
      recsvc-train rollback --artifacts out/
    """
    _say_live(Registry(artifacts).rollback(), as_json)


def _say_live(version: Path, as_json: bool) -> None:
    click.echo(json.dumps({"live": version.name}) if as_json else f"live: {version.name}")


def _is_live(manifest: Manifest, live: Path | None) -> bool:
    return live is not None and live.name == manifest.version


def _score(manifest: Manifest) -> str:
    found = [f"{task} {values['ndcg@10'][0]:.4f}" for task, values in manifest.metrics.items() if "/" not in task]
    return "  ndcg@10: " + ", ".join(found) if found else ""


def _report_text(report: Report, fast: bool) -> str:
    lines = ["not judged, nothing chosen: --fast" if fast else table(report.judgement)]
    lines += lines_of(report.choice["choice"]) if report.choice is not None else []
    lines.append(f"version {report.manifest.version}: {report.folder}")
    if report.refused is None:
        lines.append("published: it is live" if report.published else "not published: --no-publish")
    return "\n".join(lines)


def _report_json(report: Report) -> dict[str, object]:
    return {
        "version": report.manifest.version,
        "folder": str(report.folder),
        "published": report.published,
        "refused": report.refused,
        "metrics": metrics_of(report.judgement),
        "choice": None if report.choice is None else report.choice["choice"],
    }
