"""Requests drawn from a version's own data: its shoppers, products, stores, and what rules ask of a request."""

from collections.abc import Iterable

import numpy as np

from models.schema import NO_ROWS, Ints
from recsvc.asking import Ask
from recsvc.rules.schema import NO_END, FieldBetween, FieldIs, RuleSet
from recsvc.snapshot import Snapshot

ANONYMOUS = 0.2
"""Share of requests without a user."""


def draw(snapshot: Snapshot, rulesets: Iterable[RuleSet], n: int, seed: int, at: int | None) -> list[tuple[str, Ask]]:
    """Return ``n`` requests, each with its carousel; the same for the same seed.

    Carousels take turns. Users, pages (as often as they are bought) and stores come from the version; fields such as
    device are given, half of the time, one of the values that the rules test.

    Args:
        snapshot: whose data they are drawn from.
        rulesets: whose conditions name the values of fields.
        n: how many.
        seed: of the draw.
        at: the moment, Unix seconds; None = the shop's clock.
    """
    dice = np.random.default_rng(seed)
    carousels, moment = list(snapshot.shop.carousels), snapshot.clock() if at is None else at
    fields = _values(rulesets)
    return [(carousels[number % len(carousels)], _ask(snapshot, fields, moment, dice)) for number in range(n)]


def _ask(snapshot: Snapshot, fields: dict[str, list[str | float]], at: int, dice: np.random.Generator) -> Ask:
    users, stores, ids = snapshot.users, snapshot.stores, snapshot.catalogue.ids
    known = len(users) > 0 and dice.random() >= ANONYMOUS
    given = {name: values[dice.integers(len(values))] for name, values in fields.items() if dice.random() < 0.5}
    store = stores.id(int(dice.integers(len(stores)))) if len(stores) else None
    drawn = [ids.id(int(row)) for row in _products(snapshot, dice, 3)]
    return Ask(
        user_id=users.id(int(dice.integers(len(users)))) if known else None,
        product_id=drawn[0] if drawn and dice.random() < 0.5 else None,
        cart=tuple(drawn[1:]) if dice.random() < 0.25 else (),
        store_id=str(given.pop("store", store) or "") or None,
        fields=given,
        at=at,
    )


def _products(snapshot: Snapshot, dice: np.random.Generator, n: int) -> Ints:
    bought = snapshot.histories.product
    if len(bought):
        return bought[dice.integers(len(bought), size=n)]
    everything = len(snapshot.catalogue)
    return dice.integers(everything, size=n).astype(np.int32) if everything else NO_ROWS


def _values(rulesets: Iterable[RuleSet]) -> dict[str, list[str | float]]:
    """Return the values that rules test, by field; of a range its ends."""
    out: dict[str, list[str | float]] = {}
    for ruleset in rulesets:
        for rule in ruleset.rules:
            for one in (*rule.when, *(rule.unless or ())):
                if isinstance(one, FieldIs):
                    out.setdefault(one.name, []).extend(one.values)
                elif isinstance(one, FieldBetween):
                    ends = (end for end in (one.at_least, one.at_most) if abs(end) < NO_END)
                    out.setdefault(one.name, []).extend(ends)
    return {name: sorted(set(values), key=str) for name, values in out.items() if values}
