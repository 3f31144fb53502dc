"""The artifact: written whole or not at all, and nothing opened that is not what was written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from models import artifact as module
from models.artifact import (
    BLOCK,
    FORMAT,
    MANIFEST,
    Manifest,
    digest,
    open_artifact,
    read_manifest,
    write_artifact,
)
from models.errors import ArtifactError, NoArtifactError

PLAIN = Manifest("v1", "shop", "2026-11-22T00:00:00Z", 1_000, 7, {"lines": 3}, {"name": "shop"})


GROUPS = {
    "popularity": {"scores": np.array([0.5, 0.25], np.float32), "top": np.arange(2, dtype=np.int32)},
    "products": {"name.text.codes": np.empty(0, np.int32)},
    "recently-viewed": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A written version."""
    write_artifact(tmp_path / "versions" / "v1", PLAIN, GROUPS)
    return tmp_path / "versions" / "v1"


def rewrite(folder: Path, change: dict[str, Any]) -> None:
    """Change the manifest as somebody with an editor would."""
    values = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**values, **change}))


def test_what_is_written_is_read(folder: Path) -> None:
    """Arrays come back as read-only maps in their groups; the manifest names every file and library."""
    opened = open_artifact(folder)
    assert opened.group("popularity")["scores"].tolist() == [0.5, 0.25]
    assert not opened.group("popularity")["scores"].flags.writeable
    assert isinstance(opened.group("popularity")["scores"].base, np.memmap)
    assert opened.group("products")["name.text.codes"].dtype == np.int32
    assert opened.group("recently-viewed") == opened.group("no such group") == {}
    kept = opened.manifest
    assert (kept.version, kept.until, kept.seed, kept.data, kept.format) == ("v1", 1_000, 7, {"lines": 3}, FORMAT)
    assert kept.files["popularity/top.npy"] == digest(folder / "popularity" / "top.npy")
    assert {"recsvc", "numpy", "python"} <= set(kept.libraries)
    assert not list(folder.parent.glob(".*")), "nothing half-written is left"


kinds = st.sampled_from([np.int32, np.int64, np.float32, np.float64, np.uint8, np.uint64, np.bool_])


@settings(max_examples=25)
@given(array=kinds.flatmap(lambda kind: npst.arrays(kind, npst.array_shapes(min_dims=1, max_dims=2, min_side=0))))
def test_any_plain_array_comes_back(tmp_path: Path, array: np.ndarray) -> None:
    """Bytes, shape and type, also of a transposed or an empty array."""
    shutil.rmtree(tmp_path / "v", ignore_errors=True)
    write_artifact(tmp_path / "v", PLAIN, {"g": {"a": array.T}})
    found = open_artifact(tmp_path / "v").group("g")["a"]
    assert found.dtype == array.dtype
    assert found.tobytes() == array.T.tobytes()
    assert found.shape == array.T.shape


def test_the_same_arrays_make_the_same_digests(folder: Path, tmp_path: Path) -> None:
    """Two writes of the same content cannot be told apart."""
    assert write_artifact(tmp_path / "other", PLAIN, GROUPS).files == read_manifest(folder).files


def test_a_version_is_never_overwritten(folder: Path) -> None:
    """Writing to a version that is there is refused, and the version stays."""
    with pytest.raises(ArtifactError, match="never changes"):
        write_artifact(folder, PLAIN, {})
    assert open_artifact(folder).group("popularity")


def test_an_array_of_objects_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """What would need a pickle is not written."""
    with pytest.raises(ValueError, match="allow_pickle"):
        write_artifact(tmp_path / "v", PLAIN, {"g": {"a": np.array([{}], object)}})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", ["save", "digest", "sync", "libraries"])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_a_write_that_is_stopped_leaves_nothing_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, stop: type[BaseException]
) -> None:
    """Ctrl-C or a full disk at each step: no version, no remains, and the next write succeeds."""

    def fail(*_: object, **__: object) -> None:
        raise stop

    with monkeypatch.context() as patched:
        patched.setattr(np if step == "save" else module, step, fail)
        with pytest.raises(stop):
            write_artifact(tmp_path / "v1", PLAIN, GROUPS)
    assert not list(tmp_path.iterdir())
    write_artifact(tmp_path / "v1", PLAIN, GROUPS)
    open_artifact(tmp_path / "v1")


@pytest.mark.parametrize("rest", [None, lambda: None], ids=["all cores", "with rests"])
def test_every_flipped_byte_is_found(folder: Path, rest: Callable[[], None] | None) -> None:
    """One bit changed anywhere in an array's file stops the opening, and names the file."""
    path = folder / "popularity" / "scores.npy"
    whole = path.read_bytes()
    for place in (0, 7, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ArtifactError, match=r"scores\.npy: is not what was written"):
            open_artifact(folder, rest=rest)
    path.write_bytes(whole)
    open_artifact(folder, rest=rest)


