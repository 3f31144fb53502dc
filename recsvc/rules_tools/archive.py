"""The rules files that were live, kept by hash beside the live one, and who put them there and why.

::

    rules.yaml
    .rules-history/rules.yaml/
    ├── log.jsonl            one line a publish or restore: time, who, why, hash, the hash before
    ├── 3fa2….yaml           every file that was live, by its SHA-256
    └── .lock                held by who publishes
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from models.artifact import sync
from models.errors import RulesError
from models.turn import TurnError, turn

TURN_SECONDS = 10.0
"""How long whoever publishes rules waits for others who do."""
BY_HAND = ("by hand", "found live when the next entry was written")
"""Who and why of a file that was not published."""
FEWEST = 6
"""Characters of a hash that name a file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    number: int
    """From 1, in the order of time."""
    time: str
    """ISO, UTC."""
    who: str
    why: str
    hash: str
    """SHA-256 of the file that went live, in hex."""
    before: str | None
    """Of the file that it replaced; None where there was none."""
    rules: int | None
    """Rules in the file; None where nobody counted them."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The history of one rules file."""

    file: Path

    @classmethod
    def of(cls, file: Path) -> "Archive":
        """Return the history of the file that ``file`` names, followed where it is a link."""
        return cls(file.resolve())

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.file.parent / ".rules-history" / self.file.name

    def entries(self) -> list[Entry]:
        """Return the log, oldest first.

        Raises:
            RulesError: it was changed to something else.
        """
        log = self.folder / "log.jsonl"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        try:
            return [Entry(number, **json.loads(line)) for number, line in enumerate(lines, start=1)]
        except (ValueError, TypeError) as error:
            raise RulesError([f"{log}: a line is none of ours ({error}): mend it or take it out"]) from error

    def changed_by_hand(self, last: Entry) -> bool:
        """Return whether the live file is another one than the ``last`` entry put there."""
        return not self.file.exists() or sha256(self.file.read_bytes()).hexdigest() != last.hash

    def find(self, name: str) -> str:
        """Return the hash of the entry with this number, or of the one kept file whose hash starts so.

        Raises:
            RulesError: there is none, or several.
        """
        entries = self.entries()
        if name.isdecimal() and 1 <= int(name) <= len(entries):
            return entries[int(name) - 1].hash
        wanted = name.lower().removeprefix("sha256:")
        kept = sorted(path.stem for path in self.folder.glob("*.yaml"))
        found = [one for one in kept if one.startswith(wanted)] if len(wanted) >= FEWEST else []
        if len(found) != 1:
            what = f"names {len(found)} files" if found else "is no number and no hash of the history"
            raise RulesError([f"{self.file.name}: {name!r} {what}: see `recsvc rules history`"])
        return found[0]

    def text(self, hash_: str) -> bytes:
        """Return a kept file.

        Raises:
            RulesError: it is gone, or was changed.
        """
        path = self.folder / f"{hash_}.yaml"
        try:
            text = path.read_bytes()
        except OSError as error:
            raise RulesError([f"{path}: cannot be read ({error.strerror})"]) from error
        if sha256(text).hexdigest() != hash_:
            raise RulesError([f"{path}: was changed after it was kept: it is not what its name says"])
        return text

    def kept(self) -> Iterator[bytes]:
        """Yield the files that were live, the newest first, each once; one that is gone or was changed is left out."""
        for one in dict.fromkeys(entry.hash for entry in reversed(self.entries())):
            with suppress(RulesError):
                yield self.text(one)

    def put(self, text: bytes, who: str, why: str, rules: int, time: str) -> Entry:
        """Make ``text`` the live file by one rename, keep it and what it replaces, and write the log."""
        with self._alone():
            old = self.file.read_bytes() if self.file.exists() else None
            for one in (old, text):
                if one is not None:
                    _write(self.folder / f"{sha256(one).hexdigest()}.yaml", one)
            entries = self.entries()
            before = None if old is None else sha256(old).hexdigest()
            if before is not None and (not entries or entries[-1].hash != before):
                last = entries[-1].hash if entries else None
                entries.append(self._log(Entry(len(entries) + 1, time, *BY_HAND, before, last, None)))
            _write(self.file, text)
            return self._log(Entry(len(entries) + 1, time, who, why, sha256(text).hexdigest(), before, rules))

    def _log(self, entry: Entry) -> Entry:
        line = {name: value for name, value in asdict(entry).items() if name != "number"}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")
            log.flush()
            os.fsync(log.fileno())
        return entry

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with turn(self.folder / ".lock", TURN_SECONDS):
                yield
        except TurnError as error:
            raise RulesError([str(error)]) from error


def _write(path: Path, text: bytes) -> None:
    """Write a file whole or not at all; it keeps its mode."""
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
    handle, half = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
    sync(path.parent)
