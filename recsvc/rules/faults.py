"""What is wrong with a rules file, where, and how to mend it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import eq

from recsvc.rules.yaml_nodes import Node, Scalar

ENDS = "\r\x85\u2028\u2029"
"""What YAML 1.1 takes for the end of a line, beside ``\\n``."""
MOST_TEXT = 400
"""Characters of a message, and of a line that is shown."""
MOST_HINTS = 100
MOST_NAMES = 300
"""Names that are compared with care: of more, those with the most letters in the same places."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault or warning; ``str()`` is ``file:line:column: message``, with the hint after it."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    message: str
    hint: str = ""
    source: str = ""
    """The line of the file that it is about."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}" + (f" ({self.hint})" if self.hint else "")

    @property
    def text(self) -> str:
        """Return the fault with its line and a caret below the place."""
        if not self.source:
            return str(self)
        lead = re.sub(r"[^\t]", " ", self.source[: self.column - 1])
        return f"{self}\n    {self.source}\n    {lead}^"


@dataclass(slots=True)
class Faults:
    """Gathers the faults and warnings of one file."""

    file: str
    lines: list[str]
    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    @classmethod
    def of(cls, file: str, text: str) -> "Faults":
        """Return an empty gathering for ``text``."""
        plain = text.replace("\r\n", "\n")
        for end in ENDS:
            plain = plain.replace(end, "\n")
        return cls(file, plain.split("\n"))

    def at(self, line: int, column: int, message: str, hint: str = "") -> None:
        """Note an error at a place counted from 0."""
        self.errors.append(self._fault(line, column, message, hint))

    def add(self, node: Node, message: str, hint: str = "") -> None:
        """Note an error about ``node``."""
        self.at(node.line, node.column, message, hint)

    def warn(self, node: Node, message: str, hint: str = "") -> None:
        """Note something that loads and probably is not meant."""
        self.warnings.append(self._fault(node.line, node.column, message, hint))

    def inside(self, node: Scalar, offset: int, message: str, hint: str = "") -> None:
        """Note an error at a character of the text of ``node``, as near to it as the file lets us point."""
        start = node.column + node.quoted
        source = self.lines[node.line] if node.line < len(self.lines) else ""
        if source.startswith(node.text, start):
            self.at(node.line, start + offset, message, hint)
        else:  # escaped, or over several lines
            self.add(node, f"at character {offset + 1}: {message}", hint)

    def suggest(self, text: str, known: Iterable[str]) -> str:
        """Return ``did_you_mean``; nothing once a file has so many errors that looking would take long."""
        return did_you_mean(text, known) if len(self.errors) < MOST_HINTS else ""

    def sorted_errors(self) -> tuple[Fault, ...]:
        """Return the errors in the order of the file."""
        return tuple(sorted(self.errors, key=lambda fault: (fault.line, fault.column)))

    def sorted_warnings(self) -> tuple[Fault, ...]:
        """Return the warnings in the order of the file."""
        return tuple(sorted(self.warnings, key=lambda fault: (fault.line, fault.column)))

    def _fault(self, line: int, column: int, message: str, hint: str) -> Fault:
        source = self.lines[line] if line < len(self.lines) else ""
        return Fault(self.file, line + 1, column + 1, message[:MOST_TEXT], hint, source[:MOST_TEXT])


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest of ``known``, or what there is."""
    text, names = text[:80], sorted(set(known))
    if len(names) > MOST_NAMES:
        names = sorted(names, key=lambda name: -sum(map(eq, name, text)))[:MOST_NAMES]
    near = get_close_matches(text, names, n=1, cutoff=0.6) or get_close_matches(
        text.lower(), [name.lower() for name in names], n=1, cutoff=0.6
    )
    if near:
        return f"did you mean {next(name for name in names if name.lower() == near[0].lower())!r}?"
    if not names:
        return "there is none"
    return "known: " + ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
