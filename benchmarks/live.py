"""How long what was acknowledged takes to show in the answers of another process: a view, and a product that sold out.

    python benchmarks/live.py examples/complete-journey/shop.toml --artifacts artifacts

Two services share a store, as two workers do. One is told; from its answer on the other is asked, on a connection that
stays open, until its answer shows it: a view in ``recently-viewed`` of a visitor who was never seen before, a product that
is sold out by its absence in ``bestsellers``. Twenty turns of each, one after the other.
"""

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.kit import Row, machine, served  # noqa: E402
from benchmarks.serving import send  # noqa: E402

TURNS = 20
GOAL = 1.0
"""Seconds."""
MOST = 10.0
"""Seconds after which it will not show any more."""
REST = 0.001
"""Seconds between two requests."""


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    given = parser.parse_args()
    print(machine())
    print(*rows(given.shop, given.artifacts, quick=False), sep="\n")


def rows(shop: Path, artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the rows of the table; ``quick`` takes half of the turns."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"RECSVC_STORE": f"sqlite:///{folder}/store.db", "RECSVC_RULES": "none"}
        with served(shop, artifacts, settings) as told, served(shop, artifacts, settings) as asked:
            other = http.client.HTTPConnection("127.0.0.1", asked, timeout=MOST)
            products = shown(other, f"bestsellers?size={TURNS // 2 if quick else TURNS}")
            if not products:
                raise SystemExit("bestsellers is empty: this needs a trained version of a shop with products")
            views = [view(told, other, turn, product) for turn, product in enumerate(products)]
            stock = [sold_out(told, other, product) for product in products]
    return [
        row("an acknowledged view in another process's answer", views),
        row("a product that sold out, gone from another process's answer", stock),
    ]


def view(told: int, other: http.client.HTTPConnection, turn: int, product: str) -> float:
    """Return the seconds from the acknowledgement of a view to an answer that shows it."""
    event = {"event_id": f"live-{turn}", "event": "view", "visitor_id": f"visitor-{turn}", "product_id": product}
    send(told, "POST", "/v1/events", {"events": [event]})
    return waited(lambda: shown(other, f"recently-viewed?visitor_id=visitor-{turn}&size=1") == [product])


def sold_out(told: int, other: http.client.HTTPConnection, product: str) -> float:
    """Return the seconds from the acknowledgement that a product is sold out to an answer without it."""
    send(told, "PUT", "/v1/stock", {"stock": [{"product_id": product, "quantity": 0}]})
    return waited(lambda: product not in shown(other, f"bestsellers?size={TURNS}"))


def waited(holds: Callable[[], bool]) -> float:
    """Return the seconds until ``holds``; infinite where it never does."""
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > MOST:
            return float("inf")
        time.sleep(REST)
    return time.perf_counter() - began


def shown(connection: http.client.HTTPConnection, carousel: str) -> list[str]:
    """Return the products of a carousel."""
    connection.request("GET", f"/v1/carousels/{carousel}")
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{carousel}: {answer.status} {text[:300]!r}")
    return [item["product_id"] for item in json.loads(text)["items"]]


def row(what: str, took: list[float]) -> Row:
    """Return the median and the slowest of all turns; the slowest is held to the goal."""
    found = f"median {np.median(took) * 1000:.0f} ms, slowest {max(took) * 1000:.0f} ms of {len(took)}"
    return Row(what, "≤ 1 s", found, max(took) <= GOAL)


if __name__ == "__main__":
    main()
