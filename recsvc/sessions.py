"""Who asks, what the shopper allows, and what the shopper did lately: joined to a request before the engine sees it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from models.errors import StoreError
from recsvc.asking import Ask
from recsvc.lately import LOOK_BACK, Lately, lately_of
from recsvc.store.database import BUSY_SECONDS, Store
from recsvc.store.lately import LatelyReader
from recsvc.store.refusals import Refusals
from recsvc.troubles import Trouble, since

PART = "sessions"
"""In ``degraded``: the store could not be read."""
BLIND = Lately(degraded=True)


class Sessions:
    """The shoppers of one process."""

    def __init__(self, store: Store, refusals: Refusals, clock: Callable[[], int], wait_ms: int) -> None:
        """Make them.

        Args:
            store: where events are.
            refusals: who must not be personalised.
            clock: the shop's, Unix seconds.
            wait_ms: how long a request waits for PostgreSQL.
        """
        self.refusals, self.clock = refusals, clock
        self._found: tuple[Trouble, ...] = ()
        self._looks: tuple[float, str] | None = None  # since when a look at the store is under way, ISO time beside it
        self._store, self._reader = store, LatelyReader(store, wait_ms)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong with the store, as the last look found it, or as a look that does not come back shows."""
        looks = self._looks
        if looks is None or monotonic() - looks[0] < BUSY_SECONDS:
            return self._found
        return (Trouble("store", self._store.name, None, f"has not answered for {BUSY_SECONDS} s", looks[1]),)

    def known(self, ask: Ask, until: int) -> Ask:
        """Return ``ask`` with what is known of its shopper; it never fails and never waits long.

        A request for another moment than now gets no session, but is of the user that its visitor is now, in the arms that
        hold now. An erased shopper is nobody, and one who refused personalisation gets none; nor does anybody while
        nothing is known of refusals.

        Args:
            ask: the request as it came.
            until: Unix seconds: purchases before are trained on, as far as the shop's files had them.
        """
        if not ask.user_id and not ask.visitor_id:
            return ask
        if not self.refusals.known:
            return replace(ask, consent=False, lately=BLIND)
        user, blind = ask.user_id, False
        if user is None:
            user, blind = self._user_of(ask.visitor_id or "")
        if not ask.consent or self.refusals.refuses(user, ask.visitor_id):
            return replace(ask, consent=False)
        lately, unit = (BLIND, None) if blind else self._read(user, ask.visitor_id, until)
        gone = user is None or self.refusals.gone(user)
        return replace(
            ask,
            user_id=None if gone else user,
            visitor_id=None if self.refusals.erased(None, ask.visitor_id) else ask.visitor_id,
            unit=None if gone else unit,
            lately=lately if ask.at is None or lately.degraded else Lately(),
        )

    def follow(self) -> None:
        """Take over what shoppers told of themselves since the last look; what is wrong with the store is kept."""
        found = []
        self._looks = monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
        try:
            with self._store.read():  # which makes it where it is missing
                pass
            self.refusals.follow()
        except StoreError as error:
            found.append(Trouble("store", self._store.name, None, str(error)))
        finally:
            self._looks = None
        self._found = since(found, self._found)

    def close(self) -> None:
        """Close the connection of this thread."""
        self._reader.close()

    def _user_of(self, visitor_id: str) -> tuple[str | None, bool]:
        """Return the user that a visitor is, and whether the store could not tell."""
        try:
            return self._reader.user_of(visitor_id), False
        except StoreError:
            return None, True

    def _read(self, user_id: str | None, visitor_id: str | None, until: int) -> tuple[Lately, str | None]:
        """Return the session, and by whose id the user is drawn."""
        now = self.clock()
        since = 0 if user_id is None else min(now - LOOK_BACK, max(until, 0))  # no version knows a visitor's purchases
        try:
            found = self._reader.of(user_id, visitor_id, since)
        except StoreError:
            return BLIND, None
        return lately_of(found.did, now), found.unit
