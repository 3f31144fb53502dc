"""Two versions asked the same: who wins, by how much, and that nothing is asked which one of them has seen."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from models.artifact import MANIFEST
from models.errors import ArtifactError, DataError, GateRefusedError, NoArtifactError
from models.registry import Registry
from models.shop import Shop, read_shop
from tiny_shop import TinyShop
from training import compare_cli
from training.cli import cli
from training.compare import Comparison, Pair, compare, find_version, pairs_of, published
from training.metrics.bootstrap import Interval
from training.pipeline import Options, run
from training.progress import SILENT, Progress
from training.split import Requests

NOW = 1_800_000_000


@dataclass(frozen=True, slots=True)
class Two:
    """A shop with two versions trained before its last weeks: a bad one, and a good one that is live."""

    shop: TinyShop
    bad: str
    good: str

    def run(self, *words: str) -> Result:
        """Run the command in this process."""
        told = ["compare", *words, "--artifacts", str(self.shop.artifacts)]
        return CliRunner().invoke(cli, told, catch_exceptions=False)

    def told(self, *words: str) -> Any:
        """Return the command's JSON."""
        done = self.run(*words, "--json")
        assert (done.exit_code, done.stderr) == (0, "")
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def two(trained_shop: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> Two:
    """The bad one knows three weeks only, and learned from what was shuffled."""
    folder = tmp_path_factory.mktemp("two") / "tiny"
    shutil.copytree(trained_shop.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("artifacts"))
    shop = read_shop(folder / "shop.toml")
    names = []
    for until, seconds in (("2026-04-20", 0), ("2026-09-20", 5)):
        options = Options(
            folder / "artifacts", NOW + seconds, shop.moment("2026-10-09 18:00"), shop.moment(until), fast=True
        )
        names.append(run(shop, options, SILENT).manifest.version)
    return Two(TinyShop(folder, shop, trained_shop.report), *names)


@pytest.fixture(scope="module", autouse=True)
def asked_once() -> Iterator[None]:
    """Ask each question once: an answer depends on the versions and the days alone, however it is told."""
    answers: dict[tuple[object, ...], Comparison] = {}

    def ask(shop: Shop, a: str, b: str, options: Options, progress: Progress) -> Comparison:
        question = (find_version(a, options.artifacts), find_version(b, options.artifacts), options.until)
        if question not in answers:
            answers[question] = compare(shop, a, b, options, progress)
        return answers[question]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare_cli, "compare", ask)
        yield


def test_the_version_that_knows_more_wins_beyond_the_interval(two: Two) -> None:
    """Five months more of a shopper's own four products; asked is what came after the later one."""
    told = two.told(two.bad, two.good, str(two.shop.toml))
    assert (told["A"]["version"], told["B"]["version"]) == (two.bad, two.good)
    start = two.shop.shop.moment("2026-09-20")
    assert (told["from"], told["to"], told["B"]["until"]) == (start, start + 14 * 86_400, start)
    found = {(one["task"], one["group"]): one for one in told["tasks"]}
    assert list(dict.fromkeys(task for task, _ in found)) == ["next-order", "complements", "completing"]
    row = found["next-order", "all"]
    assert row["winner"]["ndcg@10"] == "B"
    low, mean, high = (row["difference"]["ndcg@10"][place] for place in (1, 0, 2))
    assert 0 < low <= mean <= high
    assert mean == pytest.approx(row["B"]["ndcg@10"][0] - row["A"]["ndcg@10"][0], abs=2e-5)
    assert found["next-order", "many"]["users"] == row["users"] == 50


def test_the_other_way_round_the_signs_turn(two: Two) -> None:
    """The same requests and shoppers; folders name versions too: a version's, and artifacts (what is live there)."""
    there = two.told(two.bad, two.good, str(two.shop.toml))
    bad = str(two.shop.artifacts / "versions" / two.bad)
    back = two.told(str(two.shop.artifacts), bad, str(two.shop.toml))
    assert (back["A"], back["B"]) == (there["B"], there["A"])
    for one, other in zip(there["tasks"], back["tasks"], strict=True):
        assert one["A"] == other["B"]
        assert -one["difference"]["ndcg@10"][0] == other["difference"]["ndcg@10"][0]
        turned = {"A": "B", "B": "A", None: None}
        assert {name: turned[who] for name, who in one["winner"].items()} == other["winner"]


def test_people_get_a_table_and_the_verdict(two: Two) -> None:
    """Both versions by name, a line for each task and group, who wins at the end."""
    lines = two.run(two.bad, two.good, str(two.shop.toml)).stdout.splitlines()
    assert lines[0] == f"A  {two.bad}, trained until 2026-04-20 00:00"
    assert lines[2] == "asked for what was bought from 2026-09-20 00:00 to 2026-10-04 00:00"
    head, first = lines[3:5]
    assert first.index("0.") == head.index("A ndcg@10") and first.endswith(" B")
    assert lines[-1].startswith("B wins next-order") and lines[-1].endswith("beyond the interval")
    assert max(map(len, lines)) <= 160


