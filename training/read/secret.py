"""Settings that are secrets: written as ``env:NAME`` they come from the environment instead of a file."""

import os

from models.errors import ConfigError

MARK = "env:"


def secret(what: str, value: str) -> str:
    """Return ``value``, or what the environment says where it is ``env:NAME``.

    Raises:
        ConfigError: the variable is not set.
    """
    if not value.startswith(MARK):
        return value
    variable = value.removeprefix(MARK)
    found = os.environ.get(variable)
    if not found:
        raise ConfigError(f"{what}: the variable {variable} is not set: set it, or write the value itself")
    return found
