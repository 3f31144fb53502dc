"""YAML to a tree of nodes that keep their text and their place; nothing is typed here.

A stock loader reads ``00501`` as 321, ``12:30`` as 750 and ``no`` as false, and lets the last of two equal keys win.
Nodes are made once and not changed; that they are not frozen is for speed, since a large file has 150,000 of them.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import yaml

from recsvc.rules.rest import Rest, no_rest

MAX_BYTES = 5_000_000
MAX_DEPTH = 40
MAX_NODES = 400_000
"""Aliases counted with all that they stand for; 10,000 rules of 30 nodes fit."""

_HALF_QUOTED = re.compile(r":\s+('[^'\"]*'\s+[^\s#][^\"]*?)\s*$")
"""A condition that starts with a quote and has none round it all."""
_BARE_KEY = re.compile(r"[ ]+([\w-]+)")
"""Of a line, all that stands before its first colon."""
_LEAD = re.compile(r"[ ]*(?:-[ ]+)*")
MOST_LOOKED_AT = 500
"""Characters of a broken line."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Scalar:
    """One text, whatever it looks like."""

    text: str
    line: int
    """From 0."""
    column: int
    """From 0."""
    quoted: bool = False


@dataclass(slots=True)
class Sequence:
    """A YAML list."""

    items: tuple["Node", ...]
    line: int
    column: int


@dataclass(slots=True)
class Mapping:
    """A YAML mapping; its keys are distinct."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    line: int
    column: int


Node: TypeAlias = Scalar | Sequence | Mapping


class BrokenYamlError(Exception):
    """The text is no YAML that we read; ``line`` and ``column`` count from 0."""

    def __init__(self, line: int, column: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.hint = line, column, message, hint


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read; a mapping's ``nodes`` are its keys and values in turn."""

    line: int
    column: int
    anchor: str | None
    is_map: bool
    nodes: list[Node]
    size: int = 1


def decode(raw: bytes | str) -> str:
    """Return the text of a file, without a byte-order mark.

    Raises:
        BrokenYamlError: more than ``MAX_BYTES``, or not UTF-8.
    """
    try:
        data = raw if isinstance(raw, bytes) else raw.encode()
    except UnicodeEncodeError as error:
        raise BrokenYamlError(*_place(str(raw), error.start), "half of a surrogate pair is no character") from None
    if len(data) > MAX_BYTES:
        raise BrokenYamlError(0, 0, f"the file has {len(data):,} bytes, more than {MAX_BYTES:,}", "split it by shop")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(data[: error.start].decode("utf-8-sig", "replace"), None)
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise BrokenYamlError(*place, message, "save the file with the encoding UTF-8") from None


def _place(text: str, end: int | None) -> tuple[int, int]:
    before = text[:end]
    return before.count("\n"), len(before) - (before.rfind("\n") + 1)


def read_nodes(text: str, rest: Rest = no_rest) -> tuple[Node | None, list[BrokenYamlError]]:
    """Return the tree of ``text``, None for an empty file, and the keys that are given twice.

    Raises:
        BrokenYamlError: a syntax error, a second document, nesting or aliases beyond the limits.
    """
    tree = _Tree()
    try:
        for event in yaml.parse(text, Loader=LOADER):
            tree.take(event)
            rest()
    except yaml.MarkedYAMLError as error:
        raise _syntax_fault(text, error) from None
    except yaml.reader.ReaderError as error:
        place = _place(text, error.position)
        raise BrokenYamlError(*place, f"character U+{int(error.character):04X} is not allowed in YAML") from None
    return tree.root, tree.repeats


