"""What a rule acts on, made fit for a catalogue: worked out once where the catalogue alone decides."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.catalogue import Catalogue
from models.schema import Bools, Ints
from recsvc.rules.expression_eval import Frame, matches
from recsvc.rules.expression_tree import Both, Expression, is_static
from recsvc.rules.rowset import RowSet
from recsvc.rules.situation import Situation


@dataclass(frozen=True, slots=True)
class Target:
    """Products inside ``rows`` (None: all) for which ``dynamic`` (None: nothing more) is true at the request."""

    rows: RowSet | None = None
    dynamic: Expression | None = None

    @property
    def static(self) -> bool:
        """Return whether the catalogue alone decides."""
        return self.dynamic is None


@dataclass(frozen=True, slots=True)
class Ground:
    """A catalogue with what was worked out over it for the literals of one rules file."""

    catalogue: Catalogue
    zone: str
    tables: dict[Any, Any] = field(default_factory=dict)
    """Tables over vocabularies, filled while binding."""
    sets: dict[Expression, RowSet] = field(default_factory=dict)
    """Static expressions -> their products."""
    targets: dict[Expression, Target] = field(default_factory=dict)
    """Expressions -> what rules act on that say them: many say the same."""

    def frame(self, rows: Ints | None, situation: Situation | None) -> Frame:
        """Return what expressions are evaluated over."""
        return Frame(self.catalogue, self.tables, rows, situation, None, self.zone)

    def target(self, products: tuple[str, ...], where: Expression | None) -> Target:
        """Return the target of ``products`` or ``where``; of neither, all products."""
        if products:
            return Target(RowSet.listing(self.catalogue.ids.rows(products), len(self.catalogue)))
        if where is None:
            return Target()
        known = self.targets.get(where)
        if known is None:
            known = self.targets[where] = self._matching(where)
        return known

    def _matching(self, where: Expression) -> Target:
        parts = where.parts if isinstance(where, Both) else (where,)
        still = [is_static(part) for part in parts]
        if all(still):
            return Target(self.rowset(where))
        fixed = tuple(part for part, is_still in zip(parts, still, strict=True) if is_still)
        moving = tuple(part for part, is_still in zip(parts, still, strict=True) if not is_still)
        rows = self.rowset(fixed[0] if len(fixed) == 1 else Both(fixed)) if fixed else None
        dynamic = moving[0] if len(moving) == 1 else Both(moving) if moving else None
        if dynamic is not None:
            self.warm(dynamic)
        return Target(rows, dynamic)

    def rowset(self, where: Expression) -> RowSet:
        """Return the products that a static expression is true for."""
        known = self.sets.get(where)
        if known is None:
            if isinstance(where, Both):  # rules share parts more often than wholes
                known = RowSet.common([self.rowset(part) for part in where.parts])
            else:
                known = RowSet.of(matches(where, self.frame(None, None)))
            self.sets[where] = known
        return known

    def warm(self, dynamic: Expression) -> None:
        """Fill the tables that a dynamic expression needs, so that no request waits for them."""
        matches(dynamic, self.frame(np.empty(0, np.int32), Situation(now=0, carousel="")))

    def has(self, target: Target, rows: Ints, situation: Situation) -> Bools:
        """Return (n_rows,): which of ``rows`` the target takes in."""
        out = np.ones(len(rows), np.bool_) if target.rows is None else target.rows.has(rows)
        if target.dynamic is None or not out.any():
            return out
        inside = np.flatnonzero(out)
        out[inside] = matches(target.dynamic, self.frame(rows[inside], situation))
        return out

    def listed(self, target: Target, situation: Situation) -> Ints:
        """Return all rows of the target, sorted."""
        rows = np.arange(len(self.catalogue), dtype=np.int32) if target.rows is None else target.rows.listed()
        return rows if target.dynamic is None else rows[self.has(target, rows, situation)]
