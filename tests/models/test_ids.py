"""The id index: outside ids to rows and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ids as module
from models.errors import ArtifactError, DataError
from models.ids import IdIndex
from models.schema import UNKNOWN

any_id = st.text(st.characters(exclude_categories=()), min_size=1, max_size=6)


@pytest.fixture(params=["true hashes", "two hashes", "one hash"])
def hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hashes that collide sometimes, always or never."""
    if request.param != "true hashes":
        buckets = 2 if request.param == "two hashes" else 1
        monkeypatch.setattr(module, "_hash", lambda raw: len(raw) % buckets)
    return str(request.param)


@pytest.mark.usefixtures("hashes")
def test_every_id_has_its_row_even_where_hashes_collide() -> None:
    """Ids map to rows and back, through arrays; what is not there has no row."""

    @given(st.lists(any_id, unique=True, max_size=15), any_id)
    def check(given_ids: list[str], other: str) -> None:
        index = IdIndex.load(IdIndex.of(given_ids).arrays())
        assert len(index) == len(given_ids)
        assert index.rows(given_ids).tolist() == list(range(len(given_ids)))
        assert [index.id(row) for row in range(len(index))] == given_ids
        assert index.row(other) == (given_ids.index(other) if other in given_ids else UNKNOWN)
        assert index.known([other, *given_ids]).tolist() == [
            row for row in (index.row(other), *range(len(given_ids))) if row != UNKNOWN
        ]

    check()


@pytest.mark.usefixtures("hashes")
def test_an_id_given_twice_is_refused_by_name() -> None:
    """Also with other ids of the same hash between the two."""
    for twice in (["a", "a"], ["a", "b", "a"], ["b", "a", "c", "d", "a"]):
        with pytest.raises(DataError, match="'a' is given twice"):
            IdIndex.of(twice)


def test_nothing_has_no_row() -> None:
    """No id, and a blank one, are unknown; so is everything in an empty index."""
    index = IdIndex.of(["0", "00"])
    assert index.row(None) == index.row("") == index.row("000") == UNKNOWN
    assert index.row("00") == 1, "leading zeros count"
    assert IdIndex.of([]).row("x") == UNKNOWN
    assert IdIndex.of([]).rows([]).dtype == np.int32


def test_an_index_without_its_hashes_is_no_index() -> None:
    """A missing array is named."""
    arrays = dict(IdIndex.of(["a"]).arrays())
    del arrays["hashes"]
    with pytest.raises(ArtifactError, match="'hashes' is missing"):
        IdIndex.load(arrays)


def test_ids_behind_an_index_are_found_and_move_nothing() -> None:
    """Every id keeps its row, by the same search in logarithmic time."""
    index = IdIndex.of([f"id-{n}" for n in range(50)])
    longer = index.plus(["new", "01"]).plus(["1"])
    assert longer.rows(["id-7", "new", "01", "1", "none"]).tolist() == [7, 50, 51, 52, UNKNOWN]
    assert [longer.id(row) for row in (0, 50, 52)] == ["id-0", "new", "1"] and len(longer) == 53
    assert index.row("new") == UNKNOWN and index.plus([]) is index


@given(known=st.sets(st.text(max_size=3), min_size=1, max_size=80), asked=st.lists(st.text(max_size=3), max_size=80))
def test_many_ids_are_found_at_once_as_one_by_one(known: set[str], asked: list[str]) -> None:
    index = IdIndex.of(sorted(known))
    every = [*asked, *known, "x" * 9]
    assert index.rows(every).tolist() == [index.row(one) for one in every]
