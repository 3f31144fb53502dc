"""Times: which of day and month comes first, in which zone, and when the data ends."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from training.init.asked import Answers
from training.init.draft import Draft
from training.read.engine import Session, literal, name
from training.read.times import SLASHES, TAILS, Clock, seconds

ZONES = {
    "Europe/London": ("united kingdom", "uk", "gb", "england", "great britain"),
    "Europe/Dublin": ("ireland", "eire"),
    "Europe/Berlin": ("germany", "deutschland", "de"),
    "Europe/Paris": ("france", "fr"),
    "Europe/Amsterdam": ("netherlands", "nl"),
    "Europe/Brussels": ("belgium", "be"),
    "Europe/Madrid": ("spain", "es"),
    "Europe/Rome": ("italy", "it"),
    "Europe/Vienna": ("austria", "at"),
    "Europe/Zurich": ("switzerland", "ch"),
    "Europe/Warsaw": ("poland", "pl"),
    "Europe/Stockholm": ("sweden", "se"),
    "Europe/Oslo": ("norway",),
    "Europe/Copenhagen": ("denmark",),
    "Europe/Helsinki": ("finland",),
    "Europe/Lisbon": ("portugal",),
    "Europe/Athens": ("greece",),
    "Europe/Prague": ("czech republic",),
    "Europe/Istanbul": ("turkey",),
    "Asia/Kolkata": ("india",),
    "Asia/Tokyo": ("japan",),
    "Asia/Shanghai": ("china",),
    "Asia/Singapore": ("singapore",),
    "Asia/Seoul": ("south korea",),
    "Asia/Karachi": ("pakistan",),
    "Asia/Jerusalem": ("israel",),
    "Africa/Johannesburg": ("south africa",),
    "Africa/Lagos": ("nigeria",),
}
"""Zones of countries that keep one time, and what they are called."""
COUNTRIES = {country: zone for zone, countries in ZONES.items() for country in countries}
LONG_AGO = timedelta(days=365)


def settle_order(session: Session, draft: Draft, answers: Answers) -> bool:
    """Tell whether the day comes before the month in dates with slashes; from the data where they prove it, else by asking.

    Writes ``draft.time_format`` where the reading could not find it out by itself.
    """
    column = draft.columns.get("time")
    seen = draft.seen("time")
    if column is None or seen is None or draft.first.piece.types[column] != "VARCHAR":
        return True
    text = name(column)
    a, b = (f"try_cast(regexp_extract({text}, {literal(SLASHES)}, {part}) as int)" for part in (1, 2))
    first, second, dated = session.rows(
        f"select count(*) filter ({a} > 12 and {b} <= 12), count(*) filter ({b} > 12 and {a} <= 12), count({a}) "
        f"from {draft.sql} where regexp_matches({text}, {literal(SLASHES)})"
    )[0]
    told = answers.told("time_format")
    if told is not None:
        draft.time_format = told
        return told.find("%d") < told.find("%m")
    if not dated:
        return True
    if max(first, second) >= 20 * min(first, second) + 1:
        which, count = ("day", first) if first > second else ("month", second)
        draft.notes.append(f"dates of {column} have the {which} first: {count:,} of them fit no other way")
        return bool(first > second)
    if _dotted(session, draft, text):
        draft.time_format = _format(session, draft, column, True)
        draft.notes.append(f"dates of {column} have dots: the day comes first")
        return True
    forms = {True: _format(session, draft, column, True), False: _format(session, draft, column, False)}
    by_order = _sorted_way(session, draft, text)
    if by_order is None:
        chosen = answers.ask(
            "time_format", f"{draft.first.path.name}: {column} such as {seen.examples[0]}: which comes first?",
            [forms[True], forms[False]], forms[True],
        ) or forms[True]  # fmt: skip
        draft.time_format = chosen
        return chosen == forms[True]
    draft.time_format = forms[by_order]
    draft.notes.append(f"dates of {column} rise from row to row only with the {'day' if by_order else 'month'} first")
    return by_order


def _dotted(session: Session, draft: Draft, text: str) -> bool:
    return bool(
        session.rows(
            f"select bool_and(regexp_matches({text}, '^\\s*\\d{{1,2}}\\.')) from {draft.sql} where not blank({text})"
        )[0][0]
    )


def _sorted_way(session: Session, draft: Draft, text: str) -> bool | None:
    """Tell which reading makes the rows of a file rise; None where neither does, or both do."""
    steps = []
    for day_first in (True, False):
        moment = seconds(text, "VARCHAR", Clock("UTC", day_first=day_first))
        rows = f'(select {moment} as t, lag({moment}) over (order by "#row") as before from {draft.first.piece.sql})'
        steps.append(session.rows(f"select count(*) filter (t < before), count(*) filter (t <> before) from {rows}")[0])
    (down, moved), (other_down, other_moved) = steps
    if moved >= 10 and down == 0 and other_down > 0:
        return True
    if other_moved >= 10 and other_down == 0 and down > 0:
        return False
    return None


def _format(session: Session, draft: Draft, column: str, day_first: bool) -> str:
    """Return the strptime pattern that reads the most of a column's dates."""
    text = name(column)
    mark = session.rows(
        f"select regexp_extract({text}, '\\d([/.-])\\d', 1) as mark, count(*) from {draft.sql} group by 1 order by 2 desc limit 1"
    )[0][0]
    order = ("%d", "%m") if day_first else ("%m", "%d")
    forms = [str(mark).join((*order, year)) + tail for tail in TAILS for year in ("%Y", "%y")]
    counts = ", ".join(f"count(try_strptime(trim({text}), {literal(one)}))" for one in forms)
    found = session.rows(f"select {counts} from {draft.sql}")[0]
    return forms[max(range(len(forms)), key=lambda place: found[place])]


