"""The request path, in the order that the rules' semantics fix. Read ``Engine.page`` top to bottom; it knows no Flask.

understand -> for each carousel: select rules -> gather candidates -> rank -> trade-offs -> shelf; then arrange all shelves
-> answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.candidates import Gathered, gather, rate, strongest
from models.carousels import Carousel
from models.schema import NO_ROWS, Bools, Ints
from models.shop import suggest
from recsvc.asking import Answer, Ask, BadFilterError, Item, UnknownCarouselError
from recsvc.bars import bars_of, isin
from recsvc.context import Moment, situation, understand
from recsvc.explaining import item_notes, notes_of
from recsvc.rank import depths_of, rank
from recsvc.reasons import pin_reason, product_facts, reason_of
from recsvc.rules.expression_check import check_expression
from recsvc.rules.expression_eval import Frame, matches
from recsvc.rules.expression_parse import parse_expression
from recsvc.rules.expression_tokens import ExpressionError
from recsvc.rules.match import Active, select
from recsvc.rules.page import Shelf, arrange_page
from recsvc.rules.pool import MODEL, PIN, Arranged, Fallback, Pool
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.situation import Situation
from recsvc.snapshot import Snapshot
from recsvc.trade_offs import Traded, trade

DEPTH = 300
"""Candidates asked of each source at first; more when the rules leave too few."""
PIN_DEPTH = 200
"""Matches of one pin's ``where`` that compete for its positions."""
SOURCE_OF_FALLBACK = {
    "category-bestsellers": "category-popularity",
    "store-bestsellers": "store-popularity",
    "bestsellers": "popularity",
}


@dataclass(frozen=True, slots=True)
class Work:
    """One carousel of a call, from its candidates on."""

    name: str
    carousel: Carousel
    size: int
    """Positions that are shown."""
    active: Active
    gathered: Gathered
    traded: Traded
    shelf: Shelf


