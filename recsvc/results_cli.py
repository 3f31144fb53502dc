"""``recsvc experiments report`` and ``recsvc results report``: what came of what shoppers were shown."""

import json
from pathlib import Path

import click

from models.errors import ConfigError
from models.registry import Registry
from models.shop import Shop, suggest
from recsvc.cli_options import flags, settings_of, shop_argument
from recsvc.clock import shop_clock
from recsvc.loading import load_engine
from recsvc.opening import store_needed
from recsvc.results.report import carousel_report, experiment_report, since_of
from recsvc.results.table import experiment_lines, group_lines, pinned_lines
from recsvc.results.told import group_json, report_json
from recsvc.results.tried import Tried, tried_in
from recsvc.rules_file import read_file
from recsvc.settings import Settings

days_option = click.option("--days", type=click.IntRange(1), help="Count answers of the last days; default: all kept.")
json_option = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.group()
def experiments() -> None:
    """What is tried on some of the shoppers."""


@click.group()
def results() -> None:
    """What came of carousels outside of experiments."""


@experiments.command("report")
@shop_argument
@click.argument("name")
@days_option
@json_option
@flags("store", "rules", "artifacts")
def report_experiment(shop: Path, name: str, days: int | None, as_json: bool, **given: str | None) -> None:
    """Tell what came of the experiment NAME of SHOP, arm by arm, and what the arms differ in.

    NAME is one of [experiments] in shop.toml, or one that the rules test.
    """
    told, settings = settings_of(shop, given)
    tried = _tried(told, settings, name)
    with store_needed(settings) as store:
        found = experiment_report(store, tried, told.results, since_of(told.results, shop_clock(told)(), days))
    if as_json:
        click.echo(json.dumps(report_json(tried, found, told.results), ensure_ascii=False))
    else:
        click.echo("\n".join(experiment_lines(tried, found, told.results.days)))


@results.command("report")
@shop_argument
@days_option
@json_option
@flags("store", "artifacts")
def report_results(shop: Path, days: int | None, as_json: bool, **given: str | None) -> None:
    """Tell what came of each carousel of SHOP, of the answers that were in no experiment and were kept."""
    told, settings = settings_of(shop, given)
    with store_needed(settings) as store:
        since = since_of(told.results, shop_clock(told)(), days)
        groups = carousel_report(store, list(told.carousels), told.results, since)
    if as_json:
        found = {
            "days": told.results.days,
            "share": told.results.share,
            "carousels": [group_json(one) for one in groups],
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    shown = [one for one in groups if one.exposures]
    click.echo(
        f"{told.results.share:.0%} of the shoppers; clicks and purchases within {told.results.days} days; 95 % intervals\n"
    )
    click.echo("\n".join(group_lines(shown, "carousel")))
    click.echo("\npinned products (not counted above)")
    click.echo("\n".join(pinned_lines(shown, "carousel")))


def _tried(shop: Shop, settings: Settings, name: str) -> Tried:
    """Return an experiment; the rules are read only where shop.toml has none of that name.

    Raises:
        ConfigError: there is none.
    """
    known = tried_in(shop, None)
    if name not in known and settings.rules is not None:
        snapshot = load_engine(shop, Registry(settings.artifacts).current(), None, shop_clock(shop)).snapshot
        known = tried_in(shop, read_file(settings.rules, snapshot))
    if name not in known:
        told = suggest(name, known) or f": there are {', '.join(known) or 'none'}"
        raise ConfigError(f"no experiment {name!r}{told}")
    return known[name]
