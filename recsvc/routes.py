"""Every address of the service, with the scope that it needs; the app and the OpenAPI document are made from this."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from recsvc.answers import Alive, CarouselAnswer, CarouselList, PageAnswer, PreviewAnswer, Ready, RuleList
from recsvc.forms import Form, preview_form
from recsvc.keys import Scope
from recsvc.views import carousels, docs, health, rules

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Route:
    """One address."""

    path: str
    """In Flask's form."""
    methods: tuple[Method, ...]
    view: Callable[..., Any]
    scope: Scope
    """"open": nobody needs a key."""
    summary: str
    answer: type[BaseModel] | None = None
    """What comes back with 200; None: not JSON of ours, and no part of the OpenAPI document."""
    asks: bool = False
    """Whether it takes the request context."""
    tag: str = "storefront"
    body: Callable[[type[Form]], type[BaseModel]] | None = None
    """Makes what the body holds from the shop's form, where it is something else than the request context."""


ROUTES = (
    Route("/v1/carousels", ("GET",), carousels.list_carousels, "public", "The carousels and their policies", CarouselList),
    Route("/v1/carousels/<carousel>", ("GET", "POST"), carousels.show_carousel, "public", "One ranked carousel", CarouselAnswer, asks=True),
    Route("/v1/pages/<page>", ("POST",), carousels.show_page, "public", "All carousels of a page, no product twice", PageAnswer, asks=True),
    Route("/v1/rules", ("GET",), rules.show_rules, "admin", "The live rules, and when each holds next", RuleList, tag="merchandiser"),
    Route("/v1/rules:preview", ("POST",), rules.preview_rules, "admin", "What a candidate file would change", PreviewAnswer,
          tag="merchandiser", body=preview_form),
    Route("/v1/rules/schema.json", ("GET",), rules.show_schema, "open", "JSON Schema of a rules file, for editors", tag="merchandiser"),
    Route("/healthz", ("GET",), health.healthz, "open", "Is the process alive", Alive, tag="operations"),
    Route("/readyz", ("GET",), health.readyz, "open", "What is live, and what did not load", Ready, tag="operations"),
    Route("/openapi.json", ("GET",), docs.openapi, "open", "This document", tag="operations"),
    Route("/docs", ("GET",), docs.page, "open", "This document, to read and to try", tag="operations"),
    Route("/docs/<any('docs.css', 'docs.js'):asset>", ("GET",), docs.asset, "open", "Style and script of /docs", tag="operations"),
)  # fmt: skip
"""The whole list."""
