"""The commands ``recsvc rules …``; here those that look at one rules file."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from models.errors import ConfigError
from models.shop import Shop
from recsvc.answers import carousel_json
from recsvc.asking import Ask, UnknownCarouselError
from recsvc.cli_options import Command, file_argument, flags, settings_of, shop_option
from recsvc.clock import shop_clock
from recsvc.forms import FormError, form_for, to_ask
from recsvc.forms import check as check_form
from recsvc.opening import facts_now, open_state, store_of, with_shopper
from recsvc.rules.json_schema import schema_of
from recsvc.rules.parse import read as read_rules
from recsvc.rules_check import FORMATS
from recsvc.rules_compare_cli import diff, simulate, test
from recsvc.rules_publish_cli import history, publish, restore
from recsvc.rules_tools.explain import as_text

LISTS = ("cart", "recent")
CONTEXT = (
    ("user", "user_id", "The known shopper."),
    ("visitor", "visitor_id", "The anonymous shopper."),
    ("product", "product_id", "The product whose page is looked at."),
    ("cart", "cart", "Products in the cart, by commas."),
    ("recent", "recent", "Products looked at, oldest first, by commas."),
    ("store", "store_id", "The store."),
    ("device", "device", "Such as mobile."),
    ("referrer", "referrer", "Where the shopper came from."),
    ("campaign", "campaign", "The coupon or e-mail campaign."),
    ("country", "country", "The shopper's country."),
    ("weather", "weather", "Such as rain."),
    ("at", "at", 'The moment, such as "2026-11-27 09:00"; default: the shop\'s clock.'),
    ("size", "size", "Products wanted; default: the carousel's size."),
)
"""Options that make a request: flag, field of the request, help."""


@click.group()
def rules() -> None:
    """Tools for the rules file."""


for command in (diff, test, simulate, publish, history, restore):
    rules.add_command(command)


def _request_options(command: Command) -> Command:
    for flag, name, told in reversed(CONTEXT):
        command = click.option(f"--{flag}", name, metavar="TEXT", help=told)(command)
    told = "A field that the shop declares, or any other of the request: NAME=VALUE; may be repeated."
    return click.option("--field", "extra", multiple=True, metavar="NAME=VALUE", help=told)(command)


@rules.command("check")
@file_argument
@shop_option
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", help="How to tell the faults.")
@flags("artifacts")
def check(file: Path, shop: Path, style: str, **given: str | None) -> None:
    """Tell all faults and warnings of a rules FILE; exit code 1 on faults only.

    Names of attributes are checked where a trained version is there, since it knows the catalogue.
    """
    told, settings = settings_of(shop, given)
    facts = facts_now(told, settings.artifacts, shop_clock(told), file.resolve().parent)
    reading = read_rules(file.read_bytes(), facts, str(file))
    if shown := FORMATS[style](reading):
        click.echo(shown)
    sys.exit(1 if reading.rules is None else 0)


@rules.command("explain")
@file_argument
@shop_option
@click.option("--carousel", metavar="NAME", help="The carousel; this or --page.")
@click.option("--page", metavar="NAME", help="All carousels of a page, such as home.")
@_request_options
@click.option("--why", multiple=True, metavar="PRODUCT_ID", help="Tell why this product is not there; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@flags("artifacts")
def explain(
    file: Path, shop: Path, carousel: str | None, page: str | None, extra: Sequence[str], why: tuple[str, ...],
    as_json: bool, artifacts: str | None, **request: str | None,
) -> None:  # fmt: skip
    """Tell what one shopper sees at one moment under the rules of FILE, and why.

    Per product its source, the models' score and every factor with its rule; per dropped pin and per missing product
    the reason; which rules hold, and why the others do not. It is what explain=true answers over HTTP: products, prices
    and stock are those that the service's store (RECSVC_STORE) tells, where there is one; without --at what the shopper
    did counts too.
    """
    if (carousel is None) == (page is None):
        raise click.UsageError("name one: --carousel NAME or --page NAME")
    told, settings = settings_of(shop, {"artifacts": artifacts})
    clock = shop_clock(told)
    with store_of(settings) as held:
        state = open_state(told, settings.artifacts, file, clock, held)
        ask = with_shopper(_ask(told, request, extra, why), state, held, clock)
    try:
        answers = [state.engine.carousel(carousel, ask)] if carousel else state.engine.page(str(page), ask)
    except UnknownCarouselError as error:
        raise ConfigError(str(error.args[0])) from error
    shown = json.dumps([carousel_json(one) for one in answers], ensure_ascii=False, indent=1, default=str)
    click.echo(shown if as_json else as_text(answers, why))


def _ask(shop: Shop, request: dict[str, str | None], extra: Sequence[str], why: tuple[str, ...]) -> Ask:
    given = {name: text.split(",") if name in LISTS else text for name, text in request.items() if text}
    for pair in extra:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--field {pair}: write NAME=VALUE")
        given[name] = value
    try:
        ask = to_ask(check_form(form_for(shop), {**given, "explain": "true"}, typed=False), shop)
    except FormError as error:
        raise ConfigError("\n".join(f"--{fault.path}: {fault.message}" for fault in error.faults)) from error
    return replace(ask, why=why)


@rules.command("schema")
@shop_option
@flags("artifacts")
def schema(shop: Path, **given: str | None) -> None:
    """Print the JSON Schema of a rules file of this shop, for the completion and the hovers of an editor."""
    told, settings = settings_of(shop, given)
    facts = facts_now(told, settings.artifacts, shop_clock(told), told.folder)
    click.echo(json.dumps(schema_of(facts), ensure_ascii=False, indent=1))
