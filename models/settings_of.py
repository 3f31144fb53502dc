"""A model's settings as JSON values and back: the manifest keeps them, so that serving builds what training fitted."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, cast

from models.base import Model
from models.errors import ArtifactError
from models.interactions import Weighting


def settings_of(model: Model) -> dict[str, Any]:
    """Return the constructor's arguments of ``model``."""
    names = [field.name for field in fields(cast(Any, model)) if not field.name.endswith("_")]
    values = {name: getattr(model, name) for name in names}
    return {name: asdict(value) if isinstance(value, Weighting) else value for name, value in values.items()}


def with_settings(kind: type[Model], settings: Mapping[str, Any]) -> Model:
    """Return an unfitted model with ``settings``; what they leave out keeps its default.

    Raises:
        ArtifactError: the model has no such setting.
    """
    plain: Any = kind()
    try:
        given = {
            name: replace(getattr(plain, name), **one) if isinstance(one, Mapping) else one
            for name, one in settings.items()
        }
        return cast(Model, replace(plain, **given))
    except (TypeError, AttributeError) as error:
        raise ArtifactError(f"model {kind.source!r}: {error}; train again with this recsvc") from error