class Engine:
    """Answers for carousels out of one frozen snapshot; safe to share between threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def carousel(self, name: str, ask: Ask) -> Answer:
        """Return one ranked carousel.

        Raises:
            UnknownCarouselError: the shop has no such carousel.
            BadFilterError: the request's filter does not parse.
        """
        if name not in self.snapshot.shop.carousels:
            known = self.snapshot.shop.carousels
            raise UnknownCarouselError(f"no carousel {name!r}{suggest(name, known) or ': see /v1/carousels'}")
        return self._answers((name,), ask)[0]

    def page(self, name: str, ask: Ask) -> list[Answer]:
        """Return all carousels of a page, no product twice.

        Raises:
            UnknownCarouselError: the shop has no such page.
            BadFilterError: the request's filter does not parse.
        """
        pages = self.snapshot.shop.pages
        if name not in pages:
            raise UnknownCarouselError(f"no page {name!r}{suggest(name, pages) or ': see /v1/carousels'}")
        return self._answers(pages[name], ask)

    def _answers(self, names: tuple[str, ...], ask: Ask) -> list[Answer]:
        moment = understand(self.snapshot, ask)
        wanted = _filter(self.snapshot, ask.filter)
        works = [self._prepare(name, ask, moment, wanted) for name in names]
        arranged = arrange_page([work.shelf for work in works], explain=ask.explain)
        answers = []
        for work, found in zip(works, arranged, strict=True):
            others = zip(works, arranged, strict=True) if ask.explain else ()
            elsewhere = {row: other.name for other, its in others if other is not work for row in its.rows.tolist()}
            answers.append(self._answer(work, found, ask, moment, elsewhere))
        return answers

    def _prepare(self, name: str, ask: Ask, moment: Moment, wanted: "Wanted | None") -> Work:
        """Steps 1 to 4: the rules that hold, the candidates inside what is eligible, their scores."""
        snapshot, carousel = self.snapshot, self.snapshot.shop.carousels[name]
        here = situation(snapshot, moment, name)
        active = select(snapshot.rules, here, explain=ask.explain)
        bars = bars_of(snapshot, carousel, moment, None if wanted is None else lambda rows: wanted(rows, here))
        size = ask.size or carousel.size
        depths = depths_of(snapshot, carousel, moment, min(DEPTH + size + ask.offset, len(snapshot.catalogue)))
        gathered = self._gather(carousel, moment, depths)
        traded = trade(snapshot, carousel, self._pool(gathered, carousel, moment, active), active, bars)
        shelf = Shelf(
            active,
            traded.pool,
            ask.offset + size,
            bars,
            self._fallbacks(carousel, moment),
            None
            if gathered.exhausted and depths.keys() == carousel.sources.keys()
            else lambda: self._deepest(traded.pool, carousel, moment),
        )
        return Work(name, carousel, size, active, gathered, traded, shelf)

    def _gather(self, carousel: Carousel, moment: Moment, depths: Mapping[str, int]) -> Gathered:
        models, weights, context = self.snapshot.models, carousel.sources, moment.context
        if moment.only is not None:
            return rate(models, weights, context, moment.only)
        bought = np.unique(context.history.product) if carousel.bought == "exclude" else NO_ROWS
        return gather(models, weights, depths, context, bought)

    def _deepest(self, first: Pool, carousel: Carousel, moment: Moment) -> Pool:
        """Return every candidate that any source has: a filter must not empty a carousel that has a tail.

        The tail comes behind the candidates of ``first``, in the order of the blend.
        """
        everything = self._gather(carousel, moment, dict.fromkeys(carousel.sources, len(self.snapshot.catalogue)))
        known = first.rows[first.organic]
        tail = np.flatnonzero(~isin(everything.rows, known))
        kept = first.organic | ~isin(first.rows, everything.rows)
        behind = everything.scores[tail] * first.scores[first.organic].min(initial=1.0)
        return Pool(
            np.concatenate([first.rows[kept], everything.rows[tail]]),
            np.concatenate([first.scores[kept], behind]),
            np.concatenate([first.organic[kept], np.ones(len(tail), np.bool_)]),
        )

    def _pool(self, gathered: Gathered, carousel: Carousel, moment: Moment, active: Active) -> Pool:
        """Return the candidates ranked, with the products beside them that only a pin may take."""
        pinned = active.pin_rows(PIN_DEPTH, self.snapshot.popularity) if active.of("pin") else gathered.rows[:0]
        strange = pinned[~isin(pinned, gathered.rows)]
        scores = rank(self.snapshot, carousel, moment, gathered)
        organic = np.ones(len(gathered.rows), np.bool_)
        if not len(strange):
            return Pool(gathered.rows, scores, organic)
        beside = rate(self.snapshot.models, carousel.sources, moment.context, strange)
        rows = np.concatenate([gathered.rows, beside.rows])
        scores = np.concatenate([scores, rank(self.snapshot, carousel, moment, beside)])
        return Pool(rows, scores, np.concatenate([organic, np.zeros(len(beside.rows), np.bool_)]))

    def _fallbacks(self, carousel: Carousel, moment: Moment) -> list[Fallback]:
        models, context, n = self.snapshot.models, moment.context, len(self.snapshot.catalogue)

        def rows(name: str) -> Callable[[], Ints]:
            return lambda: models[SOURCE_OF_FALLBACK[name]].candidates(context, n).rows

        return [(name, rows(name)) for name in carousel.fallback if SOURCE_OF_FALLBACK[name] in models]

    def _answer(self, work: Work, arranged: Arranged, ask: Ask, moment: Moment, elsewhere: Mapping[int, str]) -> Answer:
        """Return what goes out: the slice that was asked for, with reasons and the versions that made it."""
        snapshot = self.snapshot
        shown = range(ask.offset, min(ask.offset + work.size, len(arranged.rows)))
        sources = strongest(work.gathered, work.carousel.sources, arranged.rows)
        items = tuple(self._item(place, work, arranged, sources[place], ask, moment) for place in shown)
        used = [arranged.sources[place] for place in shown if arranged.sources[place] not in (MODEL, PIN)]
        personal = any(snapshot.models[name].personal for name in work.carousel.sources if name in snapshot.models)
        return Answer(
            carousel=work.name,
            title=work.carousel.title,
            items=items,
            personalised=ask.consent and (personal or work.carousel.bought != "include") and moment.personal,
            fallback=used[-1] if used else None,
            model=snapshot.version,
            rules=snapshot.rules_hash,
            experiments=(),
            degraded=() if snapshot.version else ("model",),
            unknown=moment.unknown,
            notes=notes_of(snapshot, work.active, arranged, work.shelf, moment, ask.why, elsewhere)
            if ask.explain
            else None,
            depends_on_shopper=bool(ask.user_id or ask.visitor_id or ask.cart or ask.recent),
        )

    def _item(self, place: int, work: Work, arranged: Arranged, sources: list[str], ask: Ask, moment: Moment) -> Item:
        row, source, rule = int(arranged.rows[place]), arranged.sources[place], arranged.pins[place]
        if source not in (MODEL, PIN):
            sources = [SOURCE_OF_FALLBACK[source]]
        return Item(
            product_id=self.snapshot.catalogue.ids.id(row),
            position=place + 1,
            source=source,
            score=round(float(arranged.scores[place]), 6),
            reason=pin_reason(rule) if rule else reason_of(self.snapshot, moment.context, row, sources),
            product=product_facts(self.snapshot, row),
            explain=item_notes(self.snapshot, work.carousel, arranged, place, moment, work.traded)
            if ask.explain
            else None,
        )


Wanted = Callable[[Ints, Situation], Bools]


def _filter(snapshot: Snapshot, text: str | None) -> Wanted | None:
    """Return the request's own condition, in the rules' expression language.

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
