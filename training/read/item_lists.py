"""Sets written as lists: each line is a user and then that user's items, with blanks between them, as sets are published."""

import re
from collections.abc import Iterable
from pathlib import Path

from training.read.engine import literal

LOOKED = 200
"""Lines that are looked at."""
MOST = 10_000_000
"""Items of a user that keep their place: an item's row is its line times this, and its place."""
LINE = f'"#row" // {MOST}'
"""SQL of the line of a row."""
_ID = re.compile(rb"[\w.:-]*\d[\w.:-]*")


def are_item_lists(lines: Iterable[bytes]) -> bool:
    """Tell whether the first ``lines`` of a file are such lists.

    All words have a digit, no two lines begin with the same one, and the lines are not all equally long.
    """
    told = [line.split() for line in lines if line.strip()]
    return (
        len(told) > 1
        and len({len(words) for words in told}) > 1
        and len({words[0] for words in told}) == len(told)
        and all(_ID.fullmatch(word) for words in told for word in words)
    )


def item_lists(path: Path) -> str:
    """Return the SQL of a file of lists: ``user``, ``item`` and ``#row``; the item of a user without any is NULL."""
    options = (
        "columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', "
        "strict_mode = false, max_line_size = 10000000"
    )
    lines = f"select trim(line, ' \t\r') as line, row_number() over () as nth from read_csv({literal(path)}, {options})"
    words = f"select string_split_regex(line, '[ \t]+') as words, nth from ({lines}) where line <> ''"
    items = "case when len(words) > 1 then words[2:] else [null::varchar] end"
    return (
        f'(select words[1] as "user", unnest({items}) as item, '
        f'nth * {MOST} + unnest(range(1, greatest(len(words), 2))) as "#row" from ({words}))'
    )
