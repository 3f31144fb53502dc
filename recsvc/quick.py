"""Answers that are ready as bytes are sent before anything else is done: those for nobody in particular, and, where a
worker is crowded, those that take the place of a shopper's own.

What goes out is what Flask sent the first time in this second, headers and all, under another request id. Everything else
goes on to Flask: other methods, conditional and traced requests, and a POST unless the worker is crowded.
"""

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from io import BytesIO
from time import perf_counter
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

import orjson
from flask import Flask, Response, g, request

from recsvc.admission import waited, waits
from recsvc.guard import given_key
from recsvc.rules.bind import BoundRules
from recsvc.rules.personal import nobody_stands_for_all
from recsvc.rules.schema import RuleSet
from recsvc.service import Service
from recsvc.shared_answers import CROWDED, Shared
from recsvc.telemetry import Done, Told, take_request_id

ROUTES = {"/v1/carousels/": "/v1/carousels/<carousel>", "/v1/pages/": "/v1/pages/<page>"}
"""What a path begins with -> its route."""
SLOW = (
    "HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE",
    "HTTP_TRACEPARENT", "HTTP_TRACESTATE",
)  # fmt: skip
"""Headers that an answer may depend on."""
OWN = ("user_id", "visitor_id", "recent")
"""Parameters that a crowded worker leaves out."""
PLACE = ("product_id", "cart", "exclude")
"""Parameters that a worker which falls behind leaves out too: their products are taken out of the answer instead."""
PATIENT = ("at", "explain")
"""Parameters of people who look into an answer: they wait."""
JSON = "application/json"
BODY = "recsvc.body"
"""Key of the WSGI environment: the body, made that of nobody."""
LESS = "recsvc.less"
"""Key of the WSGI environment: the ids of products that are to be taken out of the answer."""
WAITS, FAR = 2.0, 6.0
"""A worker is crowded for a request that waited for its turn so many times longer than one waits for a permit, and falls
behind where it waited ``FAR`` times as long."""

Environ: TypeAlias = dict[str, Any]
Start: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that went out in this second and may go out again."""

    shared: Shared
    headers: tuple[tuple[str, str], ...]
    """But those of one answer alone: its id and its length."""


def put_before(app: Flask, here: Service, tell: Told) -> None:
    """Let ``app`` send ready answers first, and keep those that may be sent again.

    Call it before anything else that looks at an answer, so that it sees the answer last.
    """
    flask, safe = app.wsgi_app, _Safe()

    def wsgi(environ: Environ, start: Start) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "POST") and _route(environ) and not _slow(environ):
            sent = _sent(here, tell, safe, environ, start)
            if sent is not None:
                return sent
        return flask(environ, start)

    app.wsgi_app = wsgi  # type: ignore[method-assign, assignment]

    @app.after_request
    def _keep(answer: Response) -> Response:
        kept: tuple[Any, int, Shared] | None = g.get("ready")
        less = request.environ.get(LESS)
        if kept is not None and answer.status_code == 200 and _key(request.environ) and not _slow(request.environ):
            state, now, shared = kept
            own = ("Content-Length", "X-Request-Id")
            headers = tuple((name, value) for name, value in answer.headers.items() if name not in own)
            here.shared.keep(state, now, _key(request.environ), Ready(shared, headers))
            if less:
                answer.set_data(_without(answer.get_data(), less))
        return answer


def _route(environ: Environ) -> str | None:
    path = environ["PATH_INFO"]
    return next((route for begins, route in ROUTES.items() if path.startswith(begins)), None)


def _slow(environ: Environ) -> bool:
    return any(name in environ for name in SLOW)


def _key(environ: Environ) -> Hashable:
    """Return what a ready answer is kept under; None where none is: a body that may be a shopper's own."""
    has_body = environ["REQUEST_METHOD"] == "POST" or environ.get("CONTENT_LENGTH", "") not in ("", "0")
    if has_body and BODY not in environ:
        return None
    asked = environ["PATH_INFO"], environ["QUERY_STRING"], environ.get(BODY), environ.get("HTTP_ORIGIN")
    return "ready", environ["REQUEST_METHOD"], *asked, CROWDED in environ


