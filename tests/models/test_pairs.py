"""Pairs of codes: the same fine code within the same coarse one."""

import numpy as np

from models.pairs import paired
from models.schema import UNKNOWN


def test_two_are_the_same_where_both_codes_are() -> None:
    """750 ml of wine and of oil are two kinds; what names neither has none; what names one is told by that."""
    size = np.array([0, 0, 0, 1, UNKNOWN, UNKNOWN, UNKNOWN, 0], np.int32)
    category = np.array([0, 0, 1, 1, 1, 1, UNKNOWN, UNKNOWN], np.int32)
    found = paired(size, category).tolist()
    assert found[0] == found[1] and found[4] == found[5]
    assert found[6] == UNKNOWN
    assert len({found[one] for one in (0, 2, 3, 4, 7)}) == 5 and UNKNOWN not in found[:6]


def test_nothing_gives_nothing() -> None:
    """A carousel without candidates."""
    nothing = np.empty(0, np.int32)
    assert len(paired(nothing, nothing)) == 0
