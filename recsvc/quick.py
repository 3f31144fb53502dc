"""Answers that are ready as bytes are sent before anything else is done: those for nobody in particular, and, where a
worker is crowded, those that take the place of a shopper's own.

What goes out is what Flask sent the first time in this second, headers and all, under another request id. Everything else
goes on to Flask: other methods, conditional and traced requests, and a POST unless the worker is crowded.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeAlias

from flask import Flask, Response, g, request

from recsvc.admission import waited, waits
from recsvc.guard import given_key
from recsvc.nobodys import BODY, LESS, OWN, PLACE, Environ, Safe, make_nobodys, without
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
WAITS, FAR = 2.0, 3.0
"""A worker is crowded for a request that waited for its turn so many times longer than one waits for a permit, and falls
behind where it waited ``FAR`` times as long."""

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
    flask, safe = app.wsgi_app, Safe()

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
        if less and answer.status_code == 200:
            answer.set_data(without(answer.get_data(), less))
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


def _sent(here: Service, tell: Told, safe: Safe, environ: Environ, start: Start) -> list[bytes] | None:
    """Return the body of a ready answer whose head was sent; None where there is none, or the key does not open it."""
    state, now = here.live.state, here.clock()
    key = _key(environ)
    held = None if key is None else here.shared.get(state, now, key)
    if held is None and waits() > WAITS * here.desk.wait and safe.of(state.engine.snapshot.rules).everybody:
        behind = waits() > FAR * here.desk.wait and safe.of(state.engine.snapshot.rules).anywhere
        make_nobodys(environ, here.settings.max_body_bytes, (*OWN, *PLACE) if behind else OWN)
        held = here.shared.get(state, now, _key(environ))
    if not isinstance(held, Ready) or "public" not in (here.settings.keys.opens(given_key(environ)) or ()):
        return None
    arrived = perf_counter() - waited()
    request_id = take_request_id(environ.get("HTTP_X_REQUEST_ID"))
    body = held.shared.with_id(request_id)
    if environ.get(LESS):
        body = without(body, environ[LESS])
    start("200 OK", [*held.headers, ("Content-Length", str(len(body))), ("X-Request-Id", request_id)])
    here.metrics.count_served(held.shared.served, state)
    method, route = environ["REQUEST_METHOD"], _route(environ)
    tell(Done(method, route, 200, arrived, perf_counter(), request_id, held.shared.seen, (), {}))
    return [body]
