"""Two versions, the same requests: who answers better, shopper by shopper."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from models.artifact import MANIFEST, Manifest, read_manifest
from models.distinct import distinct
from models.errors import ArtifactError, DataError, NoArtifactError
from models.moments import timed
from models.registry import Registry
from models.schema import DAY, Bools, Doubles
from models.shop import Shop
from training.groups import groups_of
from training.held_out import Split
from training.judge import intervals, less
from training.judge_ask import ask
from training.metrics.bootstrap import Interval
from training.metrics.by_user import scores
from training.pipeline import Options, end_of, read
from training.progress import Progress
from training.read.shop_data import ShopData
from training.split import TASKS, Requests, make_requests

ALL = "all"
"""The group of all shoppers."""


@dataclass(frozen=True, slots=True)
class Pair:
    """How both versions did in one task for one group of shoppers; means over users with 95 % intervals."""

    task: str
    carousel: str
    group: str
    users: int
    a: dict[str, Interval]
    b: dict[str, Interval]
    difference: dict[str, Interval]
    """Each measure of B less that of A, shopper by shopper."""

    def winner(self, measure: str) -> str | None:
        """Return A or B where the difference's interval leaves out 0, else None."""
        gap = self.difference[measure]
        if gap.low > 0:
            return "B"
        return "A" if gap.high < 0 else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions, and what both were asked."""

    a: Manifest
    b: Manifest
    start: int
    """Unix seconds: the later of the moments that both were trained for."""
    end: int
    """Unix seconds: what was bought at it or later was not asked for."""
    pairs: tuple[Pair, ...]


def compare(shop: Shop, a: str, b: str, options: Options, progress: Progress) -> Comparison:
    """Return how the versions ``a`` and ``b`` do with what was bought after both were trained.

    Args:
        shop: the settings; ``[evaluation] days`` from the later moment on are asked for, rules left out.
        a: a version of the artifacts folder, or the path of a version's folder or of another artifacts folder.
        b: the same.
        options: the artifacts folder, the end of the data, the seed.
        progress: tells how far it is.

    Raises:
        NoArtifactError: there is no such version.
        ArtifactError: a version is another shop's.
        DataError: nothing was bought after both were trained, or purchases have no times.
    """
    folders = [find_version(one, options.artifacts) for one in (a, b)]
    told = [own_version(read_manifest(folder), shop) for folder in folders]
    data = read(shop, options, None, progress)
    seed = shop.training.seed if options.seed is None else options.seed
    start = max(one.until for one in told)
    end = min(end_of(data, options.until), start + shop.evaluation.days * DAY)
    split = _after(shop, data, start, end, seed)
    asked = [(task, TASKS[task.task]) for task in split.requests]
    found = []
    for folder in folders:
        with published(folder) as artifacts:
            shown = ask(shop.file, artifacts, data, asked, progress)
        found.append([scores(task, one, len(data.products)) for task, one in zip(split.requests, shown, strict=True)])
    pairs = [
        pair
        for task, of_a, of_b in zip(split.requests, *found, strict=True)
        for pair in pairs_of(task, of_a, of_b, groups_of(split.known, task), shop.evaluation.rounds, seed)
    ]
    return Comparison(told[0], told[1], start, end, tuple(pairs))


def find_version(word: str, artifacts: Path) -> Path:
    """Return the folder of a version: a version's name in ``artifacts``, its folder, or a folder where it is live.

    Raises:
        NoArtifactError: there is none.
    """
    path = Path(word)
    if (path / MANIFEST).is_file():
        return path.resolve()
    if path.is_dir() and (live := Registry(path).current()) is not None:
        return live
    registry = Registry(artifacts)
    if path.name == word and (registry.versions_folder / word / MANIFEST).is_file():
        return registry.path(word)
    known = ", ".join(manifest.version for manifest in registry.versions()) or "none"
    raise NoArtifactError(
        f"no version {word!r}: name one of {artifacts} (there: {known}), or the path of a version's folder"
    )


@contextmanager
def published(version: Path) -> Iterator[Path]:
    """Give an artifacts folder where the version in the folder ``version`` is live, for as long as the block runs.

    Raises:
        ArtifactError: its files are not those of its manifest.
    """
    with tempfile.TemporaryDirectory(prefix="recsvc-compare-") as folder:
        registry = Registry(Path(folder))
        registry.versions_folder.mkdir()
        (registry.versions_folder / version.name).symlink_to(version)
        registry.promote(version.name)
        yield registry.folder


def pairs_of(
    task: Requests, a: dict[str, Doubles], b: dict[str, Doubles], groups: dict[str, Bools], rounds: int, seed: int
) -> Iterator[Pair]:
    """Yield the pair of all users of ``task`` and of each group, from (n_users,) values of both by measure."""
    everybody = np.ones(len(distinct(task.user)), np.bool_)
    for group, mask in {ALL: everybody, **groups}.items():
        mine, other = ({name: values[mask] for name, values in one.items()} for one in (a, b))
        told = [intervals(values, rounds, seed) for values in (mine, other, less(other, mine))]
        yield Pair(task.task, TASKS[task.task], group, int(mask.sum()), *told)


def local(moment: int, shop: Shop) -> str:
    """Return Unix seconds as date and time of the shop's clock."""
    return f"{datetime.fromtimestamp(moment, shop.zone):%Y-%m-%d %H:%M}"


def own_version(manifest: Manifest, shop: Shop) -> Manifest:
    """Return ``manifest`` where it is of a version of ``shop``.

    Raises:
        ArtifactError: it is another shop's.
    """
    if manifest.shop != shop.name:
        raise ArtifactError(
            f"version {manifest.version} is of {manifest.shop!r}, not of {shop.name!r}: name one of this shop"
        )
    return manifest


def _after(shop: Shop, data: ShopData, start: int, end: int, seed: int) -> Split:
    if not timed(data.purchases):
        raise DataError(f"{shop.file}: purchases have no times, so that none comes after both versions: see evaluate")
    lines = data.purchases
    requests = make_requests(lines, start, end, shop.evaluation.users, seed) if start < end else []
    if not requests:
        raise DataError(
            f"{shop.file}: no order to ask for at {local(start, shop)} or later, which both versions do not know: "
            "train both with --until some days before the last purchase"
        )
    return Split(lines.where(lines.time < start), requests, start)
