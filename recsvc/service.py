"""What one process serves with: made by the app factory, reached by the views."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app

from models.shop import Shop
from recsvc.forms import Form
from recsvc.serving import Live
from recsvc.settings import Settings

NAME = "recsvc"


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that a view may need."""

    shop: Shop
    settings: Settings
    live: Live
    form: type[Form]
    clock: Callable[[], int]
    """The shop's clock, Unix seconds."""
    document: Mapping[str, Any]
    """The OpenAPI document."""


def service_of(app: Flask) -> Service:
    """Return what ``app`` serves with."""
    return cast(Service, app.extensions[NAME])


def service() -> Service:
    """Return what the app of the current request serves with."""
    return service_of(current_app)
