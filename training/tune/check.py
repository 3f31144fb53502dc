"""What the found settings gain on days that the search did not see, through the serving engine."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.schema import Doubles, Longs
from models.shop import Rules, Shop
from training.choose.scope import TASKS_OF
from training.compare import ALL, Pair, pairs_of
from training.groups import groups_of
from training.held_out import Split, held_out
from training.judge import less
from training.judge_ask import ask
from training.metrics.bootstrap import Interval, tasks_interval
from training.metrics.by_user import scores
from training.pipeline import Options
from training.prices import with_prices
from training.progress import Progress
from training.read.shop_data import ShopData
from training.rehearsal import fitted
from training.shop_toml import shop_toml
from training.split import TASKS

Found = dict[str, dict[str, Doubles]]
"""By task, (n_users,) of each measure."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Before (A) and after (B) on the held-out days, shopper by shopper."""

    pairs: tuple[Pair, ...]
    metric: str
    gain: Interval
    """Of the mean over the tasks."""

    @property
    def losses(self) -> list[Pair]:
        """Tasks in which what was found is worse beyond the interval."""
        return [pair for pair in self.pairs if pair.group == ALL and pair.winner(self.metric) == "A"]

    @property
    def sure(self) -> bool:
        """Whether it is worth writing: the interval of the gain lies above 0, and no task loses."""
        return self.gain.low > 0 and not self.losses


@dataclass(frozen=True, slots=True)
class Part:
    """Settings that are taken or left as one, and what came of them."""

    name: str
    changes: Mapping[str, Any]
    """Tables of ``shop.toml``."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Days:
    """The held-out days, and those who know what came before; each model's settings are fitted once."""

    known: ShopData
    split: Split
    seed: int
    options: Options
    progress: Progress
    stack: ExitStack
    folders: dict[str, Path] = field(default_factory=dict)
    """Artifacts by the settings of their models."""
    answers: dict[str, Found] = field(default_factory=dict)

    def verdict(self, before: Shop, after: Shop, carousels: Sequence[str]) -> Verdict | None:
        """Return how ``after`` does against ``before`` in the tasks of ``carousels``; None where none is asked.

        Rankers, which learn by themselves, are left out.
        """
        a, b = self._found(before), self._found(after)
        metric, rounds = before.publication.metric, before.evaluation.rounds
        tasks = [one for one in self.split.requests if any(one.task in TASKS_OF[name] for name in carousels)]
        if not tasks:
            return None
        pairs = [
            pair
            for one in tasks
            for pair in pairs_of(one, a[one.task], b[one.task], groups_of(self.split.known, one), rounds, self.seed)
        ]
        users: list[Longs] = [np.unique(one.user).astype(np.int64) for one in tasks]
        gaps = [less(b[one.task], a[one.task])[metric] for one in tasks]
        return Verdict(tuple(pairs), metric, tasks_interval(users, gaps, rounds, self.seed))

    def _found(self, shop: Shop) -> Found:
        told = shop_toml(shop.model_copy(update={"rules": Rules()}))
        if told not in self.answers:
            asked = [(one, TASKS[one.task]) for one in self.split.requests]
            with tempfile.TemporaryDirectory(prefix="recsvc-tune-") as folder:
                toml = Path(folder) / "shop.toml"
                toml.write_text(told, "utf-8")
                lists = ask(toml, self._artifacts(shop), self.known, asked, self.progress) if asked else []
            n = len(self.known.products)
            self.answers[told] = {
                one.task: scores(one, shown, n) for one, shown in zip(self.split.requests, lists, strict=True)
            }
        return self.answers[told]

    def _artifacts(self, shop: Shop) -> Path:
        key = json.dumps(shop.models, sort_keys=True)
        if key not in self.folders:
            one = fitted(shop, self.known, self.split.until, {}, self.seed, self.options.now, self.progress)
            self.folders[key] = self.stack.enter_context(one)
        return self.folders[key]


@contextmanager
def held_out_days(
    shop: Shop, carousels: Sequence[str], data: ShopData, until: int, seed: int, options: Options, progress: Progress
) -> Iterator[Days]:
    """Give the held-out days of ``shop``, with the tasks of ``carousels``."""
    split = held_out(data.purchases, shop, until, seed)
    asked = [one for one in split.requests if any(one.task in TASKS_OF[name] for name in carousels)]
    known = with_prices(replace(data, purchases=split.known), shop.training.heavy_shoppers)
    with ExitStack() as stack:
        yield Days(known, Split(split.known, asked, split.until), seed, options, progress, stack)
