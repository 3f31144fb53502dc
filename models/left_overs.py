"""What killed runs leave in an artifacts folder: half-written files named after the process that wrote them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

OLD = 3600.0
"""Seconds after which a half-written file is a left-over where its process cannot be told."""
PATTERNS = (".rejects.*", ".current.*.tmp", "versions/.*.tmp", "checked/.*.tmp")
"""Each ``.NAME.PID.SUFFIX``, below the artifacts folder."""


def remove_left_overs(folder: Path, now: float) -> None:
    """Delete what processes that are gone left half written in an artifacts folder; what cannot be deleted stays.

    Args:
        folder: the artifacts folder.
        now: Unix seconds by the clock of the file system.
    """
    for path in _left_overs(folder, now):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _left_overs(folder: Path, now: float) -> Iterator[Path]:
    for pattern in PATTERNS:
        yield from (path for path in folder.glob(pattern) if _is_left(path, now))


def _is_left(path: Path, now: float) -> bool:
    pid = path.name.split(".")[-2]
    if pid.isdecimal() and int(pid) != os.getpid():  # our own number may be that of a run before, as in a container
        return not _is_alive(int(pid))
    try:
        return now - path.lstat().st_mtime > OLD
    except OSError:  # gone meanwhile
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True
