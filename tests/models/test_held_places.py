"""Places that are held: every third one, nobody pushed further than that, nothing shown that must not be."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.held_places import EVERY, holding


def order(scores: list[float], chosen: list[int]) -> list[int]:
    """Return the places of what is shown, the best first."""
    out = holding(np.array(scores, np.float64), np.array(chosen, np.int64))
    return [int(one) for one in np.argsort(-out, kind="stable") if out[one] > 0]


def test_every_third_place_is_held_until_none_is_left() -> None:
    """By hand: the fifth and the sixth come third and sixth; one that stands before its place stays there."""
    assert order([0.9, 0.8, 0.7, 0.6, 0.1, 0.05], [5, 4]) == [0, 1, 5, 2, 3, 4]
    assert order([0.9, 0.8, 0.7, 0.6, 0.1], [0, 4]) == [0, 1, 2, 3, 4]
    assert order([0.9, 0.8, 0.7], []) == [0, 1, 2]
    assert order([0.2, 0.4], [0, 1]) == [1, 0]


@given(
    st.lists(st.integers(0, 999), unique=True, max_size=30).map(lambda found: [one / 1000 for one in found]),
    st.lists(st.integers(0, 29), unique=True, max_size=12),
)
def test_nobody_falls_behind_and_the_others_keep_their_order(scores: list[float], among: list[int]) -> None:
    """Before the k-th held one there are at most two others for each; scores stay in [0, 1]."""
    chosen = [one for one in among if one < len(scores) and scores[one] > 0]
    found = order(scores, chosen)
    others = [one for one in found if one not in chosen]
    assert others == [one for one in order(scores, []) if one not in chosen]
    assert sorted(found) == [place for place, score in enumerate(scores) if score > 0]
    for number, one in enumerate(chosen, 1):
        before = [other for other in found[: found.index(one)] if other not in chosen]
        assert len(before) <= (EVERY - 1) * number
