"""Lines that came twice: exports that overlap, replays, whole orders written again. Each is counted once."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from training.read.engine import Session
from training.read.facts import TableFacts

REPEATED = "repeated line: counted once"
OVERLAP = "line of another file again: counted once"
ID_AGAIN = "line_id given again: counted once"
PAIRS = 3
"""Pairs of overlapping files that are named."""

Shared: TypeAlias = tuple[int, int, int, int, int]
"""The file whose lines count, the one that has them too (numbers), how many, and the time of the first and the last."""

ORDERED = "order_key, product, time, quantity, kind"
"""What makes a line where orders have ids: another price of the same line is a correction."""
TIMED = "order_key, product, time, quantity, kind, store, price"


def drop_ids_again(session: Session, facts: TableFacts, table: str) -> None:
    """Keep the first of the rows with the same ``line_id``; rows without one stay."""
    again = (
        f"select rowid from {table} where line_id is not null "
        'qualify row_number() over (partition by line_id order by "#file", "#row") > 1'
    )
    gone = session.rows(f"select count(*) from ({again})")[0][0]
    if gone:
        facts.set_aside[ID_AGAIN] += gone
        session.con.execute(f"delete from {table} where rowid in ({again})")


def drop_repeats(session: Session, facts: TableFacts) -> list[Shared]:
    """Leave each line in the engine's table ``lines`` as often as it was really bought, and count what goes.

    The same line (order, product, time, quantity) in several files counts as often as in the file that has it most often:
    exports overlap, and a product that was scanned twice in one order stays twice. An order of several lines that all stand
    k times in a file was written k times. Where orders have no ids, a line that comes twice at one moment counts once; without
    times nothing tells a repeated line from another purchase. Lines with ids of their own are left to ``drop_ids_again``.

    Returns:
        What pairs of files share, for ``note_overlaps``.
    """
    ordered, timed = "order_id" in facts.mapping, "time" in facts.mapping
    if not (ordered or timed) or "line_id" in facts.mapping:
        return []
    key = ORDERED if ordered else TIMED
    session.con.execute(
        'create or replace temp table multiples as with keyed as (select rowid as id, "#file" as f, "#row" as r, order_key, '
        f'time, hash({key}) as h from lines where "#file" >= 0) '
        "select * from keyed where h in (select h from keyed group by h having count(*) > 1)"
    )
    if not session.rows("select count(*) from multiples")[0][0]:
        return []
    _count_by_file(session, ordered)
    session.con.execute(
        "create or replace temp table superfluous as select m.id, m.time, m.f, b.best, m.f = b.best as inside from multiples m "
        "join (select h, max(c) as most, arg_min(f, (-c, f)) as best from by_file group by h) b using (h) "
        "qualify m.f <> b.best or row_number() over (partition by m.h, m.f order by m.r) > b.most"
    )
    for inside, gone in session.rows("select inside, count(*) from superfluous group by inside"):
        facts.set_aside[REPEATED if inside else OVERLAP] += gone
    shared = session.rows(
        "select best, f, count(*), min(time), max(time) from superfluous where not inside group by best, f"
    )
    session.con.execute("delete from lines where rowid in (select id from superfluous)")
    session.con.execute("drop table multiples; drop table superfluous; drop table by_file")
    return [(int(best), int(f), int(n), int(first), int(last)) for best, f, n, first, last in shared]


def _count_by_file(session: Session, ordered: bool) -> None:
    """Make the engine's table ``by_file``: how often each line of ``multiples`` was bought (``c``), as file ``f`` has it."""
    session.con.execute(
        f"create or replace temp table by_file as select h, f, order_key, {'count(*)' if ordered else '1::bigint'} as c "
        "from multiples group by h, f, order_key"
    )
    if not ordered:
        return
    session.con.execute(
        "update by_file set c = by_file.c // w.times from (select b.order_key, b.f, sum(b.c) as lines, "
        "list_reduce(list(b.c), lambda x, y: gcd(x, y)) as times from by_file b group by b.order_key, b.f "
        'having count(*) > 1 and min(b.c) > 1) w join (select order_key, "#file" as f, count(*) as lines from lines '
        "where order_key in (select order_key from by_file where c > 1) group by all) t "
        "on t.order_key = w.order_key and t.f = w.f and t.lines = w.lines "
        "where by_file.order_key = w.order_key and by_file.f = w.f"
    )


def note_overlaps(session: Session, facts: TableFacts, shared: Iterable[Shared]) -> None:
    """Note which files share most lines; of a pair that is named several times the parts are put together."""
    pairs: dict[tuple[int, int], tuple[int, int, int]] = {}
    for best, other, count, first, last in shared:
        n, start, end = pairs.get((best, other), (0, first, last))
        pairs[best, other] = (n + count, min(start, first), max(end, last))
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1][0], pair[0]))
    for (one, other), (count, first, last) in ranked[:PAIRS]:
        timed = "time" in facts.mapping
        days = [str(datetime.fromtimestamp(at, session.shop.zone).date()) for at in (first, last)] if timed else []
        when = f", from {days[0]} to {days[1]}" if days else ""
        facts.notes.append(f"{facts.files[one]} and {facts.files[other]} share {count:,} lines{when}: each counts once")
    if len(ranked) > PAIRS:
        facts.notes.append(f"{len(ranked) - PAIRS:,} more pairs of files share lines")
