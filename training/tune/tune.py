"""READ FIRST: the long search for the settings of a shop, on its own past.

read -> hold the last days out -> pasts before them -> settings of each model, by what it finds alone -> on the held-out
days, against what stood before -> weights of each carousel's sources, tried on what the models offer -> on the held-out
days -> the difference for shop.toml. Every trial is kept in a file beside the artifacts, so that a search that was
stopped is taken up where it was.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from models.base import Model
from models.errors import ConfigError, DataError
from models.settings_of import settings_of
from models.shop import Shop, suggest
from models.sources import new_models
from training.choose.alone import home_of
from training.choose.pasts import Past, past_of, windows_of
from training.choose.scope import TASKS_OF
from training.fingerprint import fingerprint
from training.held_out import suited
from training.pipeline import Options, end_of, read
from training.progress import Progress
from training.read.shop_data import ShopData
from training.threads import limited
from training.tune import blends, settings
from training.tune.check import Days, Part, held_out_days
from training.tune.studies import Studies, Tried, open_studies

What = Literal["all", "models", "blends"]
PASTS = 3
USERS = 500
"""Shoppers who are asked in each task of a past."""
MOST_TRIALS = 300
"""More of a study in one call bring nothing that the check could see."""
MODELS_SHARE = 0.5
"""Of the time, for the settings of models where blends are searched for too."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search found."""

    tried: tuple[Tried, ...]
    parts: tuple[Part, ...]
    """What differs from what stood before, and how it did; none: nothing better was found."""
    pasts: int

    @property
    def kept(self) -> list[Part]:
        """What is worth writing."""
        return [part for part in self.parts if part.verdict.sure]

    @property
    def changes(self) -> dict[str, Any]:
        """Tables of ``shop.toml`` for what is worth writing."""
        out: dict[str, Any] = {}
        for part in self.kept:
            for table, found in part.changes.items():
                out.setdefault(table, {}).update(found)
        return out


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a search may do."""

    minutes: float
    trials: int = MOST_TRIALS
    """Of each study, in this call."""
    what: What = "all"


def tune(shop: Shop, carousels: Sequence[str], limits: Limits, options: Options, progress: Progress) -> Tuned:
    """Return the settings that suit ``shop`` best, for ``carousels`` (none: all that a task judges).

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
    asked = names if limits.what == "blends" else judged(before)
    with held_out_days(before, asked, data, until, seed, options, progress) as days:
        parts = [*_models(search, days, progress), *_blends(search, days, progress)]
    return Tuned(tuple(search.tried), tuple(parts), len(pasts))


def _models(search: "Search", days: Days, progress: Progress) -> list[Part]:
    """Search for settings of models; those that prove better are what the blends are searched with."""
    if search.limits.what == "blends":
        return []
    with progress.step("trying settings of models") as bar, limited(search.threads):
        found = search.models(bar.say)
    if not found:
        return []
    after = with_models(search.shop, found)
    everything = judged(search.shop)  # a model may be in carousels that are not searched for
    verdict = days.verdict(search.shop, after, everything)
    if verdict is not None and verdict.sure:
        search.shop = after
    return [] if verdict is None else [Part("models", {"models": found}, verdict)]


def _blends(search: "Search", days: Days, progress: Progress) -> list[Part]:
    """Search for blends; each carousel's is taken or left by itself."""
    if search.limits.what == "models":
        return []
    with progress.step("trying blends") as bar, limited(search.threads):
        after = search.blends(bar.say)
    changes = changes_of(search.shop, after, search.carousels)
    verdicts = {name: days.verdict(search.shop, after, [name]) for name in changes.get("carousels", {})}
    return [
        Part(f"carousel {name}", {"carousels": {name: changes["carousels"][name]}}, verdict)
        for name, verdict in verdicts.items()
        if verdict is not None
    ]


def _names(shop: Shop, carousels: Sequence[str]) -> tuple[str, ...]:
    if lost := [name for name in carousels if name not in TASKS_OF]:
        known = ", ".join(TASKS_OF)
        raise ConfigError(f"carousel {lost[0]!r} is judged by no task{suggest(lost[0], TASKS_OF)}: there are {known}")
    return tuple(carousels) or judged(shop)


def judged(shop: Shop) -> tuple[str, ...]:
    """Return the carousels of ``shop`` that a task judges."""
    return tuple(name for name in TASKS_OF if name in shop.carousels)


