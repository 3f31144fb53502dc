"""What a pin by ``where`` takes of many matches: this shopper's best ones, whatever sells."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recsvc.carousel
import recsvc.pinning
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.pinning import highest
from recsvc.rules.parse import parse
from recsvc.rules_file import facts_of
from recsvc.serving import with_rules

NEAR_A_WINE = Ask(product_id="00501", size=3)


def pinned(engine: Engine, where: str) -> list[str]:
    """Return what two pins by ``where`` take near a wine."""
    rules = f"version: 1\nrules:\n  - {{id: w, do: pin, where: {where}, positions: [1, 2]}}\n"
    under = with_rules(engine, parse(rules, facts_of(engine.snapshot, Path())))
    items = under.carousel("similar-items", NEAR_A_WINE).items
    return [item.product_id for item in items if item.source == "pin"]


@pytest.fixture
def one_candidate(tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose sources name one candidate each, and say of any other product what they think when asked."""
    monkeypatch.setattr(recsvc.carousel, "DEPTH", 1 - tiny_engine.snapshot.shop.carousels["similar-items"].size)
    return tiny_engine


def test_a_pin_by_where_takes_what_the_sources_rate_highest_however_it_sells(
    one_candidate: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything matches and little of it may compete: the nearest wines are pinned, not the milk that sells best."""
    whole = pinned(one_candidate, "price > 0")
    for ranked in (2, 3, 5):
        monkeypatch.setattr(recsvc.pinning, "RANKED", ranked)
        assert pinned(one_candidate, "price > 0") == whole
    monkeypatch.setattr(recsvc.carousel, "DEPTH", 300)
    assert [item.product_id for item in one_candidate.carousel("similar-items", NEAR_A_WINE).items[:2]] == whole


def test_of_more_matches_than_are_asked_about_what_the_sources_name_comes_first(
    one_candidate: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However badly it sells: the two nearest wines are among the few that the sources name."""
    whole = pinned(one_candidate, "price > 0")
    for bound, count in (("ASKED", 3), ("RANKED", 2), ("NAMED", 4)):
        monkeypatch.setattr(recsvc.pinning, bound, count)
    assert pinned(one_candidate, "price > 0") == whole


def test_of_more_matches_than_the_sources_are_asked_about_those_that_sell_best_are(
    one_candidate: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where the sources say nothing of any match, they alone fill the positions."""
    for bound, count in (("ASKED", 2), ("RANKED", 2), ("NAMED", 1)):
        monkeypatch.setattr(recsvc.pinning, bound, count)
    sells = one_candidate.carousel("bestsellers", Ask(size=2, filter="category == 'tea'")).items
    assert sorted(pinned(one_candidate, "category == 'tea'")) == sorted(item.product_id for item in sells)


few = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(few, few), max_size=12), st.integers(1, 14))
def test_the_highest_are_those_that_a_sort_puts_first(pairs: list[tuple[float, float]], count: int) -> None:
    """By the values, then by the ties, then the lower places."""
    values, ties = np.array([one for one, _ in pairs]), np.array([two for _, two in pairs])
    wanted = sorted(range(len(pairs)), key=lambda place: (-values[place], -ties[place], place))[:count]
    assert sorted(highest(count, values, ties).tolist()) == sorted(wanted)
