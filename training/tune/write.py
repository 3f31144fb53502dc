"""Found settings into ``shop.toml``, where a person would put them; its comments and everything else stay."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Table
from tomlkit.toml_document import TOMLDocument

from models.errors import ConfigError
from models.shop import read_shop

Changes = Mapping[str, Any]
"""Tables within tables, as they stand in the file: what they name is set, and nothing is taken away but sources of a blend."""


def with_changes(text: str, changes: Changes) -> str:
    """Return the text of a ``shop.toml`` with ``changes``; comments, order and spaces of the rest stay as they are."""
    document = tomlkit.parse(text)
    _merge(document, changes, ())
    after = tomlkit.dumps(document)
    return f"{after.rstrip()}\n" if changes else after


def _merge(into: TOMLDocument | Table | Any, changes: Changes, path: tuple[str, ...]) -> None:
    for name, value in changes.items():
        if not isinstance(value, Mapping):
            into[name] = value
        elif _is_leaf((*path, name)):
            _set(into, name, value)
        else:
            fresh = name not in into
            if fresh:
                inline = isinstance(into, InlineTable)
                into[name] = tomlkit.inline_table() if inline else tomlkit.table(is_super_table=not path)
            _merge(into[name], value, (*path, name))
            if fresh and path and not isinstance(into[name], InlineTable):
                into[name].add(tomlkit.nl())  # before the table that follows


def _is_leaf(path: tuple[str, ...]) -> bool:
    """Return whether a table is written in one line: a blend's sources, and what lies within a model's setting."""
    return len(path) == 3


def _set(into: Any, name: str, values: Mapping[str, Any]) -> None:
    """Set a table of values: in one line, or as it stands where the file gives it lines of its own."""
    there = into.get(name)
    if isinstance(there, Table):
        for lost in [one for one in there if one not in values]:
            del there[lost]
        there.update(dict(values))
        return
    table = tomlkit.inline_table()
    table.update(dict(values))
    into[name] = table


def difference(path: Path, before: str, after: str) -> str:
    """Return what changes, line by line, as `diff -u` writes it; empty where nothing does."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), str(path), f"{path} (tuned)", n=2
    )
    return "".join(lines).rstrip("\n")


def write_checked(path: Path, before: str, after: str) -> None:
    """Write ``after`` to ``path``, whole or not at all.

    Raises:
        ConfigError: the file is not any more what was read, cannot be written, or would not be read as a shop.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.read_bytes().decode("utf-8-sig") != before:
            raise ConfigError(
                f"{path}: was changed while the search ran: nothing is written; the same call again writes"
            )
        half.write_bytes(after.encode())
        read_shop(half)
        half.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        half.unlink(missing_ok=True)
