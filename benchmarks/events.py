"""How many events a second a running service makes durable, and how long a call waits for it; then what a session costs.

    python benchmarks/events.py examples/complete-journey/shop.toml --batch 20 --connections 8

Starts ``recsvc serve`` on a store of its own in a temporary folder (``--folder`` takes another disk, ``--store`` a
PostgreSQL), pours batches of events in over connections that stay open, and prints events a second with the median and
the 99th of a hundred calls. Rounds of our service and of bare fsync of a file of the same bytes take turns, so that the
ratio says what is left of the disk. At the end each event that was acknowledged is counted in the store.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from sqlalchemy import func, select  # noqa: E402

from benchmarks.kit import Row  # noqa: E402
from recsvc.store.database import Store  # noqa: E402
from recsvc.store.lately import LatelyReader  # noqa: E402
from recsvc.store.tables import events  # noqa: E402

HEAD = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
USERS = 2_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", default="1")
    parser.add_argument("--threads", default="4")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--store")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        url = given.store or f"sqlite:///{folder}/store/recsvc.db"
        process, port = serve(given.shop, folder, url, given.workers, given.threads)
        acknowledged = 0
        try:
            pour(port, given.connections, given.batch, 1.0, "warm")
            for turn in range(given.rounds):
                stored, took = pour(port, given.connections, given.batch, given.seconds, f"r{turn}")
                acknowledged += stored
                p50, p99 = np.percentile(took, [50, 99]) * 1000
                print(
                    f"round {turn}: {stored / given.seconds:>8.0f} events/s  p50 {p50:.1f} ms  p99 {p99:.1f} ms a call of {given.batch};"
                    f" bare fsync of one such call: {fsyncs(folder, given.batch):.1f} ms"
                )
        finally:
            process.terminate()
            process.wait(30)
        count(Store(url), acknowledged)


def rows(shop: Path, _artifacts: Path, *, quick: bool) -> list[Row]:
    """Return the row of the table: one worker as it is by default, SQLite, calls of 20 over 8 connections."""
    with tempfile.TemporaryDirectory() as name:
        folder, found = Path(name), list[float]()
        process, port = serve(shop, folder, f"sqlite:///{folder}/store/recsvc.db", "1", "4")
        os.sched_setaffinity(process.pid, {0}) if (os.cpu_count() or 1) > 1 else None
        try:
            pour(port, 8, 20, 1.0, "warm")
            for turn in range(2 if quick else 5):
                seconds = 2 if quick else 5
                stored, _ = pour(port, 8, 20, seconds, f"r{turn}")
                found.append(stored / seconds)
        finally:
            process.terminate()
            process.wait(30)
    rate = float(np.median(found))
    return [Row("durable events a second, in calls of 20", "≥ 5,000", f"{rate:,.0f}", rate >= 5_000)]


def serve(shop: Path, folder: Path, url: str, workers: str, threads: str) -> "tuple[subprocess.Popen[bytes], int]":
    """Return a service without a trained version that listens, and its port."""
    log = folder / "log"
    command = [
        sys.executable,
        "-m",
        "recsvc",
        "serve",
        str(shop.resolve()),
        "--port",
        "0",
        "--artifacts",
        str(folder / "none"),
    ]
    environment = {**os.environ, "RECSVC_STORE": url, "RECSVC_ACCESS_LOG": "false", "RECSVC_RULES": "none"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--workers", workers, "--threads", threads], stdout=out, stderr=subprocess.STDOUT, env=environment,
            cwd=HOME,
        )  # fmt: skip
    while not (found := re.search(r"at http://\S+:(\d+) ", log.read_text())):
        if process.poll() is not None:
            raise SystemExit(log.read_text())
        time.sleep(0.1)
    return process, int(found[1])


def pour(port: int, connections: int, batch: int, seconds: float, name: str) -> tuple[int, list[float]]:
    """Return how many events were acknowledged, and the seconds of each call."""
    stored: list[int] = []
    took: list[float] = []
    ends = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=_one, args=(port, batch, ends, f"{name}-{place}", stored, took))
        for place in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(stored), took


def _one(port: int, batch: int, ends: float, name: str, stored: list[int], took: list[float]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as own:
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        turn = 0
        while time.perf_counter() < ends:
            body = body_of(name, turn, batch)
            turn += 1
            began = time.perf_counter()
            own.sendall(HEAD % len(body) + body)
            answer = own.recv(65_536)
            while b"\r\n\r\n" not in answer or not answer.rstrip().endswith(b"}"):
                answer += own.recv(65_536)
            if answer.startswith(b"HTTP/1.1 202"):
                took.append(time.perf_counter() - began)
                stored.append(orjson.loads(answer.partition(b"\r\n\r\n")[2])["accepted"])


def body_of(name: str, turn: int, batch: int) -> bytes:
    """Return the body of one call."""
    told = [
        {
            "event_id": f"{name}-{turn}-{place}", "event": "view", "user_id": f"user-{(turn * batch + place) % USERS}",
            "session_id": f"s-{turn}", "product_id": f"SKU-{place:05}", "device": "mobile", "carousel": "for-you",
            "position": place + 1,
        }
        for place in range(batch)
    ]  # fmt: skip
    return orjson.dumps({"events": told})


def fsyncs(folder: Path, batch: int, times: int = 50) -> float:
    """Return the median milliseconds of writing and syncing one call's bytes."""
    body, took = body_of("f", 0, batch), []
    with (folder / "bare").open("ab", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(body)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return float(np.median(took)) * 1000


def count(store: Store, acknowledged: int) -> None:
    """Print whether all is there that was acknowledged, and what reading a session costs then."""
    with store.read() as connection:
        there = connection.scalar(select(func.count()).select_from(events).where(events.c.event_id.like("r%"))) or 0
    print(f"acknowledged {acknowledged}, in the store {there}: {'none lost' if there >= acknowledged else 'LOST'}")
    reader = LatelyReader(store)
    print(
        f"a session out of {there} events: {_session(reader, range(0, USERS, 7)):.0f} µs at the median of {USERS // 7}"
    )
    reader.close()
    store.close()


def _session(reader: LatelyReader, users: Sequence[int]) -> float:
    took = []
    for user in (*users, *users):
        began = time.perf_counter()
        reader.of(f"user-{user}", None, 0)
        took.append(time.perf_counter() - began)
    return float(np.median(took[len(users) :])) * 1e6


if __name__ == "__main__":
    main()
