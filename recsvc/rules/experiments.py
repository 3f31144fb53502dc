"""Arms of experiments on rules: the same shopper always draws the same arm, on every replica."""

from models.experiments import key_of_layer
from recsvc.draw import draw, place_of
from recsvc.rules.schema import Experiment, InArm, RuleSet
from recsvc.rules.situation import Shopper


def arm_of(experiment: Experiment, shopper: Shopper) -> str | None:
    """Return the arm of a shopper; None for somebody without any id, and who takes no part."""
    who = shopper.drawn_by
    if not who or (experiment.share < 1 and not _takes_part(experiment, who)):
        return None
    weights = experiment.weights or (1,) * len(experiment.arms)
    return experiment.arms[place_of(draw(who, experiment.salt, experiment.name), weights)]


def _takes_part(experiment: Experiment, who: str) -> bool:
    """Return whether a shopper is in the experiment's share of its layer: the line on which ``shop.toml``'s lie too."""
    layer = key_of_layer(experiment.name, experiment.layer)
    return experiment.top - experiment.share <= draw(who, *layer, "") < experiment.top


def tested_on(rules: RuleSet) -> dict[str, frozenset[str] | None]:
    """Return the carousels of the rules that test each experiment, by its name; None: all carousels."""
    out: dict[str, frozenset[str] | None] = {}
    for rule in rules.rules:
        for one in (*rule.when, *(rule.unless or ())):
            if isinstance(one, InArm) and rule.enabled:
                before = out.get(one.experiment, frozenset())
                everywhere = before is None or rule.carousels is None
                out[one.experiment] = None if everywhere else frozenset((*(before or ()), *(rule.carousels or ())))
    return out
