"""A carousel over HTTP against the floor of the stack: personal ones, one for everybody, a page of five.

    python benchmarks/serving.py examples/complete-journey/shop.toml --artifacts artifacts

The floor is ``benchmarks/hello.py``: Flask and gunicorn with the same worker settings and an answer of the same size. The
service has 100 rules, stock that was told of, and a session for each shopper. One worker on one core, wrk on another, in
turn; medians of the rounds.
"""

import argparse
import http.client
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import Load, Row, floor, machine, served, wrk  # noqa: E402
from benchmarks.request import draw  # noqa: E402
from benchmarks.rules import Writer, mixed  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.shop import read_shop  # noqa: E402
from recsvc.asking import Ask  # noqa: E402
from recsvc.carousel import Engine  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402

SHOPPERS, RULES = 200, 100
FIVE = ("for-you", "buy-again", "recently-viewed", "trending", "bestsellers")


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(machine())
    print(*measured(given.shop, given.artifacts, given.seconds, given.rounds), sep="\n")


def rows(shop: Path, artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the rows of the table."""
    return measured(shop, artifacts, 2 if quick else 5, 1 if quick else 5)


def measured(shop: Path, artifacts: Path, seconds: float, rounds: int) -> list[Row]:
    """Return the rows after so many rounds of so many seconds each."""
    read = read_shop(shop)
    engine = load_engine(read, Registry(artifacts).current(), None, shop_clock(read))
    asks = draw(engine, SHOPPERS)
    kinds = {
        "personal": [f"/v1/carousels/for-you?{urlencode(given(one))}" for one in asks],
        "everybody": ["/v1/carousels/bestsellers"],
        "page": [f"/v1/pages/five {json.dumps(given(one))}" for one in asks],
    }
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.yaml"
        writer = Writer(engine.snapshot, 1)
        rules.write_text(writer.file(mixed(writer, RULES)))
        five = Path(folder) / "shop.toml"
        five.write_text(with_page(shop.read_text(), "five", FIVE))
        with served(five, artifacts, {"RECSVC_RULES": str(rules)}) as port:
            tell(port, engine, asks)
            sizes = {name: len(answer_of(port, some[0])) for name, some in kinds.items()}
            with floor(sizes["personal"]) as bare:
                found = in_turn(
                    {**{name: (port, some) for name, some in kinds.items()}, "floor": (bare, ["/"])}, seconds, rounds
                )
    return told(found)


def given(ask: Ask) -> dict[str, str]:
    """Return the shopper and the store of a request."""
    return {name: value for name, value in (("user_id", ask.user_id), ("store_id", ask.store_id)) if value}


def with_page(text: str, name: str, carousels: Sequence[str]) -> str:
    """Return a shop.toml with one more page."""
    line = f"{name} = {json.dumps(list(carousels))}"
    head = "[pages]\n"
    return text.replace(head, f"{head}{line}\n", 1) if head in text else f"{text}\n{head}{line}\n"


def tell(port: int, engine: Engine, asks: Sequence[Ask]) -> None:
    """Give every shopper a session of three views, and 500 products a stock."""
    for method, path, body in told_to(engine, asks):
        send(port, method, path, body)


def told_to(engine: Engine, asks: Sequence[Ask]) -> list[tuple[str, str, object]]:
    """Return method, path and body of what ``tell`` sends."""
    dice, ids = np.random.default_rng(2), engine.snapshot.catalogue.ids

    def product() -> str:
        return ids.id(int(dice.integers(len(ids))))

    views = [
        {"event_id": f"b{number}-{n}", "event": "view", "user_id": ask.user_id, "product_id": product()}
        for number, ask in enumerate(asks)
        for n in range(3)
    ]
    stock = [{"product_id": product(), "quantity": 5} for _ in range(500)]
    return [("POST", "/v1/events", {"events": views}), ("PUT", "/v1/stock", {"stock": stock})]


def send(port: int, method: str, path: str, body: object) -> None:
    """Send JSON; a refusal ends the benchmark."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")


def answer_of(port: int, path: str) -> bytes:
    """Return the body of an answer; see ``kit.wrk`` for ``path``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    where, _, body = path.partition(" ")
    connection.request("POST" if body else "GET", where, body or None, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return told


def in_turn(kinds: dict[str, tuple[int, list[str]]], seconds: float, rounds: int) -> dict[str, Load]:
    """Return the median of each kind's rounds, asked in turn after a round that warms up."""
    found: dict[str, list[Load]] = {name: [] for name in kinds}
    for turn in range(rounds + 1):
        for name, (port, some) in kinds.items():
            load = wrk(port, some, seconds if turn else 2)
            if load.failed:
                raise SystemExit(f"{name}: {load.failed} requests failed")
            if turn:
                found[name].append(load)
    return {name: middle(some) for name, some in found.items()}


def middle(loads: Sequence[Load]) -> Load:
    """Return the median of each figure; none of the requests failed."""
    rate, p50, p99 = np.median([(one.rate, one.p50, one.p99) for one in loads], axis=0).tolist()
    return Load(rate, p50, p99, 0)


def told(found: dict[str, Load]) -> list[Row]:
    """Return the rows."""
    bare, one, same = found["floor"], found["personal"], found["everybody"]
    share, late, cached = one.rate / bare.rate, one.p99 / bare.p99, same.rate / bare.rate
    out = [
        Row("floor: Flask and gunicorn, an answer of the same size", "", f"{bare.rate:.0f}/s, p99 {bare.p99:.1f} ms", None),
        Row("personal carousel over HTTP: requests/s", "≥ 0.30 of the floor", f"{one.rate:.0f}/s, {share:.2f}", share >= 0.3),
        Row("the same: p99", "≤ 4 × the floor's", f"{one.p99:.1f} ms, {late:.1f} ×", late <= 4),
        Row("carousel that needs no shopper: requests/s", "≥ 0.75 of the floor", f"{same.rate:.0f}/s, {cached:.2f}", cached >= 0.75),
    ]  # fmt: skip
    if "page" in found:
        times = found["page"].p50 / one.p50
        out.append(
            Row("page of 5 carousels", "≤ 2.5 × one", f"p50 {found['page'].p50:.1f} ms, {times:.2f} ×", times <= 2.5)
        )
    return out


if __name__ == "__main__":
    main()
