"""The app factory: everything that makes the service, in view. READ FIRST.

It never raises because of data: without a trained version, or with broken rules, the app serves what there is and
says so on ``/readyz``.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from flask import Flask
from threadpoolctl import threadpool_limits

from models.errors import StoreError
from models.schema import DAY
from models.shop import Shop
from models.trees import warm
from recsvc.admission import WAITING
from recsvc.clock import shop_clock
from recsvc.desk import Desk
from recsvc.exposing import Exposer
from recsvc.forms import form_for
from recsvc.guard import guard
from recsvc.headers import set_headers
from recsvc.metrics import Metrics
from recsvc.openapi import document
from recsvc.paths import refuse_what_is_no_utf8
from recsvc.problems import answer_errors
from recsvc.quick import put_before
from recsvc.results.held import Held
from recsvc.routes import ROUTES
from recsvc.service import NAME, Service
from recsvc.serving import Live
from recsvc.sessions import Sessions
from recsvc.settings import Settings
from recsvc.shared_answers import SharedAnswers
from recsvc.store.database import Store
from recsvc.store.exposure_log import ExposureLog
from recsvc.store.intake import Intake
from recsvc.store.refusals import Refusals
from recsvc.telemetry import follow_requests, teller
from recsvc.traces import Traces

Clock = Callable[[], int]


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
    store = Store(settings.store)
    refusals = Refusals(store)
    live = Live(shop, settings.artifacts, settings.rules, clock, store, refusals)
    sessions = Sessions(store, refusals, clock, settings.store_wait_ms)
    intake = Intake(store, WAITING, settings.events_window_days * DAY, clock)
    told = document(shop, form, keyed=bool(settings.keys))
    desk = Desk(settings.permits_a_worker, settings.permit_wait_ms / 1000, settings.request_budget_ms / 1000)
    metrics, traces = Metrics(), Traces()
    live.heard = metrics.tell_live
    log = ExposureLog(store, shop.results.keep_days * DAY, clock, metrics.count_exposures)
    exposer = Exposer(shop, log)
    here = app.extensions[NAME] = Service(
        shop,
        settings,
        live,
        store,
        form,
        clock,
        told,
        desk,
        sessions,
        intake,
        exposer,
        SharedAnswers(),
        Held(),
        metrics,
        traces,
    )

    # the first to see a request and the last to see its answer
    tell = teller(access_log=settings.access_log, count=metrics.count_request, trace=traces.record)
    put_before(app, here, tell)
    follow_requests(app, tell)
    set_headers(app, settings.cors_origins)
    guard(app, settings.keys)
    refuse_what_is_no_utf8(app)
    answer_errors(app)
    for route in ROUTES:
        app.add_url_rule(route.path, route.path, route.view, methods=list(route.methods))
    with ThreadPoolExecutor(1) as beside:
        warmed = beside.submit(warm)  # compiled once, before the workers fork, and never inside a request or a swap
        with suppress(StoreError):  # a worker tries again, and says so on /readyz
            refusals.follow()
        live.refresh()
        warmed.result()
    store.close()  # no connection lives through a fork
    return app
