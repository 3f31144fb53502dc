"""Where the processor time of requests goes, as a flame graph's summary: the tree of our functions with their shares.

    python benchmarks/flame.py examples/complete-journey/shop.toml --artifacts artifacts --carousel for-you --seconds 20

One thread asks the app for one carousel of the version's own shoppers, with a session each, 100 rules and stock that was
told of, as ``benchmarks/serving.py`` does over HTTP. The stack is noted each two milliseconds of processor time, so a busy
machine changes the time that it takes and hardly the shares. Printed is each of our functions that at least ``--least`` of
the samples went through, under the one that called it; time in a library counts for the function of ours that called it.
``--folded FILE`` writes all stacks, a line each with their count, as flame graph programs read them.
"""

import argparse
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from types import FrameType
from urllib.parse import urlencode

from flask.testing import FlaskClient

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import machine  # noqa: E402
from benchmarks.request import OF_A_PAGE, draw  # noqa: E402
from benchmarks.rules import Writer, mixed  # noqa: E402
from benchmarks.serving import RULES, SHOPPERS, given, told_to  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.shop import read_shop  # noqa: E402
from recsvc.app import create_app  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402
from recsvc.service import service_of  # noqa: E402
from recsvc.settings import read_settings  # noqa: E402

EVERY = 0.002
"""Seconds of processor time between two looks."""
OURS = tuple(str(HOME / name) for name in ("recsvc", "models"))
Stack = tuple[str, ...]


def main() -> None:
    """Print the tree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--carousel", default="for-you")
    parser.add_argument("--seconds", type=float, default=20, help="Of processor time.")
    parser.add_argument("--least", type=float, default=0.02, help="Share below which a function is not told.")
    parser.add_argument("--folded", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        client, paths = serving(told.shop, told.artifacts, told.carousel, Path(folder))
        for path in paths:  # warms up
            ask(client, path)
        stacks, requests = sampled(client, paths, told.seconds)
    if told.folded:
        told.folded.write_text("".join(f"{';'.join(stack)} {n}\n" for stack, n in sorted(stacks.items())))
    print(
        f"{machine()}. {told.carousel}: {requests:,} requests, {told.seconds / requests * 1000:.2f} ms of processor time each\n"
    )
    print(*tree(stacks, told.least), sep="\n")


def serving(shop: Path, artifacts: Path, carousel: str, folder: Path) -> tuple[FlaskClient, list[str]]:
    """Return a client of an app with rules, sessions and stock, and what to ask it for."""
    read = read_shop(shop)
    engine = load_engine(read, Registry(artifacts).current(), None, shop_clock(read))
    writer, rules, asks = Writer(engine.snapshot, 1), folder / "rules.yaml", draw(engine, SHOPPERS)
    rules.write_text(writer.file(mixed(writer, RULES)))
    values = {"ARTIFACTS": artifacts, "STORE": f"sqlite:///{folder}/store.db", "RULES": rules, "ACCESS_LOG": "false"}
    app = create_app(read, read_settings(read, {f"RECSVC_{name}": str(value) for name, value in values.items()}, {}))
    client = app.test_client()
    service_of(app).sessions.follow()
    for method, path, body in told_to(engine, asks):
        client.open(path, method=method, json=body)
    service_of(app).live.follow()
    page = [{"product_id": one.product_id or ""} if carousel in OF_A_PAGE else {} for one in asks]
    queries = [urlencode({**given(one), **more}) for one, more in zip(asks, page, strict=True)]
    return client, [f"/v1/carousels/{carousel}?{query}" for query in queries]


def ask(client: FlaskClient, path: str) -> None:
    """Ask once; a refusal ends the benchmark."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]}")


def sampled(client: FlaskClient, paths: list[str], seconds: float) -> tuple[Counter[Stack], int]:
    """Return how often each stack was met in so many seconds of processor time, and how many requests these took."""
    stacks, requests = Counter[Stack](), 0

    def look(_signal: int, frame: FrameType | None) -> None:
        stacks[tuple(reversed(list(ours(frame))))] += 1

    signal.signal(signal.SIGPROF, look)
    ends = process_time() + seconds
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    while process_time() < ends:
        ask(client, paths[requests % len(paths)])
        requests += 1
    signal.setitimer(signal.ITIMER_PROF, 0)
    return stacks, requests


def ours(frame: FrameType | None) -> Iterator[str]:
    """Yield our functions of a stack, the innermost first; a function that calls itself once."""
    last = ""
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(OURS):
            place = f"{Path(code.co_filename).relative_to(HOME).with_suffix('')}: {code.co_qualname.replace('.<locals>', '')}"
            if place != last:
                yield place
            last = place
        frame = frame.f_back


def tree(stacks: Counter[Stack], least: float) -> Iterator[str]:
    """Yield the lines of the tree; what runs in none of our functions (Flask, the client) is told last."""
    total = stacks.total()
    through = Counter[Stack]()
    for stack, n in stacks.items():
        for depth in range(len(stack)):
            through[stack[: depth + 1]] += n
    shown = {stack for stack, n in through.items() if n >= least * total}

    def below(stack: Stack) -> Iterator[str]:
        children = [one for one in shown if one[:-1] == stack]
        for child in sorted(children, key=lambda one: (-through[one], one)):
            yield f"{through[child] / total:6.1%}  {'  ' * len(stack)}{child[-1]}"
            yield from below(child)

    yield from below(())
    yield f"{stacks[()] / total:6.1%}  in none of our functions: Flask, the client that asks"


if __name__ == "__main__":
    main()
