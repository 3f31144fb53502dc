"""The figures of the service, for Prometheus."""

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST

from recsvc.service import service


def metrics() -> Response:
    """Answer with the figures of all workers."""
    return Response(service().metrics.text(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
