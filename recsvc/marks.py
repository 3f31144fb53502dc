"""Whether files changed, by what ``stat`` says of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mark:
    """What ``stat`` says of a file; another mark means another content, and nearly always the other way round."""

    path: str
    inode: int
    size: int
    changed: int


def mark_of(path: Path | None) -> Mark | None:
    """Return the mark of the file at ``path``, behind all links; None where there is none."""
    if path is None:
        return None
    try:
        real = path.resolve(strict=True)
        told = real.stat()
    except (OSError, RuntimeError):  # RuntimeError: links that lead in a circle
        return None
    return Mark(str(real), told.st_ino, told.st_size, told.st_mtime_ns)


@dataclass(slots=True)
class ListsRead:
    """The lists of ids that one reading of a rules file asked for; call it with a name to read one."""

    folder: Path
    """Where the rules file lies."""
    read: Callable[[str], frozenset[str]]
    ids: dict[str, frozenset[str]] = field(default_factory=dict)
    """What was read, by name."""
    marks: dict[str, Mark | None] = field(default_factory=dict)
    """The mark of each file just before it was read, of those that could not be read too."""

    def __call__(self, name: str) -> frozenset[str]:
        """Return the ids in the list ``name``; raises what ``read`` raises."""
        self.marks[name] = mark_of(self.folder / name)
        self.ids[name] = self.read(name)
        return self.ids[name]

    def seen_now(self) -> dict[str, Mark | None]:
        """Return the marks of the same files as they are now."""
        return {name: mark_of(self.folder / name) for name in self.marks}
