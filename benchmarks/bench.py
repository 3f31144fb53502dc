"""The whole table of docs/performance.md: each program in turn, in a process of its own and with an end.

    make bench                      # the live version of SHOP in ARTIFACTS, at most a quarter of an hour
    make bench QUICK=1              # a few minutes: shorter rounds, a tenth of the size
    python benchmarks/bench.py examples/complete-journey/shop.toml --artifacts artifacts --only events

With ``--write FILE`` the table takes the place of the one between the two marks in FILE. A part that fails or takes too
long is told in the table, and the exit code is 1; a goal that is not met is no failure.
"""

import argparse
import importlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import CLIENT, Row, machine, pinned  # noqa: E402
from models.registry import Registry  # noqa: E402

PARTS = {
    "request": 60, "serving": 170, "rules": 200, "events": 45, "live": 90, "overload": 45, "batch": 80, "large": 280,
}  # fmt: skip
"""Program -> the seconds that it may take."""
HEAD = "| what | goal | found | met |\n|---|---|---|---|"
MARKS = "<!-- table of make bench -->", "<!-- end of the table -->"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--part", choices=PARTS, help="Print the rows of one part, in this process.")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.part:
        told: list[Row] = importlib.import_module(f"benchmarks.{given.part}").rows(
            given.shop, given.artifacts, quick=given.quick
        )
        print(*told, sep="\n")
        return
    live = Registry(given.artifacts).current()
    if live is None:
        sys.exit(f"{given.artifacts}: no trained version is live: run `make train`, or name a folder with ARTIFACTS=")
    title = f"{machine()}. Version {live.name}, {datetime.now(UTC):%Y-%m-%d}{', quick' if given.quick else ''}."
    print(f"{title}\n\n{HEAD}", flush=True)
    lines, failed = [], 0
    for part in given.only:
        found, whole = ask(part, given.shop, given.artifacts, quick=given.quick)
        print(found, flush=True)
        lines.append(found)
        failed += not whole
    if given.write:
        write(given.write, "\n".join([title, "", HEAD, *lines]))
    sys.exit(1 if failed else 0)


def ask(part: str, shop: Path, artifacts: Path, *, quick: bool) -> tuple[str, bool]:
    """Return the rows of a part, and whether it came to its end."""
    command = [sys.executable, __file__, str(shop), "--artifacts", str(artifacts), "--part", part]
    try:
        done = subprocess.run(
            pinned(CLIENT, command + ["--quick"] * quick), capture_output=True, text=True,
            timeout=PARTS[part],
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return str(Row(part, "", f"did not end within {PARTS[part]} s", None)), False
    rows = "\n".join(line for line in done.stdout.splitlines() if line.startswith("| "))
    if done.returncode:
        sys.stderr.write(done.stderr)
        return str(Row(part, "", "failed: its message is on the terminal", None)), False
    return rows, True


def write(page: Path, table: str) -> None:
    """Put the table between the marks of a page."""
    text = page.read_text()
    if not all(mark in text for mark in MARKS):
        sys.exit(f"{page}: has no line {MARKS[0]!r}, or none {MARKS[1]!r}")
    before, after = text.split(MARKS[0])[0], text.split(MARKS[1])[1]
    page.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
