"""What loaded last, kept outside of the workers: a worker that dies leaves it to the one that comes after."""

import base64
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MEMORY = Path("/dev/shm")
"""A place in memory that all processes of a machine see; it can be written under a read-only root too."""
FILE = "last-good.json"
PREFIX = "recsvc-live-"


@dataclass(frozen=True, slots=True)
class Good:
    """A version and rules that are live together."""

    folder: Path | None = None
    """Of the trained version."""
    text: bytes | None = None
    """Of the rules file."""
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The lists of ids that the rules name, as they were read."""


@dataclass(frozen=True, slots=True)
class LastGood:
    """A private folder that all workers of one service share, made before they are forked."""

    folder: Path

    @classmethod
    def make(cls) -> "LastGood":
        """Return a new folder that only this user can enter; raises OSError where there is no place for it.

        It is locked for as long as this process or one forked from it lives; what services that were killed left goes.
        """
        for path in Path(memory() or tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with suppress(OSError):  # in use, or somebody else's
                handle = _lock(path)
                try:
                    shutil.rmtree(path)
                finally:
                    os.close(handle)
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=memory()))
        _lock(made)  # before it has its name: to a service that starts now it would be one that was left
        return cls(made.rename(made.with_name(made.name[1:])))

    def save(self, good: Good) -> None:
        """Keep ``good`` instead of what was kept before, whole or not at all; raises OSError."""
        fresh = self.folder / f".{os.getpid()}.tmp"
        values = {
            "folder": None if good.folder is None else str(good.folder),
            "text": None if good.text is None else base64.b64encode(good.text).decode(),
            "lists": {name: sorted(ids) for name, ids in good.lists.items()},
        }
        try:
            fresh.write_text(json.dumps(values))
            fresh.replace(self.folder / FILE)
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

    def read(self) -> Good | None:
        """Return what is kept; None where nothing was kept yet, or it cannot be read."""
        try:
            values = json.loads((self.folder / FILE).read_text())
        except (OSError, ValueError):
            return None
        folder, text = values["folder"], values["text"]
        return Good(
            None if folder is None else Path(folder),
            None if text is None else base64.b64decode(text),
            {name: frozenset(ids) for name, ids in values["lists"].items()},
        )

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Hold a folder until the handle that comes back is closed here and in all processes forked from this one.

    Raises:
        OSError: others hold it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def memory() -> str | None:
    """Return the folder in memory where it can be written; None stands for the usual temporary folder."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None
