"""``recsvc store prune``: what the store holds of each kind, and what of it is older than the shop wants to keep it."""

import sys
from pathlib import Path

import click
from tqdm import tqdm

from models.schema import DAY
from recsvc.cli_options import flags, settings_of, shop_argument
from recsvc.clock import shop_clock
from recsvc.opening import store_needed
from recsvc.store.prune import bounds_of, prune, stale


@click.group()
def store() -> None:
    """Events, answers, consent and catalogue that the service keeps."""


@store.command("prune")
@shop_argument
@click.option("--dry-run", is_flag=True, help="Count; delete nothing.")
@flags("store")
def prune_store(shop: Path, dry_run: bool, **given: str | None) -> None:
    """Delete what is older than [retention] and [results] of SHOP want to keep it, and tell how much it was.

    A running service does the same once an hour. Ids of events are remembered for RECSVC_EVENTS_WINDOW_DAYS, whether or
    not the events are still there: a replay counts once all the same. Take the service's environment.
    """
    told, settings = settings_of(shop, given)
    bounds = bounds_of(told, settings.events_window_days * DAY, shop_clock(told)())
    with store_needed(settings) as held:
        found = stale(held, bounds)
        if not dry_run:
            total = sum(gone for _, gone in found.values())
            with tqdm(total=total, unit=" rows", desc="prune", disable=None, file=sys.stderr) as bar:

                def step(_name: str, count: int) -> None:
                    bar.update(count)

                prune(held, bounds, step)
    click.echo(f"{'':<12}{'rows':>14}{'would go' if dry_run else 'went':>14}")
    for name, (rows, gone) in found.items():
        click.echo(f"{name:<12}{rows:>14,}{gone:>14,}")
