"""What `make demo` does after the install: train the sample shop fast, serve it, ask for three carousels, and stay.

Meanwhile the full version, contextual rankers included, is trained beside the service and goes live in it when ready.

The same product page is shown to a wine lover, to somebody else, and to somebody whom the shop has never seen.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from models.artifact import read_manifest
from models.errors import ConfigError, RecsvcError
from models.registry import Registry
from models.shop import Shop, read_shop
from recsvc.keys import OPENS
from recsvc.settings import Settings, read_settings
from recsvc.wsgi import address, bind_host, check_port

SHOP = Path("examples/complete-journey/shop.toml")
PAGE = "1112426"
"""The product page: an Italian wine in a large bottle."""
SHOPPERS = (
    ("a wine lover, 33 orders with such wine in half a year", "1837"),
    ("somebody else: a household with a child that never bought wine", "1488"),
    ("somebody whom the shop has never seen", "new-here"),
)
SHOWN = 5
"""Products asked for in each carousel."""
READY_WITHIN = 60.0
"""Seconds."""
ENDS_WITHIN = 2.0
"""Seconds that a command has to end by itself: Ctrl-C in a terminal reaches it too."""
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""
DIRECT = build_opener(ProxyHandler({}))
"""Asks our own service, so never by way of a proxy."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until Ctrl-C; return the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description="Train, serve and show the sample shop.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8000")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        shop = read_shop(SHOP)
        settings = read_settings(shop, os.environ, {"host": given.host, "port": given.port})
        if settings.port == 0:
            raise ConfigError("PORT=0: the demo prints its address, so name a port")
        check_port(bind_host(settings), settings.port)
        return train(settings) or serve(shop, settings)
    except RecsvcError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def train(settings: Settings) -> int:
    """Train the sample shop unless a version of it is published already; return the exit code."""
    if live := Registry(settings.artifacts).current():
        say(f"demo: version {live.name} is published already (`make train` makes another)")
        return 0
    say("demo: training the sample shop, a year of purchases, fast: models without rankers")
    with running([*full_training(settings), "--fast"]) as training:
        return training.wait()


def full_training(settings: Settings) -> list[str]:
    """Return the command that trains and publishes a version with everything in it."""
    return [tool("recsvc-train"), "run", str(SHOP), "--artifacts", str(settings.artifacts)]


def lacks_rankers(settings: Settings) -> bool:
    """Return whether the live version was trained fast."""
    live = Registry(settings.artifacts).current()
    return live is not None and not read_manifest(live).config.get("rankers")


def serve(shop: Shop, settings: Settings) -> int:
    """Serve the sample shop, show the three carousels, and wait for the end; return the exit code."""
    base = address((bind_host(settings), settings.port))
    command = [
        tool("recsvc"), "serve", str(SHOP), "--host", settings.host, "--port", str(settings.port),
        "--artifacts", str(settings.artifacts),
    ]  # fmt: skip
    with running(command, RECSVC_ACCESS_LOG="false") as server:
        if not wait_until_ready(server, base):
            return server.poll() or 1
        for who, user_id in SHOPPERS:
            show(shop, base, who, user_id)
        say(f"\n{shop.name} is served at {base}: every route to read and to try at {base}/docs. Ctrl-C stops it.")
        if lacks_rankers(settings):
            log = settings.artifacts / "full-training.log"
            say(f"demo: training the full version beside it, some minutes; it goes live by itself ({log})")
            with running(["nice", "-n", "10", *full_training(settings)], log):
                return server.wait()
        return server.wait()


def tool(name: str) -> str:
    """Return the path of a command that lies beside this Python."""
    return str(Path(sys.executable).with_name(name))


@contextmanager
def running(command: Sequence[str], log: Path | None = None, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` beside us; whatever ends the block, the command has ended when the block is left.

    What it says goes to the file ``log`` where one is given.
    """
    told = None if log is None else log.open("wb")
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=told, stderr=told)
    try:
        yield process
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C finds us waiting already
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
        if told is not None:
            told.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_until_ready(server: subprocess.Popen[bytes], base: str) -> bool:
    """Return whether ``server`` got ready at the address ``base``; tell what is in the way where it did not."""
    ends, trouble = time.monotonic() + READY_WITHIN, "no answer"
    while server.poll() is None and time.monotonic() < ends:
        try:
            with DIRECT.open(f"{base}/readyz", timeout=5):
                return True
        except OSError as error:
            trouble = str(error)
        time.sleep(0.2)
    if server.poll() is None:
        say(f"demo: {base}/readyz is not ready after {READY_WITHIN:.0f} s: {trouble}")
    return False


def show(shop: Shop, base: str, who: str, user_id: str) -> None:
    """Print the curl line for one shopper, and what it answers."""
    query = urlencode({"user_id": user_id, "product_id": PAGE, "size": SHOWN})
    url = f"{base}/v1/carousels/you-may-also-like?{query}"
    key = public_key(os.environ)
    request = Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    with DIRECT.open(request, timeout=30) as reply:
        answer = json.load(reply)
    header = "-H 'Authorization: Bearer YOUR-KEY' " if key else ""
    say(f"\n# {who[0].upper()}{who[1:]}\ncurl -s {header}'{url}'")
    say("\n".join(table(answer["items"], shop.currency)))


def public_key(environ: Mapping[str, str]) -> str | None:
    """Return a key that may ask for carousels, or None where the service runs without keys."""
    parts = [part.partition(":") for part in environ.get("RECSVC_KEYS", "").split(",")]
    held = {scope.strip(): key.strip() for scope, _, key in parts}
    return next((held[scope] for scope, opened in OPENS.items() if "public" in opened and scope in held), None)


def table(items: Sequence[Mapping[str, Any]], currency: str | None) -> list[str]:
    """Return a line a product: position, id, name, price, source, reason."""
    return [
        f"  {item['position']}. {item['product_id']:>9}  {item['product'].get('name', '')[:46]:<46} "
        f"{price(item['product'].get('price'), currency):>10}  {item['source']:<5}  {item['reason']['text']}"
        for item in items
    ]


def price(value: float | None, currency: str | None) -> str:
    """Return a price with its currency, or nothing where there is none."""
    return "" if value is None else f"{value:.2f} {currency or ''}".rstrip()


def say(text: str) -> None:
    """Print at once, so that a log shows it while we stay in the foreground."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