def settle_zone(session: Session, draft: Draft, answers: Answers, notes: list[str]) -> str:
    """Return the shop's zone: as told, by the country of most rows, or by asking where times name none."""
    told = answers.told("timezone")
    if told is not None:
        return told
    country = _country(session, draft)
    if country is not None and country.lower() in COUNTRIES:
        zone = COUNTRIES[country.lower()]
        notes.append(f"timezone = {zone}: most rows are of {country}")
        return zone
    seen = draft.seen("time")
    if draft.format != "columns" or seen is None or seen.zoned >= 0.5:
        if draft.format != "columns" or seen is not None:
            notes.append("timezone = UTC: the times name their moment; the shop's days begin by this clock")
        return "UTC"
    return (
        answers.ask(
            "timezone", f"In which time zone are the times of {seen.name}, such as {seen.examples[0]}?", [], "UTC"
        )
        or "UTC"
    )


def _country(session: Session, draft: Draft) -> str | None:
    column = draft.columns.get("country")
    if column is None or draft.format != "columns":
        return None
    found = session.rows(
        f"select trim({name(column)}::varchar), count(*), sum(count(*)) over () from {draft.sql} group by 1 order by 2 desc limit 1"
    )
    return str(found[0][0]) if found and found[0][0] and 2 * found[0][1] >= found[0][2] else None


def clock_start(session: Session, draft: Draft, zone: str, day_first: bool, now: int) -> str | None:
    """Return the local midnight after the last line (of a return, too), where that is more than a year ago."""
    column = draft.columns.get("time")
    if column is None:
        return None
    moment = seconds(name(column), draft.first.piece.types[column], Clock(zone, draft.time_format, day_first))
    last = session.rows(f"select max({moment}) filter ({moment} <= {now}) from {draft.sql}")[0][0]
    if last is None or now - last < LONG_AGO.total_seconds():
        return None
    day = datetime.fromtimestamp(last, ZoneInfo(zone)) + timedelta(days=1)
    return f"{day:%Y-%m-%d} 00:00"
