"""The JSON Schema of a rules file, made from the parser's own tables, so that editors complete what the parser reads.

It is never stricter than the parser: numbers and ids may stand with or without quotes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from recsvc.rules import json_hovers, parse, parse_expect, parse_experiments, parse_rule, parse_segments, parse_when
from recsvc.rules.schema import VERBS
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.situation import LIFTABLE
from recsvc.rules.times import DAYS

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"]}
NUMBER: Schema = {"type": ["number", "string"]}
FLAG: Schema = {"enum": [True, False, "true", "false"]}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
CONDITION: Schema = {"type": "string"}


def schema_of(shop: ShopFacts) -> Schema:
    """Return the JSON Schema (draft 2020-12) of rules files of a shop."""
    weights: Schema = {"type": "object", "additionalProperties": NUMBER, "minProperties": 2}
    experiment: dict[str, Schema] = {
        "arms": {"anyOf": [*TEXTS["anyOf"], weights]},
        "salt": TEXT,
        "layer": TEXT,
        "share": NUMBER,
    }
    types: dict[str, Schema] = {
        "version": {"enum": [1, "1"]},
        "timezone": TEXT,
        "calendar": _named(_window()),
        "segments": _named({"$ref": "#/$defs/segment"}),
        "experiments": _named(_keys(parse_experiments.OF_EXPERIMENT, experiment)),
        "expect_rules": NUMBER,
        "rules": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/rule"}}, {"type": ["null", "string"]}]},
        "expect": _one_or_many(_expectation(shop)),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Merchandising rules",
        "$defs": {"segment": _segment(), "rule": _rule(shop), "when": _when(shop)},
        **_keys(parse.KEYS, types, ("version",)),
    }


def _keys(
    keys: Iterable[str],
    types: Mapping[str, Schema],
    required: Iterable[str] = (),
    own: Mapping[str, str] = json_hovers.HELP,
) -> Schema:
    """Return the schema of a mapping; a key of the parser that has no type or no sentence here is a KeyError.

    ``own``: sentences for here; the others are those that hold everywhere.
    """
    hovers = {**json_hovers.HELP, **own}
    told = {key: {**types[key], "description": hovers[key]} for key in keys}
    out: Schema = {"type": "object", "properties": told, "additionalProperties": False}
    return {**out, "required": list(required)} if required else out


def _named(value: Schema) -> Schema:
    return {"anyOf": [{"type": "object", "additionalProperties": value}, {"type": ["null", "string"]}]}


def _one_or_many(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _choices(names: Iterable[str]) -> Schema:
    return _one_or_many({"enum": sorted(names)})


def _window() -> Schema:
    return {**_keys(parse_when.OF_WINDOW, {"from": TEXT, "until": TEXT}), "minProperties": 1}


def _rule(shop: ShopFacts) -> Schema:
    keys = (*parse_rule.COMMON, *dict.fromkeys(key for own in parse_rule.VERB_KEYS.values() for key in own))
    arms = _keys(parse_rule.OF_EXPERIMENT, {"name": TEXT, "arms": TEXTS}, parse_rule.OF_EXPERIMENT)
    types: dict[str, Schema] = {
        "id": TEXT, "why": TEXT, "do": {"enum": list(VERBS)}, "enabled": FLAG, "priority": NUMBER, "experiment": arms,
        "carousels": _choices(shop.carousels), "when": {"$ref": "#/$defs/when"}, "unless": {"$ref": "#/$defs/when"},
        "product": TEXTS, "products": TEXTS, "where": CONDITION, "everywhere": FLAG, "min_results": NUMBER,
        "factor": NUMBER, "per": TEXT if shop.columns is None else {"enum": ["product_id", *sorted(shop.columns)]},
        "max": NUMBER, "strict": FLAG, "position": _one_or_many(NUMBER), "positions": _one_or_many(NUMBER),
        "instead": TEXTS, "even_if": _choices(LIFTABLE),
    }  # fmt: skip
    own = [
        {
            "if": {"properties": {"do": {"const": verb}}, "required": ["do"]},
            "then": {"propertyNames": {"enum": [*parse_rule.COMMON, *parse_rule.VERB_KEYS[verb]]}},
        }
        for verb in VERBS
    ]
    return {**_keys(keys, types, ("id", "do")), "allOf": own}


def _when(shop: ShopFacts) -> Schema:
    week = _keys(parse_when.OF_WEEK, {"days": _choices(DAYS), "from": TEXT, "until": TEXT}, own=json_hovers.OF_WEEK)
    item = {"anyOf": [CONDITION, _keys(parse_when.OF_ITEM, {"product": TEXTS, "products": TEXTS, "where": CONDITION})]}
    span = _keys(parse_when.OF_RANGE, dict.fromkeys(parse_when.OF_RANGE, NUMBER))
    types: dict[str, Schema] = {
        "segment": TEXTS,
        "active": _one_or_many({"anyOf": [TEXT, _window()]}),
        "weekly": _one_or_many(week),
        "page_item": item,
        "cart_item": item,
    }
    fields = {
        name: TEXTS if kind == "categorical" else {"anyOf": [*TEXTS["anyOf"], span]}
        for name, kind in shop.fields().items()
    }
    hovers = {name: json_hovers.of_field(name) for name in fields}
    return {**_keys((*parse_when.OF_WHEN, *fields), {**types, **fields}, own=hovers), "minProperties": 1}


def _segment() -> Schema:
    during = {"anyOf": [TEXT, _window()]}
    parts = {
        "where": CONDITION, "product": TEXTS, "products": TEXTS, "at_least": NUMBER, "at_most": NUMBER,
        "within_days": NUMBER, "during": during, "for_days": NUMBER,
    }  # fmt: skip
    several = _one_or_many({"anyOf": [TEXT, {"$ref": "#/$defs/segment"}]})
    types: dict[str, Schema] = {
        **{name: _keys(keys, parts) for name, keys in parse_segments.OF_PRODUCTS.items()},
        **dict.fromkeys(("orders", "spend", "average_order"), _keys(parse_segments.OF_MEASURED, parts)),
        "first_order": _keys(parse_segments.OF_SPAN, parts),
        "inactive": _keys(parse_segments.OF_INACTIVE, parts, parse_segments.OF_INACTIVE),
        "attribute": CONDITION,
        "list": TEXT,
        **dict.fromkeys(("all", "any", "none"), several),
    }
    return {**_keys(parse_segments.TESTS, types), "minProperties": 1, "maxProperties": 1}


def _expectation(shop: ShopFacts) -> Schema:
    request: dict[str, Schema] = {
        "carousel": {"enum": sorted(shop.carousels)}, "user": TEXT, "visitor": TEXT, "page_item": TEXT,
        "cart": TEXTS, "recent": TEXTS, "at": TEXT, "size": NUMBER,
    }  # fmt: skip
    request |= {name: TEXT if kind == "categorical" else NUMBER for name, kind in shop.fields().items()}
    hovers = {**{name: f"The request's {name}." for name in shop.fields()}, **json_hovers.OF_GIVEN}
    given = _keys((*parse_expect.GIVEN, *shop.fields()), request, ("carousel",), hovers)
    by_name = {"type": "object", "additionalProperties": TEXT}
    types: dict[str, Schema] = {
        "name": TEXT, "given": given, "first": TEXT, "positions": by_name, "shows": TEXTS, "hides": TEXTS,
        "pinned_by": by_name, "short": FLAG,
    }  # fmt: skip
    return _keys(parse_expect.KEYS, types, ("given",), json_hovers.OF_EXPECTATION)
