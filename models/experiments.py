"""``[experiments.NAME]`` and ``[results]`` of ``shop.toml``: what is tried on whom, and what is kept to judge it by."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError

from models.carousels import Carousel
from models.section import Section, Share
from models.shop_faults import explain_faults, suggest

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""Name of an experiment, an arm or a layer: it stands in addresses."""


Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""Name of a trained version."""


class Arm(Section):
    """One of the ways in which an experiment's carousels are made."""

    weight: float = Field(1, gt=0, allow_inf_nan=False, description="Its part of the experiment's shoppers.")
    model: Version | None = Field(None, description="The trained version that serves this arm; none: the live one.")
    changes: dict[str, Any] = Field({}, description="Settings of the carousel that are others in this arm.")


class Experiment(Section):
    """Shoppers are drawn into arms, and get the carousels of their arm."""

    carousels: tuple[str, ...] = Field(min_length=1, description="The carousels that its arms change.")
    layer: Label | None = Field(
        None, description="Experiments of one layer have no shopper in common; none: a layer of its own."
    )
    share: Share = Field(1, gt=0, description="Share of the layer's shoppers who take part.")
    salt: str = Field("", description="Another salt draws the arms anew.")
    arms: dict[Label, Arm] = Field(
        min_length=2, description="Arms by name; the first is what the others are compared to."
    )

    def layer_of(self, name: str) -> tuple[str, str]:
        """Return the key of its layer; ``name`` is its own."""
        return key_of_layer(name, self.layer)


def key_of_layer(name: str, layer: str | None) -> tuple[str, str]:
    """Return what an experiment's shoppers are drawn by: its layer, or itself."""
    return ("experiment", name) if layer is None else ("layer", layer)


class Results(Section):
    """What is kept of answers, so that clicks and purchases can be told to them."""

    share: Share = Field(
        0.1,
        description="Share of the shoppers outside of experiments whose answers are kept; 1 = everybody's, 0 = none.",
    )
    days: int = Field(7, ge=1, le=90, description="Days after an answer in which a click or a purchase counts for it.")
    keep_days: int = Field(90, ge=1, description="Days for which answers are kept.")


def versions_tried(experiments: Mapping[str, Experiment]) -> tuple[str, ...]:
    """Return the trained versions that arms name, each once."""
    named = (arm.model for one in experiments.values() for arm in one.arms.values())
    return tuple(dict.fromkeys(one for one in named if one is not None))


def layers_taken(experiments: Mapping[str, Experiment]) -> dict[str, float]:
    """Return the share of each layer's shoppers that its experiments take together."""
    out: dict[str, float] = {}
    for one in experiments.values():
        if one.layer is not None:
            out[one.layer] = out.get(one.layer, 0.0) + one.share
    return out


def changed(carousel: Carousel, changes: Mapping[str, Any]) -> Carousel:
    """Return ``carousel`` with other settings.

    Raises:
        ValidationError: they do not hold.
    """
    return Carousel.model_validate({**carousel.model_dump(), **changes})


def experiment_faults(experiments: Mapping[str, Experiment], carousels: Mapping[str, Carousel]) -> Iterator[str]:
    """Yield what is wrong with experiments of a shop with these carousels."""
    for name, one in experiments.items():
        for carousel in one.carousels:
            if carousel not in carousels:
                yield f"{name}: no carousel {carousel!r}{suggest(carousel, carousels)}"
                continue
            for arm, told in one.arms.items():
                try:
                    changed(carousels[carousel], told.changes)
                except ValidationError as error:
                    yield from (f"{name}: arm {arm}: {line}" for line in explain_faults(error, Carousel))
    yield from _full_layers(experiments)
    yield from _both_change(experiments)


def _full_layers(experiments: Mapping[str, Experiment]) -> Iterator[str]:
    shares: dict[tuple[str, str], float] = {}
    for name, one in experiments.items():
        key = one.layer_of(name)
        shares[key] = shares.get(key, 0.0) + one.share
    for (_, layer), share in shares.items():
        if share > 1 + 1e-9:
            yield f"layer {layer!r}: its experiments take {share:g} of the shoppers: together at most 1"


def _both_change(experiments: Mapping[str, Experiment]) -> Iterator[str]:
    """Yield the settings, the version among them, that a shopper of two experiments would get twice."""
    seen: dict[tuple[str, str], tuple[str, tuple[str, str]]] = {}
    for name, one in experiments.items():
        layer = one.layer_of(name)
        changes = {setting for arm in one.arms.values() for setting in arm.changes}
        for setting in sorted(changes | ({"model"} if versions_tried({name: one}) else set())):
            for carousel in one.carousels:
                other, its = seen.setdefault((carousel, setting), (name, layer))
                if its != layer:
                    yield f"{name}: changes {setting} of {carousel}, as {other} does: give both the same layer"
