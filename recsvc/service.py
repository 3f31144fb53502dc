"""What one process serves with: made by the app factory, reached by the views."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app

from models.shop import Shop
from recsvc.desk import Desk
from recsvc.exposing import Exposer
from recsvc.forms import Form
from recsvc.metrics import Metrics
from recsvc.results.held import Held
from recsvc.serving import Live
from recsvc.sessions import Sessions
from recsvc.settings import Settings
from recsvc.shared_answers import SharedAnswers
from recsvc.store.database import Store
from recsvc.store.intake import Intake
from recsvc.traces import Traces

NAME = "recsvc"


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that a view may need."""

    shop: Shop
    settings: Settings
    live: Live
    store: Store
    form: type[Form]
    clock: Callable[[], int]
    """The shop's clock, Unix seconds."""
    document: Mapping[str, Any]
    """The OpenAPI document."""
    desk: Desk
    """Serves the requests for carousels."""
    sessions: Sessions
    intake: Intake
    exposer: Exposer
    shared: SharedAnswers
    held: Held
    """Reports."""
    metrics: Metrics
    traces: Traces


def service_of(app: Flask) -> Service:
    """Return what ``app`` serves with."""
    return cast(Service, app.extensions[NAME])


def service() -> Service:
    """Return what the app of the current request serves with."""
    return service_of(current_app)
