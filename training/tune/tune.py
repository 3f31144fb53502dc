"""READ FIRST: the long search for the settings of a shop, on its own past.

read -> hold the last days out -> pasts before them -> weights of each carousel's sources, tried on what the models offer
there -> the whole against what stood before, on the held-out days -> the difference for shop.toml. Every trial is kept
in a file beside the artifacts, so that a search that was stopped is taken up where it was.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from models.base import Model
from models.errors import ConfigError, DataError
from models.shop import Shop, suggest
from models.sources import new_models
from training.choose.pasts import Past, past_of, windows_of
from training.choose.scope import TASKS_OF
from training.held_out import suited
from training.pipeline import Options, end_of, read
from training.progress import Progress
from training.read.shop_data import ShopData
from training.tune import blends
from training.tune.check import Verdict, check
from training.tune.studies import Studies, Tried, open_studies

PASTS = 3
USERS = 500
"""Shoppers who are asked in each task of a past."""
MOST_TRIALS = 300
"""More of a study in one call bring nothing that the check could see."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search found."""

    tried: tuple[Tried, ...]
    verdict: Verdict | None
    """None: nothing was found that differs from what stood before."""
    changes: Mapping[str, Any]
    """Tables of ``shop.toml``."""
    pasts: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a search may do."""

    minutes: float
    trials: int = MOST_TRIALS
    """Of each study, in this call."""


def tune(shop: Shop, carousels: Sequence[str], limits: Limits, options: Options, progress: Progress) -> Tuned:
    """Return the settings that suit ``shop`` best, for the blends of ``carousels`` (none: all that a task judges).

    Raises:
        ConfigError: a carousel cannot be tuned, or the file of studies cannot be used.
        DataError: the data cannot be used, or is too little.
    """
    names = _names(shop, carousels)
    seed = shop.training.seed if options.seed is None else options.seed
    data = read(shop, options, None, progress)
    until = end_of(data, options.until)
    before = suited(shop, data, until)
    windows = windows_of(before, data, until, PASTS)
    if not windows:
        raise DataError(
            f"{shop.file}: the past is too short to try settings on: give more of it, or fewer [evaluation] days"
        )
    pasts = [past_of(before, data, until, window, USERS, seed) for window in windows]
    if not any(past.requests for past in pasts):
        raise DataError(f"{shop.file}: too few shoppers came again in the past to tell settings apart")
    studies = open_studies(options.artifacts, mark_of(before, data, until, seed), seed)
    search = Search(before, names, pasts, studies, limits)
    with progress.step("trying settings") as bar, threadpool_limits(before.training.threads or None):
        after, tried = search.run(bar.say)
    changes = changes_of(before, after, names)
    verdict = check(before, after, names, data, until, seed, options, progress) if changes else None
    return Tuned(tuple(tried), verdict, changes, len(pasts))


def _names(shop: Shop, carousels: Sequence[str]) -> tuple[str, ...]:
    if lost := [name for name in carousels if name not in TASKS_OF]:
        known = ", ".join(TASKS_OF)
        raise ConfigError(f"carousel {lost[0]!r} is judged by no task{suggest(lost[0], TASKS_OF)}: there are {known}")
    return tuple(carousels) or tuple(name for name in TASKS_OF if name in shop.carousels)


def mark_of(shop: Shop, data: ShopData, until: int, seed: int) -> str:
    """Return what names everything that a study depends on, in eight hex digits."""
    facts = {name: value for name, value in data.facts.plain().items() if name != "tables"}
    made = [facts, until, seed, shop.evaluation.days, shop.training.window_days, USERS]
    made += [{name: shop.carousels[name].model_dump(mode="json") for name in TASKS_OF}]
    return hashlib.sha256(json.dumps(made, sort_keys=True, default=str).encode()).hexdigest()[:8]


class Search:
    """One search: every model that a blend may have, fitted on each past."""

    def __init__(
        self, shop: Shop, carousels: Sequence[str], pasts: Sequence[Past], studies: Studies, limits: Limits
    ) -> None:
        self.shop, self.carousels, self.pasts, self.studies, self.limits = shop, carousels, pasts, studies, limits

    def run(self, say: Callable[[str], None]) -> tuple[Shop, list[Tried]]:
        """Return the shop with the best blends, and what was tried."""
        wanted = {source for name in self.carousels for source in blends.sources_of(self.shop, name)}
        fitted = [
            {name: one.fit(past.bundle) for name, one in new_models(self.shop.models).items() if name in wanted}
            for past in self.pasts
        ]
        found, tried = self._blends(fitted, say)
        carousels = {
            name: one.model_copy(update={"sources": found[name]}) if name in found else one
            for name, one in self.shop.carousels.items()
        }
        return self.shop.model_copy(update={"carousels": carousels}), tried

    def _blends(
        self, fitted: Sequence[Mapping[str, Model]], say: Callable[[str], None]
    ) -> tuple[dict[str, dict[str, float]], list[Tried]]:
        seconds = 60 * self.limits.minutes / max(len(self.carousels), 1)
        found, tried = {}, []
        for name in self.carousels:
            offers = blends.offered(self.shop, name, self.pasts, fitted)
            units, own = blends.units_of(offers), self.shop.carousels[name].sources
            if not units or not any(source in units for source in own):
                continue
            parts, start = blends.weighed(offers, own, units), blends.start_of(own, units)
            one = self.studies.search(f"carousel {name}", parts, start, seconds, self.limits.trials, say)
            tried.append(one)
            if one.found > one.before:
                found[name] = blends.blend_of(one.values, own, units)
        return found, tried


def changes_of(before: Shop, after: Shop, carousels: Sequence[str]) -> dict[str, Any]:
    """Return the tables of ``shop.toml`` that make ``after`` of a shop that is ``before``."""
    sources = {
        name: {"sources": dict(after.carousels[name].sources)}
        for name in carousels
        if after.carousels[name].sources != before.carousels[name].sources
    }
    return {"carousels": sources} if sources else {}
