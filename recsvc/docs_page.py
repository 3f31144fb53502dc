"""What ``/docs`` shows of the OpenAPI document: flat rows that a template can print."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 4
"""Levels of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, or a field of a body or an answer."""

    name: str
    kind: str
    """In words: "text", "list of text", "whole number, 1 to 100"."""
    help: str
    place: str = ""
    """"path", "query", "body" or ""."""
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One address with one method."""

    anchor: str
    method: str
    path: str
    summary: str
    tag: str
    note: str
    rows: tuple[Row, ...]
    answer: tuple[Row, ...]
    statuses: tuple[tuple[str, str], ...]
    curl: str
    body: str
    """An example as JSON; empty where nothing is sent."""


KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
}


def operations(document: Mapping[str, Any], origin: str) -> list[Operation]:
    """Return every operation of ``document`` in its order; ``origin`` is where the examples send to."""
    return [
        _operation(document, origin, path, method, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]


def _operation(document: Mapping[str, Any], origin: str, path: str, method: str, told: Mapping[str, Any]) -> Operation:
    example = {"user_id": "1023", "size": 5}
    rows = [_row(one["name"], one["schema"], one.get("description", ""), one["in"]) for one in told["parameters"]]
    body = told.get("requestBody")
    if body:
        schema = _resolve(document, body["content"]["application/json"]["schema"])
        rows += [_row(name, one, one.get("description", ""), "body") for name, one in schema["properties"].items()]
        example = schema.get("example", example)
    answer = min(told["responses"].items())[1]["content"]["application/json"]["schema"]
    return Operation(
        anchor=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        tag=told["tags"][0],
        note=told.get("description", "Needs no key."),
        rows=tuple(rows),
        answer=tuple(_fields(document, answer, "", 0)),
        statuses=tuple((status, one["description"]) for status, one in sorted(told["responses"].items())),
        curl=_curl(method.upper(), origin, path, rows, example),
        body=json.dumps(example) if body else "",
    )


def _row(name: str, schema: Mapping[str, Any], help: str, place: str) -> Row:
    schema = _named(schema)
    return Row(name, _kind(schema), help, place, tuple(schema.get("enum", ())), place == "path")


def _named(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``schema`` without its "or null"."""
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    return options[0] if len(options) == 1 else schema


def _kind(schema: Mapping[str, Any]) -> str:
    schema = _named(schema)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    kind = KINDS.get(str(schema.get("type")), "object" if "$ref" in schema else "value")
    if "minimum" in schema and "maximum" in schema:
        kind += f", {schema['minimum']:,} to {schema['maximum']:,}"
    return kind


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], stem: str, depth: int) -> Iterator[Row]:
    for name, one in _resolve(document, schema).get("properties", {}).items():
        inner = _named(one)
        many = inner.get("type") == "array"
        yield Row(f"{stem}{name}", _kind(inner), one.get("description", ""))
        if depth < DEEPEST:
            yield from _fields(
                document, inner["items"] if many else inner, f"{stem}{name}{'[]' if many else ''}.", depth + 1
            )


def _resolve(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _curl(method: str, origin: str, path: str, rows: list[Row], example: Mapping[str, Any]) -> str:
    for row in rows:
        if row.place == "path" and row.choices:
            path = path.replace(f"{{{row.name}}}", row.choices[0])
    if method == "GET":
        query = "?user_id=1023&size=5" if any(row.name == "user_id" for row in rows) else ""
        return f"curl '{origin}{path}{query}'"
    body = json.dumps(example)
    given = "" if method == "POST" else f" -X {method}"
    return f"curl '{origin}{path}'{given} -H 'Content-Type: application/json' -d '{body}'"
