"""Facts of a moment: what training says of a purchase line is what serving says of a request at that moment."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.columns import Single, number_column, text_column
from models.context_table import DATE, ContextTable, Key, build
from models.ids import IdIndex
from models.moment_facts import YES, line_facts, moment_facts
from models.schema import DAY, UNKNOWN, Context, Purchases

STORES = IdIndex.of(["north", "south"])
ZONE = "America/New_York"
FIRST = 20_000
"""A local day, counted from 1970-01-01."""
KEYS = {
    "weather": (Key("store_id"), Key(DATE, "period")),
    "calendar": (Key("week", "period", starts=719_163 + FIRST, days=7, first=1),),
    "sent": (Key("user_id"),),
    "rain": (Key("weather"), Key("degrees")),
}
VALUES = {
    "store_id": STORES, DATE: np.arange(FIRST, FIRST + 4), "week": np.array([1, 2]), "user_id": IdIndex.of(["bob", "eve"]),
    "weather": IdIndex.of(["rain", "sun"]), "degrees": IdIndex.of(["7", "7.5"]),
}  # fmt: skip
KINDS = 3


def table(name: str, rows: list[int], fields: dict[str, Single]) -> ContextTable:
    """Return a table of three kinds, the last two only for a time; ``rows`` are (group, kind) as one number."""
    values = [VALUES[key.name] for key in KEYS[name]]
    starts = np.array([-(2**62), FIRST * DAY, (FIRST + 2) * DAY])
    ends = np.array([2**62, (FIRST + 2) * DAY, (FIRST + 3) * DAY])
    groups = int(np.prod([len(one) for one in values]))
    packed = np.array([one % (groups * KINDS) for one in rows], np.int64)
    return build(KEYS[name], values, packed, None, ZONE, starts, ends, fields)


FIELDS: list[dict[str, Single]] = [
    {},
    {"degrees": number_column([30, None, 12.5])},
    {"sky": text_column(["blue", "grey", None]), "wind": number_column([1, 2, 3])},
]
tables = st.fixed_dictionaries(
    {}, optional={name: st.tuples(st.lists(st.integers(0, 99), max_size=12), st.sampled_from(FIELDS)) for name in KEYS}
)
moments = st.tuples(
    st.integers(FIRST * DAY, (FIRST + 9) * DAY),
    st.integers(UNKNOWN, 1),
    st.integers(UNKNOWN, 1),
    st.sampled_from([None, "rain", "sun", "snow"]),
    st.sampled_from([None, 7.0, 7.5, 8.0]),
)


@given(tables, st.lists(moments, min_size=1, max_size=8))
def test_a_line_is_told_what_a_request_of_its_moment_is_told(
    laid: dict[str, tuple[list[int], dict[str, Single]]], drawn: list[tuple[int, int, int, str | None, float | None]]
) -> None:
    """Whatever the keys, the rows and their times; what is not known to one is not known to the other."""
    contexts = {name: table(name, *made) for name, made in laid.items()}
    time, user, store = (np.array(column) for column in list(zip(*drawn, strict=True))[:3])
    fields = {"weather": text_column([one[3] for one in drawn]), "degrees": number_column([one[4] for one in drawn])}
    zeros = np.zeros(len(drawn), np.float32)
    lines = Purchases(
        user.astype(np.int32), zeros.astype(np.int32), time, zeros.astype(np.int32), store.astype(np.int32), zeros, zeros,
        2, 1, 2, 1, fields,
    )  # fmt: skip
    told = line_facts(contexts, lines, STORES)
    for place, (at, _, where, weather, degrees) in enumerate(drawn):
        said = {"weather": weather, "degrees": degrees, "store": STORES.id(where) if where != UNKNOWN else None}
        context = Context(at, fields={name: value for name, value in said.items() if value is not None})
        wanted = moment_facts(contexts, context)
        values = {name: column.value(place) for name, column in told.items()}
        assert {name: value for name, value in values.items() if value is not None} == wanted


def test_a_table_without_fields_says_yes() -> None:
    """Being listed is the fact; tables by product or by shopper say nothing of a moment."""
    sale = build([], [], np.array([0]), None, ZONE, np.array([0]), np.array([9]), {})
    offers = build([], [], np.array([0]), 1, ZONE, np.array([0]), np.array([2**62]), {})
    contexts = {"sale": sale, "offers": offers, "sent": table("sent", [0], {})}
    assert moment_facts(contexts, Context(5)) == {"sale-listed": YES}
    assert moment_facts(contexts, Context(9)) == {}


def test_a_shop_without_times_has_no_days() -> None:
    """What holds on a day is unknown there; what holds in a store is not."""
    zeros = np.zeros(1, np.int32)
    none = np.zeros(1, np.float32)
    lines = Purchases(zeros, zeros, np.zeros(1, np.int64), zeros, zeros, none, none, 2, 1, 2, 1)
    always = np.array([-(2**62)]), np.array([2**62])
    north = build((Key("store_id"),), [STORES], np.array([0]), None, ZONE, *always, {})
    contexts = {"weather": table("weather", [0], {}), "north": north}
    told = line_facts(contexts, lines, STORES)
    assert {name: column.value(0) for name, column in told.items()} == {"weather-listed": None, "north-listed": YES}
    assert replace(lines, facts=told).moment["north-listed"].value(0) == YES
