"""Small things that several tests of the service need."""

import json
from typing import Any

NOW = 1_774_526_400
"""2026-03-26 12:00 in London: the clock of the tests."""


def pin(product: str) -> str:
    """Return a rules file that pins ``product`` first among the bestsellers."""
    return f"version: 1\nrules:\n  - id: first\n    do: pin\n    product: {product}\n    position: 1\n    carousels: [bestsellers]\n"


def ids(answer: Any) -> list[str]:
    """Return the products of a carousel's answer."""
    return [item["product_id"] for item in answer.get_json()["items"]]


def log_lines(text: str) -> list[dict[str, Any]]:
    """Return the JSON lines of a log."""
    return [json.loads(line) for line in text.splitlines()]
