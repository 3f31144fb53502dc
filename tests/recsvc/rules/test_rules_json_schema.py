"""The JSON Schema for editors takes whatever the loader takes, and knows every key that the parser knows."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rules_kit import SHOP
from test_rules_sample import SAMPLE

from models.carousels import CAROUSELS
from recsvc.routes import ROUTES
from recsvc.rules import parse as parsing
from recsvc.rules.json_hovers import HELP
from recsvc.rules.json_schema import schema_of
from recsvc.rules.parse_rule import COMMON, VERB_KEYS
from recsvc.rules.parse_segments import TESTS
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.yaml_nodes import Mapping, Node, Scalar, read_nodes

SAMPLE_SHOP = ShopFacts(carousels=dict.fromkeys(("you-may-also-like", "trending", "bought-together"), 12))


def plain(node: Node | None) -> Any:
    """Return a tree as editors read it: YAML 1.2, numbers and truth values typed where they have no quotes."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Scalar):
        if node.quoted:
            return node.text
        if node.text in ("", "~", "null"):
            return None
        if node.text in ("true", "false"):
            return node.text == "true"
        try:
            return int(node.text)
        except ValueError:
            pass
        try:
            return float(node.text)
        except ValueError:
            return node.text
    return None if node is None else [plain(item) for item in node.items]


def faults(text: str, shop: ShopFacts = SHOP) -> list[str]:
    return [error.message for error in Draft202012Validator(schema_of(shop)).iter_errors(plain(read_nodes(text)[0]))]


def test_the_schema_is_one() -> None:
    """Draft 2020-12, with or without a trained catalogue."""
    for shop in (SHOP, ShopFacts()):
        Draft202012Validator.check_schema(schema_of(shop))


def test_every_key_of_the_parser_is_there_with_a_hover() -> None:
    """Top keys, keys of a rule by verb, tests of segments, keys of when."""
    schema = schema_of(SHOP)
    rule = schema["$defs"]["rule"]["properties"]
    assert set(schema["properties"]) == set(parsing.KEYS) and set(schema["$defs"]["segment"]["properties"]) == set(
        TESTS
    )
    assert set(rule) == {*COMMON, *(key for keys in VERB_KEYS.values() for key in keys)} <= set(HELP)
    assert set(SHOP.fields()) < set(schema["$defs"]["when"]["properties"])


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every property of a schema with its path; tests of values (``if``) are none."""
    if isinstance(schema, dict):
        for name, one in schema.get("properties", {}).items():
            yield f"{path}.{name}", one
        for key, one in schema.items():
            if key != "if":
                yield from properties(one, f"{path}.{key}")
    elif isinstance(schema, list):
        for one in schema:
            yield from properties(one, path)


def test_every_property_of_the_schema_has_a_sentence() -> None:
    """Top keys, rules, `when` with the shop's own fields, segments, windows, hours, expectations and their requests."""
    found = list(properties(schema_of(SHOP)))
    assert not [path for path, one in found if not one.get("description", "").endswith(".")]
    assert {path.rpartition(".")[2] for path, _ in found} >= {
        *TESTS,
        *SHOP.fields(),
        "from",
        "days",
        "at_most",
        "recent",
    }


def test_a_key_with_two_meanings_has_two_sentences() -> None:
    """A time of day is no date, and the page's product of an expectation is an id."""
    told = {path: one["description"] for path, one in properties(schema_of(SHOP))}
    of = {name: {text for path, text in told.items() if path.endswith(f".{name}")} for name in ("from", "positions")}
    assert all(len(texts) == 2 for texts in of.values())


def test_the_sample_with_every_verb_passes() -> None:
    """No false alarm in an editor."""
    assert faults(SAMPLE, SAMPLE_SHOP) == []


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nrules:\n",
        "version: '1'\nrules: []\nexpect_rules: 0\n",
        "version: 1\ncalendar:\n  a: {from: 2026-10-01}\nexperiments: {x: {arms: [a, b], salt: s}}\n",
        "version: 1\nexperiments: {x: {arms: {a: 1, b: 3.5}, layer: pins, share: 0.5}}\n",
        "version: 1\nrules:\n  - {id: 7, do: hide, products: [00501, '00502'], priority: '5', enabled: false}\n",
        "version: 1\nrules:\n  - {id: a, do: pin, where: margin > 0, positions: [1, 2], even_if: in_cart, experiment: {name: x, arms: b}}\n",
        "version: 1\nrules:\n  - {id: a, do: limit, max: 2, per: brand, when: {temperature: {at_most: 3}, weekly: [{from: '09:00'}]}}\n",
        "version: 1\nsegments:\n  a: {any: [b, {first_order: {during: {from: '2026-01-01'}}}]}\n  b: {spend: {at_least: 3, within_days: 9}}\n",
        "version: 1\nexpect:\n  given: {carousel: for-you, user: 7, temperature: 3}\n  positions: {1: '00501'}\n  short: false\n",
    ],
)
def test_what_loads_passes(text: str) -> None:
    """Numbers and ids with or without quotes, one value or a list."""
    assert parsing.read(text, SHOP).faults == () and faults(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "rules: []\n",
        "version: 2\n",
        "version: 1\nruls: []\n",
        "version: 1\nrules:\n  - {id: a, do: hid, product: x}\n",
        "version: 1\nrules:\n  - {id: a, do: hide, product: x, factor: 2}\n",
        "version: 1\nrules:\n  - {id: a, do: hide, product: x, when: {}}\n",
        "version: 1\nrules:\n  - {id: a, do: hide, product: x, carousels: [for-yu]}\n",
        "version: 1\nsegments:\n  a: {bougth: {at_least: 1}}\n",
        "version: 1\nexpect:\n  - {first: x}\n",
    ],
)
def test_what_does_not_load_for_its_keys_is_marked(text: str) -> None:
    """Wrong keys, verbs, carousels and missing parts show while they are typed."""
    assert parsing.read(text, SHOP).faults and faults(text)


@pytest.mark.parametrize("name", ["rules.yaml", "six-rules.yaml"])
def test_the_first_line_of_the_sample_files_turns_the_schema_on(name: str) -> None:
    """The comment that editors look for, with the address at which a service gives it; and the file passes."""
    text = (Path(__file__).parents[3] / "examples/complete-journey" / name).read_text()
    found = re.match(r"# yaml-language-server: \$schema=http://127\.0\.0\.1:8000(/\S+)\n", text)
    assert found is not None and found[1] in {route.path for route in ROUTES}
    carousels = dict.fromkeys(CAROUSELS, 12)
    assert faults(text, ShopFacts(carousels=carousels)) == []
    loaded = parsing.read(text, ShopFacts(carousels=carousels))
    assert not loaded.faults
