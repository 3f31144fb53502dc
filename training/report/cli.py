"""``recsvc-train report``: one HTML file about a trained version."""

import json
import os
import time
from pathlib import Path

import click

from models.shop import read_shop
from training.compare import find_version
from training.options import ARTIFACTS, JSON, STORE, store_url
from training.pipeline import Options
from training.progress import Progress


@click.command("report")
@click.argument("shop", type=click.Path(path_type=Path))
@ARTIFACTS
@click.option("--of", "version", metavar="VERSION", help="A version of `recsvc-train versions`; default: the live one.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("report.html"), show_default=True,
    help="The file to write.",
)  # fmt: skip
@click.option(
    "--points", type=click.IntRange(1, 8), default=4, show_default=True,
    help="Points of the learning curve: all of the history, a half, a quarter, …; each takes one more fit. 1 leaves it out.",
)  # fmt: skip
@click.option(
    "--quick", is_flag=True, help="Without the learning curve and the trade-offs, which take most of the time."
)
@STORE
@JSON
def report(
    shop: Path,
    artifacts: Path,
    version: str | None,
    out: Path,
    points: int,
    quick: bool,
    store: str | None,
    as_json: bool,
) -> None:
    """Write one HTML file about how good a trained version of SHOP is, and why.

    It holds quality with intervals against rows that are hard to beat, by carousel and by group of shoppers, popularity
    bias and coverage, the learning curve, the recall of the candidates, calibration and features of the rankers, the
    price of the trade-offs, readiness, real carousels with reasons, and the data page. The file opens without a network.

    The version's models are fitted once more without the last days that it was judged by, with its own rankers, which
    never saw them; nothing of it is kept. With --json the tables go to stdout too.

    \b
    Example:
      recsvc-train report examples/complete-journey/shop.toml --out report.html
    """
    from training.report.make import Wish, make_report  # here: no other command waits for matplotlib
    from training.report.page import page
    from training.report.subject import live_of

    told, now = read_shop(shop), time.time()
    folder = live_of(artifacts) if version is None else find_version(version, artifacts)
    options = Options(artifacts, int(now), int(now) + told.clock_offset(now), store=store_url(store, artifacts, told))
    wish = Wish(1 if quick else points, not quick)
    sections = make_report(told, folder, options, wish, Progress(quiet=as_json))
    _write(out, page(told, sections, folder.name))
    if as_json:
        parts = {section.key: section.plain() for section in sections}
        click.echo(json.dumps({"version": folder.name, "file": str(out), "sections": parts}, ensure_ascii=False))
    else:
        click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB about version {folder.name}")


def _write(path: Path, text: str) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        half.write_text(text, "utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
