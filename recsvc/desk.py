"""Where requests for carousels are served: in full under a permit and within the budget, else from what was prepared.

Nothing here raises because a part of the engine failed: the answer goes without it and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import TypeAlias

from recsvc.admission import Permits
from recsvc.asking import Answer, BadFilterError, UnknownCarouselError
from recsvc.pace import Pace, Spent
from recsvc.telemetry import log_crash

Call: TypeAlias = Callable[[Pace], list[Answer]]
"""Asks an engine for one carousel or a page, at a pace."""
QUIET = 60.0
"""Seconds in which a part that fails is logged once."""
LOAD = "load"
"""In ``degraded``: there was no permit."""


@dataclass(frozen=True, slots=True)
class Served:
    """Answers, and how they came about."""

    answers: list[Answer]
    pace: Pace

    @property
    def refused(self) -> bool:
        """Whether there was no permit for them."""
        return self.pace.prepared == LOAD


class Desk:
    """Serves the requests of one worker."""

    def __init__(self, permits: int, wait: float, budget: float) -> None:
        """Make a desk.

        Args:
            permits: requests on the expensive path at once.
            wait: seconds from the arrival that a request waits for one.
            budget: seconds from the arrival after which what can be left out is; 0 = no limit.
        """
        self.permits, self.wait, self.budget = Permits(permits), wait, budget or inf
        self._told: dict[str, float] = {}

    def serve(self, call: Call, whole: str, arrived: float, *, read: float = 0.0, patient: bool = False) -> Served:
        """Return what ``call`` answers.

        Args:
            call: see ``Call``.
            whole: the carousel, or ``page:NAME``.
            arrived: the moment (``time.perf_counter``) at which the request came.
            read: seconds since then that the store took to tell of the shopper; a slow store is no crowd.
            patient: take neither permit nor budget, for people who look into an answer.

        Raises:
            UnknownCarouselError: the shop has no such carousel or page.
            BadFilterError: the request's filter does not parse.
        """
        if patient:
            return self._full(call, whole, arrived, inf)
        with self.permits.one(arrived + read + self.wait) as admitted:
            if admitted:
                return self._full(call, whole, arrived, arrived + self.budget)
        return self._prepared(call, whole, arrived, LOAD)

    def _full(self, call: Call, whole: str, arrived: float, ends: float) -> Served:
        pace = self._pace(whole, arrived, Pace(ends, tell=self._tell))
        try:
            return Served(call(pace), pace)
        except (UnknownCarouselError, BadFilterError):
            raise
        except Exception as error:  # a stage that everything hangs on: what was prepared needs least of it
            failed = pace.stage
            self._tell(failed, error)
        return self._prepared(call, whole, arrived, failed)

    def _prepared(self, call: Call, whole: str, arrived: float, why: str) -> Served:
        pace = self._pace(whole, arrived, Pace(prepared=why, tell=self._tell))
        return Served(call(pace), pace)

    def _pace(self, whole: str, arrived: float, pace: Pace) -> Pace:
        pace.spent.append(Spent("wait", whole, arrived, perf_counter()))
        return pace

    def _tell(self, part: str, error: Exception) -> None:
        """Log a part that failed, once a minute."""
        now = perf_counter()
        if now - self._told.get(part, -inf) >= QUIET:
            self._told[part] = now
            log_crash(error, f"part:{part}")
