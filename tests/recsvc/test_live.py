"""What is live changes as a whole between two requests, and whatever is broken leaves the last good one."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from service_helpers import ids, log_lines, pin

from models.registry import Registry
from recsvc.last_good import FILE, PREFIX, LastGood, memory
from recsvc.service import service_of
from recsvc.serving import Live
from recsvc.watch import Watcher
from running import publish_by_hand

FIRST = "/v1/carousels/bestsellers?size=1"


@pytest.fixture
def client(trained: Path, make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(trained).test_client()


@pytest.fixture
def live(client: FlaskClient) -> Live:
    return service_of(client.application).live


@pytest.fixture
def watcher(live: Live) -> Watcher:
    made = Watcher(live, 0.05)
    made.check()
    return made


def versions(trained: Path) -> list[str]:
    return [manifest.version for manifest in Registry(trained / "artifacts").versions()]


def save(path: Path, text: str) -> None:
    """Write a file as an editor does, with another time of change."""
    path.write_text(text)
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns + 1_000_000))


def test_a_published_version_is_live_at_the_next_look_and_a_rollback_too(
    client: FlaskClient, watcher: Watcher, trained: Path
) -> None:
    older, newer = versions(trained)
    assert client.get(FIRST).get_json()["model"] == older
    Registry(trained / "artifacts").promote(newer)
    watcher.check()
    assert client.get(FIRST).get_json()["model"] == newer
    Registry(trained / "artifacts").rollback()
    watcher.check()
    assert client.get(FIRST).get_json()["model"] == older


def test_a_saved_rules_file_is_live_when_two_looks_see_the_same(
    client: FlaskClient, watcher: Watcher, trained: Path
) -> None:
    watcher.check()
    save(trained / "rules.yaml", pin("p03"))
    watcher.check()
    assert ids(client.get(FIRST)) == ["p07"]
    watcher.check()
    assert ids(client.get(FIRST)) == ["p03"]


def test_a_broken_rules_file_leaves_the_last_good_rules_and_is_told_with_line_and_cause(
    client: FlaskClient, live: Live, trained: Path
) -> None:
    save(trained / "rules.yaml", pin("p03").replace("do: pin", "do: pinn"))
    live.refresh()
    assert ids(client.get(FIRST)) == ["p07"]
    ready = client.get("/readyz")
    (trouble,) = ready.get_json()["troubles"]
    assert (ready.status_code, ready.get_json()["status"]) == (200, "degraded")
    assert (trouble["part"], trouble["file"], trouble["line"]) == ("rules", "rules.yaml", 4)
    assert "did you mean 'pin'" in trouble["cause"]
    save(trained / "rules.yaml", pin("p04"))
    live.refresh()
    assert ids(client.get(FIRST)) == ["p04"] and client.get("/readyz").get_json()["status"] == "ready"


@pytest.mark.parametrize("how", ["deleted", "empty", "a folder", "binary"])
def test_a_rules_file_that_is_gone_or_no_text_leaves_the_last_good_rules(
    client: FlaskClient, watcher: Watcher, trained: Path, how: str
) -> None:
    path = trained / "rules.yaml"
    if how in ("deleted", "a folder"):
        path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how != "deleted":
        path.write_bytes(b"" if how == "empty" else bytes(range(256)))
    for _ in range(3):
        watcher.check()
    assert ids(client.get(FIRST)) == ["p07"]
    assert [one["part"] for one in client.get("/readyz").get_json()["troubles"]] == ["rules"]


def test_a_service_that_starts_with_broken_rules_serves_without_and_says_so_in_every_answer(
    trained: Path, make_app: Callable[..., Flask]
) -> None:
    (trained / "rules.yaml").write_text("rules: [")
    client = make_app(trained).test_client()
    answer = client.get(FIRST)
    assert answer.status_code == 200 and answer.get_json()["degraded"] == ["rules"] and ids(answer)
    page = client.post("/v1/pages/cart").get_json()
    assert all(one["degraded"] == ["rules"] for one in page["carousels"])


def test_rules_none_serves_without_rules_and_without_complaint(trained: Path, make_app: Callable[..., Flask]) -> None:
    client = make_app(trained, RULES="none").test_client()
    assert client.get(FIRST).get_json()["rules"] is None
    assert client.get("/readyz").get_json()["troubles"] == []


@pytest.mark.parametrize("how", ["flipped", "truncated", "missing", "no manifest", "another shop"])
def test_a_broken_version_leaves_the_last_good_one_and_is_told(
    client: FlaskClient, watcher: Watcher, trained: Path, how: str
) -> None:
    older, newer = versions(trained)
    folder = trained / "artifacts" / "versions" / newer
    victim = sorted(folder.rglob("*.npy"))[0]
    raw, manifest = victim.read_bytes(), folder / "manifest.json"
    if how == "flipped":
        victim.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    elif how == "truncated":
        victim.write_bytes(raw[:-1])
    elif how == "missing":
        victim.unlink()
    elif how == "another shop":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "shop": "Other"}))
    publish_by_hand(Registry(trained / "artifacts"), newer)
    if how == "no manifest":
        manifest.unlink()
    watcher.check()
    assert client.get(FIRST).get_json()["model"] == older
    (trouble,) = client.get("/readyz").get_json()["troubles"]
    assert (trouble["part"], trouble["file"]) == ("model", newer) and "ArtifactError" in trouble["cause"]


def test_a_pointer_that_vanishes_leaves_the_last_good_version(
    client: FlaskClient, watcher: Watcher, trained: Path
) -> None:
    (trained / "artifacts" / "current").unlink()
    watcher.check()
    assert client.get(FIRST).status_code == 200 and ids(client.get(FIRST))
    assert "pointer" in client.get("/readyz").get_json()["troubles"][0]["cause"]


def test_new_rules_go_live_while_the_new_version_is_broken(
    client: FlaskClient, watcher: Watcher, trained: Path
) -> None:
    newer = versions(trained)[1]
    sorted((trained / "artifacts" / "versions" / newer).rglob("*.npy"))[0].unlink()
    publish_by_hand(Registry(trained / "artifacts"), newer)
    save(trained / "rules.yaml", pin("p03"))
    watcher.check()
    watcher.check()
    assert ids(client.get(FIRST)) == ["p03"]


def test_a_trouble_keeps_the_time_at_which_it_began_and_is_logged_once(
    live: Live, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(trained / "rules.yaml", "rules: [")
    live.refresh()
    began = live.state.troubles[0].since
    live.load(live.look())
    assert live.state.troubles[0].since == began
    told = [line for line in log_lines(capsys.readouterr().out) if line["event"] == "trouble"]
    assert len(told) == 1 and told[0]["file"] == "rules.yaml"


def test_what_did_not_load_is_tried_again_without_a_change_of_its_file(
    live: Live, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = versions(trained)[1]
    victim = sorted((trained / "artifacts" / "versions" / newer).rglob("*.npy"))[0]
    hidden = victim.rename(victim.with_suffix(".late"))
    publish_by_hand(Registry(trained / "artifacts"), newer)
    monkeypatch.setattr("recsvc.watch.DEEP_SECONDS", 0.0)
    watcher = Watcher(live, 0.05)
    watcher.check()
    assert live.state.troubles
    hidden.rename(victim)
    watcher.check()
    watcher.check()
    assert live.state.model == newer and not live.state.troubles


def flip(folder: Path) -> None:
    """Change the last byte of one array of a version."""
    victim = sorted(folder.rglob("*.npy"))[0]
    raw = victim.read_bytes()
    victim.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))


@pytest.mark.parametrize("how", ["altered", "deleted"])
def test_a_service_that_starts_on_a_broken_version_serves_the_one_before_and_says_so(
    trained: Path, make_app: Callable[..., Flask], how: str
) -> None:
    """The trouble names the broken one; once it is whole again, or another one is promoted, that one is live."""
    older, newer = versions(trained)
    registry = Registry(trained / "artifacts")
    registry.promote(newer)
    broken = registry.path(newer)
    away = Path(shutil.copytree(broken, trained / "away"))
    flip(broken) if how == "altered" else shutil.rmtree(broken)
    client = make_app(trained).test_client()
    assert client.get(FIRST).get_json()["model"] == older and ids(client.get(FIRST)) == ["p07"]
    ready = client.get("/readyz").get_json()
    (trouble,) = ready["troubles"]
    assert ready["status"] == "degraded" and trouble["part"] == "model"
    assert trouble["file"] == (newer if how == "altered" else "current")
    assert trouble["cause"].endswith(f"; {older}, live before, is served instead")
    shutil.rmtree(broken, ignore_errors=True)
    away.rename(broken)
    live = service_of(client.application).live
    live.load(live.look())
    assert live.state.model == newer and not live.state.troubles


def test_a_service_that_starts_where_no_version_opens_serves_none_and_says_so(
    trained: Path, make_app: Callable[..., Flask]
) -> None:
    """Both versions were live and both are broken: it starts all the same."""
    registry = Registry(trained / "artifacts")
    for version in versions(trained):
        registry.promote(version)
    for version in versions(trained):
        flip(registry.path(version))
    client = make_app(trained).test_client()
    assert client.get(FIRST).get_json()["degraded"] == ["model"]
    assert "SHA-256 differs" in client.get("/readyz").get_json()["troubles"][0]["cause"]


VIPS = """version: 1
segments:
  vips: { list: vips.csv }
