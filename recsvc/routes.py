"""Every address of the service, with the scope that it needs; the app and the OpenAPI document are made from this."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from recsvc.answers import Alive, CarouselAnswer, CarouselList, PageAnswer, PreviewAnswer, Ready, RuleList
from recsvc.catalogue_forms import ProductAttributes, StockBody, Stored, ToldProducts
from recsvc.event_answers import ConsentAnswer, ErasureAnswer, EventsAnswer, LinkAnswer
from recsvc.events_form import EventsForm
from recsvc.forms import Form, preview_form
from recsvc.keys import Scope
from recsvc.results.told import ExperimentAnswer, ExperimentList
from recsvc.views import carousels, catalogue, console, docs, events, experiments, health, metrics, rules, shoppers

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


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
    """What comes back with ``status``; None: not JSON of ours, and no part of the OpenAPI document."""
    status: int = 200
    switches: tuple[str, ...] = ()
    """Parameters of the query that are true or false."""
    asks: bool = False
    """Whether it takes the request context."""
    tag: str = "storefront"
    local: bool = False
    """Whether a caller on this machine needs no key, unless it calls for another."""
    body: Callable[[type[Form]], type[BaseModel]] | None = None
    """Makes what the body holds from the shop's form, where it is something else than the request context."""


ROUTES = (
    Route("/v1/carousels", ("GET",), carousels.list_carousels, "public", "The carousels and their policies", CarouselList),
    Route("/v1/carousels/<carousel>", ("GET", "POST"), carousels.show_carousel, "public", "One ranked carousel", CarouselAnswer, asks=True),
    Route("/v1/pages/<page>", ("POST",), carousels.show_page, "public", "All carousels of a page, no product twice", PageAnswer, asks=True),
    Route("/v1/events", ("POST",), events.take_events, "public", "What shoppers did, stored once it is answered", EventsAnswer,
          status=202, body=lambda _: EventsForm),
    Route("/v1/users/<path:user_id>/link", ("POST",), shoppers.link_visitor, "catalogue", "A visitor turned out to be a user", LinkAnswer,
          tag="back office", body=lambda _: shoppers.LinkBody),
    Route("/v1/users/<path:user_id>/consent", ("PUT",), shoppers.set_consent, "catalogue", "What a shopper allows", ConsentAnswer,
          tag="back office", body=lambda _: shoppers.ConsentBody),
    Route("/v1/users/<path:user_id>", ("DELETE",), shoppers.erase_shopper, "admin", "Erase a shopper, or count what there is",
          ErasureAnswer, tag="back office", switches=("dry_run",)),
    Route("/v1/products", ("PUT",), catalogue.put_products, "catalogue", "Whole products, new and changed", Stored,
          tag="back office", body=lambda _: ToldProducts),
    Route("/v1/products/<path:product_id>", ("PATCH",), catalogue.patch_product, "catalogue", "Some attributes of a product", Stored,
          tag="back office", body=lambda _: ProductAttributes),
    Route("/v1/stock", ("PUT",), catalogue.put_stock, "catalogue", "Stock by store, or of the shop", Stored,
          tag="back office", body=lambda _: StockBody),
    Route("/v1/rules", ("GET",), rules.show_rules, "admin", "The live rules, and when each holds next", RuleList, tag="merchandiser"),
    Route("/v1/rules:preview", ("POST",), rules.preview_rules, "admin", "What a candidate file would change", PreviewAnswer,
          tag="merchandiser", body=preview_form),
    Route("/v1/rules/schema.json", ("GET",), rules.show_schema, "open", "JSON Schema of a rules file, for editors", tag="merchandiser"),
    Route("/v1/experiments", ("GET",), experiments.list_experiments, "admin", "What is being tried", ExperimentList, tag="merchandiser"),
    Route("/v1/experiments/<name>", ("GET",), experiments.show_experiment, "admin", "An experiment, and what came of it",
          ExperimentAnswer, tag="merchandiser"),
    Route("/healthz", ("GET",), health.healthz, "open", "Is the process alive", Alive, tag="operations"),
    Route("/readyz", ("GET",), health.readyz, "open", "What is live, and what did not load", Ready, tag="operations"),
    Route("/metrics", ("GET",), metrics.metrics, "admin", "Figures for Prometheus", tag="operations", local=True),
    Route("/openapi.json", ("GET",), docs.openapi, "open", "This document", tag="operations"),
    Route("/docs", ("GET",), docs.page, "open", "This document, to read and to try", tag="operations"),
    Route("/docs/<any('docs.css', 'docs.js'):asset>", ("GET",), docs.asset, "open", "Style and script of /docs", tag="operations"),
    Route("/console", ("GET",), console.page, "open", "A page to ask as a shopper and to see what is live; its figures need an admin key",
          tag="operations"),
    Route("/console/<any('console.css', 'console.js'):asset>", ("GET",), docs.asset, "open", "Style and script of /console",
          tag="operations"),
)  # fmt: skip
"""The whole list."""
