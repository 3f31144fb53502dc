"""The app factory: everything that makes the service, in view. READ FIRST.

It never raises because of data: without a trained version, or with broken rules, the app serves what there is and
says so on ``/readyz``.
"""

import time
from collections.abc import Callable

from flask import Flask
from threadpoolctl import threadpool_limits

from models.shop import Shop
from models.trees import warm
from recsvc.forms import form_for
from recsvc.guard import guard
from recsvc.headers import set_headers
from recsvc.openapi import document
from recsvc.problems import answer_errors
from recsvc.routes import ROUTES
from recsvc.service import NAME, Service
from recsvc.serving import Live
from recsvc.settings import Settings
from recsvc.telemetry import follow_requests

Clock = Callable[[], int]


def shop_clock(shop: Shop) -> Clock:
    """Return the shop's clock: the machine's, moved once and for all where the shop names another start."""
    offset = shop.clock_offset(time.time())
    return lambda: int(time.time()) + offset


def create_app(shop: Shop, settings: Settings, clock: Clock | None = None) -> Flask:
    """Return the WSGI app that serves ``shop``.

    Args:
        shop: the shop.
        settings: see ``recsvc/settings.py``.
        clock: the shop's time in Unix seconds; default: ``shop_clock``.

    Raises:
        ConfigError: the shop declares a context field that cannot be one.
    """
    threadpool_limits(1)  # a request is a small product of matrices: threads would fight over it
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.merge_slashes = False
    clock = clock or shop_clock(shop)
    form = form_for(shop)
    live = Live(shop, settings.artifacts, settings.rules, clock)
    told = document(shop, form, keyed=bool(settings.keys))
    app.extensions[NAME] = Service(shop, settings, live, form, clock, told)

    follow_requests(app, access_log=settings.access_log)  # the first to see a request and the last to see its answer
    set_headers(app, settings.cors_origins)
    guard(app, settings.keys)
    answer_errors(app)
    for route in ROUTES:
        app.add_url_rule(route.path, route.path, route.view, methods=list(route.methods))
    if shop.training.ranker:
        warm()  # compiled once, before the workers fork, and never inside a request or a swap
    live.refresh()
    return app
