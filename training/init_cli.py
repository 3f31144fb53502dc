"""``recsvc-train init``: looks at files and writes a ``shop.toml`` for them."""

import time
from pathlib import Path

import click

from models.errors import DataError
from models.shop import Shop, read_shop
from training.init.asked import Answers
from training.init.propose import Proposal, propose
from training.init.write import shop_text, told
from training.progress import Progress
from training.read.engine import open_session


@click.command("init")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("shop.toml"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Answer a question before it is asked; may come again.",
)
@click.option("--yes", is_flag=True, help="Take what is proposed, without asking.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--dry-run", is_flag=True, help="Print the shop.toml, and write nothing.")
def init_shop(
    files: tuple[Path, ...], out: Path, settings: tuple[str, ...], yes: bool, force: bool, dry_run: bool
) -> None:
    """Look at FILES (purchases, products, users, stock, stores) and write a shop.toml for them.

    It tells which file is which table, which column is what, how dates are written, and what it was unsure of. Open
    questions are asked on a terminal. Elsewhere the command ends with 2 and names the --set that answers each.

    \b
    Keys of --set: a name of ours (user_id=CustomerID, products.name=title), a file (extra.csv=stock, or none),
    name, timezone, currency, time_format, no_products (ids with commas between them).

    \b
    Example:
      recsvc-train init online_retail.csv --out shop.toml
    """
    if out.exists() and not (force or dry_run):
        raise click.UsageError(f"{out} is there already: give --force to write over it, or another --out")
    answers = Answers(_pairs(settings), yes)
    bare = Shop.model_validate({"name": "init", "data": {"events": "store"}})
    with open_session(bare, int(time.time()), Progress(quiet=True)) as session:
        found = propose(session, files, answers.told("name") or out.resolve().parent.name or "Shop", answers)
    _finish(found, answers)
    text = shop_text(found, out.parent)
    if dry_run:
        click.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, "utf-8")
    read_shop(out)
    click.echo("\n".join(told(found)))
    click.echo(f"wrote {out}; next: recsvc-train check {out}")


def _pairs(settings: tuple[str, ...]) -> dict[str, str]:
    for one in settings:
        if "=" not in one:
            raise click.UsageError(f"--set {one}: write KEY=VALUE, such as --set user_id=CustomerID")
    return {key.strip(): value.strip() for key, _, value in (one.partition("=") for one in settings)}


def _finish(found: Proposal, answers: Answers) -> None:
    """End the command where something is open, or where there is nothing to learn from."""
    if unused := answers.unused():
        raise click.UsageError(f"--set {unused[0]}: nothing in these files asks for it")
    if answers.open:
        click.echo("\n".join(told(found)), err=True)
        lines = "\n".join(f"  {one}" for one in answers.open)
        click.echo(f"Not sure, and no terminal to ask on (--yes takes what is proposed):\n{lines}", err=True)
        raise click.exceptions.Exit(2)
    purchases = found.draft("purchases")
    if purchases is None:
        names = ", ".join(one.files[0].path.name for one in found.drafts)
        raise DataError(
            f"none of the files are purchases{f' (found: {names})' if names else ''}: name one with --set FILE=purchases"
        )
    if purchases.format == "columns" and "product_id" not in purchases.columns:
        raise DataError(f"{purchases.first.path.name}: no column for product_id: name it with --set product_id=COLUMN")