def _sent(here: Service, tell: Told, safe: "_Safe", environ: Environ, start: Start) -> list[bytes] | None:
    """Return the body of a ready answer whose head was sent; None where there is none, or the key does not open it."""
    state, now = here.live.state, here.clock()
    key = _key(environ)
    held = None if key is None else here.shared.get(state, now, key)
    if held is None and waits() > WAITS * here.desk.wait and safe.of(state.engine.snapshot.rules).everybody:
        behind = waits() > FAR * here.desk.wait and safe.of(state.engine.snapshot.rules).anywhere
        _make_nobodys(environ, here.settings.max_body_bytes, (*OWN, *PLACE) if behind else OWN)
        held = here.shared.get(state, now, _key(environ))
    if not isinstance(held, Ready) or "public" not in (here.settings.keys.opens(given_key(environ)) or ()):
        return None
    arrived = perf_counter() - waited()
    request_id = take_request_id(environ.get("HTTP_X_REQUEST_ID"))
    body = held.shared.with_id(request_id)
    if environ.get(LESS):
        body = _without(body, environ[LESS])
    start("200 OK", [*held.headers, ("Content-Length", str(len(body))), ("X-Request-Id", request_id)])
    here.metrics.count_served(held.shared.served, state)
    method, route = environ["REQUEST_METHOD"], _route(environ)
    tell(Done(method, route, 200, arrived, perf_counter(), request_id, held.shared.seen, (), {}))
    return [body]


def _make_nobodys(environ: Environ, most: int, left_out: Collection[str]) -> None:
    """Take ``left_out`` of a request to a crowded worker; ``most``: bytes of a body that is looked at."""
    told: dict[str, Any] = {}
    if environ["REQUEST_METHOD"] == "POST":
        found = _body(environ, most)
        if found is None:
            return
        told = found
    try:
        pairs = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, errors="strict")
    except ValueError:  # Flask says what is wrong with it
        return
    if any(name in PATIENT for name, _ in pairs):
        return
    environ["QUERY_STRING"] = urlencode([pair for pair in pairs if pair[0] not in left_out])
    environ[CROWDED] = True
    named = [value.split(",") for name, value in pairs if name in PLACE and name in left_out]
    named += [
        one if isinstance(one := told[name], list) else [one] for name in PLACE if name in told and name in left_out
    ]
    environ[LESS] = frozenset(str(one) for some in named for one in some)
    if environ["REQUEST_METHOD"] == "POST":
        rest = {name: told[name] for name in told if name not in left_out}
        body = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)
        environ[BODY], environ["CONTENT_LENGTH"], environ["wsgi.input"] = body, str(len(body)), BytesIO(body)


def _body(environ: Environ, most: int) -> dict[str, Any] | None:
    """Return what a JSON body tells; None where Flask is to look at it as it came, which it can."""
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal() or int(length) > most or not environ.get("CONTENT_TYPE", "").startswith(JSON):
        return None
    raw = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(raw)
    try:
        told = orjson.loads(raw)
        orjson.dumps(told)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return told if isinstance(told, dict) and not any(told.get(name) for name in PATIENT) else None


def _without(body: bytes, ids: Collection[str]) -> bytes:
    """Return the JSON of a carousel or of a page without the products ``ids``."""
    told = orjson.loads(body)
    for carousel in told.get("carousels", [told]):
        items = [item for item in carousel["items"] if item["product_id"] not in ids]
        carousel["items"] = [{**item, "position": place} for place, item in enumerate(items, 1)]
    return orjson.dumps(told)


@dataclass(frozen=True, slots=True)
class Stands:
    """For whom nobody's answer may stand: no rule takes products off that it shows."""

    everybody: bool
    """For each shopper in the same place."""
    anywhere: bool
    """For each shopper on any page and with any cart."""


class _Safe:
    """For whom nobody's answer may stand, by the rules that hold."""

    def __init__(self) -> None:
        self._last: tuple[RuleSet | None, Stands] = (None, Stands(False, False))

    def of(self, bound: BoundRules) -> Stands:
        """Return the answer for a set of rules, whatever the catalogue; that for the last one is kept."""
        last, stands = self._last
        if last is not bound.ruleset:
            stands = Stands(nobody_stands_for_all(bound), nobody_stands_for_all(bound, anywhere=True))
            self._last = (bound.ruleset, stands)
        return stands