rules:
  - { id: first, do: pin, product: p03, position: 1, carousels: [bestsellers], when: { segment: vips } }
"""


def test_a_saved_list_of_ids_is_live_without_a_change_of_the_rules_file(
    client: FlaskClient, watcher: Watcher, trained: Path
) -> None:
    """As the rules themselves: when two looks see the same; a list that vanishes leaves the one before."""
    (trained / "vips.csv").write_text("u01\n")
    save(trained / "rules.yaml", VIPS)
    for _ in range(3):
        watcher.check()
    asked = {user: f"{FIRST}&user_id={user}" for user in ("u01", "u02")}
    assert (ids(client.get(asked["u01"])) == ["p03"], ids(client.get(asked["u02"])) == ["p03"]) == (True, False)
    save(trained / "vips.csv", "u02\n")
    watcher.check()
    assert ids(client.get(asked["u02"])) != ["p03"]
    watcher.check()
    assert (ids(client.get(asked["u01"])) == ["p03"], ids(client.get(asked["u02"])) == ["p03"]) == (False, True)
    (trained / "vips.csv").unlink()
    for _ in range(2):
        watcher.check()
    assert ids(client.get(asked["u02"])) == ["p03"]
    assert "vips.csv" in client.get("/readyz").get_json()["troubles"][0]["cause"]
    save(trained / "vips.csv", "u01\n")
    for _ in range(2):
        watcher.check()
    assert ids(client.get(asked["u01"])) == ["p03"] and not client.get("/readyz").get_json()["troubles"]


def fork_of(trained: Path, make_app: Callable[..., Flask], keep: LastGood) -> Live:
    """Return what a new worker has, made from a master that started on the older version and its rules."""
    live = service_of(make_app(trained).test_client().application).live
    live.keep = keep
    return live


def test_a_worker_that_comes_after_another_has_what_that_one_had_last(
    trained: Path, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """The version, the rules and their lists: also where the version, the rules file and the list are gone by then."""
    newer = versions(trained)[1]
    keep = LastGood(tmp_path)
    first, second = fork_of(trained, make_app, keep), fork_of(trained, make_app, keep)
    second.restore()
    assert second.state.model != newer, "nothing was kept yet"
    (trained / "vips.csv").write_text("u01\n")
    save(trained / "rules.yaml", VIPS)
    Registry(trained / "artifacts").promote(newer)
    first.refresh()
    (trained / "vips.csv").unlink()
    (trained / "rules.yaml").write_text("rules: [")
    (trained / "artifacts" / "current").unlink()
    for _ in range(2):
        second.restore()
        second.refresh()
        assert (second.state.model, second.state.rules_hash) == (newer, first.state.rules_hash)
        assert second.state.lists == {"vips.csv": frozenset({"u01"})}
    assert {trouble.part for trouble in second.state.troubles} == {"model", "rules"}


def test_a_worker_restores_the_rules_where_the_version_that_was_kept_is_broken(
    trained: Path, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """Under the version that it was forked with; and an emptied rules file that was good once is good again."""
    older, newer = versions(trained)
    keep = LastGood(tmp_path)
    first, second = fork_of(trained, make_app, keep), fork_of(trained, make_app, keep)
    Registry(trained / "artifacts").promote(newer)
    for text in (pin("p03"), "version: 1\nrules: []\n", ""):
        save(trained / "rules.yaml", text)
        first.refresh()
    flip(Registry(trained / "artifacts").path(newer))
    second.restore()
    assert second.state.model == older and second.state.rules is not None and not second.state.rules.rules


def test_a_place_that_is_gone_or_unreadable_stops_no_worker(
    trained: Path, make_app: Callable[..., Flask], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What loads is live all the same; a worker without it has what the master started with; the log tells."""
    live = fork_of(trained, make_app, LastGood(tmp_path / "gone"))
    save(trained / "rules.yaml", pin("p03"))
    live.refresh()
    told = [line["request_id"] for line in log_lines(capsys.readouterr().out) if line["event"] == "crash"]
    assert told == ["last-good"] and live.state.text == pin("p03").encode()
    (tmp_path / FILE).write_text("{")
    other = fork_of(trained, make_app, LastGood(tmp_path))
    other.restore()
    assert other.state.text == pin("p03").encode()


