"""What the benchmarks share: services on cores of their own, wrk, the machine's name, and rows of one table."""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
SERVER, CLIENT = "0", "1"
"""The cores that the service and the clients run on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    goal: str
    found: str
    met: bool | None
    """None: a figure without a goal."""

    def __str__(self) -> str:
        met = "" if self.met is None else "yes" if self.met else "no"
        return f"| {self.what} | {self.goal} | {self.found} | {met} |"


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured; times in milliseconds."""

    rate: float
    """Requests a second."""
    p50: float
    p99: float
    failed: int


def machine() -> str:
    """Return cores, processor, memory and Python in one line."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.*)", text)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    name = model[1] if model else platform.processor()
    return f"{os.cpu_count()} cores, {name}, {memory:.0f} GB, Python {platform.python_version()}"


def pinned(core: str, command: Sequence[str]) -> list[str]:
    """Return ``command`` on one core, where the machine has two and ``taskset``."""
    alone = (os.cpu_count() or 1) < 2 or shutil.which("taskset") is None
    return list(command) if alone else ["taskset", "-c", core, *command]


@contextmanager
def served(shop: Path, artifacts: Path, settings: Mapping[str, str] | None = None) -> Iterator[int]:
    """Serve ``shop`` with one worker and a store of its own while the block runs; yield the port."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"RECSVC_ACCESS_LOG": "false", "RECSVC_STORE": f"sqlite:///{folder}/store.db", **(settings or {})}
        command = [
            sys.executable,
            "-m",
            "recsvc",
            "serve",
            str(shop.resolve()),
            "--artifacts",
            str(artifacts.resolve()),
        ]
        with listening([*command, "--port", "0"], told) as (port, _):
            yield port


@contextmanager
def floor(size: int, threads: int = 4) -> Iterator[int]:
    """Serve a Flask view that answers ``size`` bytes of JSON under the same gunicorn; yield the port."""
    with listening([sys.executable, str(HOME / "benchmarks" / "hello.py"), str(size), str(threads)], {}) as (port, _):
        yield port


@contextmanager
def listening(
    command: Sequence[str], environ: Mapping[str, str], core: str | None = SERVER
) -> Iterator[tuple[int, int]]:
    """Run a server on a core (None: on all) while the block runs; yield its port and its process."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command if core is None else pinned(core, command),
            env={**os.environ, **environ},
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=HOME,
        )
        try:
            yield _port(process, log.fileno()), process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(process: "subprocess.Popen[bytes]", log: int, seconds: float = 180) -> int:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        text = os.pread(log, 1 << 20, 0).decode(errors="replace")
        if found := re.search(r"at http://\S+:(\d+)\b", text):
            return int(found[1])
        if process.poll() is not None:
            raise SystemExit(f"the server did not start:\n{text}")
        time.sleep(0.02)
    raise SystemExit("the server does not listen")


def wrk(port: int, paths: Sequence[str], seconds: float, connections: int = 8) -> Load:
    """Return what wrk measures on the clients' core, asking for ``paths`` in turn; a path with a body is ``PATH {JSON}``."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        listed = ",".join(f"{{'{where}','{body}'}}" for where, _, body in (path.partition(" ") for path in paths))
        script.write(f"local p={{{listed}}} local i=0 local h={{['Content-Type']='application/json'}}\n")
        script.write("request=function() i=i%#p+1 local b=p[i][2] if b=='' then return wrk.format('GET',p[i][1]) end ")
        script.write("return wrk.format('POST',p[i][1],h,b) end\n")
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "-s", script.name]
        told = subprocess.run(
            pinned(CLIENT, [*command, f"http://127.0.0.1:{port}"]), capture_output=True, text=True, check=True
        ).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", told)
    if rate is None:
        raise SystemExit(f"wrk said nothing that can be read:\n{told}")
    return Load(float(rate[1]), _ms(told, "50%"), _ms(told, "99%"), int(failed[1]) if failed else 0)


def _ms(text: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)\b", text)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]] if found else float("nan")
