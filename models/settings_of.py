"""A model's settings as JSON values and back: the manifest keeps them, so that serving builds what training fitted."""

from dataclasses import asdict, fields, is_dataclass
from typing import Any

from models.base import Model
from models.errors import ArtifactError
from models.interactions import Weighting


def settings_of(model: Model) -> dict[str, Any]:
    """Return the constructor's arguments of ``model``."""
    if not is_dataclass(model):
        return {}
    values = {f.name: getattr(model, f.name) for f in fields(model) if not f.name.endswith("_")}
    return {name: asdict(value) if isinstance(value, Weighting) else value for name, value in values.items()}


def with_settings(kind: type[Model], settings: dict[str, Any]) -> Model:
    """Return an unfitted model with ``settings``.

    Raises:
        ArtifactError: the model has no such setting.
    """
    values = {name: Weighting(**value) if isinstance(value, dict) else value for name, value in settings.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ArtifactError(f"model {kind.source!r}: {error}; train again with this recsvc") from error
