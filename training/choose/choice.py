"""What was tried and what came of it: for the manifest, and for people."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.shop import Shop
from training.choose.blends import Blend
from training.choose.gain import Gain
from training.choose.settings import Found, as_table


@dataclass(frozen=True, slots=True)
class Choice:
    """All that the choosing did."""

    settings: tuple[Found, ...] = ()
    blends: Mapping[str, Blend] = field(default_factory=dict)
    """By carousel, those of which some task is asked."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """By task, over all pasts."""
    pasts: int = 0
    seconds: float = 0.0
    """What it was estimated to take, of one core."""
    allowed: float = 0.0
    why_not: str | None = None
    """Why nothing was tried."""

    @property
    def sources(self) -> dict[str, dict[str, float]]:
        """The weights of the blends by carousel: what serving takes where shop.toml leaves them open."""
        return {name: one.weights for name, one in self.blends.items()}

    def plain(self) -> dict[str, Any]:
        """Return what a manifest keeps: a gain is a mean of NDCG@10 and its standard error."""
        return {
            "settings": [_setting(one) for one in self.settings],
            "blends": {
                name: {"sources": one.weights, "ndcg@10": round(one.found, 5), "gain": _gain(one.gain)}
                for name, one in self.blends.items()
            },
            "requests": dict(self.requests),
            "pasts": self.pasts,
            "estimated_seconds": round(self.seconds, 1),
            "allowed_seconds": round(self.allowed, 1),
            "why_not": self.why_not,
        }


def lines_of(choice: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person is told of ``Choice.plain()``: what was chosen over which default, and for which gain."""
    if choice["why_not"] is not None:
        yield f"nothing chosen, all as by default: {choice['why_not']}"
        return
    tried = sum(len(one["tried"]) - 1 for one in choice["settings"])
    yield (
        f"chosen on {choice['pasts']} earlier past{'s' if choice['pasts'] > 1 else ''} "
        f"({sum(choice['requests'].values())} requests): {tried} settings tried, about "
        f"{choice['estimated_seconds']:.0f} of {choice['allowed_seconds']:.0f} core-seconds"
    )
    for one in choice["settings"]:
        if one["chosen"] != one["default"]:
            setting = f"{one['model']} {one['setting']} = {_value(one['chosen'])}, not {_value(one['default'])}"
            yield f"  {setting}: {_told(one['gain'])}"
    for name, blend in choice["blends"].items():
        weights = ", ".join(f"{source} {weight:g}" for source, weight in blend["sources"].items())
        yield f"  {name}: {weights}{': ' + _told(blend['gain']) if blend['gain'][0] else ' (the default)'}"


def taken_over(shop: Shop, kept: Mapping[str, Any]) -> Shop:
    """Return ``shop`` with the settings and blends that a manifest keeps under ``blends`` and ``choice``."""
    found = [
        (one["model"], one["setting"], one["chosen"])
        for one in kept["choice"]["settings"]
        if one["chosen"] != one["default"]
    ]
    return settled(shop, found, kept["blends"])


def settled(shop: Shop, found: Iterable[tuple[str, str, Any]], blends: Mapping[str, Mapping[str, float]]) -> Shop:
    """Return ``shop`` with (source, setting, value) and the blends, where its file does not say otherwise."""
    changed: dict[str, dict[str, Any]] = {}
    for source, setting, value in found:
        changed.setdefault(source, {})[setting] = value
    models = {name: dict(settings) for name, settings in shop.models.items()}
    for name, values in sorted(changed.items()):
        models[name] = _merged(as_table(values), models.get(name, {}))
    return shop.with_blends(blends).model_copy(update={"models": models})


def _merged(ours: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """Return both tables of settings as one; what is ``written`` counts."""
    both = {name: {**ours[name], **written[name]} for name in ours if isinstance(written.get(name), dict)}
    return {**ours, **written, **both}


def _setting(one: Found) -> dict[str, Any]:
    tried = [{"value": value, "ndcg@10": round(found, 5), "gain": _gain(gain)} for value, found, gain in one.tried]
    return {
        "model": one.source, "setting": one.setting, "default": one.default, "chosen": one.chosen,
        "tried": tried, "gain": _gain(one.gain),
    }  # fmt: skip


def _gain(one: Gain) -> list[float]:
    return [round(one.mean, 5), round(one.error, 5)]


def _told(gain: list[float]) -> str:
    return f"ndcg@10 {gain[0]:+.4f} (standard error {gain[1]:.4f})"


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"
