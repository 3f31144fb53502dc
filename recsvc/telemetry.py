"""What the service says about itself: JSON lines, so that no request can forge one; no keys, bodies or raw ids."""

import re
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import uuid4

import orjson
from flask import Flask, Response, g, request

from recsvc.admission import waited
from recsvc.pace import Spent

SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TRACE_HEADERS = ("traceparent", "tracestate")


def write_line(fields: Mapping[str, Any]) -> None:
    """Write one JSON line, stamped with the machine's time in UTC, to standard output in one piece.

    A full disk or a reader that went away loses the line, never the request.
    """
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = orjson.dumps({"time": stamp, **fields}, default=str).decode()
    with suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def log_crash(error: Exception, request_id: str) -> None:
    """Log where a fault of ours happened; its text is left out, as it may quote the request."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    write_line({"event": "crash", "error": type(error).__name__, "request_id": request_id, "frames": frames[-8:]})


def take_request_id(given: str | None) -> str:
    """Return ``given`` where it is safe to repeat and to log, else a new one of 32 hex digits."""
    return given if given and SAFE_REQUEST_ID.fullmatch(given) else uuid4().hex


@dataclass(frozen=True, slots=True)
class Done:
    """A request that was answered; moments are of ``time.perf_counter``, in seconds."""

    method: str
    """One of ``METHODS``, or "other"."""
    route: str | None
    """A path of the route table; None where none fits."""
    status: int
    arrived: float
    ended: float
    request_id: str
    seen: Mapping[str, Any]
    """What the view left for the log."""
    spent: Sequence[Spent]
    """The stages of a call for carousels."""
    trace_headers: Mapping[str, str]
    """``traceparent`` and ``tracestate``, where they were given."""


Told: TypeAlias = Callable[[Done], None]


def teller(
    *,
    access_log: bool,
    count: Callable[[Done], None] = lambda _: None,
    trace: Callable[[Done], str | None] = lambda _: None,
) -> Told:
    """Return what tells of an answered request.

    Args:
        access_log: write a line.
        count: called with each answered request.
        trace: the same; returns the id of its trace, which the line then names.
    """

    def tell(done: Done) -> None:
        count(done)
        traced = trace(done)
        if access_log:
            write_line(
                {
                    "event": "request",
                    "method": done.method,
                    "route": done.route,
                    "status": done.status,
                    "ms": round((done.ended - done.arrived) * 1000, 2),
                    "request_id": done.request_id,
                    **done.seen,
                    **({"trace_id": traced} if traced else {}),
                }
            )

    return tell


def follow_requests(app: Flask, tell: Told) -> None:
    """Give every request of ``app`` an id and, when it is answered, ``tell`` of it.

    Views put what they know into ``g.seen``: carousel, items, fallback, model.
    """

    @app.before_request
    def _begin() -> None:
        g.arrived = time.perf_counter() - waited()
        g.request_id = take_request_id(request.headers.get("X-Request-Id"))
        g.seen, g.spent = {}, ()

    @app.after_request
    def _end(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.request_id
        tell(_done(answer.status_code))
        return answer


def _done(status: int) -> Done:
    return Done(
        method=request.method if request.method in METHODS else "other",
        route=request.url_rule.rule if request.url_rule else None,
        status=status,
        arrived=g.arrived,
        ended=time.perf_counter(),
        request_id=g.request_id,
        seen=g.seen,
        spent=g.spent,
        trace_headers={name: request.headers[name] for name in TRACE_HEADERS if name in request.headers},
    )
