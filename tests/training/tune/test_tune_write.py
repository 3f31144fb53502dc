"""Found settings in ``shop.toml``: where a person would put them, and nothing else moves."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ConfigError
from training.tune.write import difference, with_changes, write_checked

TOML = """# the corner shop
name = "Corner shop"   # as on the door

[data.purchases]
files = ["p.csv"]
columns = { user_id = "customer", product_id = "sku" }

[carousels.for-you]
title = "For you"
sources = { als = 1.0, trending = 0.5 }  # by hand

[carousels.bought-together.sources]
# with care
popularity = 1.0  # a little
als = 2.0

[training]  # how
seed = 1
"""
CHANGES = {
    "carousels": {
        "for-you": {"sources": {"als": 2.0, "ease": 1.0}},
        "bought-together": {"sources": {"popularity": 3.0, "ease": 1.5}},
        "you-may-also-like": {"sources": {"ease": 0.7}},
    },
    "models": {"ease": {"regularization": 100.0, "weighting": {"binary": True}}},
}


def test_the_settings_are_set_and_everything_else_stays() -> None:
    """Comments, titles and tables; a blend loses the sources that it does not have any more."""
    after = with_changes(TOML, CHANGES)
    told = tomllib.loads(after)
    assert told["carousels"]["for-you"] == {"title": "For you", "sources": {"als": 2.0, "ease": 1.0}}
    assert told["carousels"]["bought-together"]["sources"] == {"popularity": 3.0, "ease": 1.5}
    assert told["models"] == CHANGES["models"]
    before = tomllib.loads(TOML)
    assert {name: told[name] for name in ("name", "data", "training")} == {
        name: before[name] for name in ("name", "data", "training")
    }
    for comment in ("# the corner shop", "# as on the door", "# by hand", "# with care", "# a little", "# how"):
        assert comment in after


def test_the_difference_shows_what_changes_and_no_more() -> None:
    """As `diff -u` does; without a change there is none, and not a byte moves."""
    after = with_changes(TOML, CHANGES)
    lines = difference(Path("shop.toml"), TOML, after).splitlines()
    assert [line for line in lines[2:] if line.startswith("-")] == [
        "-sources = { als = 1.0, trending = 0.5 }  # by hand", "-popularity = 1.0  # a little", "-als = 2.0",
    ]  # fmt: skip
    assert "+[carousels.you-may-also-like]" in lines
    assert with_changes(TOML, {}) == TOML and difference(Path("shop.toml"), TOML, TOML) == ""


@given(
    st.dictionaries(st.sampled_from(["als", "ease", "popularity"]), st.floats(0.001, 1000), min_size=1),
    st.sampled_from([TOML, 'name = "x"\n', "carousels = { for-you = { size = 3 } }\n", "carousels.for-you.size = 3\n"]),
)
def test_any_blend_is_read_back_as_it_was_written(blend: dict[str, float], text: str) -> None:
    """Whatever shape the file has; written again it stays the same."""
    after = with_changes(text, {"carousels": {"for-you": {"sources": blend}}})
    assert tomllib.loads(after)["carousels"]["for-you"]["sources"] == blend
    assert with_changes(after, {"carousels": {"for-you": {"sources": blend}}}) == after


def test_a_file_that_was_changed_meanwhile_or_would_not_hold_is_left_alone(tmp_path: Path) -> None:
    """The search takes long; somebody may have edited the file, and that must not be lost."""
    path = tmp_path / "shop.toml"
    path.write_text(TOML + "# mine\n")
    with pytest.raises(ConfigError, match="was changed while the search ran"):
        write_checked(path, TOML, with_changes(TOML, CHANGES))
    with pytest.raises(ConfigError, match="unknown"):
        write_checked(path, TOML + "# mine\n", TOML + "[unknown]\n")
    assert path.read_text() == TOML + "# mine\n" and list(tmp_path.iterdir()) == [path]
