"""By whose id a user is drawn for experiments: that of the visitor who signed in, so that no arm changes at sign-in."""

from sqlalchemy import Connection, exists, select

from models.shoppers import key_of_user
from recsvc.store.record import upsert
from recsvc.store.tables import exposures, links, units


def settle(connection: Connection, user_id: str, visitor_id: str) -> None:
    """Keep by whose id a user is drawn from now on, before ``visitor_id`` becomes the user.

    The first link decides and no later one changes it, since the user is shown that arm on every device from then on. It
    is the visitor's, unless the user was shown an arm already, or the visitor was somebody's before.
    """
    own = _was_shown_an_arm(connection, user_id) or _was_linked(connection, visitor_id)
    row = {"user_id": user_id, "unit": user_id if own else visitor_id}
    connection.execute(upsert(connection.dialect)(units).values(row).on_conflict_do_nothing())


def _was_shown_an_arm(connection: Connection, user_id: str) -> bool:
    mine = select(exposures.c.seq).where(exposures.c.shopper == key_of_user(user_id), exposures.c.arm.is_not(None))
    return bool(connection.scalar(select(exists(mine))))


def _was_linked(connection: Connection, visitor_id: str) -> bool:
    return bool(connection.scalar(select(exists(select(links.c.time).where(links.c.visitor_id == visitor_id)))))
