"""Rules that only the clock switches are merged for each stretch between two edges, and turn at the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_kit import CATALOGUE, SHOP, bound, ids, rules, shown, shown_by, situation

from recsvc.rules.bind import BoundRules, bind
from recsvc.rules.match import select
from recsvc.rules.parse import parse
from recsvc.rules.timed import KEPT, edges_of
from recsvc.rules.times import Weekly, start_of

LONDON = "Europe/London"
MIX = (
    'do: hide, product: "00501", when: {active: {from: "2026-10-10", until: "2026-10-20"}}',
    'do: boost, factor: 9, product: "00507", when: {weekly: {days: [fri], from: "22:00", until: "03:00"}}',
    'do: keep, products: ["00502", "00503", "00507"], when: {active: {from: "2026-10-24"}, weekly: {days: [sun]}}',
    'do: bury, factor: 0.1, product: "00502"',
)


def at(text: str) -> int:
    return start_of(text, LONDON)


@given(st.integers(at("2026-10-05"), at("2026-11-05")))
def test_merged_rules_hold_exactly_when_their_conditions_do(now: int) -> None:
    """At any moment, through the end of summer time, the rules that are named are those whose windows are open."""
    some = bound(*MIX)
    ids = select(some, situation(now=now)).ids()
    memo: dict[int, bool] = {}
    here = situation(now=now)
    wanted = [
        rule.id
        for place, rule in enumerate(some.rules)
        if all(some.conditions.holds(number, here, memo) for number in some.when[place])
    ]
    assert ids == wanted and select(some, here).places == ()


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("2026-10-09 21:59", "13456782"),
        ("2026-10-09 22:00", "71345682"),
        ("2026-10-10 00:00", "7345682"),
        ("2026-10-10 03:00", "3456782"),
        ("2026-10-20 23:59", "3456782"),
        ("2026-10-21 00:00", "13456782"),
        ("2026-10-25 00:00", "372"),
        ("2026-10-26 00:00", "13456782"),
    ],
)
def test_what_is_shown_turns_at_the_edges(now: str, wanted: str) -> None:
    """Each edge is felt at its first moment."""
    assert "".join(shown_by(*MIX, asked={"now": at(now)})) == wanted


def test_a_stretch_is_worked_out_once_and_a_few_are_kept() -> None:
    """Two moments between two edges share their work; previews of other moments do not crowd it out for ever."""
    some = bound(*MIX)
    first = some.timed.stretch(at("2026-10-12"))
    assert some.timed.stretch(at("2026-10-13")) is first and first.start <= at("2026-10-12") < first.end
    for day in range(20, 30):
        some.timed.stretch(at(f"2026-10-{day}"))
    assert len(some.timed.kept) == KEPT and some.timed.stretch(at("2026-10-12")) is not first


def test_everywhere_hides_hold_in_every_carousel_dated_or_not() -> None:
    """Those without dates are one set; those with dates follow the clock."""
    text = rules(
        'do: hide, everywhere: true, product: "00501"',
        'do: hide, everywhere: true, product: "00502", when: {active: {from: "2026-10-20"}}',
    )
    some = bind(parse(text, SHOP), CATALOGUE)
    assert some.gone.listed().tolist() == [0] and len(some.everywhere) == 1
    for now, hidden in (("2026-10-19", "1"), ("2026-10-20", "12")):
        assert not set(hidden) & set("".join(shown_by_bound(some, at(now))))


def shown_by_bound(some: BoundRules, now: int) -> list[str]:
    return ids(shown(select(some, situation(now=now))))


@given(st.integers(at("2026-03-20"), at("2026-11-05")), st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440))
def test_the_edges_of_hours_enclose_the_moment_and_nothing_turns_between(
    now: int, day: int, start: int, end: int
) -> None:
    """From one edge to the next the hours hold all along, or not at all."""
    week = Weekly(frozenset({day}), start, end)
    before, after = edges_of(week, now, LONDON)
    assert before <= now < after
    states = {week.holds(int(moment), LONDON) for moment in np.linspace(before, after - 1, 9)}
    assert len(states) == 1
