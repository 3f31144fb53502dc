"""The figures of all workers: a file each that the others read, and what workers that ended had counted.

prometheus_client keeps a worker's figures in memory-mapped files named by its process. When a worker ends, what it has
live goes and what it counted is added to one file, so that counters never fall and dead workers leave nothing behind.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Metric, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

ENDED = "ended"
"""Stands for a process id in the names of the files that keep the figures of those that ended."""
LOCK = "lock"
INFO = "_info"


@dataclass(frozen=True, slots=True)
class MetricsFiles(Collector):
    """The folder that the workers of one service share."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "MetricsFiles":
        """Return a new, empty folder for figures; raises OSError where there is no place for it."""
        folder.mkdir()
        (folder / LOCK).touch()
        return cls(folder)

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of all workers together; versions that nobody serves any more are left out."""
        with self._locked(fcntl.LOCK_SH):
            found = list(MultiProcessCollector.merge([str(path) for path in self.folder.glob("*.db") if _begun(path)]))
        for metric in found:
            if metric.name.endswith(INFO):
                metric.samples = [sample for sample in metric.samples if sample.value]
            yield metric

    def bury(self, pid: int) -> None:
        """Drop what a worker that ended had live, and add what it counted to the figures of those before it."""
        with self._locked(fcntl.LOCK_EX):
            mark_process_dead(pid, str(self.folder))
            for kind in ("counter", "histogram"):
                _add(self.folder / f"{kind}_{pid}.db", self.folder / f"{kind}_{ENDED}.db")

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with (self.folder / LOCK).open("rb") as handle:
            fcntl.flock(handle, how)  # let go when the file is closed, by whatever end
            yield


def use_files(files: MetricsFiles) -> None:
    """Let the figures that this process makes from now on live in ``files``."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(files.folder)  # read by prometheus_client each time it opens a file
    values.ValueClass = values.MultiProcessValue()


def _begun(path: Path) -> bool:
    """Return whether a file has figures: one without a byte is of a worker that was about to make it, or died then."""
    return path.stat().st_size > 0


def _add(path: Path, total: Path) -> None:
    """Add the figures of one file to those of ``total``, and delete it."""
    if not path.exists():
        return
    if not _begun(path):
        path.unlink()
        return
    sums = MmapedDict(str(total))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(path)):
            sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    finally:
        sums.close()
        path.unlink()
