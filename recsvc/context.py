"""From outside ids to what the models and the rules read; whatever nobody knows is left out and named."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.schema import NO_HISTORY, NO_ROWS, UNKNOWN, Context, Doubles, Ints
from recsvc.asking import Ask
from recsvc.lately import Lately, with_orders
from recsvc.rules.situation import SESSION_FIELDS, Shopper, Situation
from recsvc.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Moment:
    """One request, understood once and shared by all of its carousels."""

    context: Context
    shopper: Shopper
    excluded: Ints
    """Products that the request itself excludes."""
    only: Ints | None
    """Products that the request wants ranked; None = any."""
    unknown: tuple[str, ...]
    """Fields of the request whose ids nobody knows."""

    @property
    def personal(self) -> bool:
        """Whether anything is known of this shopper: purchases, cart or session."""
        context = self.context
        return bool(len(context.history) or len(context.cart) or len(context.recent))


def understand(snapshot: Snapshot, ask: Ask) -> Moment:
    """Return the request in inside rows, with one reading of the clock."""
    at = snapshot.clock() if ask.at is None else ask.at
    user = snapshot.users.row(ask.user_id) if ask.consent else UNKNOWN
    page, store = snapshot.catalogue.ids.row(ask.product_id), snapshot.stores.row(ask.store_id)
    known, lately = ask.consent, (ask.lately if ask.consent else None) or Lately()
    of_session = {name: told for name in SESSION_FIELDS if (told := getattr(lately, name))}
    fields = {**of_session, **ask.fields, **({"store": ask.store_id} if ask.store_id else {})}
    history = snapshot.histories.of_user(user).before(at) if user != UNKNOWN else NO_HISTORY
    history = with_orders(history, lately.orders, snapshot.until, at, snapshot.catalogue.ids.row, snapshot.stores.row)
    lists = {name: _rows(snapshot, getattr(ask, name) or ()) for name in ("cart", "recent", "exclude", "candidates")}
    cart, recent = (
        lists[name] if getattr(ask, name) else _rows(snapshot, getattr(lately, name)) for name in ("cart", "recent")
    )
    context = Context(
        at=at,
        user=user,
        page=page,
        cart=cart,
        recent=recent if known else NO_ROWS,
        store=store,
        history=history,
        fields=fields,
    )
    attributes = (
        {name: _plain(column.value(user)) for name, column in snapshot.user_columns.items()} if user != UNKNOWN else {}
    )
    shopper = Shopper(
        user_id=ask.user_id if known else None,
        visitor_id=ask.visitor_id if known else None,
        unit=ask.unit if known else None,
        history=history,
        attributes=attributes,
        viewed=context.recent,
    )
    only = lists["candidates"] if ask.candidates is not None else None
    return Moment(context, shopper, lists["exclude"], only, _unknown(ask, user, page, store, lists))


def situation(snapshot: Snapshot, moment: Moment, carousel: str) -> Situation:
    """Return the request as the rules see it for one carousel."""
    context, stock = moment.context, snapshot.stock

    def pieces(rows: Ints, store_id: str) -> Doubles:
        if stock is None:
            return np.full(len(rows), np.nan)
        return stock.of_store(rows, snapshot.stores.row(store_id))

    return Situation(
        now=context.at,
        carousel=carousel,
        page=context.page,
        cart=context.cart,
        fields=context.fields,
        shopper=moment.shopper,
        stock=pieces,
    )


def _rows(snapshot: Snapshot, ids: Sequence[str]) -> Ints:
    """Return the rows of the known ones of ``ids``, each once, in their order of last mention."""
    if not ids:
        return NO_ROWS
    rows = snapshot.catalogue.ids.known(ids)
    _, last = np.unique(rows[::-1], return_index=True)
    kept: Ints = rows[::-1][np.sort(last)][::-1]
    return kept


def _plain(value: str | float | list[str] | None) -> str | float | None:
    return "|".join(value) if isinstance(value, list) else value


def _unknown(ask: Ask, user: int, page: int, store: int, lists: dict[str, Ints]) -> tuple[str, ...]:
    missing = [
        name
        for name, given, row in (
            ("user_id", ask.consent and ask.user_id, user),
            ("product_id", ask.product_id, page),
            ("store_id", ask.store_id, store),
        )
        if given and row == UNKNOWN
    ]
    for name, rows in lists.items():
        if len(rows) < len(set(getattr(ask, name) or ())):
            missing.append(name)
    return tuple(missing)
