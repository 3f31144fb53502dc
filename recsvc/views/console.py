"""The page for operations and merchandisers: it holds nothing of the shop, and asks for all that it shows with the key of whoever looks."""

from flask import Response, render_template

from recsvc.headers import PAGES_POLICY
from recsvc.views.replies import unchanging


def page() -> Response:
    """Answer with the page."""
    answer = unchanging(render_template("console.html").encode(), "text/html")
    answer.headers["Content-Security-Policy"] = PAGES_POLICY
    return answer
