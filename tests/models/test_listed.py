"""What the catalogue lists, the newest first, whatever rows its products have."""

import numpy as np

from models.beyond import Live
from models.catalogue import Catalogue
from models.columns import number_column
from models.ids import IdIndex
from models.listed import Listed
from models.schema import Context

NOTHING_TRAINED = Catalogue.of(IdIndex.of([]), {}, "none")


def listed(ids: list[str], since: list[int], dates: list[float | None] | None = None) -> tuple[Listed, Catalogue]:
    columns = {"available_from": number_column(dates)} if dates else {}
    catalogue = Catalogue.of(IdIndex.of(ids), columns, "none+1")
    return Listed().follow(Live(NOTHING_TRAINED, catalogue, np.array(since, np.int64))), catalogue


def newest(ids: list[str], since: list[int], dates: list[float | None] | None = None, n: int = 99) -> list[str]:
    model, catalogue = listed(ids, since, dates)
    return [catalogue.ids.id(row) for row in model.candidates(Context(0), n).rows.tolist()]


def test_the_newest_stand_first_and_those_of_one_moment_by_id() -> None:
    """Two workers that heard of the same products in another order say the same."""
    assert newest(["c", "a", "b"], [5, 5, 9]) == newest(["b", "c", "a"], [9, 5, 5]) == ["b", "a", "c"]
    assert newest(["c", "a", "b"], [5, 5, 9], n=2) == ["b", "a"]


def test_a_date_of_its_own_counts_before_the_moment_at_which_it_was_told_of() -> None:
    assert newest(["a", "b", "c"], [5, 6, 7], [None, 100, 1]) == ["b", "a", "c"]


def test_scores_fall_from_one_and_never_to_nothing() -> None:
    model, _ = listed(["a", "b", "c", "d"], [1, 2, 3, 4])
    assert model.score(Context(0), np.array([3, 0, 2, 1], np.int32)).tolist() == [1.0, 0.25, 0.75, 0.5]


def test_without_products_there_is_nothing() -> None:
    assert len(Listed().candidates(Context(0), 5)) == 0


def test_it_follows_without_changing_itself() -> None:
    model, catalogue = listed(["a"], [1])
    longer = Catalogue.of(catalogue.ids.plus(["b"]), {}, "none+2")
    after = model.follow(Live(NOTHING_TRAINED, longer, np.array([1, 2], np.int64)))
    assert (model.order_.tolist(), after.order_.tolist()) == ([0], [1, 0])