def mark_of(shop: Shop, data: ShopData, until: int, seed: int) -> str:
    """Return what names the data, the days and the seed that every study depends on, in eight hex digits."""
    facts = {name: value for name, value in data.facts.plain().items() if name != "tables"}
    return _digest(
        [facts, fingerprint(data, until), until, seed, shop.evaluation.days, shop.training.window_days, USERS]
    )


def _digest(told: Any) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:8]


class Search:
    """One search; what was tried so far, and the shop with what proved better so far."""

    def __init__(
        self, shop: Shop, carousels: Sequence[str], pasts: Sequence[Past], studies: Studies, limits: Limits
    ) -> None:
        self.shop, self.carousels, self.pasts, self.studies, self.limits = shop, carousels, pasts, studies, limits
        self.threads = shop.training.threads
        self.tried: list[Tried] = []

    def models(self, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
        """Return the settings that are better than those that stand, by source."""
        wanted, models = self._sources(), new_models(self.shop.models)
        sources = [one for one in settings.RANGES if one in wanted and home_of(one, self.pasts)]
        share = MODELS_SHARE if self.limits.what == "all" else 1.0
        ends = time.monotonic() + 60 * self.limits.minutes * share
        found: dict[str, dict[str, Any]] = {}
        for place, source in enumerate(sources):
            model, task = models[source], cast(str, home_of(source, self.pasts))
            seconds = max(ends - time.monotonic(), 0.0) / (len(sources) - place)
            one = self._study(
                f"model {source}", settings_of(model), settings.tried(self.shop, model, task, self.pasts),
                settings.start_of(model), seconds, say,
            )  # fmt: skip
            if one.found > one.before and (better := settings.table_of(model, one.values)):
                found[source] = better
        return found

    def blends(self, say: Callable[[str], None]) -> Shop:
        """Return the shop with the best blends; every model that a blend may have is fitted on each past once."""
        wanted = self._sources()
        fitted = [
            {name: one.fit(past.bundle) for name, one in new_models(self.shop.models).items() if name in wanted}
            for past in self.pasts
        ]
        share = 1 - MODELS_SHARE if self.limits.what == "all" else 1.0
        seconds = 60 * self.limits.minutes * share / max(len(self.carousels), 1)
        carousels = dict(self.shop.carousels)
        for name in self.carousels:
            if found := self._blend(name, fitted, seconds, say):
                carousels[name] = carousels[name].model_copy(update={"sources": found})
        return self.shop.model_copy(update={"carousels": carousels})

    def _blend(
        self, name: str, fitted: Sequence[Mapping[str, Model]], seconds: float, say: Callable[[str], None]
    ) -> dict[str, float] | None:
        offers = blends.offered(self.shop, name, self.pasts, fitted)
        own = self.shop.carousels[name].sources
        units = blends.units_of(offers, own)
        if not units or not any(source in units for source in own):
            return None
        parts, start = blends.weighed(offers, own, units), blends.start_of(own, units)
        about = [self.shop.carousels[name].model_dump(mode="json"), self.shop.models]
        one = self._study(f"carousel {name}", about, parts, start, seconds, say)
        return blends.blend_of(one.values, own, units) if one.found > one.before else None

    def _study(
        self, name: str, about: Any, parts: Any, start: Mapping[str, Any], seconds: float, say: Callable[[str], None]
    ) -> Tried:
        """Return what came of a study; of other settings (``about``) it is another study."""
        studies = replace(self.studies, mark=_digest([self.studies.mark, about]))
        one = studies.search(name, parts, start, seconds, self.limits.trials, say)
        self.tried.append(one)
        return one

    def _sources(self) -> set[str]:
        return {source for name in self.carousels for source in blends.sources_of(self.shop, name)}


def with_models(shop: Shop, found: Mapping[str, Mapping[str, Any]]) -> Shop:
    """Return ``shop`` with settings by source; those of its file that are not among them stay."""
    models = {name: dict(told) for name, told in shop.models.items()}
    for source, told in found.items():
        mine = models.setdefault(source, {})
        for setting, value in told.items():
            mine[setting] = {**mine.get(setting, {}), **value} if isinstance(value, Mapping) else value
    return shop.model_copy(update={"models": models})


def changes_of(before: Shop, after: Shop, carousels: Sequence[str]) -> dict[str, Any]:
    """Return the tables of ``shop.toml`` that make ``after`` of a shop that is ``before``."""
    sources = {
        name: {"sources": dict(after.carousels[name].sources)}
        for name in carousels
        if after.carousels[name].sources != before.carousels[name].sources
    }
    return {"carousels": sources} if sources else {}
