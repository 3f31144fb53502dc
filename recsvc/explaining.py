"""What ``explain`` adds to an answer: how each product came there, and why others did not."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np

from models.candidates import FLOOR
from models.carousels import Carousel
from models.context_table import LISTED
from models.schema import UNKNOWN
from recsvc.context import Moment
from recsvc.rank import ranker_features
from recsvc.rules.arrange import Shelf
from recsvc.rules.explain import why_not
from recsvc.rules.match import Active
from recsvc.rules.pool import Arranged
from recsvc.rules.rank import LEAST_FACTOR, MOST_FACTOR
from recsvc.snapshot import Snapshot
from recsvc.trade_offs import Traded

MOST_LEFT_OUT = 50
NO_REASONS = ("ranked_below", "behind", "no_candidate")
"""Of ``why_not``: nothing stands against the product."""
NOWHERE: Mapping[int, str] = MappingProxyType({})


def item_notes(
    snapshot: Snapshot, carousel: Carousel, arranged: Arranged, place: int, moment: Moment, traded: Traded
) -> dict[str, Any]:
    """Return how a shown product got its score, and what context tables say of it.

    ``model_score`` times the ``trade_offs`` times the factors (clamped) is the score; ``sources`` are the parts of the
    blend. Where a contextual ranker orders, the score is its probability, and ``features`` is what it read.
    """
    row = arranged.rows[place : place + 1]
    total = max(sum(carousel.sources.values()), FLOOR)
    sources = {
        name: round(weight * float(snapshot.models[name].score(moment.context, row)[0]) / total, 6)
        for name, weight in carousel.sources.items()
        if name in snapshot.models
    }
    factors = arranged.notes.factors.get(int(row[0]), ())
    factor = min(max(math.prod(one for _, one in factors), LEAST_FACTOR), MOST_FACTOR)
    told = traded.of(int(row[0]))
    out = {
        "model_score": round(float(arranged.scores[place]) / factor / math.prod(told.values()), 6),
        "sources": sources,
        "factors": [{"rule": rule, "factor": one} for rule, one in factors],
        "context": context_facts(snapshot, moment, int(row[0])),
    }
    if told:
        out["trade_offs"] = [{"name": name, "factor": float(f"{one:.6g}")} for name, one in told.items()]
    read = ranker_features(snapshot, carousel, moment, row)
    return {**out, "ranker": carousel.ranker, "features": read} if read else out


def context_facts(snapshot: Snapshot, moment: Moment, row: int) -> dict[str, Any]:
    """Return the facts of every context table that hold for a product at this moment."""
    context, user_id = moment.context, moment.shopper.user_id
    out: dict[str, Any] = {}
    for name, table in snapshot.contexts.items():
        if not table.by_product:
            found: dict[str, Any] = dict(table.facts(context.fields, context.at, user_id))
        else:
            what = int(table.match(context.fields, context.at, np.array([row], np.int32), user_id)[0])
            told = {field: column.value(what) for field, column in table.columns.items()} if what != UNKNOWN else {}
            found = told or ({LISTED: 1.0} if what != UNKNOWN else {})
        if found:
            out[name] = found
    return out


def notes_of(
    snapshot: Snapshot,
    active: Active,
    arranged: Arranged,
    shelf: Shelf,
    moment: Moment,
    why: Sequence[str] = (),
    elsewhere: Mapping[int, str] = NOWHERE,
) -> dict[str, Any]:
    """Return what was frozen, the rules that held and did not, dropped pins, and what is not there with reasons.

    Args:
        snapshot: what answered.
        active: the rules that hold.
        arranged: what came of them, with notes.
        shelf: what went in.
        moment: the request.
        why: products that are asked about.
        elsewhere: products that another carousel of the call shows, with its name.
    """
    return {
        "snapshot": _frozen(snapshot, active, moment),
        "rules": active.ids(),
        "rules_not_active": active.skipped,
        "dropped_pins": [
            {
                "rule": pin.rule,
                "product_id": pin.product,
                "position": pin.position,
                "why": pin.reason,
                "instead": pin.instead,
            }
            for pin in arranged.dropped
        ],
        "skipped_keeps": list(arranged.skipped_keeps),
        "left_out": _left_out(snapshot, active, arranged, shelf, moment, why, elsewhere),
    }


def _frozen(snapshot: Snapshot, active: Active, moment: Moment) -> dict[str, Any]:
    """Return what the answer was made from, beside the model, the rules and the arms that every answer names."""
    segments, at = active.bound.conditions.segments, moment.context.at
    return {
        "catalogue": snapshot.catalogue.version,
        "at": datetime.fromtimestamp(at, snapshot.shop.zone).isoformat(),
        "segments": [name for name in segments.tests if segments.holds(name, moment.shopper, at)],
        "store": moment.context.fields.get("store"),
    }


def _left_out(
    snapshot: Snapshot,
    active: Active,
    arranged: Arranged,
    shelf: Shelf,
    moment: Moment,
    why: Sequence[str],
    elsewhere: Mapping[int, str],
) -> list[dict[str, Any]]:
    ids, notes = snapshot.catalogue.ids, arranged.notes
    against = {**notes.hidden, **notes.not_kept, **notes.barred, **notes.over_limit}
    asked = ids.rows(why)
    pool = shelf.pool if shelf.deeper is None or not len(asked) else shelf.deeper()
    noted = [*(moment.only if moment.only is not None else ()), *against][:MOST_LEFT_OUT]
    rows = dict.fromkeys(int(row) for row in (*asked[asked != UNKNOWN], *noted))
    out = [{"product_id": name, "why": ["unknown_product"]} for name in dict.fromkeys(why) if ids.row(name) == UNKNOWN]
    for row in rows:
        reasons = list(why_not(active, pool, arranged, shelf.bars, row))
        if reasons and row in elsewhere:
            reasons = [f"duplicate: {elsewhere[row]}", *(one for one in reasons if one not in NO_REASONS)]
        if reasons:
            out.append({"product_id": ids.id(row), "why": reasons})
    return out
