"""Arms of experiments on rules: the same shopper always draws the same arm, on every replica."""

from hashlib import sha256

from recsvc.rules.schema import Experiment
from recsvc.rules.situation import Shopper


def arm_of(experiment: Experiment, shopper: Shopper) -> str | None:
    """Return the arm of a shopper, by user id, else visitor id; None for somebody without either."""
    who = shopper.user_id or shopper.visitor_id
    if not who:
        return None
    drawn = sha256(f"{experiment.salt}\0{experiment.name}\0{who}".encode("utf-8", "surrogatepass")).digest()
    return experiment.arms[int.from_bytes(drawn[:8], "big") * len(experiment.arms) >> 64]
