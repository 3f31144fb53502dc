"""Step 2: which products may be shown at all. Hides and keeps know no priority among each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.compiled import isin
from models.distinct import distinct
from models.schema import NO_ROWS, Bools, Bytes, Ints
from recsvc.rules.match import Active
from recsvc.rules.pool import BarsOf, Fallback, Pool


class Supply:
    """The candidates and fallbacks of one carousel; each fallback is asked once, and only if needed."""

    def __init__(self, pool: Pool, fallbacks: Sequence[Fallback]) -> None:
        self.pool, self.fallbacks = pool, fallbacks
        self._asked: dict[int, Ints] = {}

    def fallback(self, number: int) -> Ints:
        """Return the rows of a fallback, best first, each once."""
        if number not in self._asked:
            rows = np.asarray(self.fallbacks[number][1](), np.int32)
            self._asked[number] = rows[np.sort(np.unique(rows, return_index=True)[1])]
        return self._asked[number]

    def all_fallbacks(self) -> Ints:
        """Return the distinct rows of all fallbacks that are no candidates."""
        rows = [self.fallback(number) for number in range(len(self.fallbacks))]
        every = distinct(np.concatenate([np.empty(0, np.int32), *rows]))
        return every[~isin(every, self.pool.rows[self.pool.organic])]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says about rows, each array (n_rows,)."""

    bars: Bytes
    """System exclusions that hold."""
    hidden: Bools
    kept: Bools
    taken: Bools
    """Another carousel of the call has it."""

    @property
    def free(self) -> Bools:
        """Return where no rule and no other carousel stands against the product."""
        free: Bools = self.kept & ~self.hidden & ~self.taken
        return free

    @property
    def open(self) -> Bools:
        """Return where nothing at all stands against the product."""
        open_: Bools = self.free & (self.bars == 0)
        return open_


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides about products for one carousel."""

    active: Active
    bars: BarsOf
    taken: Ints
    keeps: tuple[int, ...]
    """Places of the keeps that are in force, beside the merged ones."""
    skipped: tuple[int, ...] = ()
    thin: bool = False
    """The candidates alone did not reach the ``min_results`` of a keep."""

    def beside(self, taken: Ints) -> "Gate":
        """Return the same gate where other carousels of the call have ``taken``; keeps stay in force or skipped."""
        return replace(self, taken=taken)

    def hidden(self, rows: Ints) -> Bools:
        """Return the union of all hides."""
        merged = self.active.merged.hidden
        out = np.zeros(len(rows), np.bool_) if merged is None else merged.has(rows)
        targets, listed = self.active.bound.targets, []
        for place in self.active.of("hide"):
            one = targets[place].rows
            if targets[place].static and one is not None and one.rows is not None:
                listed.append(one.rows)
            else:
                out = out | self.active.has(place, rows)
        return out | isin(rows, np.concatenate(listed)) if listed else out

    def kept(self, rows: Ints) -> Bools:
        """Return the intersection of the keeps that are in force."""
        merged = self.active.merged.kept
        out = np.ones(len(rows), np.bool_) if merged is None else merged.has(rows)
        for place in self.keeps:
            out = out & self.active.has(place, rows)
        return out

    def through(self, rows: Ints) -> Ints:
        """Return those of ``rows`` that nothing stands against."""
        return rows[self.judge(rows).open]

    def judge(self, rows: Ints) -> Verdict:
        """Return what stands against ``rows``."""
        return Verdict(self.bars(rows), self.hidden(rows), self.kept(rows), isin(rows, self.taken))


def open_gate(active: Active, supply: Supply, bars: BarsOf, taken: Ints) -> Gate:
    """Return the gate, having settled which keeps with ``min_results`` are in force.

    Such a keep is tried alone, on top of all hides and of the keeps without ``min_results``, over the candidates and,
    if those are too few, the fallbacks: so the order of the file plays no part. Nor do other carousels of the call: what
    is eligible is settled before them (step 2 before step 10), or a keep that gives way would move pins that others
    have made room for.
    """
    keeps, rules = active.of("keep"), active.bound.rules
    firm = tuple(place for place in keeps if not rules[place].min_results)
    gate = Gate(active, bars, NO_ROWS, firm)
    soft = [place for place in keeps if rules[place].min_results]
    if not soft:
        return gate.beside(taken)
    rows = gate.through(supply.pool.rows[supply.pool.organic])
    missing = {place: rules[place].min_results - int(np.count_nonzero(active.has(place, rows))) for place in soft}
    thin = any(count > 0 for count in missing.values())
    more = gate.through(supply.all_fallbacks()) if thin else NO_ROWS
    skipped = [place for place in soft if missing[place] > int(np.count_nonzero(active.has(place, more)))]
    return Gate(active, bars, taken, (*firm, *(one for one in soft if one not in skipped)), tuple(skipped), thin)
