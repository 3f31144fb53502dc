"""Days on which nothing is sold: closed weekdays are told once, and other gaps by length."""

from datetime import date, timedelta

from training.read.figures import closed_weekdays, gaps

FIRST = date(2026, 1, 5)  # a Monday


def days(weeks: int, without: set[str]) -> list[int]:
    """Return all days of ``weeks`` but Saturdays and the dates in ``without``."""
    all_days = (FIRST + timedelta(days=one) for one in range(7 * weeks))
    return [one.toordinal() for one in all_days if one.weekday() != 5 and str(one) not in without]


def test_a_weekday_that_is_always_closed_is_no_gap() -> None:
    """Twenty Saturdays are one sentence; a holiday of four days around one of them is a gap as long as it is."""
    sold = days(20, {"2026-04-03", "2026-04-05", "2026-04-06", "2026-02-10"})
    assert closed_weekdays(sold) == (5,)
    assert gaps(sold, (5,)) == (("2026-04-03", "2026-04-06"), ("2026-02-10", "2026-02-10"))


def test_a_few_weeks_close_no_day() -> None:
    """Seven Saturdays may be chance."""
    assert closed_weekdays(days(7, set())) == ()
    assert closed_weekdays([]) == ()
    assert len(gaps(days(7, set()))) == 7
