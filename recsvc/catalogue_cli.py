"""``recsvc catalogue import``: files of products, prices and stock into the store, live within a second."""

import sys
from pathlib import Path

import click
from tqdm import tqdm

from models.registry import Registry
from recsvc.catalogue_import import Count, Wish, run_import
from recsvc.cli_options import flags, settings_of, shop_option
from recsvc.clock import shop_clock
from recsvc.loading import load_engine
from recsvc.store.database import Store

MOST_SHOWN = 10
"""Refused rows shown on the terminal."""
SOME_REFUSED = 3
"""Exit code where rows were refused and the others are stored."""


@click.group()
def catalogue() -> None:
    """Products, prices and stock between two trainings."""


@catalogue.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@shop_option
@click.option("--stock", is_flag=True, help="The files are of stock: product_id, store_id (none: the shop), quantity.")
@click.option("--only-known", is_flag=True, help="Refuse products that nobody told of: a price list makes no products.")
@click.option("--replace", is_flag=True, help="Forget what the store was told before and these files do not tell.")
@click.option("--dry-run", is_flag=True, help="Check and count; store nothing.")
@flags("store", "artifacts")
def import_(
    files: tuple[Path, ...],
    shop: Path,
    stock: bool,
    only_known: bool,
    replace: bool,
    dry_run: bool,
    **given: str | None,
) -> None:
    """Store the rows of FILES, CSV or JSON lines (.jsonl, .ndjson), packed with gzip or not.

    Columns are called as [data.products] or [data.stock] of SHOP calls them, or by our names; others are left out and
    named. An attribute without a column stays what it is, a blank cell or null takes it away.

    Exit code 0: every row is stored; 3: some were refused, each with its line, the others are stored; 1: none is.
    """
    told, settings = settings_of(shop, given)
    snapshot = load_engine(told, Registry(settings.artifacts).current(), None, shop_clock(told)).snapshot
    wish = Wish(stock=stock, replace=replace, only_known=only_known, dry_run=dry_run)
    done = dict.fromkeys(files, 0)
    total = sum(path.stat().st_size for path in files)
    with tqdm(total=total, unit="B", unit_scale=True, desc="import", disable=None, file=sys.stderr) as bar:

        def step(path: Path, read: int) -> None:
            bar.update(read - done[path])
            done[path] = read

        store = Store(settings.store)
        try:
            count = run_import(files, wish, snapshot, store, step)
        finally:
            store.close()
    for line in _lines(count, wish, store):
        click.echo(f"recsvc: {line}", err=True)
    sys.exit(0 if not count.n_refused else SOME_REFUSED if count.stored else 1)


def _lines(count: Count, wish: Wish, store: Store) -> list[str]:
    out = [f"{one.path}, line {one.line}: refused: {one.reason}" for one in count.refused[:MOST_SHOWN]]
    if count.left_out:
        out.append(f"columns that mean nothing here, left out: {', '.join(sorted(count.left_out))}")
    what = "stock" if wish.stock else "products"
    where = "would be stored, nothing was (--dry-run)" if wish.dry_run else f"stored in {store.name}"
    out.append(f"{count.stored:,} of {count.rows:,} rows of {what} {where}; {count.n_refused:,} refused")
    if wish.replace and not wish.dry_run:
        kept = "nothing was forgotten, since rows were refused: mend them and import again"
        out.append(kept if count.n_refused else f"{count.forgotten:,} rows told before were forgotten")
    return out
