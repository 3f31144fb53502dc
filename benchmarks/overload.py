"""What becomes of a service that is offered several times what one worker can do, with permits and without.

    taskset -c 1 python benchmarks/overload.py examples/complete-journey/shop.toml --artifacts artifacts --core 0
    ... --path /v1/pages/home --body '{"user_id": "1488"}' --times 9
    ... --path /v1/pages/product --varied --times 9

For each service: what it answers to four clients that ask without a pause (its capacity), then requests at a steady rate,
so many times the capacity, for some seconds. Times count from the moment at which a request was due. Printed are the
median, the 99th of a hundred and the slowest, and the share that was answered from prepared lists.
"""

import argparse
import http.client
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import Row  # noqa: E402
from benchmarks.request import draw  # noqa: E402
from models.registry import Registry  # noqa: E402
from models.shop import read_shop  # noqa: E402
from recsvc.clock import shop_clock  # noqa: E402
from recsvc.loading import load_engine  # noqa: E402

SERVICES = {
    "permits": {},
    "none": {"RECSVC_PERMITS": "4", "RECSVC_PERMIT_WAIT_MS": "10000", "RECSVC_REQUEST_BUDGET_MS": "0"},
}
STORES = 20
"""Of the shoppers that ``--varied`` draws."""
CLOSED, OPEN = 4, 600
"""Clients: to measure the capacity, and to offer more than it; fewer than wait at the service would hold requests back
themselves."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--path", default="/v1/carousels/you-may-also-like?user_id=1488&store_id=367")
    parser.add_argument("--body", help="JSON: it is sent by POST.")
    parser.add_argument(
        "--varied", action="store_true", help="Other shoppers, pages and carts in some stores, by POST."
    )
    parser.add_argument("--times", type=float, nargs="+", default=[1, 3])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--core", help="Where the service runs; run this program on another one.")
    given = parser.parse_args()
    print(
        f"{'service':<8} {'offered':>14} {'answered':>9} {'p50':>7} {'p99':>7} {'slowest':>8}   ms   {'prepared':>8} {'not 200':>8}"
    )
    bodies = drawn(given.shop, given.artifacts) if given.varied else () if given.body is None else (given.body,)
    for name, settings in SERVICES.items():
        with served(given.shop, given.artifacts, given.core, settings) as port:
            asked = Asked(given.path, bodies)
            ask_all(port, asked, CLOSED, until(1))
            capacity = len(ask_all(port, asked, CLOSED, until(3))) / 3
            for times in given.times:
                found = ask_all(port, asked, OPEN, steadily(times * capacity, given.seconds))
                took = sorted(seconds * 1000 for seconds, _, _ in found)
                middle, high, slowest = took[len(took) // 2], took[int(len(took) * 0.99)], took[-1]
                prepared = sum(load for _, _, load in found) / len(found)
                offered = f"{times:g} x {capacity:.0f}/s"
                failed = sum(status != 200 for _, status, _ in found)
                print(
                    f"{name:<8} {offered:>14} {len(found):>9} {middle:>7.0f} {high:>7.0f} {slowest:>8.0f}        {prepared:>8.0%} {failed:>8}",
                    flush=True,
                )


def rows(shop: Path, artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the rows of the table: what becomes of 3 and of 9 times the capacity."""
    asked, out = Asked("/v1/carousels/you-may-also-like?user_id=1488&store_id=367"), []
    with served(shop, artifacts, "0" if (os.cpu_count() or 1) > 1 else None, {}) as port:
        ask_all(port, asked, CLOSED, until(1))
        capacity = len(ask_all(port, asked, CLOSED, until(3))) / 3
        for times in (3, 9):
            found = ask_all(port, asked, OPEN, steadily(times * capacity, 2 if quick else 4))
            took = sorted(seconds * 1000 for seconds, _, _ in found)
            failed = sum(status != 200 for _, status, _ in found)
            told = f"p99 {took[int(len(took) * 0.99)]:.0f} ms, slowest {took[-1]:.0f} ms, {failed} failed"
            what = f"{times} × the capacity ({capacity:.0f}/s): every request answered"
            out.append(Row(what, "≤ 1 s", told, not failed and took[-1] <= 1000))
    return out


@contextmanager
def served(shop: Path, artifacts: Path, core: str | None, settings: dict[str, str]) -> Iterator[int]:
    """Serve the shop with one worker while the block runs; yield the port."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"RECSVC_ACCESS_LOG": "false", "RECSVC_STORE": f"sqlite:///{folder}/store.db", **settings}
        command = [sys.executable, "-m", "recsvc", "serve", str(shop), "--artifacts", str(artifacts), "--port", "0"]
        process = subprocess.Popen(
            ["taskset", "-c", core, *command] if core else command,
            env={**os.environ, **told}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            found = next(filter(None, (re.search(r"at http://\S+:(\d+) ", line) for line in process.stderr)), None)
            if found is None:
                sys.exit("the service did not start")
            yield int(found[1])
        finally:
            process.terminate()
            process.wait()


Due = Callable[[], float | None]
"""The moment at which the next request is due; None: no more."""


def until(seconds: float) -> Due:
    """Return requests without a pause for so many seconds."""
    ends = time.monotonic() + seconds
    return lambda: now if (now := time.monotonic()) < ends else None


def steadily(rate: float, seconds: float) -> Due:
    """Return requests at a steady rate for so many seconds, whether they are answered or not."""
    began, number = time.monotonic() + 0.2, itertools.count()
    return lambda: due if (due := began + next(number) / rate) < began + seconds else None


@dataclass(frozen=True)
class Asked:
    """What the clients ask."""

    path: str
    bodies: tuple[str, ...] = ()
    """JSON, one of them drawn for each request and sent by POST; none: a GET."""

    def send(self, connection: http.client.HTTPConnection) -> tuple[int, bool]:
        """Return status, and whether any carousel of the answer came from prepared lists."""
        if self.bodies:
            connection.request("POST", self.path, random.choice(self.bodies), {"Content-Type": "application/json"})
        else:
            connection.request("GET", self.path)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        return answer.status, any("load" in one.get("degraded", ()) for one in told.get("carousels", [told]))


def drawn(shop: Path, artifacts: Path) -> tuple[str, ...]:
    """Return bodies of shoppers of the live version, each on a product's page, with a cart, in one of the busiest stores."""
    read = read_shop(shop)
    asks = draw(load_engine(read, Registry(artifacts).current(), None, shop_clock(read)), 2000)
    stores: list[str | None] = [
        store for store, _ in Counter(one.store_id for one in asks if one.store_id).most_common(STORES)
    ] or [None]
    dice = random.Random(1)
    return tuple(
        json.dumps(
            {
                "user_id": one.user_id,
                "product_id": one.product_id,
                "store_id": dice.choice(stores),
                "cart": [dice.choice(asks).product_id for _ in range(dice.randrange(4))],
            }
        )
        for one in asks
    )


def ask_all(port: int, asked: Asked, clients: int, due: Due) -> list[tuple[float, int, bool]]:
    """Return (seconds since it was due, status, answered from prepared lists) of each request."""
    out: list[tuple[float, int, bool]] = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while (moment := due()) is not None:
            time.sleep(max(moment - time.monotonic(), 0))
            status, load = asked.send(connection)
            out.append((time.monotonic() - moment, status, load))
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return out


if __name__ == "__main__":
    main()
