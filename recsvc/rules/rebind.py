"""Bound rules taken over to a catalogue that differs in a few places: only what those touch is worked out again."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.beyond import values_at
from models.catalogue import Catalogue
from models.columns import NumberColumn
from models.schema import Bools, Doubles, Ints
from recsvc.rules.bind import BoundRules, bind
from recsvc.rules.expression_eval import COMPARE, matches
from recsvc.rules.expression_tree import Both, Compare, Expression, Name, Number, children
from recsvc.rules.rowset import RowSet
from recsvc.rules.targets import Ground

MOST_CELLS = 20_000_000
"""Comparisons times products that are looked at in one piece of memory."""


@dataclass(frozen=True, slots=True)
class Change:
    """Where a catalogue differs from the one before it."""

    rows: Ints
    """Sorted rows with another value, without the new ones."""
    columns: frozenset[str]
    """Names of the columns that differ."""
    n_before: int
    """Products before; new ones lie behind."""


def rebind(bound: BoundRules, catalogue: Catalogue, change: Change) -> BoundRules:
    """Return ``bound`` for ``catalogue``, which differs from its own as ``change`` says.

    Where no rule's products are others than before, nothing but the catalogue is exchanged.
    """
    rows = np.concatenate([change.rows, np.arange(change.n_before, len(catalogue), dtype=np.int32)])
    ground = Ground(catalogue, bound.ground.zone, _tables(bound.ground.tables, change.columns))
    sets, grown = bound.ground.sets, len(catalogue) > change.n_before
    still = unmoved(sets, bound.catalogue, catalogue, rows)
    for where, before in sets.items():
        if where in still or (isinstance(where, Both) and all(part in still for part in where.parts)):
            ground.sets[where] = _as_large(before, len(catalogue)) if grown else before
        elif grown or not change.columns.isdisjoint(names(where)):
            ground.sets[where] = _patched(before, where, ground, rows)
        else:
            ground.sets[where] = before
    if not grown and all(ground.sets[where] is before for where, before in sets.items()):
        return _on(bound, ground)
    ranks = more_ranks(bound.id_rank, catalogue)
    return bind(bound.ruleset, catalogue, ground=ground, id_rank=ranks)


def names(part: Expression) -> frozenset[str]:
    """Return the names of the attributes that an expression reads of any product."""
    own = {part.name} if isinstance(part, Name) and part.scope in ("product", "page") else set()
    return frozenset(own.union(*(names(child) for child in children(part))))


def unmoved(sets: Iterable[Expression], before: Catalogue, after: Catalogue, rows: Ints) -> set[Expression]:
    """Return comparisons of an attribute with a number that are true for the same of ``rows`` as before, all at once."""
    found: dict[tuple[str, str], list[Compare]] = {}
    for one in sets:
        if isinstance(one, Compare) and isinstance(one.left, Name) and isinstance(one.right, Number):
            found.setdefault((one.left.name, one.sign), []).append(one)
    still: set[Expression] = set()
    for (name, sign), some in found.items():
        then, now = (_numbers(catalogue, name, rows) for catalogue in (before, after))
        if then is None or now is None or len(some) * len(rows) > MOST_CELLS:
            continue
        limits = np.array([one.right.value for one in some if isinstance(one.right, Number)])[:, None]
        differs = (_true(sign, then, limits) != _true(sign, now, limits)).any(axis=1)
        still.update(one for one, moved in zip(some, differs.tolist(), strict=True) if not moved)
    return still


def _numbers(catalogue: Catalogue, name: str, rows: Ints) -> Doubles | None:
    column = catalogue.columns.get(name)
    return values_at(column.values, rows, np.nan) if isinstance(column, NumberColumn) else None


def _true(sign: str, values: Doubles, limits: Doubles) -> Bools:
    """Return (n_limits, n_values): where a comparison is true; what is not known is not."""
    true: Bools = COMPARE[sign](values, limits) & ~np.isnan(values)
    return true


def _as_large(before: RowSet, n_products: int) -> RowSet:
    """Return the set in a larger catalogue, of whose new products it has none."""
    bits = before.bits
    if bits is not None:
        bits = np.concatenate([bits, np.zeros((n_products + 7) // 8 - len(bits), np.uint8)])
    return replace(before, n_products=n_products, bits=bits)


def _patched(before: RowSet, where: Expression, ground: Ground, rows: Ints) -> RowSet:
    """Return the set with ``rows`` (sorted, new ones too) judged again; itself where nothing differs."""
    n_products, inside = len(ground.catalogue), matches(where, ground.frame(rows, None))
    if n_products == before.n_products and np.array_equal(inside, before.has(rows)):
        return before
    if before.rows is not None and before.count + len(rows) <= n_products // 2:
        kept = before.rows[~np.isin(before.rows, rows, kind="sort")]
        return RowSet.listing(np.concatenate([kept, rows[inside]]), n_products)
    mask = np.zeros(n_products, np.bool_)
    mask[: before.n_products] = before.mask()
    mask[rows] = inside
    return RowSet.of(mask)


def _tables(tables: Mapping[Any, Any], columns: frozenset[str]) -> dict[Any, Any]:
    """Return what was worked out over vocabularies, but for those of ``columns``, which may have grown."""
    return {key: table for key, table in tables.items() if not any(_plain(part) in columns for part in key)}


def _plain(part: object) -> object:
    """Return the column that a table's key names: ``lower(brand)`` is of ``brand``."""
    while isinstance(part, str) and part.startswith("lower(") and part.endswith(")"):
        part = part[len("lower(") : -1]
    return part


def _on(bound: BoundRules, ground: Ground) -> BoundRules:
    """Return ``bound`` on another ground whose sets are the same."""
    segments = copy(bound.conditions.segments)
    segments.ground, segments.key = ground, f"{bound.ruleset.hash} {ground.catalogue.version}"
    return replace(bound, ground=ground, conditions=replace(bound.conditions, segments=segments, ground=ground))


def more_ranks(ranks: Ints, catalogue: Catalogue) -> Ints:
    """Return (n_products,) the place of each id in their order, from the ``ranks`` of the first products alone."""
    n_before, ids = len(ranks), catalogue.ids
    fresh = sorted(range(n_before, len(ids)), key=ids.texts.raw)
    if not fresh:
        return ranks
    by_rank = np.empty(n_before, np.int32)
    by_rank[ranks] = np.arange(n_before)
    places = np.array([_place(ids.texts.raw(row), by_rank, catalogue) for row in fresh], np.int64)
    out = np.empty(len(ids), np.int32)
    out[:n_before] = ranks + np.searchsorted(places, ranks, side="right")
    out[fresh] = places + np.arange(len(fresh))
    return out


def _place(raw: bytes, by_rank: Ints, catalogue: Catalogue) -> int:
    """Return how many of the products in ``by_rank`` have a smaller id."""
    return bisect_left(by_rank, raw, key=lambda row: catalogue.ids.texts.raw(int(row)))
