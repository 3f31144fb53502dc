"""Rules that hold at every request of a carousel, melted into one set each, so that their number costs nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.schema import NO_ROWS, Doubles, Ints
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.rowset import RowSet
from recsvc.rules.schema import Rule
from recsvc.rules.targets import Target


@dataclass(frozen=True, slots=True)
class Merged:
    """What the rules of one carousel that nothing of the request switches come to."""

    places: tuple[int, ...] = ()
    """The rules that are in here."""
    hidden: RowSet | None = None
    kept: RowSet | None = None
    factor_rows: Ints = field(default_factory=lambda: NO_ROWS)
    """Sorted products that have a factor."""
    factor_values: Doubles = field(default_factory=lambda: np.empty(0, np.float64))
    """Their products of factors, not clamped."""

    def factors(self, rows: Ints) -> Doubles:
        """Return (n_rows,) factors, 1 where no rule matches."""
        if not len(self.factor_rows):
            return np.ones(len(rows))
        places = np.minimum(np.searchsorted(self.factor_rows, rows), len(self.factor_rows) - 1)
        return np.where(self.factor_rows[places] == rows, self.factor_values[places], 1.0)


def can_merge(rule: Rule, target: Target) -> bool:
    """Return whether, ``when`` aside, nothing but the carousel and the catalogue decides what the rule does."""
    if rule.unless is not None or rule.min_results:
        return False
    return target.static and target.rows is not None and rule.verb in ("hide", "keep", "boost", "bury")


def merge(
    rules: Sequence[Rule], targets: Sequence[Target], places: Iterable[int], n_products: int, rest: Rest = no_rest
) -> dict[str | None, Merged]:
    """Return what the rules at ``places`` come to, for each carousel that they name and, under None, for any other.

    ``rest`` is called often.
    """
    merging = sorted(places, key=lambda place: rules[place].id)
    sets = {place: rows for place in merging if (rows := targets[place].rows) is not None}
    shared = [place for place in merging if rules[place].carousels is None]
    own: dict[str, list[int]] = {}
    for place in merging:
        for name in rules[place].carousels or ():
            own.setdefault(name, []).append(place)
    base = _Sums(n_products)
    for place in shared:
        base.take(rules[place], sets[place])
        rest()
    out: dict[str | None, Merged] = {None: base.done(shared)}
    for name, more in own.items():
        sums = base.copy()
        for place in more:
            sums.take(rules[place], sets[place])
            rest()
        out[name] = sums.done([*shared, *more])
    return out


class _Sums:
    """Masks and factors of a whole catalogue while they are added up."""

    def __init__(self, n_products: int) -> None:
        self.hidden = np.zeros(n_products, np.bool_)
        self.kept = np.ones(n_products, np.bool_)
        self.factors = np.ones(n_products)
        self.keeps = False

    def copy(self) -> "_Sums":
        out = _Sums(0)
        out.hidden, out.kept, out.factors = self.hidden.copy(), self.kept.copy(), self.factors.copy()
        out.keeps = self.keeps
        return out

    def take(self, rule: Rule, rows: RowSet) -> None:
        if rule.verb == "keep":
            self.kept &= rows.mask()
            self.keeps = True
            return
        if rule.verb == "hide":
            self.hidden[rows.listed()] = True
        else:
            self.factors[rows.listed()] *= rule.factor

    def done(self, places: list[int]) -> Merged:
        hidden = RowSet.of(self.hidden)
        kept = RowSet.of(self.kept) if self.keeps else None
        rows = np.flatnonzero(self.factors != 1.0).astype(np.int32)
        return Merged(tuple(places), hidden, kept, rows, self.factors[rows])
