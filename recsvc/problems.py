"""Errors over HTTP: RFC 9457 ``application/problem+json`` for every one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from recsvc.telemetry import log_crash

PROBLEM_TYPE = "application/problem+json"
MOST_FAULTS = 20
"""Faults told at once; a request with more of them is told the first."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where, and what to write instead."""

    path: str
    message: str


class ProblemError(Exception):
    """What a view raises to answer with a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.faults, self.headers = tuple(faults)[:MOST_FAULTS], headers or {}
        self.more = more or {}


def problem(error: ProblemError) -> Response:
    """Return the answer to a request that ended in ``error``."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.detail,
        "errors": [{"path": fault.path, "message": fault.message} for fault in error.faults],
        "request_id": g.request_id,
        **error.more,
    }
    answer = Response(orjson.dumps(body), error.status, mimetype=PROBLEM_TYPE)
    answer.headers.update(error.headers)
    answer.headers["Cache-Control"] = "no-store"
    return answer


HELP = {
    404: "No such address: /docs lists those that there are.",
    405: "This address does not take this method.",
    413: "The body is larger than the service takes: send fewer ids.",
}


def answer_errors(app: Flask) -> None:
    """Let ``app`` answer every error with a problem; what is our own fault is logged without a word of the request."""

    @app.errorhandler(ProblemError)
    def _told(error: ProblemError) -> Response:
        return problem(error)

    @app.errorhandler(HTTPException)
    def _refused(error: HTTPException) -> Response:
        status = error.code or 500
        allowed = getattr(error, "valid_methods", None)
        headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
        detail = HELP.get(status) or HTTPStatus(status).description or HTTPStatus(status).phrase
        return problem(ProblemError(status, detail, headers=headers))

    @app.errorhandler(Exception)
    def _crashed(error: Exception) -> Response:
        log_crash(error, g.request_id)
        return problem(ProblemError(500, "A fault of ours: the log has it under this request_id."))
