"""The rules file of a shop: read, and checked against what the shop has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from models.columns import Column, Kind
from models.errors import RulesError
from models.experiments import Experiment as Tried
from models.experiments import layers_taken
from models.schema import UNKNOWN
from recsvc.id_lists import lists_in
from recsvc.rules.expression_tree import Expression
from recsvc.rules.parse import parse
from recsvc.rules.schema import Experiment, RuleSet
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.targets import Ground
from recsvc.snapshot import Snapshot

MOST_BYTES = 6_000_000
"""Read of a rules file; the loader refuses one of that size."""


def facts_of(snapshot: Snapshot, folder: Path) -> ShopFacts:
    """Return what rules are checked against.

    Args:
        snapshot: gives the shop and its clock, and the names of attributes; without a trained version these are not
            known and not checked.
        folder: where the rules file lies; lists of ids lie there or below.
    """
    shop, products, trained = snapshot.shop, snapshot.catalogue, snapshot.version is not None
    return ShopFacts(
        carousels={name: carousel.size for name, carousel in shop.carousels.items()},
        columns=_kinds(products.columns) if trained else None,
        user_columns=_kinds(snapshot.user_columns) if trained else None,
        context_fields=shop.context.fields,
        product_ids=(lambda product: products.ids.row(product) != UNKNOWN) if trained else None,
        zone=shop.timezone,
        now=datetime.fromtimestamp(snapshot.clock(), shop.zone),
        layers=layers_taken(shop.experiments),
        experiments=drawn_alike(shop.experiments),
        lists=lists_in(folder),
    )


def drawn_alike(experiments: Mapping[str, Tried]) -> dict[str, Experiment]:
    """Return the experiments of ``shop.toml`` as rules draw them: the same shoppers in the same arms."""
    out, taken = dict[str, Experiment](), dict[tuple[str, str], float]()
    for name, one in experiments.items():
        arms = {arm: told.weight for arm, told in one.arms.items()}
        top = taken[one.layer_of(name)] = taken.get(one.layer_of(name), 0.0) + one.share
        out[name] = Experiment(name, tuple(arms), one.salt, tuple(arms.values()), one.layer, one.share, top)
    return out


def strict_facts_of(snapshot: Snapshot, folder: Path) -> ShopFacts:
    """Return ``facts_of``, and what tells conditions that no product matches; for checks, since it takes time."""
    if snapshot.version is None:
        return facts_of(snapshot, folder)
    ground = Ground(snapshot.catalogue, snapshot.shop.timezone)
    return strict_facts(facts_of(snapshot, folder), ground)


def strict_facts(facts: ShopFacts, ground: Ground) -> ShopFacts:
    """Return ``facts`` with what tells which products an expression is true for."""

    def among(where: Expression | None, products: Sequence[str]) -> frozenset[str]:
        known = [product for product in products if ground.catalogue.ids.row(product) != UNKNOWN]
        if where is None:
            return frozenset(known)
        inside = ground.rowset(where).has(ground.catalogue.ids.rows(known))
        return frozenset(product for product, has in zip(known, inside.tolist(), strict=True) if has)

    return replace(facts, matching=lambda where: len(ground.rowset(where)), among=among)


def read_file(path: Path, snapshot: Snapshot) -> RuleSet:
    """Return the rules in the file at ``path``.

    Raises:
        RulesError: it cannot be read, or does not load; with every fault.
    """
    try:
        text = text_of(path)
    except OSError as error:
        raise RulesError([f"{path}: cannot be read ({error.strerror}): name a rules file, or none"]) from error
    return parse(text, facts_of(snapshot, path.parent), path.name)


def text_of(path: Path) -> bytes:
    """Return what is in the file, but no more than the loader could take."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def _kinds(columns: Mapping[str, Column]) -> dict[str, Kind]:
    return {name: column.kind for name, column in columns.items()}
