"""The registry: what is live, what was live before, and what may be deleted."""

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from models.artifact import MANIFEST, Manifest, write_artifact
from models.errors import ArtifactError, NoArtifactError
from models.registry import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Versions v1 to v4, none live."""
    made = Registry(tmp_path / "artifacts")
    for version in ("v1", "v2", "v3", "v4"):
        write(made, version)
    return made


def write(registry: Registry, version: str) -> None:
    manifest = Manifest(version, "shop", "2026-11-22T00:00:00Z", 0, 1, {}, {})
    write_artifact(registry.path(version), manifest, {"g": {"a": np.arange(9)}})


def live(registry: Registry) -> str:
    current = registry.current()
    return current.name if current else "nothing"


def names(registry: Registry) -> list[str]:
    return [manifest.version for manifest in registry.versions()]


def test_nothing_is_live_before_the_first_promote(registry: Registry, tmp_path: Path) -> None:
    """Nor is there anything to roll back to; an empty folder has no versions."""
    assert registry.current() is None
    assert names(registry) == ["v1", "v2", "v3", "v4"]
    empty = Registry(tmp_path / "nowhere")
    assert empty.versions() == []
    assert empty.current() is None
    for one in (registry, empty):
        with pytest.raises(NoArtifactError, match="nothing was live"):
            one.rollback()


def test_promote_makes_live_and_rollback_goes_back_step_by_step(registry: Registry) -> None:
    """Two rollbacks go back two promotes; a third finds nothing and changes nothing."""
    for version in ("v1", "v2", "v3"):
        assert registry.promote(version).name == version
        assert live(registry) == version
    assert registry.rollback().name == "v2"
    assert registry.rollback().name == "v1"
    with pytest.raises(NoArtifactError, match="nothing was live"):
        registry.rollback()
    assert live(registry) == "v1"


def test_promoting_the_live_version_again_does_not_hide_the_one_before(registry: Registry) -> None:
    """A rollback goes to another version, not to the same one."""
    for version in ("v1", "v2", "v2"):
        registry.promote(version)
    assert registry.rollback().name == "v1"


def test_a_rollback_never_returns_to_what_was_rolled_back_from(registry: Registry) -> None:
    """v2 was bad and rolled back, v3 is bad too: the way back from v3 is v1."""
    registry.promote("v1")
    registry.promote("v2")
    registry.rollback()
    registry.promote("v3")
    assert registry.rollback().name == "v1"


def test_a_rollback_skips_versions_that_are_gone(registry: Registry) -> None:
    """What was live before but was deleted cannot become live."""
    for version in ("v1", "v2", "v3"):
        registry.promote(version)
    registry.path("v2").rename(registry.folder / "away")
    assert registry.rollback().name == "v1"


def test_each_publication_has_a_name_of_its_own(registry: Registry) -> None:
    """Also after a rollback: who watches the pointer sees every change."""
    seen = []
    for step in (lambda: registry.promote("v1"), lambda: registry.promote("v2"), registry.rollback,
                 lambda: registry.promote("v3"), registry.rollback, lambda: registry.promote("v2")):  # fmt: skip
        step()
        seen.append(((registry.folder / "current").readlink().name, live(registry)))
    assert len({pointer for pointer, _ in seen}) == len(set(seen)) == 4


def test_an_unknown_version_is_told_with_those_that_are_there(registry: Registry) -> None:
    """And nothing changes."""
    registry.promote("v1")
    with pytest.raises(NoArtifactError, match=r"no version 'v7' in .* \(there: v1, v2, v3, v4\)"):
        registry.promote("v7")
    assert live(registry) == "v1"


@pytest.mark.parametrize("name", ["", ".", "..", "../v1", "a/b", ".hidden", "-x", "v1\n", "é", "v" * 101])
def test_a_name_that_could_lead_elsewhere_is_refused(registry: Registry, name: str) -> None:
    """Versions are plain names."""
    with pytest.raises(ArtifactError, match="is no version name"):
        registry.promote(name)


def test_a_broken_version_is_neither_listed_nor_promoted(registry: Registry) -> None:
    """The live version stays; folders of a write in the middle are not looked at."""
    registry.promote("v1")
    (registry.path("v2") / MANIFEST).write_text("{")
    (registry.versions_folder / ".v5.1.tmp").mkdir()
    assert names(registry) == ["v1", "v3", "v4"]
    with pytest.raises(ArtifactError, match="cannot be read"):
        registry.promote("v2")
    assert live(registry) == "v1"


def harm(registry: Registry, version: str, how: str) -> None:
    """Break the one array of a version."""
    victim = registry.path(version) / "g" / "a.npy"
    raw = victim.read_bytes()
    if how == "missing":
        victim.unlink()
    else:
        victim.write_bytes(raw[:-1] if how == "truncated" else raw[:-1] + bytes([raw[-1] ^ 1]))


@pytest.mark.parametrize("how", ["altered", "truncated", "missing"])
def test_a_version_whose_files_are_not_those_of_its_manifest_is_not_promoted(registry: Registry, how: str) -> None:
    """And what is live stays, and is all that was ever live."""
    registry.promote("v1")
    harm(registry, "v2", how)
    with pytest.raises(ArtifactError, match=r"a\.npy: is (missing|not what was written)"):
        registry.promote("v2")
    assert live(registry) == "v1"
    assert registry.history() == [registry.path("v1").resolve()]


@pytest.mark.parametrize("how", ["altered", "truncated", "missing"])
def test_a_rollback_goes_past_versions_that_broke_since(registry: Registry, how: str) -> None:
    """v2 does not open any more: the way back from v3 is v1; with v1 broken too there is none, and v3 stays."""
    for version in ("v1", "v2", "v3"):
        registry.promote(version)
    harm(registry, "v2", how)
    assert registry.rollback().name == "v1"
    registry.promote("v3")
    harm(registry, "v1", how)
    with pytest.raises(NoArtifactError, match="nothing was live"):
        registry.rollback()
    assert live(registry) == "v3"


def test_the_history_is_what_was_live_newest_first(registry: Registry) -> None:
    """Each once, without those that are gone or were rolled back from; all of it where the pointer is lost."""
    assert registry.history() == []
    for version in ("v1", "v2", "v1", "v3", "v4"):
        registry.promote(version)
    registry.rollback()
    assert [folder.name for folder in registry.history()] == ["v3", "v1", "v2"]
    registry.path("v1").rename(registry.folder / "away")
    assert [folder.name for folder in registry.history()] == ["v3", "v2"]
    (registry.folder / "current").unlink()
    assert [folder.name for folder in registry.history()] == ["v4", "v3", "v2"]


def ended() -> int:
    """Return the number of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_cleaning_takes_away_what_killed_runs_left_half_written(registry: Registry) -> None:
    """Of processes that are gone; where the process cannot be told, or has our own number, after an hour."""
    gone, alive, long_ago = ended(), os.getppid(), time.time() - 4000
    names = [(gone, False), (alive, True), ("x", True), (os.getpid(), True)]
    for pid, _ in names:
        (registry.folder / f".rejects.{pid}.csv").touch()
        (registry.folder / f".current.{pid}.tmp").symlink_to("nowhere")
        (registry.versions_folder / f".v5.{pid}.tmp" / "g").mkdir(parents=True)
    (registry.folder / ".rejects.old.csv").touch()
    os.utime(registry.folder / ".rejects.old.csv", (long_ago, long_ago))
    registry.clean(keep=9)
    left = {path.name for path in (*registry.folder.glob(".[rc]*"), *registry.versions_folder.glob(".*"))}
    stay = [pid for pid, stays in names if stays]
    assert left == {
        f".{name}" for pid in stay for name in (f"rejects.{pid}.csv", f"current.{pid}.tmp", f"v5.{pid}.tmp")
    }


