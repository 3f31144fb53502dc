"""Which versions there are, and which one is live.

::

    artifacts/
    ├── versions/2026-11-22T10-00-00Z-3fa2/   a version each, never changed
    ├── published/000001 ─► ../versions/…     what went live, in order
    ├── current ─► published/000001           the one pointer: moved by a rename
    └── .lock                                 held by who changes any of these
"""

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.artifact import Manifest, open_artifact, read_manifest, sync
from models.errors import ArtifactError, NoArtifactError
from models.left_overs import remove_left_overs
from models.turn import TurnError, turn

TURN_SECONDS = 60.0
"""How long whoever publishes waits for others who do; the deletion of old versions may take that long."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The artifacts folder of one shop."""

    folder: Path

    @property
    def versions_folder(self) -> Path:
        """Where versions lie."""
        return self.folder / "versions"

    def path(self, version: str) -> Path:
        """Return the folder of ``version``, there or not.

        Raises:
            ArtifactError: the name could lead elsewhere.
        """
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", version):
            raise ArtifactError(f"{version!r} is no version name; see `recsvc-train versions`")
        return self.versions_folder / version

    def versions(self) -> list[Manifest]:
        """Return the manifests of all readable versions, oldest first."""
        found = []
        for folder in sorted(self.versions_folder.glob("[!.]*")):
            try:
                found.append(read_manifest(folder))
            except ArtifactError:
                continue
        return found

    def current(self) -> Path | None:
        """Return the folder of the live version, or None while nothing is published."""
        pointer, followed = self.folder / "current", None
        while pointer.is_symlink() and (target := pointer.readlink()) != followed:
            followed = target
            try:
                return (self.folder / target).resolve(strict=True)
            except (OSError, RuntimeError):  # leads nowhere; or was moved meanwhile, and is followed again
                continue
        return None

    def promote(self, version: str) -> Path:
        """Make ``version`` live by one rename; return its folder.

        Raises:
            NoArtifactError: there is no such version.
            ArtifactError: its files are not those of its manifest; what is live stays.
        """
        target = self.path(version)
        if not target.is_dir():
            known = ", ".join(manifest.version for manifest in self.versions()) or "none"
            raise NoArtifactError(f"no version {version!r} in {self.folder} (there: {known})")
        open_artifact(target, verify=True)
        with self._alone():
            history = self._published()
            name = f"{(int(history[-1].name) if history else 0) + 1:06d}"
            for undone in [entry for entry in history if "" < self._live() < entry.name]:
                undone.unlink()  # rolled back from: a rollback of this promote must not return to it
            (self.folder / "published").mkdir(exist_ok=True)
            (self.folder / "published" / name).symlink_to(Path("..") / "versions" / version)
            sync(self.folder / "published")
            self._point(name)
        return target

    def rollback(self) -> Path:
        """Make live what was live before the current version and is whole, by one rename; return its folder.

        Raises:
            NoArtifactError: nothing was live before that is still there and whole.
        """
        with self._alone():
            earlier = self._before()
            if earlier is None:
                raise NoArtifactError(f"nothing was live in {self.folder} before; see `recsvc-train versions`")
            self._point(earlier.name)
        return earlier.resolve()

    def history(self) -> list[Path]:
        """Return the folders of what is live and was live before it, newest first, each once, those still there."""
        live = self._live()
        entries = [entry for entry in self._published() if not live or entry.name <= live]
        return list(dict.fromkeys(entry.resolve() for entry in reversed(entries) if entry.exists()))

    def clean(self, keep: int, also: Collection[str] = ()) -> list[str]:
        """Delete the oldest versions but ``keep``; the live one, the one before it and those in ``also`` stay.

        Return the names deleted.

        What killed runs left half written goes too.
        """
        with self._alone():
            lock = self.folder / ".lock"
            lock.touch()
            remove_left_overs(self.folder, lock.stat().st_mtime)
            stay = {entry.resolve().name for entry in (self.current(), self._before()) if entry is not None} | {*also}
            gone = [m.version for m in self.versions()[: -keep or None] if m.version not in stay]
            for version in gone:
                shutil.rmtree(self.path(version))
        return gone

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock: who publishes at the same time waits; it goes with the process that held it.

        Raises:
            NoArtifactError: there is no such folder.
            ArtifactError: somebody else holds the lock all the time.
        """
        if not self.folder.is_dir():
            raise NoArtifactError(f"nothing was live in {self.folder}: no such folder; name another with --artifacts")
        try:
            with turn(self.folder / ".lock", TURN_SECONDS):
                yield
        except TurnError as error:
            raise ArtifactError(str(error)) from error

    def _published(self) -> list[Path]:
        return sorted(self.folder.glob("published/[0-9]*"))

    def _live(self) -> str:
        pointer = self.folder / "current"
        return pointer.readlink().name if pointer.is_symlink() else ""

    def _before(self) -> Path | None:
        """Return the entry that a rollback goes to: the last one before the live one with another version that opens."""
        now = self.current()
        earlier = [entry for entry in self._published() if entry.name < self._live()]
        return next((entry for entry in reversed(earlier) if entry.resolve() != now and _opens(entry)), None)

    def _point(self, name: str) -> None:
        fresh = self.folder / f".current.{os.getpid()}.tmp"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("published") / name)
        fresh.replace(self.folder / "current")
        sync(self.folder)


def _opens(entry: Path) -> bool:
    try:
        open_artifact(entry.resolve(), verify=True)
    except (ArtifactError, OSError):
        return False
    return True
