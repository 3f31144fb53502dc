"""Experiments on carousels: who is in which arm, and what the carousel of that arm is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from models.carousels import Carousel
from models.experiments import Experiment, changed, versions_tried
from models.shop import Shop
from recsvc.draw import draw, place_of
from recsvc.rules.situation import Shopper


def arm_of(name: str, experiments: Mapping[str, Experiment], who: str | None) -> str | None:
    """Return the arm of an experiment that a shopper is in; None for who takes no part, and for nobody.

    The experiments of a layer lie one behind the other in the order of ``shop.toml``, each as wide as its share.

    Args:
        name: the experiment.
        experiments: all of the shop.
        who: the id by which a shopper is drawn.
    """
    if not who:
        return None
    mine = experiments[name]
    begins, layer = 0.0, mine.layer_of(name)
    for other, one in experiments.items():
        if other == name:
            break
        begins += one.share if one.layer_of(other) == layer else 0.0
    if not begins <= draw(who, *layer, "") < begins + mine.share:
        return None
    place = place_of(draw(who, mine.salt, name), [arm.weight for arm in mine.arms.values()])
    return list(mine.arms)[place]


@dataclass(frozen=True, slots=True)
class Trial:
    """A carousel as one shopper gets it."""

    carousel: Carousel
    arms: tuple[dict[str, str], ...] = ()
    """Name and arm of each experiment on it that the shopper is in."""
    absent: bool = False
    """Whether the shopper is in an arm whose version is not there: it counts for nothing, and the live one serves."""


class Trials:
    """The experiments of one shop; carousels of arms are made once."""

    def __init__(self, shop: Shop, versions: Collection[str | None] = ()) -> None:
        """Take the experiments of ``shop``; ``versions`` are the trained versions that are there to serve arms."""
        self.shop, self.versions = shop, versions
        self._on = {
            carousel: tuple(name for name, one in shop.experiments.items() if carousel in one.carousels)
            for carousel in shop.carousels
        }
        self._other_models = bool(versions_tried(shop.experiments))
        self._made: dict[tuple[str, ...], Carousel] = {}

    def of(self, carousel: str, shopper: Shopper) -> Trial:
        """Return the carousel that ``shopper`` gets; the shop's own for who is in no experiment on it."""
        plain = self.shop.carousels[carousel]
        if not self._on[carousel]:
            return Trial(plain)
        drawn = self._drawn(carousel, shopper.drawn_by)
        arms = [(name, arm) for name, arm in drawn if self._is_there(name, arm)]
        key = (carousel, *(word for pair in arms for word in pair))
        made = self._made.get(key)
        if made is None:
            made = plain
            for name, arm in arms:
                made = changed(made, self.shop.experiments[name].arms[arm].changes)
            self._made[key] = made
        return Trial(made, tuple({"name": name, "arm": arm} for name, arm in arms), len(arms) < len(drawn))

    def runs(self, names: Sequence[str], who: str | None) -> list[tuple[str | None, tuple[str, ...]]]:
        """Return the carousels of a call, those side by side that one version serves together; None: the live one.

        Args:
            names: the carousels, first to last.
            who: the id by which the shopper is drawn; None: nobody.
        """
        if not self._other_models or not who:
            return [(None, tuple(names))]
        served = groupby(names, lambda name: self._version(name, who))
        return [(version, tuple(some)) for version, some in served]

    def _version(self, carousel: str, who: str) -> str | None:
        """Return the version that serves a carousel to a shopper; None: the live one."""
        named = (self.shop.experiments[name].arms[arm].model for name, arm in self._drawn(carousel, who))
        return next((one for one in named if one is not None and one in self.versions), None)

    def _drawn(self, carousel: str, who: str | None) -> list[tuple[str, str]]:
        """Return name and arm of each experiment on a carousel that a shopper is in."""
        drawn = ((name, arm_of(name, self.shop.experiments, who)) for name in self._on[carousel])
        return [(name, arm) for name, arm in drawn if arm is not None]

    def _is_there(self, name: str, arm: str) -> bool:
        model = self.shop.experiments[name].arms[arm].model
        return model is None or model in self.versions
