"""Settings of models in a search: the way to parameters and back, and what shop.toml gets."""

import pytest

from models.model_settings import checked_settings
from models.settings_of import settings_of
from models.shop import Shop
from models.sources import MODELS, new_models
from training.choose.plan import TRIALS
from training.choose.settings import as_table, value_of
from training.tune.settings import RANGES, changed, start_of, table_of
from training.tune.tune import with_models

ALL = new_models()


@pytest.mark.parametrize("source", RANGES)
def test_a_model_begins_with_what_it_has(source: str) -> None:
    """Its settings lie inside of the ranges, so that the first trial is the model itself, to the last digit."""
    model = ALL[source]
    assert settings_of(changed(model, start_of(model))) == settings_of(model)
    assert table_of(model, start_of(model)) == {}
    for one in RANGES[source]:
        assert one.low < one.high or isinstance(start_of(model)[one.setting], bool)


def test_what_differs_is_what_is_written() -> None:
    """Inner settings in a table of their own, numbers to three digits, whole numbers whole."""
    values = {**start_of(ALL["ease"]), "regularization": 123.456, "weighting.binary": True}
    assert table_of(ALL["ease"], values) == {"regularization": 123.0, "weighting": {"binary": True}}
    assert table_of(ALL["als"], {**start_of(ALL["als"]), "factors": 33}) == {"factors": 33}
    assert {kind.source for kind in MODELS} >= RANGES.keys()


def test_a_shop_keeps_what_was_not_found_better() -> None:
    """Within a table too."""
    shop = Shop.model_validate(
        {
            "name": "x", "data": {"events": "store"},
            "models": {"ease": {"length": 50, "weighting": {"half_life": 30.0}}, "als": {"factors": 8}},
        }
    )  # fmt: skip
    after = with_models(shop, {"ease": {"weighting": {"binary": True}}, "popularity": {"half_life": 9.0}})
    assert after.models == {
        "ease": {"length": 50, "weighting": {"half_life": 30.0, "binary": True}}, "als": {"factors": 8},
        "popularity": {"half_life": 9.0},
    }  # fmt: skip


@pytest.mark.parametrize("source", RANGES)
def test_whatever_is_tried_may_stand_in_shop_toml(source: str) -> None:
    """The ends of a range, and what a run chooses from: a version with such a setting is served and reported like any other."""
    model = ALL[source]
    tried = [
        (one.setting, type(value_of(model, one.setting))(end)) for one in RANGES[source] for end in (one.low, one.high)
    ]
    tried += [(one.setting, value) for one in TRIALS if one.source == source for value in one.values]
    for setting, value in tried:
        checked_settings({source: as_table({setting: value})})
