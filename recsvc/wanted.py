"""The request's own condition on products: ``filter``, in the rules' expression language."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from models.schema import Bools, Ints
from recsvc.asking import BadFilterError
from recsvc.rules.expression_check import check_expression
from recsvc.rules.expression_eval import Frame, matches
from recsvc.rules.expression_parse import parse_expression
from recsvc.rules.expression_tokens import ExpressionError
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.situation import Situation
from recsvc.snapshot import Snapshot

Wanted: TypeAlias = Callable[[Ints, Situation], Bools]


def wanted_of(snapshot: Snapshot, text: str | None) -> Wanted | None:
    """Return which products the request takes; None where it has no ``filter``.

    Raises:
        BadFilterError: it does not parse, or names what the shop does not have.
    """
    if not text:
        return None
    shop, columns = snapshot.shop, snapshot.catalogue.columns
    facts = ShopFacts(
        columns={name: column.kind for name, column in columns.items()} if snapshot.version else None,
        context_fields=shop.context.fields,
    )
    try:
        condition = parse_expression(text)
        faults = check_expression(condition, facts)
    except ExpressionError as error:
        raise BadFilterError(str(error)) from error
    if faults:
        raise BadFilterError("; ".join(str(fault) for fault in faults))
    frame = Frame(snapshot.catalogue, {}, None, None, None, shop.timezone)
    return lambda rows, here: matches(condition, replace(frame, rows=rows, situation=here))
