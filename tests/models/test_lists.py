"""Ranked lists, and the small sums over them, against plain Python."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.distinct import distinct
from models.lists import RankedLists, decay, scores_of, summed
from models.schema import Scored

N_KEYS, N_ROWS = 4, 6
entries = st.dictionaries(
    st.tuples(st.integers(0, N_KEYS - 1), st.integers(0, N_ROWS - 1)),
    st.sampled_from([-1.5, -0.0, 0.0, 0.5, 0.5 + 1e-12, 1.0, 2.0, np.inf]),
)


def lists_of(table: dict[tuple[int, int], float], length: int) -> RankedLists:
    keys = np.array([key for key, _ in table], np.int64)
    rows = np.array([row for _, row in table], np.int32)
    return RankedLists.of(keys, rows, np.array(list(table.values())), N_KEYS, length)


@given(entries, st.integers(0, 7))
def test_a_list_is_the_keys_entries_sorted_and_cut(table: dict[tuple[int, int], float], length: int) -> None:
    """Highest first, ties (as float32) by lower row, at most ``length``; a key outside has an empty list."""
    lists = RankedLists.load(lists_of(table, length).arrays("x"), "x")
    assert len(lists) == N_KEYS
    for key in range(-1, N_KEYS + 1):
        mine = [(row, float(np.float32(score))) for (one, row), score in table.items() if one == key]
        expected = sorted(mine, key=lambda pair: (-pair[1], pair[0]))[:length]
        found = lists.list(key)
        assert list(zip(found.rows.tolist(), found.scores.tolist(), strict=True)) == expected


@given(entries)
def test_keys_and_rows_too_wide_for_one_word_are_sorted_alike(table: dict[tuple[int, int], float]) -> None:
    """Key, score and row are packed into 64 bits where they fit; where they do not, the lists are the same."""
    keys, rows = (np.array([pair[place] for pair in table], np.int64) for place in range(2))
    narrow = RankedLists.of(keys, rows.astype(np.int32), np.array(list(table.values())), N_KEYS, 3)
    wide = RankedLists.of(keys, (rows << 28).astype(np.int32), np.array(list(table.values())), N_KEYS, 3)
    assert (wide.rows >> 28).tolist() == narrow.rows.tolist()
    assert wide.scores.tolist() == narrow.scores.tolist()


@given(st.lists(st.integers(-3, 8)))
def test_distinct_numbers_ascend_and_come_once(values: list[int]) -> None:
    """As numpy's own ``unique``; of nothing, nothing."""
    assert distinct(np.array(values, np.int64)).tolist() == sorted(set(values))


@given(entries, st.lists(st.integers(-2, N_KEYS + 1), max_size=6))
def test_joined_lists_are_the_lists_one_after_another(table: dict[tuple[int, int], float], keys: list[int]) -> None:
    """Keys may repeat or lie outside; ``places`` says which key an entry came from."""
    lists = lists_of(table, 3)
    rows, scores, places = lists.joined(np.array(keys, np.int32))
    expected = [
        (row, score, place)
        for place, key in enumerate(keys)
        for row, score in zip(lists.list(key).rows.tolist(), lists.list(key).scores.tolist(), strict=True)
    ]
    assert list(zip(rows.tolist(), scores.tolist(), places.tolist(), strict=True)) == expected


def test_no_lists_at_all_join_to_nothing() -> None:
    """A table without keys answers every key with an empty list."""
    empty = RankedLists.of(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0), 0, 5)
    assert len(empty) == 0
    assert len(empty.list(0)) == 0
    assert len(empty.joined(np.array([0, 3, -1], np.int32))[0]) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 10, width=32)), max_size=20), st.lists(st.integers(-1, 7)))
def test_sums_and_look_ups_agree_with_dicts(pairs: list[tuple[int, float]], asked: list[int]) -> None:
    """``summed`` adds by row; ``scores_of`` finds by row, 0 for what is not there, in any order."""
    expected: dict[int, float] = defaultdict(float)
    for row, score in pairs:
        expected[row] += score
    rows, totals = summed(np.array([row for row, _ in pairs], np.int32), np.array([s for _, s in pairs], np.float32))
    assert rows.tolist() == sorted(expected)
    np.testing.assert_allclose(totals, [expected[row] for row in rows.tolist()], rtol=1e-12)
    scored = Scored(rows[::-1].astype(np.int32), totals[::-1].astype(np.float32))
    wanted = [np.float32(expected.get(row, 0)) for row in asked]
    np.testing.assert_allclose(scores_of(scored, np.array(asked, np.int32)), wanted, rtol=1e-6)


def test_decay_halves_by_half_lives_and_ignores_the_future() -> None:
    """1, 1/2, 1/4 after no, one, two half-lives; an age below 0 is no more than 1."""
    assert decay(np.array([-5.0, 0, 3, 6]), 3).tolist() == [1, 1, 0.5, 0.25]
