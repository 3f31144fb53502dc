"""Experiments in shop.toml: what holds is read, and every mistake is told with its place."""

from pathlib import Path

import pytest

from models.errors import ConfigError
from models.experiments import changed
from models.shop import read_shop

HEAD = 'name = "Shop"\n[data]\nevents = "store"\n'
ARMS = "arms = { plain = {}, varied = { weight = 3, changes = { diversity = 0.5 } } }\n"


def written(folder: Path, text: str) -> Path:
    (folder / "shop.toml").write_text(HEAD + text)
    return folder / "shop.toml"


def test_an_arm_says_what_it_changes_and_the_rest_stays(tmp_path: Path) -> None:
    """A ranker is switched off by the word none; the first arm is the first in the file."""
    text = '[experiments.e1]\ncarousels = ["for-you"]\nshare = 0.5\n[experiments.e1.arms]\nz = {}\na = { changes = { ranker = "none", size = 5 } }\n'
    shop = read_shop(written(tmp_path, text))
    one = shop.experiments["e1"]
    assert list(one.arms) == ["z", "a"] and one.share == 0.5 and one.arms["a"].weight == 1
    plain = shop.carousels["for-you"]
    after = changed(plain, one.arms["a"].changes)
    assert (after.ranker, after.size, plain.ranker) == (None, 5, "next-order")
    assert after.model_copy(update={"ranker": plain.ranker, "size": plain.size}) == plain


ON = '[experiments.e]\ncarousels = ["for-you"]\n'
MISTAKES = {
    '[experiments.e]\ncarousels = ["for-yuo"]\n' + ARMS: "e: no carousel 'for-yuo': did you mean 'for-you'?",
    ON + 'arms = { a = {}, b = { changes = { rankr = "none" } } }\n': "arm b: rankr: unknown key: did you mean 'ranker'?",
    ON + "arms = { a = {}, b = { changes = { diversity = 2 } } }\n": "arm b: diversity: Input should be less than",
    ON + "arms = { a = {} }\n": "experiments.e.arms: Dictionary should have at least 2 items",
    ON + "arms = { a = {}, b = { wieght = 2 } }\n": "unknown key: did you mean 'weight'?",
    ON + 'layer = "l"\nshare = 0.6\n' + ARMS + '[experiments.f]\ncarousels = ["trending"]\nlayer = "l"\nshare = 0.6\n'
    + ARMS: "layer 'l': its experiments take 1.2 of the shoppers: together at most 1",
    ON + ARMS + (ON + ARMS).replace(".e]", ".f]"): "f: changes diversity of for-you, as e does: give both the same layer",
    (ON + ARMS).replace(".e]", '."a b"]'): "experiments.a b",
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_with_its_place(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_shop(written(tmp_path, text))
    assert MISTAKES[text] in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_shop(
            written(
                tmp_path,
                '[experiments.e]\ncarousels = ["no", "for-you"]\narms = { a = { changes = { size = 0 } }, b = {} }\n',
            )
        )
    assert "no carousel 'no'" in str(caught.value) and "arm a: size" in str(caught.value)


def test_what_is_kept_for_results_has_defaults(tmp_path: Path) -> None:
    results = read_shop(written(tmp_path, "[results]\ndays = 3\n")).results
    assert (results.days, results.share, results.keep_days) == (3, 0.1, 90)
