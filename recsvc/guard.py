"""Who may ask what: every route names the scope that it needs, and a request shows a key that opens it."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, g, request

from recsvc.keys import Keys
from recsvc.problems import ProblemError
from recsvc.routes import ROUTES
from recsvc.settings import is_loopback

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via", "Origin")
"""Headers of those who pass on what others ask."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="recsvc"'}


def guard(app: Flask, keys: Keys) -> None:
    """Let ``app`` refuse what the key of a request does not open; ``g.scopes`` is what it opens."""
    needed = {route.path: route.scope for route in ROUTES}
    local = {route.path for route in ROUTES if route.local}

    @app.before_request
    def _check() -> None:
        scope = needed.get(request.url_rule.rule, "admin") if request.url_rule else "open"
        opened = keys.opens(given_key(request.environ))
        g.scopes = opened or ("open",)
        if scope in g.scopes or request.method == "OPTIONS":
            return
        if request.url_rule and request.url_rule.rule in local and _is_from_here():
            return
        if opened is None:
            raise ProblemError(401, "This key is none of ours: it was mistyped, or revoked.", headers=CHALLENGE)
        if opened == ("open",):
            raise ProblemError(401, "Send a key: Authorization: Bearer … or X-Api-Key: …", headers=CHALLENGE)
        raise ProblemError(403, f"This needs a key of scope {scope}.")


def _is_from_here() -> bool:
    """Return whether a program on this machine asks, for itself: no proxy, and no page in a browser."""
    return is_loopback(request.remote_addr or "") and not any(name in request.headers for name in FORWARDED)


def given_key(environ: Mapping[str, Any]) -> str | None:
    """Return the key that a request shows, by its WSGI environment."""
    scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return str(key.strip())
    return environ.get("HTTP_X_API_KEY") or None
