"""``recsvc rules diff``, ``test`` and ``simulate``: rules against other rules, expectations, and what was bought."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from tqdm import tqdm

from models.errors import ConfigError
from models.registry import Registry
from models.shop import Shop, suggest
from recsvc.carousel import Engine
from recsvc.cli_options import file_argument, flags, settings_of, shop_option
from recsvc.clock import shop_clock
from recsvc.following import caught_up
from recsvc.loading import load_engine
from recsvc.opening import open_state, store_of
from recsvc.rules.schema import RuleSet
from recsvc.rules_file import read_file
from recsvc.rules_tools import diff as diffing
from recsvc.rules_tools import expect, simulate_report
from recsvc.rules_tools.replay import orders_of, with_purchases_of
from recsvc.rules_tools.sample import draw
from recsvc.rules_tools.simulate import simulate as simulated
from recsvc.rules_tools.versions import earlier_version
from recsvc.serving import with_rules

ALWAYS_ASKED = "for-you"
"""Replayed whether a rule names it or not, where the shop has it."""


@contextmanager
def _bar(total: int, what: str) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; yield what moves it by one."""
    with tqdm(total=total, unit=" carousels", desc=what, disable=None, file=sys.stderr) as bar:

        def step() -> None:
            bar.update()

        yield step


@click.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@shop_option
@click.option("--sample", default=200, type=click.IntRange(1, 100_000), show_default=True, help="Carousels to ask.")
@click.option("--seed", default=1, type=click.IntRange(0), show_default=True, help="Seed of the draw.")
@click.option("--at", metavar="TIME", help="The moment; default: the shop's clock.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@flags("artifacts", "store")
def diff(
    old: Path, new: Path, shop: Path, sample: int, seed: int, at: str | None, as_json: bool, **given: str | None
) -> None:
    """Tell what changes from the rules of OLD to those of NEW, on carousels drawn from the live version's own data.

    Shoppers, pages and stores come from the version, other fields of the request from what the rules test. Told are the
    carousels that change, the products that gain and lose, the carousels that go short, and the changed rules that held
    in none of them. Products, prices and stock are those that the service's store tells, where there is one. The exit
    code is 0.
    """
    told, settings = settings_of(shop, given)
    with store_of(settings) as held:
        before = open_state(told, settings.artifacts, old, shop_clock(told), held).engine
    after = with_rules(before, read_file(new, before.snapshot))
    rulesets = [engine.snapshot.rules.ruleset for engine in (before, after)]
    requests = draw(before.snapshot, rulesets, sample, seed, None if at is None else told.moment(at))
    with _bar(len(requests), "diff") as step:
        found = diffing.compare(before, after, requests, step)
    names = _names(before, [*found.gains, *found.losses])
    click.echo(json.dumps(diffing.as_json(found), indent=1) if as_json else diffing.as_text(found, names))


def _names(engine: Engine, products: Sequence[str]) -> dict[str, str]:
    catalogue = engine.snapshot.catalogue
    return {one: str(catalogue.value("name", catalogue.ids.row(one)) or "") for one in products}


@click.command()
@file_argument
@shop_option
@flags("artifacts")
def test(file: Path, shop: Path, **given: str | None) -> None:
    """Run the expectations that stand in FILE under `expect:`, and in FILE's neighbour such as rules.expect.yaml.

    Exit code 1 where one does not hold, with what was shown instead and why. Warnings of both files are told first, such
    as an id that no product has: an expectation that it is hidden holds under any rules.
    """
    told, settings = settings_of(shop, given)
    state = open_state(told, settings.artifacts, file, shop_clock(told))
    engine, rules = state.engine, state.engine.snapshot.rules.ruleset
    expectations, warnings = expect.expectations_of(file, rules, engine.snapshot)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    outcomes = expect.run(engine, expectations)
    click.echo(expect.as_text(outcomes))
    sys.exit(1 if any(outcome.failures for outcome in outcomes) else 0)


@click.command()
@file_argument
@shop_option
@click.option("--history", is_flag=True, help="Replay past purchases; there is nothing else yet to simulate on.")
@click.option("--version", "version", metavar="NAME", help="The version to ask; default: the latest that ended before.")
@click.option("--from", "start", metavar="TIME", help="Replay purchases from here; default: where the version ended.")
@click.option("--until", "end", metavar="TIME", help="Replay purchases before this; default: all that are known.")
@click.option("--users", default=200, type=click.IntRange(1), show_default=True, help="Shoppers at most, drawn.")
@click.option("--carousel", "carousels", multiple=True, metavar="NAME", help="Carousels to ask; may be repeated.")
@click.option("--rule", "only", multiple=True, metavar="ID", help="Rules to look at one by one; default: all.")
@click.option("--seed", default=1, type=click.IntRange(0), show_default=True, help="Seed of draw and resampling.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@flags("artifacts", "store")
def simulate(
    file: Path, shop: Path, history: bool, version: str | None, start: str | None, end: str | None, users: int,
    carousels: tuple[str, ...], only: tuple[str, ...], seed: int, as_json: bool, **given: str | None,
) -> None:  # fmt: skip
    """Replay past purchases under the rules of FILE, without each rule, and without any: what does each cost and gain?

    An earlier version is asked at the moment of each order that came after its last day; what the live version knows was
    bought then is the truth. A version that has seen the window is refused. Told are recall, revenue and margin of what
    was bought and shown, lists that are short, and products that would not be there, each difference with its 95 %
    interval by shopper. Carousels: those that rules name, and for-you. Each request names the store of its order, and
    the device, the weather and the like where the shop's purchases tell them; rules that need what they do not tell
    never hold here. With --store or RECSVC_STORE products, prices and stock are those that this store tells now, in the
    past too: what is sold out today was not there then either.
    """
    if not history:
        raise click.UsageError("say what to replay: --history replays past purchases")
    told, settings = settings_of(shop, given)
    registry = Registry(settings.artifacts)
    begins = None if start is None else told.moment(start)
    early, live = earlier_version(registry, told, version, begins)
    clock = shop_clock(told)
    known = load_engine(told, registry.path(live.version), None, clock).snapshot
    asked = with_purchases_of(load_engine(told, registry.path(early.version), None, clock).snapshot, known)
    if given["store"] or os.environ.get("RECSVC_STORE"):
        with store_of(settings) as held:
            asked = asked if held is None else caught_up(asked, held)
    rules = read_file(file, asked)
    window = (early.until if begins is None else begins, live.until if end is None else told.moment(end))
    names = _chosen(carousels, told, rules)
    requests = orders_of(asked, names, *window, users, seed)
    if not requests:
        raise ConfigError("no shopper that the version knows bought anything in the window: widen --from and --until")
    if strange := [one for one in only if one not in {rule.id for rule in rules.rules}]:
        raise ConfigError(f"--rule {strange[0]}: no such rule{suggest(strange[0], [rule.id for rule in rules.rules])}")
    with _bar(len(requests), "simulate") as step:
        result = simulated(Engine(asked), rules, requests, only, seed, step)
    margins = "margin" in asked.catalogue.columns
    shown = simulate_report.as_text(result, margins=margins)
    click.echo(
        json.dumps(simulate_report.as_json(result), indent=1) if as_json else f"version {early.version}\n{shown}"
    )


def _chosen(carousels: tuple[str, ...], shop: Shop, rules: RuleSet) -> list[str]:
    """Return the carousels to replay."""
    if strange := [name for name in carousels if name not in shop.carousels]:
        raise ConfigError(f"--carousel {strange[0]}: no such carousel{suggest(strange[0], shop.carousels)}")
    named = {name for rule in rules.rules if rule.enabled for name in rule.carousels or ()}
    return list(carousels) or [name for name in shop.carousels if name in {*named, ALWAYS_ASKED}]
