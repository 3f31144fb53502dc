"""Settings of models as JSON and back."""

import json

import pytest

from models.als import ALS
from models.base import Model
from models.errors import ArtifactError
from models.interactions import Weighting
from models.popularity import Popularity
from models.settings_of import settings_of, with_settings
from models.sources import MODELS


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.source)
def test_settings_survive_json(kind: type[Model]) -> None:
    """What a manifest keeps builds the same model."""
    kept = json.loads(json.dumps(settings_of(kind())))
    rebuilt = with_settings(kind, kept)
    assert isinstance(rebuilt, kind)
    assert settings_of(rebuilt) == settings_of(kind())


def test_changed_settings_are_kept() -> None:
    """Nested ones too; what was learned is no setting."""
    model = ALS(factors=3, weighting=Weighting(half_life=9, binary=True))
    kept = settings_of(model)
    assert kept["weighting"] == {"half_life": 9, "binary": True}
    assert not [name for name in kept if name.endswith("_")]
    assert settings_of(with_settings(ALS, kept)) == kept


@pytest.mark.parametrize("settings", [{"speed": 1}, {"half_life": {"days": 3}}])
def test_a_setting_of_another_release_is_told(settings: dict[str, object]) -> None:
    """An unknown setting, at either depth, names the model and the way out."""
    with pytest.raises(ArtifactError, match=r"model 'popularity': .*train again"):
        with_settings(Popularity, settings)