def test_a_comparison_beside_requests_rests_after_each_block_of_each_file(tmp_path: Path) -> None:
    """A file of two blocks and a bit has three rests, an empty array's header one."""
    arrays = {"long": np.zeros(2 * BLOCK, np.uint8), "none": np.empty(0, np.uint8)}
    write_artifact(tmp_path / "v1", PLAIN, {"group": arrays})
    rests: list[None] = []
    opened = open_artifact(tmp_path / "v1", rest=lambda: rests.append(None))
    assert len(rests) == 3 + 1
    assert len(opened.group("group")["long"]) == 2 * BLOCK


@pytest.mark.parametrize("verify", [True, False])
def test_a_file_cut_short_or_emptied_is_found(folder: Path, verify: bool) -> None:
    """Also where digests are not compared: a map beyond the end of its file would kill the process."""
    path = folder / "popularity" / "scores.npy"
    whole = path.read_bytes()
    for rest in (whole[:-1], whole[:20], b""):
        path.write_bytes(rest)
        with pytest.raises(ArtifactError, match=r"scores\.npy: is no"):
            open_artifact(folder, verify=verify)


def test_a_missing_file_is_named(folder: Path) -> None:
    """The message says which, and what to do."""
    (folder / "popularity" / "top.npy").unlink()
    with pytest.raises(ArtifactError, match=r"top\.npy: is missing; train again or roll back"):
        open_artifact(folder)


@pytest.mark.parametrize("name", ["../outside.npy", "popularity/../../outside.npy", "ABSOLUTE"])
def test_a_path_out_of_the_version_is_refused(folder: Path, name: str) -> None:
    """Whether it climbs or starts at the root, and although its digest fits."""
    outside = folder.parent / "outside.npy"
    np.save(outside, np.zeros(2))
    name = str(outside.resolve()) if name == "ABSOLUTE" else name
    rewrite(folder, {"files": {name: digest(outside)}})
    with pytest.raises(ArtifactError, match="lies outside of its version"):
        open_artifact(folder)


def test_a_link_out_of_the_version_is_refused(folder: Path) -> None:
    """A symbolic link to the very same bytes elsewhere is no part of the version."""
    path = folder / "popularity" / "top.npy"
    outside = folder.parent / "top.npy"
    path.rename(outside)
    path.symlink_to(outside)
    with pytest.raises(ArtifactError, match="lies outside of its version"):
        open_artifact(folder)


def test_a_version_opens_through_a_link_to_its_folder(folder: Path, tmp_path: Path) -> None:
    """The registry's pointer is such a link."""
    (tmp_path / "current").symlink_to(folder)
    assert open_artifact(tmp_path / "current").manifest.version == "v1"


@pytest.mark.parametrize("verify", [True, False])
def test_a_pickle_is_never_run(folder: Path, verify: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """An array of objects whose digest fits is refused before anything in it runs."""

    class Loud:
        def __reduce__(self) -> tuple[Any, ...]:
            return print, ("a pickle ran",)

    path = folder / "popularity" / "top.npy"
    np.save(path, np.array([Loud()], object), allow_pickle=True)
    rewrite(folder, {"files": {"popularity/top.npy": digest(path)}})
    with pytest.raises(ArtifactError, match="is no plain array"):
        open_artifact(folder, verify=verify)
    assert "a pickle ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "change", [{"format": FORMAT + 1}, {"format": FORMAT + 1, "sealed_by": "a key"}, {"format": None}]
)
def test_another_format_is_told_as_such(folder: Path, change: dict[str, Any]) -> None:
    """A later format may have keys that this release does not know."""
    rewrite(folder, change)
    with pytest.raises(ArtifactError, match="this recsvc reads 1; train again"):
        read_manifest(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"version": "v1"}', '{"files": []}', "\ud83e", "null"])
def test_a_broken_manifest_is_an_artifact_error(folder: Path, text: str) -> None:
    """Whatever stands there, the message names the file."""
    (folder / MANIFEST).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ArtifactError, match=r"manifest\.json: cannot be read"):
        read_manifest(folder)


def test_files_must_be_a_table(folder: Path) -> None:
    """A list of files is no table of digests."""
    rewrite(folder, {"files": ["popularity/top.npy"]})
    with pytest.raises(ArtifactError, match="cannot be read"):
        open_artifact(folder)


def test_no_folder_is_no_artifact(tmp_path: Path) -> None:
    """Told apart from a broken one; a folder without a manifest is broken."""
    with pytest.raises(NoArtifactError, match="recsvc-train run"):
        open_artifact(tmp_path / "v9")
    with pytest.raises(ArtifactError, match="cannot be read"):
        open_artifact(tmp_path)


def test_files_that_the_manifest_does_not_name_are_not_read(folder: Path) -> None:
    """Something put into the folder later stays closed."""
    np.save(folder / "popularity" / "extra.npy", np.zeros(3))
    assert sorted(open_artifact(folder).group("popularity")) == ["scores", "top"]
