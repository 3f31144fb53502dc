"""``recsvc status``: what is live, how good it is and what it has to do, on one screen."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from recsvc.cli_options import flags
from recsvc.settings import read_settings
from recsvc.status import NO_ANSWER, NOT_READY, Address, status_of
from recsvc.wsgi import address

UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))
ROWS = (
    ("requests", "requests", "{:.0f}"),
    ("requests/s", "requests_per_second", "{:.1f}"),
    ("p50", "p50_ms", "{:.1f} ms"),
    ("p99", "p99_ms", "{:.1f} ms"),
    ("failed", "failed_share", "{:.2%}"),
    ("degraded", "degraded_share", "{:.2%}"),
    ("fallback", "fallback_share", "{:.2%}"),
    ("no permit", "refused", "{:.0f}"),
)
"""What is told of the traffic: heading, field, form."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--url", help="Where the service answers, such as http://10.0.0.7:8000; default: by --host and --port.")
@click.option(
    "--key-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A file that holds an admin key."
)
@click.option(
    "--seconds", default=1.0, show_default=True, type=click.FloatRange(0, 60), help="How long to watch the traffic for."
)
@flags("host", "port", "artifacts")
def status(as_json: bool, url: str | None, key_file: Path | None, seconds: float, **given: str | None) -> None:
    """Tell what a running service has live, how good it is, and its traffic.

    The quality of the version comes from the artifacts folder. Exit code 1 where the service is not ready or does not
    answer; what the folder tells is told all the same.
    """
    settings = read_settings(None, os.environ, given)
    where = (url or address((settings.host, settings.port))).rstrip("/")
    key = _key(key_file) if key_file else None
    told = status_of(Address(where, key), settings.artifacts, seconds)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(lines(told)))
    if told["status"] == NO_ANSWER:
        click.echo(f"recsvc: {where}: no answer ({told['cause']})", err=True)
    sys.exit(1 if told["status"] in (NOT_READY, NO_ANSWER) else 0)


def _key(file: Path) -> str:
    """Return the key in a file; what cannot be one is refused without being shown."""
    key = file.read_bytes().strip()
    if not key or not all(33 <= byte <= 126 for byte in key):
        raise click.BadParameter(f"{file} holds no key: write it alone on one line", param_hint="--key-file")
    return key.decode()


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield _line("status", told["status"])
    if told["status"] != NO_ANSWER:
        yield _line("shop", told.get("shop"))
        yield _line("model", told.get("model"), _age(told))
        yield _line("rules", told.get("rules"), _rules(told))
        yield _line("clock", told.get("clock"))
        if "workers" in told:
            yield _line("workers", told["workers"])
    for trouble in told.get("troubles", ()):
        place = f"{trouble['file']}:{trouble['line']}" if trouble["line"] else trouble["file"]
        yield _line("TROUBLE", f"{trouble['part']} {place}: {trouble['cause']} (since {trouble['since']})")
    for warning in told.get("warnings", ()):
        yield _line("warning", warning)
    yield from _version(told)
    yield from _traffic(told)


def _line(name: str, value: Any, more: str = "") -> str:
    return f"{name:<8} {value or 'none'}{more}"


def _age(told: Mapping[str, Any]) -> str:
    version = told.get("version")
    return f"  trained {duration(version['age_seconds'])} ago" if version else ""


def _rules(told: Mapping[str, Any]) -> str:
    if told.get("rules_live_seconds") is None or not told.get("rules"):
        return ""
    return f"  {told['n_rules']} rules, live for {duration(told['rules_live_seconds'])}"


def _version(told: Mapping[str, Any]) -> Iterator[str]:
    version = told.get("version")
    if version is None:
        yield _line("quality", f"not known ({told['version_cause']})")
        return
    if told["status"] == NO_ANSWER:
        yield _line("model", version["version"], f"  trained {duration(version['age_seconds'])} ago, published")
    yield _line("data", f"{version['lines'] or 0:,} purchase lines, up to {version['until']}")
    for task, one in version["quality"].items():
        mean, low, high = one["ndcg@10"]
        beside = one["above_bestsellers"]
        gap = "" if beside is None else f", {beside:+.4f} against the bestsellers"
        yield _line("quality", f"{task:<12} {one['carousel']:<18} ndcg@10 {mean:.4f} ({low:.4f} to {high:.4f}){gap}")
    if not version["quality"]:
        yield _line("quality", "not judged (trained with --fast or on too little)")


def _traffic(told: Mapping[str, Any]) -> Iterator[str]:
    if "traffic" not in told:
        return
    if told["traffic"] is None:
        yield _line("traffic", f"not known ({told['traffic_cause']})")
        return
    now, start = told["traffic"].get("now"), told["traffic"]["start"]
    yield _line("traffic", f"{'':<12}" + (f"{'now':>12}" if now else "") + f"{'since start':>14}")
    for heading, name, form in ROWS:
        cells = (f"{_cell(now, name, form):>12}" if now else "") + f"{_cell(start, name, form):>14}"
        yield f"{'':<8} {heading:<12}{cells}"


def _cell(values: Mapping[str, Any], name: str, form: str) -> str:
    return "-" if values[name] is None else form.format(values[name])


def duration(seconds: float) -> str:
    """Return a length of time in its largest unit that makes at least two of it, rounded down."""
    unit, name = next((unit, name) for unit, name in UNITS if seconds >= 2 * unit or unit == 1)
    return f"{max(int(seconds // unit), 0)} {name}"
