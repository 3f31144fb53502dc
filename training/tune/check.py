"""What the found settings gain on days that the search did not see, through the serving engine."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.shop import Rules, Shop
from training.choose.scope import TASKS_OF
from training.compare import ALL, Pair, pairs_of
from training.groups import groups_of
from training.held_out import Split, held_out
from training.judge_ask import ask
from training.metrics.by_user import scores
from training.pipeline import Options
from training.prices import with_prices
from training.progress import Progress
from training.read.shop_data import ShopData
from training.rehearsal import fitted
from training.shop_toml import shop_toml
from training.split import TASKS


@dataclass(frozen=True, slots=True)
class Verdict:
    """Before (A) and after (B) on the held-out days, shopper by shopper."""

    pairs: tuple[Pair, ...]
    metric: str

    @property
    def losses(self) -> list[Pair]:
        """Tasks in which what was found is worse beyond the interval."""
        return [pair for pair in self._whole() if pair.winner(self.metric) == "A"]

    @property
    def gain(self) -> float:
        """The mean difference over the tasks."""
        whole = self._whole()
        return sum(pair.difference[self.metric].mean for pair in whole) / max(len(whole), 1)

    def _whole(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.group == ALL]


def check(
    before: Shop, after: Shop, carousels: Sequence[str], data: ShopData, until: int, seed: int, options: Options,
    progress: Progress,
) -> Verdict:  # fmt: skip
    """Return how the blends of ``after`` do against those of ``before``; rankers, which learn by themselves, are left out."""
    split = held_out(data.purchases, before, until, seed)
    split = Split(split.known, [one for one in split.requests if _asked(one.task, carousels)], split.until)
    known = with_prices(replace(data, purchases=split.known), before.training.heavy_shoppers)
    found = []
    for shop in (before, after):
        with (
            fitted(shop, known, split.until, {}, seed, options.now, progress) as artifacts,
            tempfile.TemporaryDirectory(prefix="recsvc-tune-") as folder,
        ):
            toml = Path(folder) / "shop.toml"
            toml.write_text(shop_toml(shop.model_copy(update={"rules": Rules()})), "utf-8")
            asked = [(task, TASKS[task.task]) for task in split.requests]
            found.append(ask(toml, artifacts, known, asked, progress) if asked else [])
    n = len(known.products)
    pairs = [
        pair
        for task, one, other in zip(split.requests, *found, strict=True)
        for pair in pairs_of(
            task,
            scores(task, one, n),
            scores(task, other, n),
            groups_of(split.known, task),
            before.evaluation.rounds,
            seed,
        )
    ]
    return Verdict(tuple(pairs), before.publication.metric)


def _asked(task: str, carousels: Sequence[str]) -> bool:
    return any(task in TASKS_OF[name] for name in carousels)
