"""READ FIRST: choose settings of models, then blends, on past weeks that nobody is judged by.

earlier pasts -> fit every model -> ask what was bought in the weeks after -> settings, one by one -> blends, step by
step. What shop.toml says itself is not touched, and a default stays unless something is sure to be better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import joblib
import numpy as np

from models.base import Fitting, Model
from models.schema import Doubles
from models.shop import Shop
from models.sources import new_models
from training.choose.alone import gains_alone, home_of
from training.choose.blends import Blend, search
from training.choose.choice import Choice, settled
from training.choose.offers import offers_of
from training.choose.pasts import MOST_USERS, Past, known_lines, past_of, windows_of
from training.choose.plan import ASKING, TRIALS, Size, Trial, allowance, fit_seconds
from training.choose.scope import SOURCES_OF, TASKS_OF
from training.choose.settings import Found, try_setting, with_value
from training.progress import Bar, Progress
from training.read.shop_data import ShopData
from training.threads import limited

MOST_PASTS = 3
"""More shoppers and weeks tell smaller gains from noise."""
FIRST = 0.4
"""Share of the allowance that the first fits and questions may take; what is left is for trials."""
WORTH_WORKERS = 10.0
"""Seconds of one core from which on models are fitted in processes beside one another."""
ALONE = 0.85
"""Share of it beyond which the first fits leave too little for any question."""
Models = dict[str, Model]
"""By source; unfitted ones carry settings, fitted ones know one past."""


def choose(shop: Shop, data: ShopData, until: int, seed: int, progress: Progress) -> tuple[Shop, Choice]:
    """Return ``shop`` with the settings and blends that suit it, and what was tried.

    Nothing that happened in the held-out part before ``until`` is looked at.
    """
    if not shop.training.choose:
        return shop, Choice(why_not="shop.toml says choose = false")
    allowed = allowance(shop.training.budget_minutes)
    windows = windows_of(shop, data, until, MOST_PASTS)
    if not windows or not len(data.purchases):
        return shop, Choice(allowed=allowed, why_not="the past is too short")
    plain = {name: one for name, one in new_models(shop.models).items() if name in _sources(shop)}
    size = Size.of(known_lines(data, windows[0]))
    fits = sum(fit_seconds(one, size) for one in plain.values())
    if fits > ALONE * allowed:
        why = f"the first fit alone is estimated to take {fits:.0f} s, and {allowed:.0f} are allowed: raise budget_minutes"
        return shop, Choice(seconds=0.0, allowed=allowed, why_not=why)
    with progress.step("choosing settings on the shop's own past", total=len(TRIALS) + 2) as bar:
        pasts = [past_of(shop, data, until, windows[0], MOST_USERS, seed)]
        once = fits + _asking(plain, pasts)
        if once > FIRST * allowed:  # fewer shoppers, so that something is left for trials
            users = int(MOST_USERS * max(FIRST * allowed - fits, (1 - ALONE) / 2 * allowed) / (once - fits))
            pasts = [past_of(shop, data, until, windows[0], users, seed)]
        n_pasts = min(len(windows), max(1, int(FIRST * allowed / once)))
        pasts += [past_of(shop, data, until, window, MOST_USERS, seed) for window in windows[1:n_pasts]]
        spent = n_pasts * fits + _asking(plain, pasts)
        search_ = _Search(shop, pasts, plain, size, allowed, spent)
        found, blends = search_.run(bar)
    better = [(one.source, one.setting, one.chosen) for one in found if one.chosen != one.default]
    return settled(shop, better, {name: one.weights for name, one in blends.items()}), Choice(
        tuple(found), blends, _counts(pasts), len(pasts), search_.spent, allowed,
        None if blends else "too few shoppers came again in the past",
    )  # fmt: skip


def _sources(shop: Shop) -> set[str]:
    own = {source for name in TASKS_OF for source in shop.carousels[name].sources}
    return own.union(*SOURCES_OF.values())


def _asking(models: Mapping[str, Model], pasts: Sequence[Past]) -> float:
    return ASKING * len(models) * sum(len(one) for past in pasts for one in past.requests.values())


def _counts(pasts: Sequence[Past]) -> dict[str, int]:
    out: dict[str, int] = {}
    for past in pasts:
        for name, one in past.requests.items():
            out[name] = out.get(name, 0) + len(one)
    return out


class _Search:
    """The models of one search, fitted on each past, and what is left to spend."""

    def __init__(
        self, shop: Shop, pasts: Sequence[Past], plain: Models, size: Size, allowed: float, spent: float
    ) -> None:
        self.shop, self.pasts, self.size, self.allowed, self.spent = shop, pasts, size, allowed, spent
        self.plain = plain
        self.fitted: list[Models] = [{} for _ in pasts]
        self.before: dict[str, Doubles] = {}
        """By source: what it finds by itself."""

    def run(self, bar: Bar) -> tuple[list[Found], dict[str, Blend]]:
        """Return the settings and the blends that were found."""
        with limited(self.pasts[0].bundle.threads):
            self._fit_all()
            bar.update(1)
            found = []
            for trial in TRIALS:
                found += self._tried(trial.source, trial)
                bar.update(1)
            return found, self._blends()

    def _fit_all(self) -> None:
        """Fit every model on every past: the costly ones beside one another, where they take a while."""
        work = [(past, name) for past in range(len(self.pasts)) for name in self.plain]
        costs = [fit_seconds(self.plain[name], self.size) for _, name in work]
        n_jobs = 1 if sum(costs) < WORTH_WORKERS else self.shop.training.threads or joblib.cpu_count()
        longest = sorted(range(len(work)), key=lambda place: -costs[place])
        fitted = joblib.Parallel(n_jobs=n_jobs)(
            joblib.delayed(_fit)(_fresh(self.plain[work[place][1]]), self.pasts[work[place][0]].bundle, n_jobs)
            for place in longest
        )
        for place, model in zip(longest, fitted, strict=True):
            past, name = work[place]
            self.fitted[past][name] = model

    def _tried(self, name: str, trial: Trial) -> list[Found]:
        task = home_of(name, self.pasts)
        if name not in self.plain or task is None or _written(self.shop, name, trial.setting):
            return []
        if name not in self.before:
            self.before[name] = self._alone(task, [models[name] for models in self.fitted])
        if not self.before[name].any():
            return []  # it has nothing to say in this shop
        n_asked = sum(len(past.requests[task]) for past in self.pasts if task in past.requests)

        def judged(model: Model) -> Doubles:
            return self._alone(task, [_fresh(model).fit(past.bundle) for past in self.pasts])

        def afford(model: Model) -> bool:
            cost = len(self.pasts) * fit_seconds(model, self.size) + n_asked * ASKING
            if self.spent + cost > self.allowed:
                return False
            self.spent += cost
            return True

        one = try_setting(self.plain[name], trial, self.before[name], judged, afford)
        if one.chosen != one.default:
            self.plain[name] = with_value(self.plain[name], trial.setting, one.chosen)
            for past, models in zip(self.pasts, self.fitted, strict=True):
                models[name] = _fresh(self.plain[name]).fit(past.bundle)
            self.before[name] = self._alone(task, [models[name] for models in self.fitted])
        return [one]

    def _alone(self, task: str, models: Sequence[Model]) -> Doubles:
        """Return what a model finds by itself, by shopper, one past after another; one fitted model for each past."""
        return np.concatenate(
            [
                gains_alone(self.shop, task, model, past)
                for model, past in zip(models, self.pasts, strict=True)
                if task in past.requests
            ]
        )

    def _blends(self) -> dict[str, Blend]:
        out: dict[str, Blend] = {}
        for name, tasks in TASKS_OF.items():
            carousel = self.shop.carousels[name]
            if name not in self.shop.open_blends:
                continue
            sources = tuple(dict.fromkeys((*carousel.sources, *SOURCES_OF[name])))
            offers = [
                offers_of(models, sources, carousel, past.requests[task], past.contexts[task])
                for task in tasks
                for past, models in zip(self.pasts, self.fitted, strict=True)
                if task in past.requests
            ]
            if offers:
                out[name] = search(carousel.sources, sources, offers)
        return out


def _fit(model: Model, bundle: Fitting, n_jobs: int) -> Model:
    """Return ``model`` fitted; with one thread where several are fitted beside one another, which changes no byte."""
    if n_jobs == 1:
        return model.fit(bundle)
    with limited(1):
        return model.fit(replace(bundle, threads=1))


def _fresh(model: Model) -> Model:
    return cast(Model, replace(cast(Any, model)))


def _written(shop: Shop, source: str, setting: str) -> bool:
    """Return whether shop.toml has a word on a setting."""
    first, _, inside = setting.partition(".")
    given = shop.models.get(source, {})
    return first in given and (not inside or inside in given[first])
