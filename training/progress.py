"""Progress on stderr: a bar with the time left on a terminal, plain lines where there is none, or silence."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Never, Protocol, TextIO

from tqdm import tqdm


class Bar(Protocol):
    """What a step counts with."""

    def update(self, n: float = 1) -> object:
        """Count ``n`` more pieces as done."""
        ...

    def say(self, what: str) -> None:
        """Show which piece is being worked on."""
        ...


class _NoBar:
    def update(self, n: float = 1) -> None:
        """Show nothing."""

    def say(self, what: str) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class _Terminal:
    title: str
    bar: "tqdm[Never]"

    def update(self, n: float = 1) -> None:
        """Move the bar."""
        self.bar.update(n)

    def say(self, what: str) -> None:
        """Show the piece behind the title."""
        self.bar.set_description_str(f"{self.title}: {what}")


@dataclass(slots=True)
class _Lines:
    """Plain lines: one at every tenth of the way, at most one every ten seconds."""

    title: str
    total: float | None
    stream: TextIO
    started: float = field(default_factory=time.monotonic)
    done: float = 0
    told: float = field(default_factory=time.monotonic)

    def update(self, n: float = 1) -> None:
        """Count, and say how far it is when there is news."""
        self.done += n
        now = time.monotonic()
        if self.total and now - self.told >= 10 and self.done < self.total:
            left = (now - self.started) * (self.total - self.done) / max(self.done, 1e-9)
            print(f"{self.title}: {self.done / self.total:.0%}, about {left:.0f} s left", file=self.stream, flush=True)
            self.told = now

    def say(self, what: str) -> None:
        """Say nothing: a line for every piece would be too many."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells a person how far a command is; ``quiet`` for machines."""

    quiet: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def say(self, what: str) -> None:
        """Tell a person ``what`` was decided."""
        if not self.quiet:
            print(what, file=self.stream, flush=True)

    @contextmanager
    def step(self, title: str, total: float | None = None) -> Iterator[Bar]:
        """Show a step called ``title`` while the block runs; ``total`` pieces of work, None = unknown."""
        if self.quiet:
            yield _NoBar()
        elif self.stream.isatty():
            shape = (
                "{desc} {percentage:3.0f}% |{bar:20}| {elapsed} (left {remaining})" if total else "{desc} … {elapsed}"
            )
            with tqdm(desc=title, total=total, file=self.stream, bar_format=shape) as bar:
                yield _Terminal(title, bar)
                if total:
                    bar.update(total - bar.n)
        else:
            lines = _Lines(title, total, self.stream)
            yield lines
            took = time.monotonic() - lines.started
            print(f"{title}: done in {took:.1f} s", file=self.stream, flush=True)


SILENT = Progress(quiet=True)
