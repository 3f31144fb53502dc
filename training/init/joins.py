"""Files that belong together: the lines of orders and the orders, products and the names of their groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from training.init.kinds import candidates
from training.init.look import Looked, Seen
from training.init.words import WORDS, plain
from training.read.engine import Session, name
from training.read.files import Piece, types_of

WHO = ("user_id", "visitor_id", "session_id")
FEW = 3
"""Columns of a list of names at most."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A file with one row a key, and the column of another file that has the key."""

    looked: Looked
    key: str
    theirs: str


def join_files(session: Session, files: Sequence[Looked], notes: list[str]) -> list[Looked]:
    """Return the files with those in one that only together tell a purchase or a product; ``notes`` say which.

    Lines that name product and order and nobody who bought take who and when from the one file that has each order once, and
    the shopper from a list of customers where each order has a customer of its own. A list of products takes the names of its
    groups from files that have each code once.
    """
    out = list(files)
    lines = [one for one in out if _is_lines(one)]
    heads = [found for one in out if lines and (found := _orders(session, one, lines[0]))]
    if len(heads) == 1 and all(list(one.columns) == list(lines[0].columns) for one in lines):
        persons = [found for one in out if (found := _persons(session, one, heads[0].looked))][:1]
        whole = _joined(session, lines, [*heads, *persons])
        notes.append(_matched(session, lines[0], heads[0]))
        notes.extend(_matched(session, heads[0].looked, one) for one in persons)
        gone = [*lines, *(one.looked for one in [*heads, *persons])]
        out = [whole, *(one for one in out if all(one is not other for other in gone))]
    products = [
        one for one in out if _has(one, "products", "product_id") and not _has(one, "purchases", *WHO, "order_id")
    ]
    if len(products) == 1:
        names = [found for one in out if one is not products[0] and (found := _names(session, one, products[0]))]
        if names:
            whole = _joined(session, products, names)
            notes.extend(_matched(session, products[0], one) for one in names)
            gone = [products[0], *(one.looked for one in names)]
            out = [*(one for one in out if all(one is not other for other in gone)), whole]
    return out


def _has(looked: Looked, table: str, *roles: str) -> bool:
    return any(candidates(looked, WORDS[table], role) for role in roles)


def _is_lines(looked: Looked) -> bool:
    own = _has(looked, "purchases", "product_id") and _has(looked, "purchases", "order_id")
    return looked.header and own and not _has(looked, "purchases", *WHO)


def _orders(session: Session, looked: Looked, lines: Looked) -> Beside | None:
    """Return a file as the orders of ``lines``, where it has each order once, who bought, and no products."""
    key = next(iter(candidates(looked, WORDS["purchases"], "order_id")), None)
    theirs = next(iter(candidates(lines, WORDS["purchases"], "order_id")), None)
    fits = looked.header and _has(looked, "purchases", *WHO) and not _has(looked, "purchases", "product_id")
    if key is None or theirs is None or not fits or not _once(session, looked, key):
        return None
    return Beside(looked, key.name, theirs.name)


def _persons(session: Session, looked: Looked, orders: Looked) -> Beside | None:
    """Return a file that tells which shopper is behind the customer of each of ``orders``, where every order has a new one."""
    found, theirs = (candidates(one, WORDS["purchases"], "user_id") for one in (looked, orders))
    called = theirs[0].plain if theirs else None
    key = next((one for one in found if one.plain == called), None)
    others = [one for one in found if one.plain != called]
    if looked is orders or not looked.header or key is None or not others or not _once(session, looked, key):
        return None
    again = _once(session, orders, theirs[0]) and not _once(session, looked, others[0])
    return Beside(looked, key.name, theirs[0].name) if again else None


def _names(session: Session, looked: Looked, products: Looked) -> Beside | None:
    """Return a file as the names of a group of ``products``, where it has each code once and little else."""
    if not looked.header or not 2 <= len(looked.columns) <= FEW:
        return None
    own = {seen.name for seen in candidates(products, WORDS["products"], "product_id")[:1]}
    for seen in looked.columns.values():
        same = [one for one in products.columns.values() if one.plain == seen.plain and one.name not in own]
        if same and _once(session, looked, seen):
            return Beside(looked, seen.name, same[0].name)
    return None


def _once(session: Session, looked: Looked, key: Seen) -> bool:
    once = f"select count(*) > 0 and count(*) = count(distinct {name(key.name)}) from {looked.piece.sql}"
    return bool(session.rows(once)[0][0])


def _matched(session: Session, main: Looked, beside: Beside) -> str:
    key = f"trim({name(beside.key)}::varchar)"
    found, rows = session.rows(
        f"select count(*) filter (trim({name(beside.theirs)}::varchar) in (select {key} from {beside.looked.piece.sql})), "
        f"count(*) from {main.piece.sql}"
    )[0]
    return f"{beside.looked.path.name} is joined to {main.path.name} by {beside.theirs}: {found:,} of {rows:,} rows find theirs"


def _joined(session: Session, mains: Sequence[Looked], besides: Sequence[Beside]) -> Looked:
    main = mains[0]
    aliases = list(_aliases([*mains, *(one.looked for one in besides)]))
    tables = {alias: one.path for alias, one in zip(aliases, [*mains, *(one.looked for one in besides)], strict=True)}
    rows = " union all ".join(f"select * from {name(alias)}" for alias in aliases[: len(mains)])
    columns = dict(main.columns)
    owner = dict.fromkeys(columns, "m")
    select, joins = "m.*", ""
    for alias, one in zip(aliases[len(mains) :], besides, strict=True):
        fresh = {
            column: seen for column, seen in one.looked.columns.items() if column != one.key and column not in columns
        }
        on = f"trim({name(alias)}.{name(one.key)}::varchar) = trim({name(owner[one.theirs])}.{name(one.theirs)}::varchar)"
        columns |= fresh
        owner |= dict.fromkeys(fresh, alias)
        select += "".join(f", {name(alias)}.{name(column)}" for column in fresh)
        joins += f" left join {name(alias)} on {on}"
    query = f"select {select} from ({rows}) m{joins}"
    pieces = dict(zip(aliases, (one.piece for one in [*mains, *(beside.looked for beside in besides)]), strict=True))
    views = ", ".join(f'{name(alias)} as (select * exclude ("#row") from {one.sql})' for alias, one in pieces.items())
    sql = f'(with {views} select *, row_number() over () as "#row" from ({query}))'
    label = " and ".join(one.label for one in pieces.values())
    piece = Piece(label, sql, types_of(session, sql), all(one.is_text for one in pieces.values()), main.piece.size)
    return replace(main, piece=piece, columns=columns, tables=tables, query=query)


def _aliases(files: Sequence[Looked]) -> Iterator[str]:
    """Yield a name for each file, by what it is called."""
    given: list[str] = []
    for place, looked in enumerate(files):
        called = plain(looked.path.name.split(".")[0]) or "file"
        given.append(called if called.isidentifier() and called not in given else f"file_{place}")
        yield given[-1]
