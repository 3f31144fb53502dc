"""A request's query and JSON body as one mapping of values, with every malformed one refused by name."""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from flask import g, request
from werkzeug.exceptions import RequestEntityTooLarge

from recsvc.asking import Ask
from recsvc.forms import ADMIN_ONLY, LISTS, FormError, check, to_ask
from recsvc.problems import Fault, ProblemError
from recsvc.service import service

JSON_TYPES = ("application/json", "text/json")
MOST_PARAMETERS = 1_000


def read_ask() -> Ask:
    """Return what the request asks, from its query and, with POST, its body.

    Raises:
        ProblemError: 400, 413, 415 or 422 with every fault; 403 where a field needs a stronger key.
    """
    here = service()
    try:
        form = check(here.form, _query(), typed=False)
        if request.method == "POST":
            query = form.model_dump(exclude_unset=True)
            form = check(here.form, _join(read_body(), query), typed=True)
        ask = to_ask(form, here.shop)
    except FormError as error:
        raise ProblemError(422, "The request does not hold: see errors.", error.faults) from error
    _allow(ask)
    return ask


def _join(body: dict[str, Any], query: dict[str, Any]) -> dict[str, Any]:
    if twice := [name for name in query if name in body]:
        raise FormError([Fault(name, "is given twice: in the query and in the body") for name in twice])
    return {**body, **query}


def _allow(ask: Ask) -> None:
    if "admin" in g.scopes:
        return
    given = {"at": ask.at is not None, "explain": ask.explain}
    faults = [Fault(name, "needs an admin key") for name in ADMIN_ONLY if given[name]]
    if faults:
        raise ProblemError(403, "This key may not ask for everything that the request asks.", faults)


def _query() -> dict[str, Any]:
    try:
        text = request.query_string.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError as error:
        raise ProblemError(400, "The query is no UTF-8: encode it so.") from error
    except ValueError as error:
        raise ProblemError(400, f"The query has more than {MOST_PARAMETERS} parameters: send a body.") from error
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in LISTS:
            values.setdefault(name, []).extend(value.split(","))
        elif name in values:
            raise FormError([Fault(name[:64], "is given twice")])
        else:
            values[name] = value
    return {name: value for name, value in values.items() if value != [""]}


def read_body() -> dict[str, Any]:
    """Return the JSON object in the body; an empty body is an empty object.

    Raises:
        ProblemError: 400, 413 or 415.
        FormError: it is no object.
    """
    raw = request.get_data(cache=False)
    if request.content_length is None and len(raw) >= service().settings.max_body_bytes:  # chunked, and cut there
        raise RequestEntityTooLarge
    if not raw.strip():
        return {}
    if request.mimetype not in JSON_TYPES and not request.mimetype.endswith("+json"):
        raise ProblemError(415, "The body is not declared as JSON: send Content-Type: application/json.")
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ProblemError(
            400, f"The body is no JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from (error)
    if not isinstance(values, dict):
        raise FormError([Fault("", "the body must be a JSON object")])
    return values
