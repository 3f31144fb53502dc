"""The merchandiser's rules: what is live, what a candidate file would change, and the schema for editors."""

from typing import Any

import orjson
from flask import Response, g

from recsvc.answers import carousel_json
from recsvc.asking import Answer, Ask, BadFilterError, UnknownCarouselError
from recsvc.carousel import Engine
from recsvc.forms import FormError, check, to_ask
from recsvc.problems import Fault, ProblemError
from recsvc.rules.json_schema import schema_of
from recsvc.rules.parse import read
from recsvc.rules.schema import RuleSet
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules_file import facts_of
from recsvc.rules_tools.listing import changes, listed
from recsvc.service import service
from recsvc.serving import with_rules
from recsvc.views.reading import read_body
from recsvc.views.replies import reply, unchanging

KEYS = ("rules", "carousel", "page", "request")


def show_rules() -> Response:
    """Answer with the live rules, and when each holds next."""
    here = service()
    return reply(listed(here.live.state.rules, here.shop, here.clock()), shared=False)


def show_schema() -> Response:
    """Answer with the JSON Schema of a rules file of this shop."""
    return unchanging(orjson.dumps(schema_of(_facts())), "application/schema+json")


def preview_rules() -> Response:
    """Answer with a carousel or a page under the live rules and under those in the body; nothing changes."""
    try:
        text, names, ask = _asked(read_body())
    except FormError as error:
        raise ProblemError(422, "The request does not hold: see errors.", error.faults) from error
    state = service().live.state
    engine, ask = state.engine, service().sessions.known(ask, state.until)
    rules = _candidate(text)
    try:
        before, after = (_answers(one, names, ask) for one in (engine, with_rules(engine, rules)))
    except UnknownCarouselError as error:
        raise ProblemError(404, str(error.args[0])) from error
    except BadFilterError as error:
        raise ProblemError(
            422, "The filter does not parse: see errors.", [Fault("request.filter", str(error))]
        ) from error
    g.seen = {"carousel": "preview"}
    pairs = [
        {"before": carousel_json(old), "after": carousel_json(new), **changes(old, new)}
        for old, new in zip(before, after, strict=True)
    ]
    warnings = [str(warning) for warning in rules.warnings]
    return reply({"hash": rules.hash, "warnings": warnings, "carousels": pairs}, shared=False)


def _asked(body: dict[str, Any]) -> tuple[str, dict[str, str], Ask]:
    """Return the candidate file, what is asked for (``carousel`` or ``page`` with its name), and the request."""
    here = service()
    faults = [Fault(str(name)[:64], f"unknown key: take {', '.join(KEYS)}") for name in body if name not in KEYS]
    names = {name: body[name] for name in ("carousel", "page") if body.get(name) is not None}
    if not isinstance(body.get("rules"), str):
        faults.append(Fault("rules", "must be the text of a rules file"))
    if len(names) != 1 or not all(isinstance(name, str) for name in names.values()):
        faults.append(Fault("carousel", "name one carousel, or one page"))
    request = body.get("request") or {}
    if not isinstance(request, dict):
        faults.append(Fault("request", "must be an object with the request context"))
    if faults:
        raise FormError(faults)
    try:
        return body["rules"], names, to_ask(check(here.form, request, typed=True), here.shop)
    except FormError as error:
        raise FormError([Fault(f"request.{fault.path}", fault.message) for fault in error.faults]) from error


def _candidate(text: str) -> RuleSet:
    reading = read(text, _facts(), "rules")
    if reading.rules is None:
        faults = [Fault(f"rules:{one.line}:{one.column}", _message(one.message, one.hint)) for one in reading.faults]
        raise ProblemError(422, f"The rules do not load, {len(faults)} faults: see errors.", faults)
    return reading.rules


def _message(message: str, hint: str) -> str:
    return f"{message} ({hint})" if hint else message


def _facts() -> ShopFacts:
    here = service()
    folder = here.live.rules.parent if here.live.rules else here.shop.folder
    return facts_of(here.live.state.engine.snapshot, folder)


def _answers(engine: Engine, names: dict[str, str], ask: Ask) -> list[Answer]:
    return [engine.carousel(names["carousel"], ask)] if "carousel" in names else engine.page(names["page"], ask)
