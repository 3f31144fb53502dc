"""Options that several commands of ``recsvc-train`` take."""

from pathlib import Path

import click
from click.core import ParameterSource

from models.errors import ConfigError
from models.shop import Shop
from models.shoppers import default_store, no_store
from training.read.event_store import open_store

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


def store_url(named: str | None, artifacts: Path, shop: Shop) -> str:
    """Return the URL of the store to read: the one that was named, else the one beside the artifacts, there or not yet.

    An environment names the store of the service before that has made it, which is told and holds nothing up.

    Raises:
        ConfigError: --store names one that is not there: who mistypes it would learn from shoppers who were erased. Or
            there is none yet, and the shop has no purchases but those of its store.
    """
    url = named or default_store(artifacts)
    if open_store(url) is not None:
        return url
    typed = click.get_current_context().get_parameter_source("store") is ParameterSource.COMMANDLINE
    if typed or shop.data.purchases is None:
        raise ConfigError(no_store(url, default=named is None))
    if named is not None:
        click.echo(f"RECSVC_STORE={url}: there is no store yet, so nobody was erased there", err=True)
    return url
