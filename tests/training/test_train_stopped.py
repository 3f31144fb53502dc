"""Trainers that are killed, stopped, or at work twice at once: the live version serves on, and no half one is seen."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.artifact import open_artifact
from models.registry import Registry
from running import COMES_WITHIN, begin, children, is_alive, wait_until
from sample_shop import plain_environment
from tiny_shop import TinyShop

WRITE = """
import sys
from dataclasses import replace
from pathlib import Path
from models.artifact import open_artifact, write_artifact
from models.errors import ArtifactError

live = open_artifact(Path("artifacts/current"))
print("ready", flush=True)
sys.stdin.readline()
try:
    write_artifact(Path("artifacts/versions/v2"), replace(live.manifest, version="v2"), live.groups)
except ArtifactError as error:
    sys.exit(str(error))
"""
"""Writes a copy of the live version as v2, when it is told to go."""
PUBLISH = """
import sys, time
from pathlib import Path
from models.errors import NoArtifactError
from models.registry import Registry

registry, ends = Registry(Path("artifacts")), time.monotonic() + 0.7
while time.monotonic() < ends:
    registry.promote(sys.argv[1])
    try:
        registry.rollback()
    except NoArtifactError:
        pass
    registry.clean(9)
"""
"""Promotes a version and rolls back, again and again."""


SLOW = """
import time
import numpy

save = numpy.save

def slow(*given, **more):
    save(*given, **more)
    time.sleep(0.2)

numpy.save = slow
"""
"""Python runs this as it starts: whoever looks into the middle of the writing has time to."""


def versions(shop: TinyShop) -> list[str]:
    return [manifest.version for manifest in Registry(shop.artifacts).versions()]


def live(shop: TinyShop) -> str:
    """Return the live version, after every array of it was compared with its digest."""
    return open_artifact(shop.artifacts / "current").manifest.version


def half_written(shop: TinyShop) -> list[Path]:
    return list((shop.artifacts / "versions").glob(".*/*/*.npy"))


def is_writing(shop: TinyShop, process: "subprocess.Popen[str]") -> bool:
    """Return whether a trainer is in the middle of its version; fail where it ended before anybody looked."""
    assert process.poll() is None, process.communicate()
    return len(half_written(shop)) > 3


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_trainer_stopped_while_it_writes_leaves_the_live_version_and_no_other(
    tiny_shop: TinyShop, stop: signal.Signals, tmp_path: Path
) -> None:
    """Ctrl-C cleans up and says so; after kill -9 remains lie there under no version's name, and the next run succeeds."""
    before = versions(tiny_shop)
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(SLOW)
    process = begin(tiny_shop.folder, "run", "shop.toml", "--fast", "--json", PYTHONPATH=str(tmp_path / "python"))
    wait_until(lambda: is_writing(tiny_shop, process))
    process.send_signal(stop)
    out, err = process.communicate(timeout=COMES_WITHIN)
    assert versions(tiny_shop) == before == [live(tiny_shop)]
    assert out == "" and "Traceback" not in err
    if stop is signal.SIGINT:
        assert (process.returncode, err.strip()) == (1, "Aborted!")
        assert not half_written(tiny_shop)
    else:
        assert process.returncode == -signal.SIGKILL
        assert half_written(tiny_shop)
        after = begin(tiny_shop.folder, "run", "shop.toml", "--fast", "--json")
        assert after.communicate(timeout=5 * COMES_WITHIN)[1] == ""
        assert versions(tiny_shop) == [*before, live(tiny_shop)]


def test_ctrl_c_while_the_engine_is_asked_leaves_neither_process_nor_file(tiny_shop: TinyShop, tmp_path: Path) -> None:
    """The engine that answers the judge ends too, and the temporary folders go."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = begin(tiny_shop.folder, "run", "shop.toml", "--json", TMPDIR=str(scratch))
    wait_until(lambda: process.poll() is not None or children(process.pid))
    engines = children(process.pid)
    assert engines and any(scratch.glob("recsvc-judge-*"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=COMES_WITHIN)
    assert (process.returncode, out, err.strip()) == (1, "", "Aborted!")
    wait_until(lambda: not any(is_alive(engine) for engine in engines))
    assert not any(scratch.iterdir())
    assert versions(tiny_shop) == [live(tiny_shop)] == [tiny_shop.report.manifest.version]


def test_two_trainers_at_once_both_end_well(tiny_shop: TinyShop) -> None:
    """Two seeds into one folder: both versions are there and whole, one of them is live, the other one can be."""
    trainers = [begin(tiny_shop.folder, "run", "shop.toml", "--fast", "--json", "--seed", seed) for seed in ("5", "6")]
    for trainer in trainers:
        _, err = trainer.communicate(timeout=5 * COMES_WITHIN)
        assert (trainer.returncode, err) == (0, "")
    first, *fresh = versions(tiny_shop)
    assert first == tiny_shop.report.manifest.version and len(fresh) == 2
    assert live(tiny_shop) in fresh
    for version in fresh:
        open_artifact(tiny_shop.artifacts / "versions" / version)
    assert Registry(tiny_shop.artifacts).rollback().name in fresh
    assert not list(tiny_shop.artifacts.glob(".rejects*"))


def test_of_two_that_write_the_same_version_one_says_why_not(tiny_shop: TinyShop) -> None:
    """Same data, seed and second make the same name: one is whole, and the other one's message names it."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE], cwd=tiny_shop.folder, env=plain_environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [writer.communicate(timeout=5 * COMES_WITHIN)[1] for writer in writers]
    assert sorted(writer.returncode for writer in writers) == [0, 1]
    assert sorted(said) == ["", "artifacts/versions/v2 exists already: a version never changes, train a new one\n"]
    assert open_artifact(tiny_shop.artifacts / "versions" / "v2").manifest.version == "v2"
    assert not half_written(tiny_shop)


def test_many_that_publish_at_once_leave_one_live_version(tiny_shop: TinyShop) -> None:
    """Four processes promote, roll back and clean: none of them fails, and at every moment a whole version is live."""
    registry = Registry(tiny_shop.artifacts)
    names = [tiny_shop.report.manifest.version, "copy-1", "copy-2", "copy-3"]
    for name in names[1:]:
        shutil.copytree(registry.path(names[0]), registry.path(name))
    publishers = [
        subprocess.Popen([sys.executable, "-c", PUBLISH, name], cwd=tiny_shop.folder, env=plain_environment())
        for name in names
    ]
    ends = time.monotonic() + 5 * COMES_WITHIN
    while any(publisher.poll() is None for publisher in publishers):
        current = registry.current()
        assert current is not None and current.is_dir()
        assert time.monotonic() < ends
        time.sleep(0.001)
    assert [publisher.returncode for publisher in publishers] == [0] * 4