def test_a_version_does_not_beat_itself(two: Two) -> None:
    """Same answers, no difference, no winner."""
    found = compare_cli.compare(two.shop.shop, two.good, two.good, options(two), SILENT)
    assert {gap for pair in found.pairs for gap in pair.difference.values()} == {Interval(0, 0, 0)}
    assert {pair.winner("ndcg@10") for pair in found.pairs} == {None}
    last = two.run(two.good, two.good, str(two.shop.toml)).stdout.splitlines()[-1]
    assert last == "neither wins beyond the interval"


def test_as_a_gate_a_loss_is_an_exit_code(two: Two) -> None:
    """The table is told first; a version that does not lose passes."""
    assert two.run(two.bad, two.good, str(two.shop.toml), "--gate").exit_code == 0
    with pytest.raises(GateRefusedError, match=rf"{two.bad} loses to {two.good} in next-order.* beyond the interval"):
        two.run(two.good, two.bad, str(two.shop.toml), "--gate")


def test_until_asks_for_less(two: Two) -> None:
    """A week instead of two."""
    told = two.told(two.bad, two.good, str(two.shop.toml), "--until", "2026-09-27")
    assert told["to"] - told["from"] == 7 * 86_400


def test_nothing_after_the_later_version_is_an_error_with_the_way_out(two: Two) -> None:
    """Both must not know what is asked for."""
    at_end = options(two, "2026-09-20")
    with pytest.raises(DataError, match=r"at 2026-09-20 00:00 or later.*train both with --until"):
        compare(two.shop.shop, two.bad, two.good, at_end, SILENT)


def test_a_shop_without_times_says_that_it_cannot_be_compared(two: Two, tmp_path: Path) -> None:
    """Nothing comes after anything there."""
    told = two.shop.toml.read_text("utf-8").replace(', time = "when"', "")
    assert 'time = "when"' not in told
    shutil.copytree(two.shop.folder, tmp_path / "bare", symlinks=True)
    (tmp_path / "bare" / "shop.toml").write_text(told, "utf-8")
    bare = read_shop(tmp_path / "bare" / "shop.toml")
    with pytest.raises(DataError, match="purchases have no times"):
        compare(bare, two.bad, two.good, options(two), SILENT)


def test_a_version_that_is_none_is_named_with_those_that_are(two: Two, tmp_path: Path) -> None:
    """A typing error, an empty folder, and a name that leads elsewhere."""
    for word in ("v9", str(tmp_path), "../versions", "."):
        with pytest.raises(NoArtifactError, match=rf"no version .*there: {two.bad}, {two.good}"):
            find_version(word, two.shop.artifacts)


def test_another_shops_version_is_refused(two: Two, tmp_path: Path) -> None:
    """Its products are others."""
    shutil.copytree(two.shop.artifacts / "versions" / two.bad, tmp_path / two.bad)
    manifest = tmp_path / two.bad / MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace('"Tiny shop"', '"Big shop"'), "utf-8")
    with pytest.raises(ArtifactError, match="is of 'Big shop', not of 'Tiny shop'"):
        compare(two.shop.shop, str(tmp_path / two.bad), two.good, options(two), SILENT)


def test_a_version_is_published_for_the_block_and_what_is_live_stays(two: Two) -> None:
    """In a folder of its own, which goes away."""
    live = Registry(two.shop.artifacts).current()
    with published(two.shop.artifacts / "versions" / two.bad) as folder:
        current = Registry(folder).current()
        assert current is not None and current.name == two.bad
    assert not folder.exists()
    assert Registry(two.shop.artifacts).current() == live is not None


def test_a_winner_is_named_where_the_interval_leaves_out_nothing() -> None:
    """Of 30 shoppers B is better for 29 and worse for one; in recall it is now this, now that."""
    user = np.arange(30, dtype=np.int32)
    task = Requests("discovery", user, True, user, user, user.astype(np.int64), (user[:1],) * 30)
    a = {"ndcg@10": np.full(30, 0.5), "recall@10": np.full(30, 0.5)}
    b = {"ndcg@10": np.where(user > 0, 0.6, 0.1), "recall@10": np.where(user % 2, 0.6, 0.4)}
    groups = {"few": user < 10}
    everybody, few = pairs_of(task, a, b, groups, 200, 1)
    assert (everybody.group, everybody.users, few.group, few.users) == ("all", 30, "few", 10)
    assert everybody.difference["ndcg@10"].mean == pytest.approx((29 * 0.1 - 0.4) / 30)
    assert few.difference["ndcg@10"].mean == pytest.approx((9 * 0.1 - 0.4) / 10)
    assert (everybody.winner("ndcg@10"), everybody.winner("recall@10")) == ("B", None)
    turned = next(pairs_of(task, b, a, groups, 200, 1))
    assert isinstance(turned, Pair) and turned.winner("ndcg@10") == "A"


def options(two: Two, until: str | None = None) -> Options:
    """Return the options of a comparison on the shop's clock."""
    shop = two.shop.shop
    return Options(
        two.shop.artifacts, NOW, shop.moment("2026-10-09 18:00"), None if until is None else shop.moment(until)
    )
