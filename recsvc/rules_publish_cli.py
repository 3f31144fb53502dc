"""``recsvc rules publish``, ``history`` and ``restore``: who put which rules live, and why."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from models.errors import ConfigError
from recsvc.cli_options import Command, file_argument, flags, settings_of, shop_option
from recsvc.clock import shop_clock
from recsvc.opening import facts_now
from recsvc.rules_tools.archive import Archive, Entry
from recsvc.rules_tools.publish import checked, doubts

SHOWN = 12
"""Characters of a hash on the terminal; `restore` takes six."""


def _no_blank(_context: click.Context, option: click.Parameter, text: str) -> str:
    if not text.strip():
        raise click.BadParameter(f"say {option.name}: the history keeps it", param=option)
    return text


def _signed(command: Command) -> Command:
    for name, told in (("why", "Why, in a sentence."), ("who", "Who does this.")):
        command = click.option(f"--{name}", required=True, metavar="TEXT", callback=_no_blank, help=told)(command)
    yes = click.option("--yes", is_flag=True, help="Do not ask, however much of the live rules vanishes.")
    return yes(command)


def _target(command: Command) -> Command:
    told = "The live rules file; default: the one that the shop names."
    return click.option("--to", "target", type=click.Path(path_type=Path), metavar="FILE", help=told)(command)


@click.command()
@file_argument
@_target
@_signed
@shop_option
@flags("artifacts")
def publish(file: Path, target: Path | None, who: str, why: str, yes: bool, shop: Path, artifacts: str | None) -> None:
    """Make FILE the live rules: check it, keep what it replaces, swap it in by one rename, and write who and why.

    It asks before half of the live rules or more, or more than half of the live file, vanishes; where the live file is
    gone or does not load, it counts the last kept one that does. Without a terminal it refuses then, unless --yes is given. A running
    service takes the rules over within two seconds.
    """
    archive = Archive.of(_live(target, shop, artifacts))
    _put(archive, file.read_bytes(), str(file), who, why, yes, shop, artifacts)


@click.command()
@_target
@shop_option
@flags("artifacts")
def history(target: Path | None, shop: Path, artifacts: str | None) -> None:
    """Tell which rules were live: number, time, hash, rules, who and why, the oldest first."""
    archive = Archive.of(_live(target, shop, artifacts))
    entries = archive.entries()
    for one in entries:
        click.echo(
            f"{one.number:>4}  {one.time}  {one.hash[:SHOWN]}  {_count(one):>12}  {_line(one.who)}: {_line(one.why)}"
        )
    if not entries:
        click.echo(f"nothing yet: `recsvc rules publish` writes the history of {archive.file.name}")
    elif archive.changed_by_hand(entries[-1]):
        click.echo(f"{archive.file.name} was changed since, not by `recsvc rules publish`")


@click.command()
@click.argument("which", metavar="N|HASH")
@_target
@_signed
@shop_option
@flags("artifacts")
def restore(which: str, target: Path | None, who: str, why: str, yes: bool, shop: Path, artifacts: str | None) -> None:
    """Make live again what was live: the entry N of the history, or the kept file whose hash starts with HASH.

    It goes the way of publish, checks and questions included, and is a new entry of the history.
    """
    archive = Archive.of(_live(target, shop, artifacts))
    found = archive.find(which)
    _put(archive, archive.text(found), f"{archive.file.name} of {found[:SHOWN]}", who, why, yes, shop, artifacts)


def _live(target: Path | None, shop: Path, artifacts: str | None) -> Path:
    _, settings = settings_of(shop, {"artifacts": artifacts})
    if target is None and settings.rules is None:
        raise ConfigError(f"{shop}: names no rules file: name one with --to FILE, or with file under [rules]")
    return target if target is not None else settings.rules  # type: ignore[return-value]  # not None either


def _put(
    archive: Archive, text: bytes, name: str, who: str, why: str, yes: bool, shop: Path, artifacts: str | None
) -> None:
    told, settings = settings_of(shop, {"artifacts": artifacts})
    facts = facts_now(told, settings.artifacts, shop_clock(told), archive.file.parent)
    rules, warnings = checked(text, facts, name)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    old = archive.file.read_bytes() if archive.file.exists() else None
    if old == text and (entries := archive.entries()) and not archive.changed_by_hand(entries[-1]):
        click.echo(f"{archive.file.name} holds these rules already: nothing to publish")
        return
    found = list(doubts(old, text, rules, facts, archive.kept()))
    for doubt in found:
        click.echo(f"recsvc: {doubt}", err=True)
    if found and not yes and not (at_terminal() and click.confirm("publish all the same?", err=True)):
        raise ConfigError("nothing was published: look again, or say --yes")
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    _told(archive.put(text, who, why, len(rules.rules), now))


def _line(text: str) -> str:
    """Return a text of several lines in one."""
    return " ".join(text.split())


def _count(entry: Entry) -> str:
    return "" if entry.rules is None else f"{entry.rules} rules"


def at_terminal() -> bool:
    """Return whether somebody is there to answer a question."""
    return sys.stdin.isatty()


def _told(entry: Entry) -> None:
    click.echo(f"published {entry.hash[:SHOWN]} with {entry.rules} rules: entry {entry.number} of the history")