def test_a_live_version_that_was_deleted_is_not_live(registry: Registry) -> None:
    """The pointer leads nowhere: nothing is live, and a rollback finds the one before."""
    registry.promote("v1")
    registry.promote("v2")
    registry.path("v2").rename(registry.folder / "away")
    assert registry.current() is None
    assert registry.rollback().name == "v1"


def test_a_promote_that_was_killed_before_its_rename_changes_nothing(registry: Registry) -> None:
    """The entry is there, the pointer is not moved: v1 is live, and the next promote and rollback work."""
    registry.promote("v1")
    (registry.folder / "published" / "000002").symlink_to(Path("..") / "versions" / "v2")
    assert live(registry) == "v1"
    registry.promote("v3")
    assert registry.rollback().name == "v1"


def test_cleaning_keeps_the_newest_the_live_and_the_one_before(registry: Registry) -> None:
    """v4 is kept as the newest, v2 is live after a rollback, v1 is what the next rollback needs."""
    for version in ("v1", "v2", "v3"):
        registry.promote(version)
    registry.rollback()
    assert registry.clean(keep=1) == ["v3"]
    assert names(registry) == ["v1", "v2", "v4"]
    assert registry.rollback().name == "v1"


def test_cleaning_twice_deletes_nothing_more(registry: Registry) -> None:
    """With none live only the number counts; keeping more than there are deletes nothing."""
    assert registry.clean(keep=9) == []
    assert registry.clean(keep=2) == ["v1", "v2"]
    assert registry.clean(keep=2) == []
    assert names(registry) == ["v3", "v4"]


def test_the_folder_can_be_moved(registry: Registry, tmp_path: Path) -> None:
    """Pointers are relative: a copied artifacts folder is whole."""
    registry.promote("v1")
    registry.promote("v2")
    moved = Registry(registry.folder.rename(tmp_path / "elsewhere"))
    assert live(moved) == "v2"
    assert moved.rollback().name == "v1"
