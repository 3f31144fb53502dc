"""Answers that are ready as bytes are sent before anything else is done: those for nobody in particular, and, where a
worker is crowded, those that take the place of a shopper's own.

What goes out is what Flask sent the first time in this second, headers and all, under another request id. Everything else
goes on to Flask: other methods, pages of browsers, conditional and traced requests.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from flask import Flask, Response, g, request

from recsvc.admission import waited, waits
from recsvc.guard import given_key
from recsvc.rules.bind import BoundRules
from recsvc.rules.personal import nobody_stands_for_all
from recsvc.rules.schema import RuleSet
from recsvc.service import Service
from recsvc.shared_answers import CROWDED, Shared
from recsvc.telemetry import Done, Told, take_request_id

PATH, ROUTE = "/v1/carousels/", "/v1/carousels/<carousel>"
SLOW = (
    "HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE",
    "HTTP_ORIGIN", "HTTP_TRACEPARENT", "HTTP_TRACESTATE",
)  # fmt: skip
"""Headers that an answer may depend on."""
OWN = ("user_id", "visitor_id", "recent")
"""Parameters that a crowded worker leaves out."""
PATIENT = ("at", "explain")
"""Parameters of people who look into an answer: they wait."""
WAITS = 2.0
"""A worker is crowded for a request that waited for its turn so many times longer than one waits for a permit."""

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
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].startswith(PATH) and not _slow(environ):
            sent = _sent(here, tell, safe, environ, start)
            if sent is not None:
                return sent
        return flask(environ, start)

    app.wsgi_app = wsgi  # type: ignore[method-assign, assignment]

    @app.after_request
    def _keep(answer: Response) -> Response:
        kept: tuple[Any, int, Shared] | None = g.get("ready")
        if kept is not None and answer.status_code == 200 and request.method == "GET" and not _slow(request.environ):
            state, now, shared = kept
            own = ("Content-Length", "X-Request-Id")
            headers = tuple((name, value) for name, value in answer.headers.items() if name not in own)
            here.shared.keep(state, now, _key(request.environ), Ready(shared, headers))
        return answer


def _slow(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or any(name in environ for name in SLOW)


def _key(environ: Environ) -> Hashable:
    return "ready", environ["PATH_INFO"], environ["QUERY_STRING"], CROWDED in environ


def _sent(here: Service, tell: Told, safe: "_Safe", environ: Environ, start: Start) -> list[bytes] | None:
    """Return the body of a ready answer whose head was sent; None where there is none, or the key does not open it."""
    state, now = here.live.state, here.clock()
    held = here.shared.get(state, now, _key(environ))
    if held is None and waits() > WAITS * here.desk.wait and safe.of(state.engine.snapshot.rules):
        _make_nobodys(environ)
        held = here.shared.get(state, now, _key(environ))
    if not isinstance(held, Ready) or "public" not in (here.settings.keys.opens(given_key(environ)) or ()):
        return None
    arrived = perf_counter() - waited()
    request_id = take_request_id(environ.get("HTTP_X_REQUEST_ID"))
    body = held.shared.with_id(request_id)
    start("200 OK", [*held.headers, ("Content-Length", str(len(body))), ("X-Request-Id", request_id)])
    here.metrics.count_served(held.shared.served, state)
    tell(Done("GET", ROUTE, 200, arrived, perf_counter(), request_id, held.shared.seen, (), {}))
    return [body]


def _make_nobodys(environ: Environ) -> None:
    """Take what says who asks out of the query of a request to a crowded worker."""
    try:
        pairs = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, errors="strict")
    except ValueError:  # Flask says what is wrong with it
        return
    if not any(name in PATIENT for name, _ in pairs):
        environ["QUERY_STRING"] = urlencode([pair for pair in pairs if pair[0] not in OWN])
        environ[CROWDED] = True


class _Safe:
    """Whether nobody's answer may stand for a shopper's: no rule takes products off for some shoppers alone."""

    def __init__(self) -> None:
        self._last: tuple[RuleSet | None, bool] = (None, False)

    def of(self, bound: BoundRules) -> bool:
        """Return the answer for a set of rules, whatever the catalogue; that for the last one is kept."""
        last, safe = self._last
        if last is not bound.ruleset:
            safe = nobody_stands_for_all(bound)
            self._last = (bound.ruleset, safe)
        return safe
