"""A proposal as the text of a ``shop.toml``, and as lines for whoever asked for it."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.init.draft import Draft
from training.init.propose import Proposal

ORDER = ("purchases", "products", "users", "stock", "stores")


def shop_text(found: Proposal, folder: Path) -> str:
    """Return the file's text; paths start at ``folder``, where it is to lie."""
    lines = [f"name = {_text(found.name)}", f"timezone = {_text(found.timezone)}"]
    if found.currency:
        lines.append(f"currency = {_text(found.currency)}")
    if found.clock_starts:
        lines.append(
            f"clock_starts = {_text(found.clock_starts)}  # the data ends long ago; take it out for a live shop"
        )
    lines.extend(f"# {note}" for note in found.notes)
    drafts = sorted(found.drafts, key=lambda one: ORDER.index(one.table))
    for draft in drafts:
        lines += ["", f"[data.{draft.table}]", *_section(draft, folder)]
    if found.bought_once:
        lines += ["", "[carousels.for-you]", 'bought = "exclude"  # nobody here buys a product again']
    fields = {our: kind for draft in drafts for our, kind in draft.fields.items()}
    if fields:
        lines += ["", "[context.fields]", *(f"{our} = {_text(kind)}" for our, kind in fields.items())]
    return "\n".join(lines) + "\n"


def _section(draft: Draft, folder: Path) -> Iterator[str]:
    tables = {alias: _path(one, folder) for alias, one in draft.first.tables.items()}
    if tables:
        yield f"tables = {_pairs(tables)}"
        yield f"query = {_text(draft.first.query or '')}"
    else:
        yield f"files = {_list([_path(one.path, folder) for one in draft.files])}"
    if draft.aliases:
        yield f"aliases = {_pairs(draft.aliases)}"
    if draft.format != "columns":
        yield f"format = {_text(draft.format)}"
    if draft.salt is not None:
        yield f"salt = {_text(draft.salt)}  # drawn for you: keep it, another one makes other users; or env:NAME"
    if not draft.first.header:
        yield "header = false"
    if draft.time_format is not None:
        yield f"time_format = {_text(draft.time_format)}"
    if draft.no_products:
        yield f"no_products = {_list(draft.no_products)}"
    if draft.keep is not None:
        yield f"keep = {_text(draft.keep)}"
    if draft.attributes:
        yield f"attributes = {_list(draft.attributes)}"
    yield from (f"columns.{our} = {_text(theirs)}" for our, theirs in draft.columns.items())
    yield from (f"derive.{our} = {_text(sql)}" for our, sql in draft.derive.items())
    if left := _not_used(draft):
        yield f"# {left}".replace("\n", " ")
    yield from (f"# {note}".replace("\n", " ") for note in draft.notes)


def _path(path: Path, folder: Path) -> str:
    return os.path.relpath(path.resolve(), folder.resolve())


def _pairs(pairs: Mapping[str, str]) -> str:
    """Return an inline table; keys are quoted where TOML wants it."""
    named = (
        f"{key if re.fullmatch('[A-Za-z0-9_-]+', key) else _text(key)} = {_text(one)}" for key, one in pairs.items()
    )
    return "{ " + ", ".join(named) + " }"


def _not_used(draft: Draft) -> str:
    left = [one for one in draft.first.columns if one not in draft.used()] if draft.format == "columns" else []
    return f"not used: {', '.join(left)}" if left else ""


def _list(values: list[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"


def _text(value: str) -> str:
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    if '"' in value and "'''" not in value and not value.endswith("'") and value.isprintable():
        return f"'''{value}'''"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def told(found: Proposal) -> Iterator[str]:
    """Yield what was found, line by line, for people."""
    for draft in found.drafts:
        paths = list(draft.first.tables.values()) or [one.path for one in draft.files]
        files = ", ".join(one.name for one in paths)
        shape = f"format {draft.format}" if draft.format != "columns" else "plain columns"
        yield f"{draft.table}: {files} ({shape}, {sum(one.rows for one in draft.files):,} rows looked at)"
        for our, theirs in {**draft.columns, **draft.derive}.items():
            yield f"  {our:14} = {theirs}"
        if draft.attributes:
            yield f"  attributes     = {', '.join(draft.attributes)}"
        if left := _not_used(draft):
            yield f"  {left}"
        yield from (f"  {note}" for note in draft.notes)
    yield from found.notes