class _Tree:
    """Builds the nodes from the events, without recursion."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.repeats: list[BrokenYamlError] = []
        self.documents = 0
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}

    def take(self, event: Any) -> None:
        mark = event.start_mark
        line, column = mark.line, mark.column
        if type(event) is yaml.ScalarEvent:  # most of them are
            self._close(Scalar(event.value, line, column, event.style in ("'", '"')), event.anchor, 1)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise BrokenYamlError(line, column, "a second document starts here", "remove the line ---")
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line, column)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self.open) >= MAX_DEPTH:
                raise BrokenYamlError(line, column, f"nested more than {MAX_DEPTH} levels deep")
            self._refuse_key(line, column, "put quotes round a text with { or [")
            self.open.append(_Open(line, column, event.anchor, isinstance(event, yaml.MappingStartEvent), []))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self.open.pop()
            node = self._mapping(done) if done.is_map else Sequence(tuple(done.nodes), done.line, done.column)
            self._close(node, done.anchor, done.size)

    def _refuse_key(self, line: int, column: int, hint: str = "") -> None:
        """Refuse what starts here, and is no text, where a key must stand."""
        if self.open and self.open[-1].is_map and len(self.open[-1].nodes) % 2 == 0:
            raise BrokenYamlError(line, column, "a key must be a plain text", hint)

    def _alias(self, anchor: str, line: int, column: int) -> None:
        if anchor not in self.anchors:
            message = f"alias *{anchor} stands for nothing that is complete above"
            raise BrokenYamlError(line, column, message, "a text that starts with * needs quotes")
        node, size = self.anchors[anchor]
        if not isinstance(node, Scalar):
            self._refuse_key(line, column)
        self._close(replace(node, line=line, column=column), None, size)

    def _close(self, node: Node, anchor: str | None, size: int) -> None:
        """Hand a finished node to what it lies in."""
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.nodes.append(node)
        parent.size += size
        if parent.size > MAX_NODES or len(self.anchors) > MAX_NODES:
            raise BrokenYamlError(node.line, node.column, f"more than {MAX_NODES:,} values, aliases counted in full")

    def _mapping(self, done: _Open) -> Mapping:
        """Return the mapping; of two equal keys the first stays, and the other one is noted."""
        keys = [node for node in done.nodes[::2] if isinstance(node, Scalar)]  # no other was let in
        first: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(keys, done.nodes[1::2], strict=True):
            held = first.setdefault(key.text, (key, value))
            if held[0] is not key:
                message = f"key {key.text!r} is given twice, first on line {held[0].line + 1}"
                self.repeats.append(BrokenYamlError(key.line, key.column, message, "keep one of them"))
        return Mapping(tuple(first.values()), done.line, done.column)


def _syntax_fault(text: str, error: yaml.MarkedYAMLError) -> BrokenYamlError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    problem = error.problem or "this is no YAML"
    if mark is not None and mark.index is not None and text[mark.index : mark.index + 1] == "\t":
        return BrokenYamlError(line, column, "a tab cannot indent YAML", "use spaces, two a level")
    lines = text.splitlines()
    if "mapping values are not allowed" in problem:
        deeper = _too_deep(lines, line, column)
        if deeper is not None:
            return deeper
        return BrokenYamlError(line, column, "a colon does not belong here", "put quotes round a text that has a colon")
    if "cannot start any token" in problem:
        return BrokenYamlError(line, column, "this sign cannot start a text", "put quotes round the text")
    half = _HALF_QUOTED.search(lines[line][:MOST_LOOKED_AT]) if line < len(lines) else None
    if half is not None:
        hint = f'put double quotes round all of it: "{half[1]}"'
        return BrokenYamlError(line, half.start(1), "a text goes on after its closing quote", hint)
    if "did not find expected" in problem or "could not find expected" in problem:
        hint = "look for wrong indentation, a missing quote or a missing bracket here or just above"
        return BrokenYamlError(line, column, f"not valid YAML: {problem}", hint)
    if error.context:
        return BrokenYamlError(line, column, f"not valid YAML: {problem} {error.context}")
    return BrokenYamlError(line, column, f"not valid YAML: {problem}")


def _too_deep(lines: list[str], line: int, column: int) -> BrokenYamlError | None:
    """Return the fault of a key that stands further right than its neighbours; None where the colon is inside a text."""
    key = _BARE_KEY.fullmatch(lines[line][:column]) if line < len(lines) and column < MOST_LOOKED_AT else None
    above = next((one for one in reversed(lines[:line]) if one.strip()), "")
    lead = _LEAD.match(above[:MOST_LOOKED_AT])
    if key is None or lead is None or key.start(1) <= lead.end():
        return None
    message = f"{key[1]!r} stands further right than the line above, and so goes on with the text there"
    hint = f"give it the same {lead.end()} spaces; a text of several lines that has a colon needs quotes"
    return BrokenYamlError(line, key.start(1), message, hint)
