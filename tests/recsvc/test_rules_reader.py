"""A large rules file is read in a process of its own, and what comes of it is what reading it here gives."""

import fcntl
import os
import resource
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from service_helpers import ids, log_lines, pin

from models.ids import IdIndex
from models.schema import UNKNOWN
from recsvc import rules_reader
from recsvc.id_lists import lists_in
from recsvc.marks import ListsRead, mark_of
from recsvc.rules.parse import Reading, read
from recsvc.rules.rest import no_rest
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules_reader import LARGE, read_gently
from recsvc.service import service_of
from recsvc.watch import Watcher

PRODUCTS = IdIndex.of([f"p{number}" for number in range(4_000)])
FACTS = ShopFacts(
    carousels={"trending": 4}, columns={"category": "text"}, product_ids=lambda one: PRODUCTS.row(one) != UNKNOWN
)
HEAD = """version: 1
segments:
  vip: {any: [{list: vip.csv}, {bought: {where: category == 'wine'}}]}
  dry: {bought: {where: category == 'water'}}
rules:
"""


def large(*more: str) -> bytes:
    """Return a file of 4,100 rules; the last hundred pin products that are not there."""
    when = "when: {segment: vip, device: mobile}"
    lines = [f"  - {{id: r{n}, do: pin, product: p{n}, position: 9, {when}}}\n" for n in range(4_100)]
    return (HEAD + "".join(lines) + "".join(more)).encode()


def beside(text: bytes, folder: Path, turn: Path | None = None) -> tuple[Reading, ListsRead, int]:
    """Return what comes of a file read gently, the lists that it named, and how often there was a rest."""
    rests = []
    listed = ListsRead(folder, lists_in(folder))
    reading = read_gently(text, FACTS, PRODUCTS, listed, "rules.yaml", lambda: rests.append(1), turn)
    return reading, listed, len(rests)


def here(text: bytes, folder: Path) -> tuple[Reading, ListsRead]:
    listed = ListsRead(folder, lists_in(folder))
    return read(text, replace(FACTS, lists=listed), "rules.yaml"), listed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vip.csv").write_text("u1\nu2\n")
    return tmp_path


