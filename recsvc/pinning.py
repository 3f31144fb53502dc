"""What only a pin may take: the products that pins name, and this shopper's best matches of each ``where``.

The carousel's own sources are asked about all matches at once; the ranker, which costs more, sees the best of them alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.candidates import Gathered
from models.compiled import isin
from models.distinct import distinct
from models.schema import NO_ROWS, Bools, Doubles, Floats, Ints, Longs, Scored
from recsvc.rules.match import Active

ASKED = 10_000
"""Matches of one ``where`` that the sources are asked about; of more, those that they name and those that sell best."""
NAMED = 3_000
"""Products that each source names by itself, best first, where more than ``ASKED`` match."""
RANKED = 200
"""Matches of one ``where``, beside the candidates, that compete for its positions: those that the sources rate highest."""

NOBODY = Gathered(NO_ROWS, np.empty(0), {}, exhausted=True)


@dataclass(frozen=True, slots=True)
class Judges:
    """Who is asked about what pins may take."""

    may: Callable[[int, Ints], Bools]
    """The place of a rule and products -> which of these it may pin."""
    rate: Callable[[Ints], Gathered]
    """Distinct products -> what the carousel's sources say of them."""
    first: Callable[[int], Gathered]
    """So many products of each of the sources, its best ones."""
    sales: Callable[[Ints], Doubles]
    """Products -> how well they sell."""


def beside(active: Active, candidates: Ints, judges: Judges) -> Gathered:
    """Return what a pin may take that is not among ``candidates``, rated as they are."""
    named = active.pin_names()
    matches = [_asked(place, rows, candidates, judges) for place, rows in active.pin_matches().items()]
    every = distinct(np.concatenate([named, *matches]))
    strange = every[~isin(every, candidates)]
    rated = judges.rate(strange) if len(strange) else NOBODY
    if all(len(rows) <= RANKED for rows in matches):
        return rated
    kept = isin(rated.rows, named)
    for rows in matches:
        places = np.searchsorted(rated.rows, rows)
        kept[places[highest(RANKED, rated.scores[places], judges.sales(rows))]] = True
    return _part(rated, kept)


def highest(count: int, values: Doubles | Floats, *ties: Doubles | Floats) -> Longs:
    """Return the places of the ``count`` highest of ``values`` (n,), in no order, by time that grows with n alone.

    Args:
        count: how many, at least 1; all of them where there are no more.
        values: what counts.
        ties: (n,) each; the first decides where ``values`` are equal, and so on; at last the lower places.
    """
    if len(values) <= count:
        return np.arange(len(values), dtype=np.int64)
    least = np.partition(values, len(values) - count)[len(values) - count]
    above, level = np.flatnonzero(values > least), np.flatnonzero(values == least)
    more = count - len(above)
    if ties and len(level) > more:
        level = level[highest(more, *(one[level] for one in ties))]
    return np.concatenate([above, level[:more]])


def _asked(place: int, rows: Ints, candidates: Ints, judges: Judges) -> Ints:
    """Return the matches of a rule that the sources are asked about, ascending."""
    rows = rows[~isin(rows, candidates)]
    if len(rows) > RANKED:
        rows = rows[judges.may(place, rows)]
    return rows if len(rows) <= ASKED else _promising(rows, judges)


def _promising(rows: Ints, judges: Judges) -> Ints:
    """Return ``ASKED`` of ``rows``, ascending: what the sources name by themselves, then what sells best."""
    named = judges.first(NAMED)
    there = isin(named.rows, rows)
    first = named.rows[there]
    first = first[highest(ASKED, named.scores[there])]
    rest = rows[~isin(rows, first)]
    if room := ASKED - len(first):
        first = np.concatenate([first, rest[highest(room, judges.sales(rest))]])
    return np.sort(first)


def _part(rated: Gathered, kept: Bools) -> Gathered:
    """Return those of ``rated`` that are ``kept``."""
    said = {name: Scored(one.rows[kept], one.scores[kept]) for name, one in rated.by_source.items()}
    return Gathered(rated.rows[kept], rated.scores[kept], said, rated.exhausted)
