"""Options that several commands of ``recsvc-train`` take."""

from pathlib import Path

import click

ARTIFACTS = click.option(
    "--artifacts",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="RECSVC_ARTIFACTS",
    default=Path("artifacts"),
    show_default=True,
    help="Folder of trained versions. [RECSVC_ARTIFACTS]",
)
STORE = click.option(
    "--store",
    envvar="RECSVC_STORE",
    metavar="URL",
    help="Store of the service: shoppers erased there are left out. Default: store/recsvc.db beside the artifacts. [RECSVC_STORE]",
)
UNTIL = click.option(
    "--until", metavar="TIME", help="Use only purchases strictly before this moment of the shop's clock."
)
SEED = click.option("--seed", type=click.IntRange(min=0), help="Seed of everything random; default: shop.toml's.")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, no progress.")
