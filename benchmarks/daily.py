"""Seven daily runs against seven full ones: the time, and the quality of the last day, shopper by shopper.

    python benchmarks/daily.py examples/complete-journey/shop.toml --first 2017-12-01 --folder /tmp/daily

Before the first day one full run makes the version that the daily ones begin with. Then each day is trained twice, with
``--until`` that day: by ``run --incremental`` into one artifacts folder, and by ``run`` into another. Printed are seconds
and processor seconds of every run, their ratio, and what ``recsvc-train compare`` finds between the last day's two versions
on what was bought after it. ``--full`` of the days are trained in full, the last ones; 7 takes hours on a small machine.
``--begin`` names artifacts whose live version stands before the first day instead; with ``--full 0`` nothing is compared.
"""

import argparse
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.training import Cost, watched  # noqa: E402


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--first", type=date.fromisoformat, required=True, help="the first of the days")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--full", type=int, default=7, help="days that are trained in full too, the last ones")
    parser.add_argument("--begin", type=Path, help="artifacts to begin with, copied; default: a full run is made")
    parser.add_argument("--folder", type=Path, required=True, help="where versions are written")
    told = parser.parse_args()
    daily, full = told.folder / "daily", told.folder / "full"
    if told.begin:
        shutil.copytree(told.begin, daily, symlinks=True)
    else:
        tell("before", "full", train(told.shop, told.first - timedelta(1), daily))
    spent: dict[str, list[Cost]] = {"daily": [], "full": []}
    for number in range(told.days):
        day = told.first + timedelta(number)
        spent["daily"].append(train(told.shop, day, daily, "--incremental"))
        tell(str(day), "daily", spent["daily"][-1])
        if number >= told.days - told.full:
            spent["full"].append(train(told.shop, day, full))
            tell(str(day), "full", spent["full"][-1])
    if not spent["full"]:
        return
    for what in ("seconds", "cpu"):
        one, other = (sum(getattr(cost, what) for cost in found) / len(found) for found in spent.values())
        print(f"a daily run takes {one / other:.2f} of a full one ({what}: {one:.0f} against {other:.0f})")
    compare(told.shop, daily, full)


def train(shop: Path, until: date, artifacts: Path, *options: str) -> Cost:
    """Return what a run for ``until`` takes; a version that the gate refuses took as much."""
    command = [sys.executable, "-m", "training", "run", str(shop.resolve()), "--until", str(until), "--json"]
    return watched([*command, "--artifacts", str(artifacts), *options], refused=True)


def tell(day: str, how: str, cost: Cost) -> None:
    """Print a row."""
    print(f"| {day} | {how} | {cost.seconds:.0f} s | {cost.cpu:.0f} cpu s | {cost.peak / 1e9:.2f} GB |", flush=True)


def compare(shop: Path, daily: Path, full: Path) -> None:
    """Print what the live versions of two folders do with the same requests."""
    command = [sys.executable, "-m", "training", "compare", str(daily), str(full), str(shop.resolve())]
    subprocess.run(command, cwd=HOME, check=True)


if __name__ == "__main__":
    main()
