"""The compiled code: the one place that imports it, so that whoever serves and scores nothing never waits for it."""

from functools import cache
from types import ModuleType

import numpy as np

from models.schema import Bools, Ints


@cache
def kernels() -> ModuleType:
    """Return ``models.kernels``; the first call compiles it, or takes it from the cache."""
    from models import kernels as module

    return module


def places_in(own: Ints, wanted: Ints) -> Ints:
    """Return (n_wanted,) where each of ``wanted`` stands in ``own`` first, in any order; -1 where it does not."""
    places = np.empty(len(wanted), np.int32)
    if len(own) and len(wanted):
        kernels().find(np.ascontiguousarray(own, np.int32), np.ascontiguousarray(wanted, np.int32), places)
    else:
        places.fill(-1)
    return places


def isin(rows: Ints, among: Ints) -> Bools:
    """Return (n_rows,): which of ``rows`` are in ``among``; in time that does not grow with the catalogue."""
    inside: Bools = places_in(among, rows) >= 0
    return inside
