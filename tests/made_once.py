"""What is expensive to make and only read: made once for all processes of a test run."""

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """Return what ``make`` makes of an empty folder, by the process that comes first; the others wait and read its copy.

    Args:
        factory: pytest's.
        name: of the folder, the same in all processes.
        make: what makes it; the value has to be one that can be pickled, and nobody may change the folder: take a copy.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = Path(f"{folder}.pickle")
        if kept.exists():
            made: T = pickle.loads(kept.read_bytes())
            return made
        shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
        folder.mkdir(parents=True)
        made = make(folder)
        kept.write_bytes(pickle.dumps(made))
        return made
