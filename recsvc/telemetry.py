"""What the service says about itself: JSON lines, so that no request can forge one; no keys, bodies or raw ids."""

import re
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from flask import Flask, Response, g, request

SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


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


def follow_requests(app: Flask, *, access_log: bool) -> None:
    """Give every request of ``app`` an id and, with ``access_log``, a line when it is answered.

    Views put what they know into ``g.seen``: carousel, items, fallback, model.
    """

    @app.before_request
    def _begin() -> None:
        g.started = time.perf_counter()
        g.request_id = take_request_id(request.headers.get("X-Request-Id"))
        g.seen = {}

    @app.after_request
    def _end(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.request_id
        if access_log:
            write_line(
                {
                    "event": "request",
                    "method": request.method if request.method in METHODS else "other",
                    "route": request.url_rule.rule if request.url_rule else None,
                    "status": answer.status_code,
                    "ms": round((time.perf_counter() - g.started) * 1000, 2),
                    "request_id": g.request_id,
                    **g.seen,
                }
            )
        return answer
