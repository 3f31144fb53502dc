"""A trained version as a folder of plain arrays: written whole or not at all, mapped read-only, checked by digest.

``manifest.json`` names what the version was made from and the SHA-256 of every other file. Nothing here is executable:
arrays are ``.npy`` without pickles.
"""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ArtifactError, NoArtifactError
from models.schema import Arrays

FORMAT = 1
"""Raised when an older service could not read what is written."""
MANIFEST = "manifest.json"
BLOCK = 1 << 20
"""Bytes that are read between two rests: half a millisecond."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version is, in plain JSON values."""

    version: str
    shop: str
    created: str
    """ISO time, UTC."""
    until: int
    """Unix seconds: the moment it was trained for."""
    seed: int
    data: Mapping[str, Any]
    """Counts and time range of what was read."""
    config: Mapping[str, Any]
    """The parts of shop.toml that shaped the training."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 by file, relative to the folder."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Artifact:
    """A version that was opened: its manifest, and read-only arrays by group."""

    folder: Path
    manifest: Manifest
    groups: Mapping[str, Arrays]

    def group(self, name: str) -> Arrays:
        """Return the arrays of ``name``; none where the version has no such group."""
        return self.groups.get(name, {})


def libraries() -> dict[str, str]:
    """Return the versions of what training stands on."""
    return {
        "python": platform.python_version(),
        **{name: installed(name) for name in ("recsvc", "numpy", "scipy", "implicit")},
    }


def write_artifact(folder: Path, manifest: Manifest, groups: Mapping[str, Arrays]) -> Manifest:
    """Write a version to ``folder`` at once: a half-written one is never seen under that name.

    Returns:
        The manifest with the digests of what was written.

    Raises:
        ArtifactError: ``folder`` exists already; versions never change.
    """
    if folder.exists():
        raise _exists(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        files = {}
        for group, arrays in sorted(groups.items()):
            (half / group).mkdir(parents=True)
            for name, array in sorted(arrays.items()):
                path = half / group / f"{name}.npy"
                np.save(path, np.ascontiguousarray(array), allow_pickle=False)
                files[f"{group}/{name}.npy"] = digest(path)
        done = Manifest(**{**_plain(manifest), "files": files, "libraries": libraries()})
        (half / MANIFEST).write_text(json.dumps(_plain(done), indent=1, sort_keys=True, allow_nan=False))
        for path in sorted(half.rglob("*"), reverse=True):
            sync(path)
        sync(half)
        _place(half, folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return done


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a version.

    Raises:
        NoArtifactError: there is no such folder.
        ArtifactError: the manifest is missing, is no JSON, or of another format.
    """
    if not folder.is_dir():
        raise NoArtifactError(f"{folder}: no trained version here; run `recsvc-train run`")
    try:
        values = json.loads((folder / MANIFEST).read_text("utf-8"))
        if (found := dict(values).get("format", FORMAT)) != FORMAT:
            raise ArtifactError(f"{folder}: format {found}, this recsvc reads {FORMAT}; train again")
        return Manifest(**{**values, "files": dict(values["files"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ArtifactError(f"{folder / MANIFEST}: cannot be read ({error!r}); train again or roll back") from error


def open_artifact(folder: Path, *, verify: bool = True, rest: Callable[[], None] | None = None) -> Artifact:
    """Return a version with its arrays mapped read-only.

    Args:
        folder: the version's folder.
        verify: compare every file with the manifest's digest before any is opened.
        rest: called often, beside requests; None: nobody waits for this process, which compares on all cores.

    Raises:
        NoArtifactError: there is no such folder.
        ArtifactError: a file is missing, was changed, or is no plain array.
    """
    manifest = read_manifest(folder)
    for name in manifest.files:
        path = folder / name
        if Path(name).is_absolute() or path.resolve() != folder.resolve() / name:
            raise ArtifactError(f"{path}: lies outside of its version; train again or roll back")
        if not path.is_file():
            raise ArtifactError(f"{path}: is missing; train again or roll back")
    if verify:
        _compare(folder, manifest, rest)
    groups: dict[str, dict[str, Any]] = {}
    for name in manifest.files:
        path = folder / name
        try:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ArtifactError(f"{path}: is no plain array ({error}); train again or roll back") from error
        group, _, part = name.removesuffix(".npy").rpartition("/")
        groups.setdefault(group, {})[part] = np.asarray(mapped)
    return Artifact(folder, manifest, groups)


def _compare(folder: Path, manifest: Manifest, rest: Callable[[], None] | None) -> None:
    """Compare every file with its digest: of a large version that is most of what opening it takes."""
    paths = [folder / name for name in manifest.files]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        digests = pool.map(digest, paths) if rest is None else (digest(path, rest) for path in paths)
        for path, found, expected in zip(paths, digests, manifest.files.values(), strict=True):
            if found != expected:
                raise ArtifactError(f"{path}: is not what was written (SHA-256 differs); train again or roll back")


def digest(path: Path, rest: Callable[[], None] = lambda: None) -> str:
    """Return the SHA-256 of a file as hex; ``rest`` is called after each ``BLOCK``."""
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            found.update(block)
            rest()
    return found.hexdigest()


def sync(path: Path) -> None:
    """Bring a file's or a folder's content to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _place(half: Path, folder: Path) -> None:
    """Give the version its name."""
    try:
        half.rename(folder)
    except OSError as error:
        if folder.exists():  # somebody wrote the same version meanwhile
            raise _exists(folder) from error
        raise


def _exists(folder: Path) -> ArtifactError:
    return ArtifactError(f"{folder} exists already: a version never changes, train a new one")


def _plain(manifest: Manifest) -> dict[str, Any]:
    return asdict(manifest)
