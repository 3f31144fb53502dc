"""A call's pace: what it times, what it leaves out, what it survives."""

from math import inf
from time import perf_counter, sleep

import pytest

from recsvc.pace import Pace


def fails() -> str:
    raise ZeroDivisionError("on purpose")


def test_the_stages_of_a_call_follow_each_other_without_a_gap() -> None:
    pace = Pace()
    pace.enter("understand", "page:home")
    sleep(0.002)
    pace.enter("rules", "for-you")
    pace.end()
    first, second = pace.spent
    assert (first.stage, first.carousel, second.stage) == ("understand", "page:home", "rules")
    assert first.ended - first.began >= 0.002 and second.began >= first.ended
    assert pace.stage == "rules"


def test_without_a_budget_nothing_is_late_and_a_failure_is_raised() -> None:
    """So do batch, the first look at a new version, and tests."""
    pace = Pace()
    assert not pace.late() and pace.attempt("c", "ranker", lambda: "scores", "blend") == "scores"
    with pytest.raises(ZeroDivisionError):
        pace.attempt("c", "ranker", fails, "blend")


def test_a_spent_budget_leaves_parts_out_and_names_them_by_carousel() -> None:
    pace = Pace(ends=perf_counter() - 1)
    assert pace.attempt("a", "ranker", lambda: "scores", "blend") == "blend"
    assert pace.guard("a", "reasons", lambda: "kept", "none") == "kept", (
        "what an answer cannot do without is done late too"
    )
    assert {name: list(parts) for name, parts in pace.without.items()} == {"a": ["ranker"]}


def test_a_part_that_fails_is_told_and_left_out() -> None:
    told: list[tuple[str, str]] = []
    pace = Pace(ends=inf, tell=lambda part, error: told.append((part, type(error).__name__)))
    assert pace.attempt("a", "als", fails, "nothing") == "nothing"
    assert pace.guard("b", "reasons", fails, "none") == "none"
    assert told == [("als", "ZeroDivisionError"), ("reasons", "ZeroDivisionError")]
    assert {name: list(parts) for name, parts in pace.without.items()} == {"a": ["als"], "b": ["reasons"]}
