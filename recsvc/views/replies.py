"""Answers on their way out: JSON, and whether anybody may keep them."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from flask import Response, g, request

from recsvc.service import service
from recsvc.shared_answers import with_id

VARY = "Authorization, X-Api-Key"


def reply(body: Mapping[str, Any], *, shared: bool) -> Response:
    """Return ``body`` with the request's id as JSON.

    Args:
        body: what is answered; not empty.
        shared: the same for everybody, so that caches may keep it and ask for news by its ETag (GET only).
    """
    return reply_json(orjson.dumps(body), shared=shared)


def reply_json(plain: bytes, *, shared: bool) -> Response:
    """Return what ``reply`` does of a body that is JSON already."""
    answer = Response(with_id(plain, g.request_id), mimetype="application/json", headers={"Vary": VARY})
    if not shared or request.method not in ("GET", "HEAD"):
        answer.headers["Cache-Control"] = "private, no-store"
        return answer
    seconds = service().settings.cache_seconds
    answer.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "public, no-cache"
    answer.set_etag(sha256(plain).hexdigest()[:32], weak=True)
    answer.make_conditional(request)
    return answer


def unchanging(body: bytes, mimetype: str) -> Response:
    """Return ``body``, the same for everybody until the service starts anew."""
    answer = Response(body, mimetype=mimetype, headers={"Cache-Control": "public, no-cache"})
    answer.set_etag(sha256(body).hexdigest()[:32])
    answer.make_conditional(request)
    return answer
