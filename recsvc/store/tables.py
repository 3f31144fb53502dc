"""Every table of the store, for SQLite and PostgreSQL alike.

Times are Unix seconds on the shop's clock. A shopper is one text: ``u:`` and the id of a user, or ``v:`` and the id of a
visitor (``shopper_key``). Digests are keyed, see ``recsvc/store/digests.py``.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

SCHEMA_VERSION = 3
"""Grows by one with every table or index that is added; ``meta`` holds that of the store at hand."""

metadata = MetaData()
_WITH_VISITOR = text("visitor_id IS NOT NULL")
_Sequence = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself in INTEGER alone


def _seq() -> Column[int]:
    return Column("seq", _Sequence, primary_key=True, autoincrement=True)


meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts of the store itself: the version of its schema, the key of its digests."""

changes = Table(
    "changes",
    metadata,
    _seq(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    sqlite_autoincrement=True,  # a number never comes back
)
"""What happened, in the order in which it was committed: every worker of every machine follows it."""

events = Table(
    "events",
    metadata,
    _seq(),
    Column("event_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("shopper", Text, nullable=False),
    Column("visitor_id", Text),
    Column("product_id", Text),
    Column("order_id", Text),
    Column("store_id", Text),
    Column("quantity", Double),
    Column("price", Double),
    Column("campaign", Text),
    Column("carousel", Text),
    Column("position", Integer),
    Column("request_id", Text),
    Column("rest", Text),
    Index("events_of_shopper", "shopper", "kind", "time"),
    Index("events_of_visitor", "visitor_id", sqlite_where=_WITH_VISITOR, postgresql_where=_WITH_VISITOR),
    sqlite_autoincrement=True,
)
"""What shoppers did. By visitor for erasures, which would look at all events otherwise, and hold up others meanwhile.
``time`` is the client's, clamped; ``received`` ours; ``rest`` every other field as JSON."""

seen = Table(
    "seen",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Index("seen_by_time", "received"),
    sqlite_with_rowid=False,
)
"""Digests of the ids of events that were stored within the window: a replay counts once."""

links = Table(
    "links",
    metadata,
    Column("visitor_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Index("links_of_user", "user_id"),
)
"""Which user a visitor is; the last link counts."""

units = Table(
    "units",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Index("units_by_unit", "unit"),
)
"""By whose id a user is drawn for experiments, the user's or a visitor's; who is not here is drawn by the own one."""

consent = Table(
    "consent",
    metadata,
    Column("shopper", Text, primary_key=True),
    Column("personalisation", Boolean, nullable=False),
    Column("storage", Boolean, nullable=False),
    Column("time", BigInteger, nullable=False),
)
"""What shoppers allow; who is not here allows both."""

tombstones = Table(
    "tombstones",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("personalisation", Boolean, nullable=False),
    Column("storage", Boolean, nullable=False),
    Column("time", BigInteger, nullable=False),
)
"""Digests of erased shoppers, so that nothing trained before uses them and nothing trained later learns from
them; what they did not allow stays so."""

products = Table(
    "products",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("attributes", Text, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("products_by_seq", "seq"),
)
"""Products as the back office told them: attributes as a JSON object; ``whole``: what is not among them has no value, else
the trained version's holds; ``since``: when it was first told of; ``seq``: the place of its last change in ``changes``."""

stock = Table(
    "stock",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("store_id", Text, primary_key=True),
    Column("quantity", Double, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("stock_by_seq", "seq"),
)
"""Pieces by product and store; ``store_id`` is empty for what is not kept by store."""

exposures = Table(
    "exposures",
    metadata,
    _seq(),
    Column("request_id", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("carousel", Text, nullable=False),
    Column("shopper", Text, nullable=False),
    Column("arm", Text),
    Column("products", Text, nullable=False),
    Index("exposures_of_shopper", "shopper", "time"),
    Index("exposures_of_request", "request_id"),
    sqlite_autoincrement=True,
)
"""What was shown to whom. ``products``: JSON with the ``ids`` in their order, the position of the ``first``, the positions
of ``pins``, and the ``model`` that answered; ``arm``: JSON of experiment and arm, null outside of all experiments."""
