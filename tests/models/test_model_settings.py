"""``[models.SOURCE]``: what a model takes is taken, and every other word is told with its path."""

import re

import pytest

from models.model_settings import checked_settings
from models.settings_of import settings_of
from models.sources import new_models


def test_written_settings_are_the_models_and_the_rest_keeps_its_default() -> None:
    """Inside of a weighting too."""
    written = checked_settings({"als": {"factors": 8, "weighting": {"half_life": 9}}, "buy-again": {"timing": 0}})
    models = new_models(written)
    told = settings_of(models["als"])
    assert (told["factors"], told["regularization"]) == (8, 10.0)
    assert told["weighting"] == {"half_life": 9, "binary": True}
    assert settings_of(models["buy-again"])["timing"] == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"easy": {}}, "no model 'easy': did you mean 'ease'"),
        ({"ease": {"regularisation": 1}}, "ease.regularisation: no such setting: did you mean 'regularization'"),
        ({"ease": {"regularization": -1}}, "ease.regularization: -1 is not above 0"),
        ({"ease": {"length": 1.5}}, "ease.length: 1.5 is no whole number"),
        ({"ease": {"weighting": 3}}, "ease.weighting: a table, such as { half_life = 365.0, binary = false }"),
        ({"als": {"weighting": {"binary": 2}}}, "als.weighting.binary: 2 is no value for it: the default is true"),
        ({"als": {"alpha": float("inf")}}, "als.alpha: inf is not above 0"),
    ],
)
def test_a_setting_that_is_none_is_told_with_its_path(given: dict[str, dict[str, object]], said: str) -> None:
    """Every fault names source, setting, value and what would do."""
    with pytest.raises(ValueError, match=re.escape(said)):
        checked_settings(given)
