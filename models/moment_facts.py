"""What context tables without a product say of a moment: the weather of this region and day, the festival of this week.

A table with a key of the shopper's (campaigns sent to households) tells of people, not of moments, and is left to rules and
explanations. Training looks them up for every purchase line, serving for the request, each at its own moment; ``line_facts`` and
``moment_facts`` tell the same of the same moment. A fact is called ``table-field``: no declared field has such a name.
"""

from collections.abc import Mapping

import numpy as np

from models.columns import NumberColumn, Single, TextColumn
from models.context_table import LISTED, ContextTable, Key, key_text
from models.distinct import numbered
from models.ids import IdIndex
from models.schema import UNKNOWN, Context, Ints, Longs, Purchases
from models.strings import Strings

YES = "yes"
"""The value of a table without fields, where one of its rows holds."""


def tells_of_moments(table: ContextTable) -> bool:
    """Return whether what a table says of a moment holds for every product and every shopper alike."""
    return not table.by_product and not any(key.name == "user_id" for key in table.keys)


def fact_name(table: str, field: str) -> str:
    """Return what a field of a context table is called among the facts of a moment."""
    return f"{table}-{field}"


def moment_facts(contexts: Mapping[str, ContextTable], context: Context) -> dict[str, str | float]:
    """Return the facts that hold for a request, by name; nothing where no row holds or a key is not given."""
    out: dict[str, str | float] = {}
    for name, table in contexts.items():
        if tells_of_moments(table):
            for field, value in table.facts(context.fields, context.at).items():
                out[fact_name(name, field)] = value if table.columns else YES
    return out


def line_facts(contexts: Mapping[str, ContextTable], lines: Purchases, stores: IdIndex) -> dict[str, Single]:
    """Return (n_lines,) columns of the facts that held when each line was bought, by name.

    Args:
        contexts: the shop's tables; see ``tells_of_moments``.
        lines: the purchases, with the fields of their requests.
        stores: outside ids by store row.
    """
    out: dict[str, Single] = {}
    for name, table in contexts.items():
        if not tells_of_moments(table):
            continue
        what = _held(table, lines, stores)
        if not table.columns:
            out[fact_name(name, LISTED)] = TextColumn(np.where(what == UNKNOWN, what, 0), Strings.of([YES]))
        for field, column in table.columns.items():
            if isinstance(column, NumberColumn):
                values = np.append(column.values, np.nan)[what]  # UNKNOWN takes the last
                out[fact_name(name, field)] = NumberColumn(values)
            elif isinstance(column, TextColumn):
                codes = np.append(column.codes, np.int32(UNKNOWN))[what]
                out[fact_name(name, field)] = TextColumn(codes, column.vocabulary)
    return out


def _held(table: ContextTable, lines: Purchases, stores: IdIndex) -> Ints:
    """Return (n_lines,) what of a table held for each line, or ``UNKNOWN``; as ``ContextTable.facts`` finds it."""
    out = np.full(len(lines), UNKNOWN, np.int32)
    code, there = np.zeros(len(lines), np.int64), np.ones(len(lines), np.bool_)
    for key, values in zip(table.keys, table.values, strict=True):
        place = _places(table, key, values, lines, stores)
        there &= place != UNKNOWN
        code = code * len(values) + place
    group = np.minimum(np.searchsorted(table.groups, code), max(len(table.groups) - 1, 0))
    if not len(table.groups):
        return out
    there &= table.groups[group] == code
    at, end = table.ptr[group], table.ptr[group + 1]
    left = np.flatnonzero(there & (at < end))
    while len(left):
        what = table.what[at[left]].astype(np.int32)
        holds = (table.starts[what] <= lines.time[left]) & (lines.time[left] < table.ends[what])
        out[left[holds]] = what[holds]
        left = left[~holds]
        at[left] += 1
        left = left[at[left] < end[left]]
    return out


def _places(table: ContextTable, key: Key, values: IdIndex | Longs, lines: Purchases, stores: IdIndex) -> Longs:
    """Return (n_lines,) the place of each line's value of a key among the table's values, or ``UNKNOWN``."""
    if not isinstance(values, IdIndex):
        return _period_places(table, key, values, lines)
    column = lines.fields.get(key.name)
    if isinstance(column, TextColumn):
        rows, texts = column.codes.astype(np.int64), list(column.vocabulary)
    elif isinstance(column, NumberColumn):
        numbers, rows = np.unique(column.values, return_inverse=True)
        texts = ["" if np.isnan(one) else key_text(one) or "" for one in numbers.tolist()]
    elif key.name in ("store_id", "store"):
        rows, texts = lines.store.astype(np.int64), [stores.id(row) for row in range(len(stores))]
    else:
        return np.full(len(lines), UNKNOWN, np.int64)
    places: Longs = np.append(values.rows(texts), UNKNOWN).astype(np.int64)[rows]
    return places


def _period_places(table: ContextTable, key: Key, values: Longs, lines: Purchases) -> Longs:
    if not lines.time.any():  # a shop without times
        return np.full(len(lines), UNKNOWN, np.int64)
    quarters, back = numbered(lines.time // 900)  # local days begin at whole quarters of an hour
    periods = np.array([key.period(one * 900, table.clock()) for one in quarters.tolist()], np.int64)
    place = np.minimum(np.searchsorted(values, periods), len(values) - 1) if len(values) else periods * 0
    found = values[place] == periods if len(values) else np.zeros(len(periods), np.bool_)
    out: Longs = np.where(found, place, UNKNOWN)[back]
    return out
