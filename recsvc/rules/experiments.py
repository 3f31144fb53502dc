"""Arms of experiments on rules: the same shopper always draws the same arm, on every replica."""

from recsvc.draw import draw, place_of
from recsvc.rules.schema import Experiment, InArm, RuleSet
from recsvc.rules.situation import Shopper


def arm_of(experiment: Experiment, shopper: Shopper) -> str | None:
    """Return the arm of a shopper, by user id, else visitor id; None for somebody without either."""
    who = shopper.user_id or shopper.visitor_id
    if not who:
        return None
    return experiment.arms[place_of(draw(who, experiment.salt, experiment.name), [1] * len(experiment.arms))]


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
