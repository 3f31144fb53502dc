"""Experiments on carousels: who is in which arm, and what the carousel of that arm is."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.carousels import Carousel
from models.experiments import Experiment, changed
from models.shop import Shop
from recsvc.draw import draw, place_of
from recsvc.rules.situation import Shopper


def arm_of(name: str, experiments: Mapping[str, Experiment], who: str | None) -> str | None:
    """Return the arm of an experiment that a shopper is in; None for who takes no part, and for nobody.

    The experiments of a layer lie one behind the other in the order of ``shop.toml``, each as wide as its share.

    Args:
        name: the experiment.
        experiments: all of the shop.
        who: the id of a user, else of a visitor.
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


class Trials:
    """The experiments of one shop; carousels of arms are made once."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._on = {
            carousel: tuple(name for name, one in shop.experiments.items() if carousel in one.carousels)
            for carousel in shop.carousels
        }
        self._made: dict[tuple[str, ...], Carousel] = {}

    def of(self, carousel: str, shopper: Shopper) -> Trial:
        """Return the carousel that ``shopper`` gets; the shop's own for who is in no experiment on it."""
        plain = self.shop.carousels[carousel]
        if not self._on[carousel]:
            return Trial(plain)
        who = shopper.user_id or shopper.visitor_id
        drawn = ((name, arm_of(name, self.shop.experiments, who)) for name in self._on[carousel])
        arms = [(name, arm) for name, arm in drawn if arm is not None]
        key = (carousel, *(word for pair in arms for word in pair))
        made = self._made.get(key)
        if made is None:
            made = plain
            for name, arm in arms:
                made = changed(made, self.shop.experiments[name].arms[arm].changes)
            self._made[key] = made
        return Trial(made, tuple({"name": name, "arm": arm} for name, arm in arms))
