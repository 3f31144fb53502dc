"""``recsvc-train tune`` on the tiny shop: what it tells, writes and refuses."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from models.errors import ConfigError, GateRefusedError
from models.shop import read_shop
from tiny_shop import TinyShop
from training.cli import cli
from training.compare import ALL, Pair
from training.metrics.bootstrap import Interval
from training.tune.check import Part, Verdict
from training.tune.cli import refusal
from training.tune.tune import Tuned, changes_of

BAD = "\n[carousels.for-you]\nsources = { popularity = 1.0 }  # chosen by nobody\n"


@pytest.fixture(scope="module")
def shop(trained_shop: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny shop whose blend for next orders is a bad one."""
    folder = tmp_path_factory.mktemp("tune") / "tiny"
    shutil.copytree(trained_shop.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("artifacts"))
    toml = folder / "shop.toml"
    toml.write_text(toml.read_text("utf-8") + BAD, "utf-8")
    return toml


def told(shop: Path, *words: str) -> Any:
    """Return the command's JSON."""
    given = ["tune", str(shop), "--carousel", "for-you", "--minutes", "1", "--trials", "12", "--json"]
    given += ["--what", "blends", *words]
    done = CliRunner().invoke(cli, [*given, "--artifacts", str(shop.parent / "artifacts")], catch_exceptions=False)
    assert (done.exit_code, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_bad_blend_is_found_out_and_the_better_one_written(shop: Path) -> None:
    """Shown first; then written with what was found before, and it wins on days that the search did not see."""
    before = shop.read_text("utf-8")
    seen = told(shop)
    assert seen["written"] is False and shop.read_text("utf-8") == before
    study = next(one for one in seen["studies"] if one["study"] == "carousel for-you")
    assert study["ndcg@10"] > study["before"] and study["earlier"] == 0
    check = next(one for one in seen["check"] if (one["task"], one["group"]) == ("next-order", "all"))
    assert check["gain"]["ndcg@10"][1] > 0
    (part,) = seen["parts"]
    assert (part["part"], part["taken"]) == ("carousel for-you", True) and part["gain"]["ndcg@10"][1] > 0
    again = told(shop, "--write")
    study = next(one for one in again["studies"] if one["study"] == "carousel for-you")
    assert study["earlier"] > 0 and again["written"] is True
    after = shop.read_text("utf-8")
    assert read_shop(shop).carousels["for-you"].sources == again["changes"]["carousels"]["for-you"]["sources"]
    assert "# chosen by nobody" in after and "+sources" in again["difference"]


def test_a_carousel_that_nothing_judges_is_named(shop: Path) -> None:
    """With those that can be tuned."""
    with pytest.raises(ConfigError, match="'trending' is judged by no task: there are for-you"):
        CliRunner().invoke(cli, ["tune", str(shop), "--carousel", "trending"], catch_exceptions=False)


def pair(task: str, low: float, mean: float, high: float) -> Pair:
    """Return a comparison of before and after."""
    gap = {"ndcg@10": Interval(mean, low, high)}
    return Pair(task, "for-you", ALL, 9, gap, gap, gap)


def part(name: str, gain: Interval, *pairs: Pair, **changes: dict[str, Any]) -> Part:
    """Return what came of some settings."""
    return Part(name, changes, Verdict(pairs, "ndcg@10", gain))


def test_a_gain_whose_interval_holds_0_is_not_written() -> None:
    """Nor one beside a loss beyond the interval in any task; each part is taken or left by itself."""
    unsure = part("models", Interval(0.01, -0.001, 0.02), pair("a", -0.1, 0.01, 0.1), models={"als": {"factors": 32}})
    loses = part("carousel x", Interval(0.1, 0.01, 0.2), pair("b", -0.3, -0.2, -0.1), carousels={"x": {"sources": {}}})
    good = part(
        "carousel y", Interval(0.1, 0.01, 0.2), pair("c", 0.1, 0.2, 0.3), carousels={"y": {"sources": {"als": 1}}}
    )
    nothing, one = Tuned((), (unsure, loses), 1), Tuned((), (unsure, loses, good), 1)
    assert nothing.changes == {} and "nothing was gained" in str(refusal(nothing))
    assert "models: +0.0100 [-0.0010, +0.0200]" in str(refusal(nothing)) and "loses in b" in str(refusal(nothing))
    assert one.changes == {"carousels": {"y": {"sources": {"als": 1}}}} and refusal(one) is None
    assert refusal(Tuned((), (), 1)) is None


def test_settings_of_models_are_searched_and_nothing_is_written_without_a_gain(shop: Path) -> None:
    """Every model whose task is asked has its study, which begins with what stands; an unsure gain ends with 3."""
    before = shop.read_text("utf-8")
    words = [
        "tune",
        str(shop),
        "--carousel",
        "for-you",
        "--what",
        "models",
        "--minutes",
        "1",
        "--trials",
        "2",
        "--json",
    ]
    done = CliRunner().invoke(cli, [*words, "--write", "--artifacts", str(shop.parent / "artifacts")])
    told = json.loads(done.stdout)
    studies = {one["study"]: one for one in told["studies"]}
    assert {"model popularity", "model buy-again"} <= studies.keys()
    assert all(one["ndcg@10"] >= one["before"] for one in studies.values())
    assert told["written"] == (shop.read_text("utf-8") != before) == any(one["taken"] for one in told["parts"])
    if told["parts"] and not told["written"]:
        assert isinstance(done.exception, GateRefusedError) and "nothing was gained" in told["refused"]


def test_only_what_changed_is_written(trained_shop: TinyShop) -> None:
    """A blend that stayed is not in the file."""
    shop = trained_shop.shop
    own = shop.carousels["for-you"]
    other = shop.model_copy(
        update={
            "carousels": {**shop.carousels, "for-you": own.model_copy(update={"sources": {"als": 1.0}})},
        }
    )
    assert changes_of(shop, shop, ["for-you"]) == {}
    assert changes_of(shop, other, ["for-you", "bought-together"]) == {
        "carousels": {"for-you": {"sources": {"als": 1.0}}},
    }
