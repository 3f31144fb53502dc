"""Headers of every answer: whose pages may read it (CORS), and what a browser must not do with it."""

from flask import Flask, Response, request

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
PAGES_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""Of pages for people: their own files and the service's addresses, nothing inline, and no text that becomes HTML."""
ALLOWED = "Authorization, Content-Type, If-None-Match, X-Api-Key, X-Request-Id"
EXPOSED = "ETag, Retry-After, X-Request-Id"


def set_headers(app: Flask, origins: tuple[str, ...]) -> None:
    """Let ``app`` answer preflights of ``origins`` and put the headers on every answer."""

    @app.before_request
    def _preflight() -> Response | None:
        asked = request.headers.get("Access-Control-Request-Method")
        if request.method != "OPTIONS" or asked is None or not _allowed(origins):
            return None
        headers = {
            "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
            "Access-Control-Allow-Headers": ALLOWED,
            "Access-Control-Max-Age": "7200",
        }
        return Response(status=204, headers=headers)

    @app.after_request
    def _stamp(answer: Response) -> Response:
        for name, value in SECURITY.items():
            answer.headers.setdefault(name, value)
        if origin := _allowed(origins):
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = EXPOSED
        if origins and "*" not in origins:
            answer.vary.add("Origin")
        return answer


def _allowed(origins: tuple[str, ...]) -> str | None:
    """Return what to allow the page that asks, or None; keys travel in headers, so credentials never are."""
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    if "*" in origins:
        return "*"
    return origin if origin in origins else None
