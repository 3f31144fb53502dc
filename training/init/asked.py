"""Questions that the files leave open: asked on a terminal, answered by ``--set``, or the end of the command."""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote

import click

NONE = "none"
"""The answer that no column is it."""


@dataclass(slots=True)
class Answers:
    """What was settled from outside, and how to settle the rest."""

    given: Mapping[str, str]
    """``--set KEY=VALUE``"""
    yes: bool = False
    """Take what is proposed."""
    terminal: bool = field(default_factory=lambda: is_terminal())
    used: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)
    """Questions without an answer, each with the flag that answers it."""

    def told(self, *keys: str) -> str | None:
        """Return what ``--set`` says under the first of ``keys`` that it has."""
        for key in keys:
            if key in self.given:
                self.used.add(key)
                return self.given[key]
        return None

    def told_among(self, choices: Collection[str], *keys: str) -> str | None:
        """Return what ``told`` does, which has to be one of ``choices``.

        Raises:
            click.UsageError: it is none of them.
        """
        told = self.told(*keys)
        if told is not None and told not in choices:
            key = next(one for one in keys if one in self.given)
            raise click.UsageError(f"--set {key}={told}: there is no {told}; there are {', '.join(choices)}")
        return told

    def ask(self, key: str, question: str, choices: Sequence[str], proposal: str | None) -> str | None:
        """Return the answer to a question; None where it stays open, which ends the command after the last question.

        Raises:
            click.UsageError: ``--set`` gives an answer that is none of ``choices``.
        """
        told = self.told_among(choices, key) if choices else self.told(key)
        if told is not None:
            return told
        if self.yes and proposal is not None:
            return proposal
        if self.terminal:
            kind = click.Choice(list(choices)) if choices else None
            return str(click.prompt(question, type=kind, default=proposal, err=True))
        offered = f" ({', '.join(choices)})" if choices else ""
        answer = quote(f"{key}={proposal}") if proposal else f"{quote(key)}=…"
        self.open.append(f"{question}{offered} --set {answer}")
        return proposal

    def unused(self) -> list[str]:
        """Return the keys of ``--set`` that answered nothing."""
        return [key for key in self.given if key not in self.used]


def is_terminal() -> bool:
    """Tell whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
