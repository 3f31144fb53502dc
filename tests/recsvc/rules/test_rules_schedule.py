"""When a rule holds next, by its dates and hours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_kit import SHOP, rules

from recsvc.rules.parse import parse
from recsvc.rules.schedule import next_span, phase
from recsvc.rules.schema import ActiveIn, WeeklyIn
from recsvc.rules.times import start_of

LONDON = "Europe/London"


def told(when: str, now: str, more: str = "") -> tuple[str, int | None, int | None]:
    text = rules(f"do: hide, product: '00501'{more}" + (f", when: {{{when}}}" if when else ""))
    return phase(parse(text, SHOP).rules[0], start_of(now, LONDON), LONDON)


def at(text: str) -> int:
    return start_of(text, LONDON)


NOVEMBER = 'active: {from: "2026-11-27", until: "2026-11-30"}'
EVENINGS = 'weekly: {days: [fri, sat], from: "18:00", until: "02:00"}'


@pytest.mark.parametrize(
    ("when", "now", "state", "start", "end"),
    [
        ("", "2026-10-14", "now", None, None),
        ("device: mobile", "2026-10-14", "now", None, None),
        (NOVEMBER, "2026-10-14", "later", "2026-11-27", "2026-12-01"),
        (NOVEMBER, "2026-11-28", "now", None, "2026-12-01"),
        (NOVEMBER, "2026-12-01", "ended", None, None),
        (EVENINGS, "2026-10-14 12:00", "later", "2026-10-16 18:00", "2026-10-17 02:00"),
        (EVENINGS, "2026-10-17 01:00", "now", None, "2026-10-17 02:00"),
        (EVENINGS, "2026-10-18 02:00", "later", "2026-10-23 18:00", "2026-10-24 02:00"),
        (f"{NOVEMBER}, {EVENINGS}", "2026-10-14", "later", "2026-11-27 18:00", "2026-11-28 02:00"),
        ('active: {from: "2026-11-30"}, weekly: {days: [mon]}', "2026-11-30 12:00", "now", None, "2026-12-01"),
        ('active: {from: "2026-11-28", until: "2026-11-28"}, weekly: {days: [mon]}', "2026-10-14", "ended", None, None),
        ('active: [{until: "2026-01-01"}, {from: "2026-12-01"}]', "2026-10-14", "later", "2026-12-01", None),
    ],
)
def test_dates_and_hours_decide(when: str, now: str, state: str, start: str | None, end: str | None) -> None:
    """Now, later or never more, with both edges."""
    assert told(when, now) == (state, start and at(start), end and at(end))


def test_a_rule_that_is_off_is_off() -> None:
    assert told("", "2026-10-14", ", enabled: false") == ("off", None, None)


@given(
    st.integers(at("2026-03-20"), at("2026-11-10")), st.sampled_from([NOVEMBER, EVENINGS, f"{NOVEMBER}, {EVENINGS}"])
)
def test_the_edges_are_where_the_conditions_turn(now: int, when: str) -> None:
    """Inside of the stretch that is told every condition holds; from now to its start, not all do; nor at its end."""
    rule = parse(rules(f"do: hide, product: '00501', when: {{{when}}}"), SHOP).rules[0]
    span = next_span(rule, now, LONDON)
    assert span is not None

    def holds(moment: int) -> bool:
        return all(
            any(window.holds(moment) for window in one.windows)
            if isinstance(one, ActiveIn)
            else isinstance(one, WeeklyIn) and any(week.holds(moment, LONDON) for week in one.weeks)
            for one in rule.when
        )

    assert holds(span.start) and holds(span.end - 1) and not holds(span.end)
    assert span.start == now or not any(holds(moment) for moment in range(now, span.start, 1800))
