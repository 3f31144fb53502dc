"""Product feeds in XML (RSS and Atom): an item becomes a line of JSON, read by a streaming parser without entities."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import orjson
from lxml import etree

from models.errors import DataError

LINE = "#line"


def feed_as_lines(path: Path, out: Path) -> None:
    """Write the items of the feed at ``path`` as JSON lines: local name -> text, list or object, and ``#line``.

    Memory stays that of one item. A document type is refused, so no entity can grow or read files.

    Raises:
        DataError: it is no feed, it is broken, or it declares a document type.
    """
    count = 0
    try:
        with _open(path) as file, out.open("wb") as lines:
            for item in _items(path, file):
                told = {**_plain(item), LINE: item.sourceline}
                lines.write(orjson.dumps(told) + b"\n")
                count += 1
    except etree.XMLSyntaxError as error:
        raise DataError(f"{path}: no whole XML: {error.msg}: write the file again") from error
    if not count:
        raise DataError(f"{path}: no item, entry or product in it: is it a product feed?")


def _items(path: Path, file: IO[bytes]) -> Iterator[Any]:
    """Yield the items; each is gone from memory when the next one comes."""
    found = etree.iterparse(
        file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    inside: Any = None
    for event, node in found:
        if event == "start":
            if inside is None and node.getroottree().docinfo.doctype:
                raise DataError(f"{path}: it declares a document type (DOCTYPE): a feed needs none, take it out")
            if inside is None and _is_item(node):
                inside = node
        elif node is inside:
            yield node
            inside = None
            node.clear()
            while node.getprevious() is not None:
                del node.getparent()[0]


def _is_item(node: Any) -> bool:
    return isinstance(node.tag, str) and etree.QName(node).localname in ("item", "entry", "product")


def _plain(node: Any) -> dict[str, Any]:
    """Return an element's children by local name; one that comes again makes a list."""
    out: dict[str, Any] = {}
    for child in node:
        if not isinstance(child.tag, str):  # a comment
            continue
        called = etree.QName(child).localname
        value: Any = _plain(child) if len(child) else (child.text or child.get("href") or "").strip()
        if called in out:
            out[called] = [*(out[called] if isinstance(out[called], list) else [out[called]]), value]
        else:
            out[called] = value
    return out


def _open(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".zst":
        raise DataError(f"{path}: XML is read as it is or as .gz: pack it so")
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")