def test_a_child_reads_what_would_be_read_here(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Rules, segments, warnings, the lists of ids with their marks; in pieces, with a rest after each."""
    text = large()
    assert len(text) > LARGE
    (reading, listed, rests), (wanted, own) = beside(text, folder), here(text, folder)
    assert reading == wanted and reading.rules is not None and reading.rules.warnings
    assert any("not in the catalogue yet" in str(one) for one in reading.rules.warnings)
    assert (listed.ids, listed.marks) == (own.ids, own.marks) == (
        {"vip.csv": frozenset({"u1", "u2"})}, {"vip.csv": mark_of(folder / "vip.csv")},
    )  # fmt: skip
    assert rests < len(reading.rules.rules), "here it would have been after every rule"
    assert capfd.readouterr() == ("", ""), "nothing went wrong in the child"


def test_a_child_reads_for_a_process_with_many_open_files(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A busy service holds more than the 1,024 files that ``select`` knows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with ExitStack() as held:
        for _ in range(1100):
            held.enter_context(Path(os.devnull).open())
        assert beside(large(), folder)[0].rules is not None
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert capfd.readouterr() == ("", ""), "the child read them"


def test_faults_come_back_with_their_places(folder: Path) -> None:
    """A file that does not load says the same, and which lists it asked for, so that a list that arrives is seen."""
    (folder / "vip.csv").unlink()
    text = large("  - {id: r1, do: hid, product: p1}\n")
    (reading, listed, _), (wanted, own) = beside(text, folder), here(text, folder)
    assert reading == wanted and reading.rules is None and len(reading.faults) == 2
    assert listed.marks == own.marks == {"vip.csv": None}


def test_a_small_file_needs_no_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor does a large one where nobody asks yet, as at the start: without rests it is read here."""
    monkeypatch.setattr(rules_reader.sys, "executable", "/nowhere")
    text = HEAD.encode() + b"  - {id: a, do: hide, product: p1}\n"
    assert beside(text, folder)[0] == here(text, folder)[0]
    listed = ListsRead(folder, lists_in(folder))
    reading = read_gently(large(), FACTS, PRODUCTS, listed, "rules.yaml", no_rest, None)
    assert reading == here(large(), folder)[0] and capfd.readouterr().out == ""


def test_a_child_that_gets_no_processor_makes_room_for_one_that_takes_a_share(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first one asks for what nobody else wants, and is given up: the second has read the file."""
    monkeypatch.setattr(rules_reader, "PATIENCE", 0.0)
    classes: list[tuple[int, int]] = []
    for name in ("_idle", "_nice"):
        asked = getattr(rules_reader, name)

        def note(process: int, asked: Callable[[int], None] = asked) -> None:
            asked(process)
            with suppress(OSError):  # the first one may be gone already
                classes.append((os.sched_getscheduler(process), os.getpriority(os.PRIO_PROCESS, process)))

        monkeypatch.setattr(rules_reader, name, note)
    text = large()
    assert beside(text, folder)[0] == here(text, folder)[0]
    assert classes[-1] == (os.SCHED_OTHER, rules_reader.NICE)
    assert classes[:-1] in ([], [(os.SCHED_IDLE, 0)])
    assert capfd.readouterr() == ("", ""), "that is no crash"


@pytest.mark.parametrize("how", ["no python", "killed", "no folder for turns"])
def test_without_a_child_the_file_is_read_here(
    folder: Path, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where none starts, or it dies: with rests, the same rules come of it, and the log tells."""
    if how == "no python":
        monkeypatch.setattr(rules_reader.sys, "executable", "/nowhere")
    elif how == "killed":
        monkeypatch.setattr(rules_reader, "LONGEST", 0.0)
    text = large()
    reading, listed, rests = beside(text, folder, folder / "gone" if how == "no folder for turns" else None)
    assert reading == here(text, folder)[0] and listed.ids and reading.rules is not None
    assert rests > len(reading.rules.rules)
    (line,) = log_lines(capsys.readouterr().out)
    assert (line["event"], line["request_id"]) == ("crash", "rules-reader")


def test_workers_have_their_rules_read_one_after_another(folder: Path) -> None:
    """Whoever comes second waits, resting, until the first one's child is done."""
    with (folder / "reading.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found: list[Reading] = []
        rested = threading.Event()

        def work() -> None:
            listed = ListsRead(folder, lists_in(folder))
            found.append(read_gently(large(), FACTS, PRODUCTS, listed, "rules.yaml", rested.set, folder))

        second = threading.Thread(target=work)
        second.start()
        assert rested.wait(60) and not found
    second.join()
    assert found[0].rules is not None


def test_a_large_file_goes_live_beside_the_requests(
    trained: Path, make_app: Callable[..., Flask], capfd: pytest.CaptureFixture[str]
) -> None:
    """Saved while the service runs: every answer before it is under the old rules, and then under the new ones."""
    client = make_app(trained).test_client()
    watcher = Watcher(service_of(client.application).live, 0.05)
    watcher.check()
    many = "".join(f"  - {{id: x{n}, do: hide, product: none-{n}, when: {{store: s{n}}}}}\n" for n in range(4_500))
    path = trained / "rules.yaml"
    path.write_text(pin("p03") + many)
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns + 1_000_000))
    shown = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            shown.extend(ids(client.get("/v1/carousels/bestsellers?size=1")))

    asking = threading.Thread(target=ask)
    asking.start()
    watcher.check()
    watcher.check()
    done.set()
    asking.join()
    assert path.stat().st_size > LARGE and ids(client.get("/v1/carousels/bestsellers?size=1")) == ["p03"]
    assert shown == sorted(shown, reverse=True) and shown[0] == "p07"
    assert "crash" not in capfd.readouterr().out
