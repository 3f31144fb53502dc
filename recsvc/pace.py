"""How one call for carousels gets on: its time by stage, what it may still spend, and what it had to do without."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from time import perf_counter
from typing import Literal, TypeAlias, TypeVar

Stage: TypeAlias = Literal["wait", "understand", "rules", "candidates", "rank", "arrange", "answer"]
STAGES: tuple[Stage, ...] = ("wait", "understand", "rules", "candidates", "rank", "arrange", "answer")
"""In the order of a call. ``wait``: for a thread and a permit; only a served call has it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spent:
    """What one stage took; moments are of ``time.perf_counter``, in seconds."""

    stage: Stage
    carousel: str
    """Its name; ``page:NAME`` for what all carousels of a page share."""
    began: float
    ended: float


@dataclass(slots=True)
class Pace:
    """One call's stopwatch and budget. As it is made, there is no limit and a part that fails raises."""

    ends: float = inf
    """The moment (``time.perf_counter``) after which what can be left out is left out."""
    prepared: str | None = None
    """Answer from what was prepared, and name this as the part left out, such as "load"."""
    tell: Callable[[str, Exception], None] | None = None
    """Takes a part that failed, and why; None: the failure is raised."""
    spent: list[Spent] = field(default_factory=list)
    held: list[tuple[int, ...]] = field(default_factory=list)
    """For each carousel: the places of the rules that held for it, beside the merged ones."""
    without: dict[str, dict[str, None]] = field(default_factory=dict)
    """Carousel -> the parts that it had to do without, in order."""
    _stage: Stage | None = None
    _carousel: str = ""
    _began: float = 0.0

    @property
    def stage(self) -> str:
        """The stage that runs, or the last one."""
        return self._stage or (self.spent[-1].stage if self.spent else STAGES[0])

    def enter(self, stage: Stage, carousel: str) -> None:
        """Begin a stage; the one before it ends here."""
        now = self.end()
        self._stage, self._carousel, self._began = stage, carousel, now

    def end(self) -> float:
        """End the stage that runs, and return the moment."""
        now = perf_counter()
        if self._stage is not None:
            self.spent.append(Spent(self._stage, self._carousel, self._began, now))
            self._stage = None
        return now

    def late(self) -> bool:
        """Return whether the budget is spent."""
        return self.ends != inf and perf_counter() >= self.ends

    def leave_out(self, carousel: str, part: str) -> None:
        """Note that ``carousel`` goes without ``part``."""
        self.without.setdefault(carousel, {})[part] = None

    def attempt(self, carousel: str, part: str, do: Callable[[], T], instead: T) -> T:
        """Return what ``do`` returns; ``instead`` where the budget is spent or it fails."""
        if self.late():
            self.leave_out(carousel, part)
            return instead
        return self.guard(carousel, part, do, instead)

    def guard(self, carousel: str, part: str, do: Callable[[], T], instead: T) -> T:
        """Return what ``do`` returns, whatever time there is; ``instead`` where it fails."""
        try:
            return do()
        except Exception as error:  # a part of ours or of a library may fail in any way
            if self.tell is None:
                raise
            self.tell(part, error)
            self.leave_out(carousel, part)
            return instead
