"""Distinct numbers by one sort: numpy's own ``unique`` fills a table of hashes, which takes several times as long."""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Whole = TypeVar("Whole", bound=np.integer[Any])


def distinct(values: npt.NDArray[Whole]) -> npt.NDArray[Whole]:
    """Return the distinct of (n,) whole numbers, ascending."""
    ascending = np.sort(values)
    first = np.empty(len(ascending), np.bool_)
    first[:1] = True
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return ascending[first]