def test_publishing_and_rolling_back_under_traffic_fails_no_request_and_mixes_no_versions(
    client: FlaskClient, live: Live, trained: Path
) -> None:
    registry, names = Registry(trained / "artifacts"), versions(trained)
    watcher, failed, seen = Watcher(live, 0.05), [], set()
    done = threading.Event()

    def ask() -> None:
        own = client.application.test_client()
        while not done.is_set():
            answer = own.post("/v1/pages/home", json={"user_id": "u01", "size": 3})
            models = {one["model"] for one in answer.get_json().get("carousels", [])}
            seen.update(models)
            if answer.status_code != 200 or len(models) != 1:
                failed.append(answer.get_json())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    watcher.start()
    for thread in threads:
        thread.start()
    try:
        for turn in range(4):
            registry.promote(names[(turn + 1) % 2])
            began = time.monotonic()
            while live.state.model != names[(turn + 1) % 2] and time.monotonic() - began < 20:
                time.sleep(0.02)
            assert live.state.model == names[(turn + 1) % 2]
    finally:  # threads that go on asking would keep the process alive for ever
        done.set()
        for thread in threads:
            thread.join()
        watcher.stop()
    assert not failed and seen == set(names)


def test_what_killed_services_left_goes_and_nothing_of_it_stays_open() -> None:
    """The folder of a service that lives is locked, so it stays; one that nobody locks is deleted, its file closed."""
    left = Path(tempfile.mkdtemp(prefix=PREFIX, dir=memory()))
    made = LastGood.make()
    again = LastGood.make()
    held = set()
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the listing itself
            held.add(handle.readlink().name)
    assert not left.exists() and not any(name.startswith(left.name) for name in held)
    assert made.folder.exists() and again.folder.exists()
    made.remove()
    again.remove()
