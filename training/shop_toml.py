"""A shop's settings as the text of a ``shop.toml``: for commands that ask the service under changed settings."""

import json
from typing import Any

from models.shop import Shop


def shop_toml(shop: Shop) -> str:
    """Return a ``shop.toml`` that reads as ``shop``, but for the folder that relative files start at."""
    values = shop.model_dump(mode="json", exclude_none=True)
    return "".join(f"{json.dumps(name)} = {_value(value)}\n" for name, value in values.items())


def _value(value: Any) -> str:
    """Return a JSON value as TOML: the same, but for tables and the one sign that only JSON takes bare."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
