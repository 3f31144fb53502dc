"""The OpenAPI document: as JSON, and as a page that fetches nothing from outside."""

from pathlib import Path

import orjson
from flask import Response, current_app, render_template

from recsvc.docs_page import operations
from recsvc.headers import PAGES_POLICY
from recsvc.service import service
from recsvc.views.replies import unchanging

TYPES = {".css": "text/css", ".js": "text/javascript"}


def openapi() -> Response:
    """Answer with the OpenAPI document."""
    return unchanging(orjson.dumps(service().document), "application/json")


def page() -> Response:
    """Answer with the page that shows the document, with a form to try each address."""
    here = service()
    origin = f"http://{here.settings.host}:{here.settings.port}"  # the page's script puts its own address there
    told = operations(here.document, origin)
    shown = render_template("docs.html", document=here.document, operations=told, origin=origin)
    answer = unchanging(shown.encode(), "text/html")
    answer.headers["Content-Security-Policy"] = PAGES_POLICY
    return answer


def asset(asset: str) -> Response:
    """Answer with the style or the script of a page."""
    file = Path(current_app.root_path, "static", asset)
    return unchanging(file.read_bytes(), TYPES[file.suffix])
