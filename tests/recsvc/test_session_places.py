"""What a session offers has a place in the list of discovery, whatever sells best."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.candidates import Gathered
from models.carousels import Carousel
from models.schema import UNKNOWN, Context, Doubles, Ints, Scored
from recsvc.session_places import DEPTH, session_depths, with_session

SIZE = 6


def carousel(**sources: float) -> Carousel:
    return Carousel(title="May like", ranker="discovery", size=SIZE, sources=dict(sources))


def context(recent: tuple[int, ...] = (), cart: tuple[int, ...] = ()) -> Context:
    return Context(at=0, recent=np.array(recent, np.int32), cart=np.array(cart, np.int32))


def gathered(n: int, by_source: Mapping[str, Ints]) -> Gathered:
    """Return ``n`` candidates; each source offers its rows, the first most."""
    scored = {name: Scored(rows, np.linspace(1, 0.5, len(rows), dtype=np.float32)) for name, rows in by_source.items()}
    return Gathered(np.arange(n, dtype=np.int32), np.ones(n), scored, exhausted=True)


def first(scores: Doubles, n: int = SIZE) -> list[int]:
    return [int(one) for one in np.argsort(-scores, kind="stable")[:n]]


def test_only_sources_of_the_blend_that_read_this_session_are_asked() -> None:
    """A view asks for what is near it, a cart for what goes with it; a ranker of orders reads neither."""
    every = carousel(**{"similar": 0.7, "bought-together": 0.5, "popularity": 1.0})
    assert session_depths(every, context(recent=(1,))) == {"similar": DEPTH}
    assert session_depths(every, context(cart=(1,))) == {"bought-together": DEPTH}
    assert session_depths(every, context((1,), (2,))) == {"similar": DEPTH, "bought-together": DEPTH}
    assert session_depths(every, context()) == {}
    assert session_depths(every.model_copy(update={"ranker": "next-order"}), context((1,), (2,))) == {}


@given(st.sets(st.integers(0, 29), min_size=1), st.integers(0, 2**32 - 1))
def test_a_cart_changes_the_list_also_where_most_that_goes_with_it_stands_there(goes: set[int], seed: int) -> None:
    """By any scores: whatever goes with the cart and would not be shown is; and two of three places stay."""
    scores = np.random.default_rng(seed).permutation(np.linspace(0.9, 0.01, 30))
    offered = np.array(sorted(goes), np.int32)
    out = with_session(
        scores, gathered(30, {"bought-together": offered}), carousel(**{"bought-together": 0.5}), context(cart=(40,))
    )
    before, after = first(scores), first(out)
    if goes - set(before):
        held = [one for one in after if one not in before]
        assert held and held[0] in goes and after.index(held[0]) == 2
        assert [one for one in after if one in before] == before[: SIZE - len(held)]


def test_in_a_shop_of_few_products_what_is_near_comes_sooner() -> None:
    """All of them are shown, so the order is what a view can change."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    near = gathered(5, {"similar": np.array([4], np.int32)})
    assert first(with_session(scores, near, carousel(similar=1.0), context(recent=(7,)))) == [0, 1, 4, 2, 3]


@pytest.mark.parametrize("told", [{}, {"similar": np.array([], np.int32)}])
def test_a_session_that_offers_nothing_changes_nothing(told: Mapping[str, Ints]) -> None:
    scores = np.array([0.2, 0.9, 0.4])
    found = with_session(scores, gathered(3, told), carousel(similar=1.0), context(recent=(UNKNOWN,)))
    assert found.tolist() == scores.tolist()
