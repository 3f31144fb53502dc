"""The OpenAPI 3.1 document, made from the route table and the models; nothing in it is written by hand."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from models.shop import Shop
from recsvc.answers import ProblemPart
from recsvc.forms import Form
from recsvc.problems import PROBLEM_TYPE
from recsvc.results.told import ExperimentAnswer
from recsvc.routes import ROUTES, Route

PARAMETER = r"<(?:path:)?(\w+)>"
"""A part of a path in Flask's form."""
REF = "#/components/schemas/{model}"


def document(shop: Shop, form: type[Form], *, keyed: bool) -> dict[str, Any]:
    """Return the OpenAPI document of the service of ``shop``.

    Args:
        shop: names the carousels and pages.
        form: the request context, declared fields included.
        keyed: whether keys are set.
    """
    bodies = [route.body(form) for route in ROUTES if route.body]
    schemas = _schemas([form, ProblemPart, *bodies, *(route.answer for route in ROUTES if route.answer)])
    paths: dict[str, Any] = {}
    for route in ROUTES:
        if route.answer is None:
            continue
        path = re.sub(PARAMETER, r"{\1}", route.path)
        for method in route.methods:
            paths.setdefault(path, {})[method.lower()] = _operation(route, method, shop, form, keyed=keyed)
    out: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": f"{shop.name}: recommendations",
            "version": version("recsvc"),
            "description": "Ranked carousels for the shop. What is unknown never fails: the answer says so.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }
    if keyed:
        out["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        }
    return out


def _schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template=REF, mode="validation")
        out |= schema.pop("$defs", {})
        out[model.__name__] = schema
    return out


def _operation(route: Route, method: str, shop: Shop, form: type[Form], *, keyed: bool) -> dict[str, Any]:
    parameters = [_path_parameter(name, shop) for name in re.findall(PARAMETER, route.path)]
    parameters += [{"name": name, "in": "query", "schema": {"type": "boolean"}} for name in route.switches]
    asks_by_query = route.asks and method == "GET"
    if asks_by_query:
        parameters += _query_parameters(form)
    out: dict[str, Any] = {
        "operationId": f"{route.view.__name__}_{method.lower()}",
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": parameters,
        "responses": _responses(route, method, keyed=keyed),
    }
    if route.asks and method == "POST":
        out["requestBody"] = {"content": {"application/json": {"schema": {"$ref": REF.format(model=form.__name__)}}}}
    if route.body is not None:
        schema = {"$ref": REF.format(model=route.body(form).__name__)}
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if keyed and route.scope != "open":
        out["security"] = [{"bearer": []}, {"header": []}]
        out["description"] = f"Needs a {route.scope} key or a stronger one."
    return out


def _path_parameter(name: str, shop: Shop) -> dict[str, Any]:
    known = {"carousel": list(shop.carousels), "page": list(shop.pages)}.get(name)
    schema = {"type": "string", "minLength": 1} if known is None else {"type": "string", "enum": known}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(form: type[Form]) -> list[dict[str, Any]]:
    out = []
    for name, schema in form.model_json_schema()["properties"].items():
        plain = {key: value for key, value in schema.items() if key not in ("title", "description")}
        options = [option for option in plain.pop("anyOf", []) if option.get("type") != "null"]
        if options:  # a query leaves out what a body may set to null
            plain = {key: value for key, value in plain.items() if key != "default"} | options[0]
        parameter = {"name": name, "in": "query", "description": schema["description"], "schema": plain}
        if plain.get("type") == "array":
            told = schema["description"] + " Separated by commas, or repeated."
            parameter |= {"style": "form", "explode": False, "description": told}
        out.append(parameter)
    return out


def _responses(route: Route, method: str, *, keyed: bool) -> dict[str, Any]:
    model = route.answer.__name__ if route.answer else ""
    out = {str(route.status): {"description": "The answer.", "content": _content("application/json", model)}}
    told: dict[str, str] = {"422": "Faults, each with its path."} if "<" in route.path else {}
    if route.asks or route.body:
        told |= {
            "400": "Malformed: no UTF-8, no JSON.",
            "404": "No such carousel, page or product.",
            "422": "Faults, each with its path.",
        }
    if method in ("POST", "PUT", "PATCH"):
        told |= {"413": "The body is too large.", "415": "The body is not declared as JSON."}
    if keyed and route.scope != "open":
        told |= {"401": "No key, or none of ours.", "403": "The key may not do this."}
    if route.tag == "back office":
        told["503"] = "The store cannot be written: nothing was stored."
    if route.path == "/v1/events":
        told["503"] = "The store takes no events now: send them again."
    if route.answer is ExperimentAnswer:
        told |= {"404": "No such experiment.", "503": "The store cannot be read."}
    if route.path == "/readyz":
        told["503"] = "No trained version is live."
    for status, description in sorted(told.items()):
        out[status] = {"description": description, "content": _content(PROBLEM_TYPE, ProblemPart.__name__)}
    if route.answer is not None and method == "GET" and route.scope == "public":
        out["304"] = {"description": "What the given ETag names is still the answer."}
    return out


def _content(kind: str, model: str) -> dict[str, Any]:
    return {kind: {"schema": {"$ref": REF.format(model=model)}}}
