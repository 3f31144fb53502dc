"""What ``recsvc rules check`` prints: for people, for machines, and as notes on a pull request."""

import json
from collections.abc import Callable, Mapping, Sequence

from recsvc.rules.faults import Fault
from recsvc.rules.parse import Reading


def as_text(reading: Reading) -> str:
    """Return faults and warnings, each with its line of the file, and a last line that sums up."""
    errors, warnings = _both(reading)
    lines = [f"error: {fault.text}" for fault in errors] + [f"warning: {fault.text}" for fault in warnings]
    count = f"{len(reading.rules.rules)} rules, " if reading.rules else ""
    return "\n".join([*lines, f"{count}{len(errors)} errors, {len(warnings)} warnings"])


def as_json(reading: Reading) -> str:
    """Return faults, warnings and the hash of the file as one JSON object."""
    errors, warnings = _both(reading)
    rules = reading.rules
    return json.dumps(
        {
            "ok": rules is not None,
            "rules": len(rules.rules) if rules else None,
            "hash": rules.hash if rules else None,
            "errors": [_plain(fault) for fault in errors],
            "warnings": [_plain(fault) for fault in warnings],
        },
        ensure_ascii=False,
        indent=1,
    )


def as_github(reading: Reading) -> str:
    """Return one workflow command a fault, which GitHub shows beside the line."""
    errors, warnings = _both(reading)
    named = [("error", fault) for fault in errors] + [("warning", fault) for fault in warnings]
    return "\n".join(
        f"::{kind} file={_escape(fault.file, ',:')},line={fault.line},col={fault.column}::{_escape(_message(fault))}"
        for kind, fault in named
    )


FORMATS: Mapping[str, Callable[[Reading], str]] = {"text": as_text, "json": as_json, "github": as_github}


def _both(reading: Reading) -> tuple[Sequence[Fault], Sequence[Fault]]:
    return reading.faults, reading.rules.warnings if reading.rules else ()


def _message(fault: Fault) -> str:
    return f"{fault.message} ({fault.hint})" if fault.hint else fault.message


def _plain(fault: Fault) -> dict[str, object]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "message": fault.message,
        "hint": fault.hint,
    }


def _escape(text: str, also: str = "") -> str:
    for sign in "%\r\n" + also:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
