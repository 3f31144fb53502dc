"""``recsvc-train import``: exports of other systems as clean tables, with a ``shop.toml`` that reads them."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from models.request_keys import CONTEXT
from models.shop import Shop
from training.progress import Progress
from training.read.engine import open_session
from training.read.facts import TableFacts
from training.read.formats import FORMATS
from training.read.imported import KNOWN, import_table, parts_of
from training.read.page import table_lines
from training.read.rejects import finish, open_rejects


@click.command("import")
@click.argument("format_name", metavar="NAME", type=click.Choice(list(FORMATS)))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the tables.")
@click.option("--salt", metavar="TEXT", help="What e-mail addresses are hashed with (shopify-orders), or env:NAME.")
def import_files(format_name: str, files: tuple[Path, ...], out: Path, salt: str | None) -> None:
    """Read FILES in the format NAME, and write clean tables into a folder.

    A Parquet file for each table, under our names; rejects.csv with every refused row; and a shop.toml that reads the
    tables. The same is read without a copy by format = "NAME" in shop.toml.

    \b
    Example:
      recsvc-train import ga4 exports/*.jsonl --out clean/
    """
    shape = FORMATS[format_name]
    shop = Shop.model_validate(
        {"name": out.resolve().name, "data": {"events": "store"}, "training": {"refused_share": 1}}
    )
    tables: dict[str, TableFacts] = {}
    with open_session(shop, int(time.time()), Progress()) as session:
        found = parts_of(session, shape, files)
        out.mkdir(parents=True, exist_ok=True)
        open_rejects(session)
        try:
            for table, paths in found.items():
                part = next(one for one in shape.parts if one.table == table)
                tables[table] = import_table(session, shape, part, paths, salt, out / f"{table}.parquet")
        finally:
            finish(session, tables.values(), out / "rejects.csv")
    (out / "shop.toml").write_text("\n".join(_shop(shop.name, tables)) + "\n", "utf-8")
    click.echo("\n".join(line for facts in tables.values() for line in table_lines(facts)))
    click.echo(f"wrote {', '.join(f'{one}.parquet' for one in tables)} and shop.toml into {out}")


def _shop(called: str, tables: Mapping[str, TableFacts]) -> Iterator[str]:
    yield f"name = {json.dumps(called, ensure_ascii=False)}"
    yield 'timezone = "UTC"'
    for table, facts in tables.items():
        yield ""
        yield f"[data.{table}]"
        yield f'files = ["{table}.parquet"]'
        known = [one for one in facts.mapping if one in KNOWN[table] or (table == "purchases" and one in CONTEXT)]
        yield from (f'columns.{one} = "{one}"' for one in known)
        rest = [one for one in facts.mapping if one not in known]
        if rest and table != "purchases":
            yield f"attributes = {json.dumps(rest)}"
        elif rest:
            yield f"# not used: {', '.join(rest)}"
