"""Reports as they go out: the JSON of the service and of the commands, and the models that describe it."""

from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from models.experiments import Results
from recsvc.answers import Part
from recsvc.results.report import Group, Report
from recsvc.results.tried import Tried


class ArmPart(Part):
    """An arm, as it was declared."""

    arm: str
    weight: float
    changes: dict[str, Any] = Field(description="Settings of the carousel that are others; empty for rules.")
    model: str | None = Field(description="The trained version that serves it; null: the live one.")


class ExperimentPart(Part):
    """An experiment, as it was declared."""

    name: str
    kind: Literal["carousels", "rules"] = Field(description='"carousels": of shop.toml; "rules": of the rules file.')
    carousels: list[str] | None = Field(description="Null: all of them.")
    layer: str | None = Field(description="Experiments of one layer have no shopper in common; null: of its own.")
    share: float = Field(description="Of the layer's shoppers.")
    arms: list[ArmPart] = Field(description="The first is what the others are compared to.")


class ExperimentList(Part):
    """What is being tried."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    experiments: list[ExperimentPart]


class EstimatePart(Part):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class RatesPart(Part):
    """What came of answers; null where there is nothing to divide by."""

    click_rate: EstimatePart | None = Field(description="Of the products shown, those clicked.")
    conversion: EstimatePart | None = Field(description="Of the shoppers, those who bought what they were shown.")
    revenue_per_shopper: EstimatePart | None = Field(description="Of what they were shown, less refunds.")


class PinnedPart(Part):
    """What pins were shown, and what came of them."""

    impressions: int
    clicks: int
    purchases: int
    revenue: float


class GroupPart(Part):
    """What came of an arm."""

    name: str
    exposures: int = Field(description="Answers.")
    shoppers: int = Field(description="Who got one at least.")
    impressions: int = Field(description="Products shown that count in the rates.")
    rates: RatesPart
    pinned: PinnedPart
    difference: RatesPart | None = Field(description="Less the first arm; null for that one.")
    models: dict[str, int] = Field(description="Trained version -> answers that it made.")


class SampleRatioPart(Part):
    """Whether shoppers were split as they should have been."""

    p: float | None
    mismatch: bool = Field(description="True: something is wrong with the drawing; do not trust the rest.")


class ExperimentAnswer(ExperimentPart):
    """An experiment and what came of it."""

    request_id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    days: int = Field(description="After an answer, in which a click or a purchase counts for it.")
    results: list[GroupPart] = Field(description="By arm, in their order.")
    mixed_shoppers: int = Field(description="They were shown more than one arm, and count in the first.")
    sample_ratio: SampleRatioPart


def tried_json(tried: Tried) -> dict[str, Any]:
    """Return an experiment as it was declared."""
    arms = [
        {
            "arm": arm,
            "weight": weight,
            "changes": dict(tried.changes.get(arm, {})),
            "model": tried.models.get(arm),
        }
        for arm, weight in tried.arms.items()
    ]
    plain = {"name": tried.name, "kind": tried.kind, "layer": tried.layer, "share": tried.share}
    return {**plain, "carousels": None if tried.carousels is None else list(tried.carousels), "arms": arms}


def report_json(tried: Tried, report: Report, results: Results) -> dict[str, Any]:
    """Return an experiment and what came of it."""
    return {
        **tried_json(tried),
        "days": results.days,
        "results": [group_json(arm) for arm in report.arms],
        "mixed_shoppers": report.mixed_shoppers,
        "sample_ratio": {"p": report.sample_ratio_p, "mismatch": report.mismatch},
    }


def group_json(group: Group) -> dict[str, Any]:
    """Return what came of an arm or a carousel."""
    return asdict(group)
