"""The request path, in the order that the rules' semantics fix. Read ``Engine.page`` top to bottom; it knows no Flask.

understand -> for each carousel: select rules -> gather candidates -> rank -> trade-offs -> shelf; then arrange all shelves
-> answer. A ``Pace`` goes along: it times the stages, and says what there is no time for.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np

from models.candidates import DEPTH, Gathered, Source, gather, rate, strongest
from models.carousels import Carousel
from models.compiled import isin
from models.schema import NO_ROWS, Doubles
from models.shop import suggest
from recsvc.asked import Asked
from recsvc.asking import Answer, Ask, Item, UnknownCarouselError
from recsvc.bars import bars_of
from recsvc.context import Moment, situation, understand
from recsvc.explaining import item_notes, notes_of
from recsvc.falling import SOURCE_OF_FALLBACK, fallbacks_of
from recsvc.pace import Pace
from recsvc.pinning import Judges, beside
from recsvc.prepared import ready
from recsvc.rank import depths_of, rank, ranker_of
from recsvc.reasons import NO_REASON, ProductFacts, pin_reason, reason_of
from recsvc.rules.arrange import Shelf
from recsvc.rules.match import Active, select
from recsvc.rules.page import arrange_page, rows_in
from recsvc.rules.pins import may_stand
from recsvc.rules.pool import MODEL, PIN, Arranged, BarsOf, Pool
from recsvc.session_places import with_session
from recsvc.snapshot import Snapshot
from recsvc.trade_offs import Traded, trade, trades
from recsvc.trials import Trials
from recsvc.wanted import Wanted, wanted_of
from recsvc.work import Work

BY_SALES = {"popularity": 1.0}
"""The weights of what is rated beside the candidates where there is no time."""


class Engine:
    """Answers for carousels out of one frozen snapshot; safe to share between threads."""

    def __init__(self, snapshot: Snapshot, versions: Collection[str | None] | None = None) -> None:
        """Make an engine; ``versions``: those that are there to serve arms, by default its own and those beside it."""
        there = {snapshot.version, *snapshot.others} if versions is None else versions
        self.snapshot, self.trials = snapshot, Trials(snapshot.shop, there)
        self.others = {version: Engine(one, there) for version, one in snapshot.others.items()}
        self.facts = ProductFacts(snapshot)

    def carousel(self, name: str, ask: Ask, pace: Pace | None = None) -> Answer:
        """Return one ranked carousel; without a ``pace`` it takes its time, and a part that fails raises.

        Raises:
            UnknownCarouselError: the shop has no such carousel.
            BadFilterError: the request's filter does not parse.
        """
        if name not in self.snapshot.shop.carousels:
            known = self.snapshot.shop.carousels
            raise UnknownCarouselError(f"no carousel {name!r}{suggest(name, known) or ': see /v1/carousels'}")
        return self._answers((name,), ask, pace or Pace(), name)[0]

    def page(self, name: str, ask: Ask, pace: Pace | None = None) -> list[Answer]:
        """Return all carousels of a page, no product twice; ``pace`` as for one.

        Raises:
            UnknownCarouselError: the shop has no such page.
            BadFilterError: the request's filter does not parse.
        """
        pages = self.snapshot.shop.pages
        if name not in pages:
            raise UnknownCarouselError(f"no page {name!r}{suggest(name, pages) or ': see /v1/carousels'}")
        return self._answers(pages[name], ask, pace or Pace(), f"page:{name}")

    def _answers(self, names: tuple[str, ...], ask: Ask, pace: Pace, whole: str) -> list[Answer]:
        """Return an answer for each of ``names``, each from the version that its arm of an experiment wants.

        ``whole`` is what the stages that they share are told under.
        """
        calls: list[Call] = []
        for version, some in self.trials.runs(names, ask.drawn_by if ask.consent else None):
            engine = self.others.get(version, self) if version else self
            calls += engine._works(some, ask, pace, whole)
        pace.enter("arrange", whole)
        arranged = arrange_page([work.shelf for _, _, work in calls], explain=ask.explain)
        answers = []
        for (engine, moment, work), found in zip(calls, arranged, strict=True):
            pace.enter("answer", work.name)
            others = [(one, its) for (_, _, one), its in zip(calls, arranged, strict=True) if one is not work]
            elsewhere = _elsewhere(work, others) if ask.explain else {}
            answers.append(engine._answer(work, found, ask, moment, elsewhere, pace))
        pace.end()
        return answers

    def _works(self, names: tuple[str, ...], ask: Ask, pace: Pace, whole: str) -> "list[Call]":
        """Return the carousels that this version serves, before their arrangement."""
        pace.enter("understand", whole)
        moment = understand(self.snapshot, ask)
        wanted = wanted_of(self.snapshot, ask.filter)
        return [(self, moment, self._prepare(name, ask, moment, wanted, pace)) for name in names]

    def _prepare(self, name: str, ask: Ask, moment: Moment, wanted: Wanted | None, pace: Pace) -> Work:
        """Steps 1 to 4: the rules that hold, the candidates inside what is eligible, their scores."""
        snapshot, trial = self.snapshot, self.trials.of(name, moment.shopper)
        carousel = trial.carousel
        pace.enter("rules", name)
        here = situation(snapshot, moment, name)
        active = select(snapshot.rules, here, explain=ask.explain)
        pace.held.append(active.places)
        bars = bars_of(snapshot, carousel, moment, None if wanted is None else lambda rows: wanted(rows, here))
        size = ask.size or carousel.size
        depths = depths_of(snapshot, carousel, moment, min(DEPTH + carousel.size, len(snapshot.catalogue)))
        pace.enter("candidates", name)
        models, in_full = self._sources(name, carousel, depths, pace), pace.prepared is None and not pace.late()
        if in_full:
            gathered = self._gather(models, carousel, moment, depths)
        else:
            gathered = ready(snapshot.prepared, models, name, carousel, moment.context, moment.only)
            if pace.prepared is None:
                pace.leave_out(name, "candidates")
        pace.enter("rank", name)
        weights = carousel.sources if in_full else BY_SALES
        pool = self._pool(gathered, models, weights, name, carousel, moment, active, bars, pace)
        traded = self._trade(pool, name, carousel, active, bars, pace) if in_full else Traded(pool)
        complete = not in_full or (gathered.exhausted and depths.keys() == carousel.sources.keys())
        deeper = None if complete else lambda: self._deepest(traded.pool, models, carousel, moment, pace)
        fallbacks = fallbacks_of(snapshot, name, carousel, moment.context, pace, short=not in_full)
        return Work(
            name, trial, size, active, gathered, traded,
            Shelf(active, traded.pool, ask.offset + size, carousel.size, bars, fallbacks, deeper), in_full,
        )  # fmt: skip

    def _sources(self, name: str, carousel: Carousel, depths: Mapping[str, int], pace: Pace) -> Mapping[str, Source]:
        """Return the models of a carousel's sources and of those that its ranker learned from, asked at this pace."""
        models = self.snapshot.models
        wanted = dict.fromkeys(("popularity", *carousel.sources, *depths))
        return {one: Asked(models[one], one, name, pace) for one in wanted if one in models}

    def _gather(
        self, models: Mapping[str, Source], carousel: Carousel, moment: Moment, depths: Mapping[str, int]
    ) -> Gathered:
        weights, context = carousel.sources, moment.context
        if moment.only is not None:
            return rate(models, weights, context, moment.only)
        bought = context.history.products() if carousel.bought == "exclude" else NO_ROWS
        return gather(models, weights, depths, context, bought)

    def _deepest(
        self, first: Pool, models: Mapping[str, Source], carousel: Carousel, moment: Moment, pace: Pace
    ) -> Pool:
        """Return every candidate that any source has: a filter must not empty a carousel that has a tail.

        The tail comes behind the candidates of ``first``, in the order of the blend and the rules' factors. How deep
        ``first`` is does not depend on what was asked for: so a position has the same product whatever page it is on.
        """
        if pace.late():  # the fallbacks fill up
            return first
        everything = self._gather(
            models, carousel, moment, dict.fromkeys(carousel.sources, len(self.snapshot.catalogue))
        )
        known = first.rows[first.organic]
        tail = np.flatnonzero(~isin(everything.rows, known))
        kept = first.organic | ~isin(first.rows, everything.rows)
        behind = everything.scores[tail] * first.scores[first.organic].min(initial=1.0)
        return Pool(
            np.concatenate([first.rows[kept], everything.rows[tail]]),
            np.concatenate([first.scores[kept], behind]),
            np.concatenate([first.organic[kept], np.ones(len(tail), np.bool_)]),
            behind=len(tail),
        )

    def _pool(
        self,
        gathered: Gathered,
        models: Mapping[str, Source],
        weights: Mapping[str, float],
        name: str,
        carousel: Carousel,
        moment: Moment,
        active: Active,
        bars: BarsOf,
        pace: Pace,
    ) -> Pool:
        """Return the candidates ranked, with the products beside them that only a pin may take."""
        scores = self._rank(gathered, name, carousel, moment, pace)
        if moment.only is None and ranker_of(self.snapshot, carousel, moment) is not None:
            scores = with_session(scores, gathered, carousel, moment.context)
        organic = np.ones(len(gathered.rows), np.bool_)
        if not active.of("pin"):
            return Pool(gathered.rows, scores, organic)
        context = moment.context
        judges = Judges(
            may=may_stand(active, bars),
            rate=lambda rows: rate(models, weights, context, rows),
            first=lambda n: gather(models, weights, dict.fromkeys(weights, n), context, NO_ROWS),
            sales=lambda rows: rate(models, BY_SALES, context, rows).scores,
        )
        pinned = beside(active, gathered.rows, judges)
        if not len(pinned.rows):
            return Pool(gathered.rows, scores, organic)
        rows = np.concatenate([gathered.rows, pinned.rows])
        scores = np.concatenate([scores, self._rank(pinned, name, carousel, moment, pace)])
        return Pool(rows, scores, np.concatenate([organic, np.zeros(len(pinned.rows), np.bool_)]))

    def _rank(self, gathered: Gathered, name: str, carousel: Carousel, moment: Moment, pace: Pace) -> Doubles:
        """Return the ranker's scores; those of the blend where there is none, or no time for it."""
        snapshot = self.snapshot
        if pace.prepared is not None or ranker_of(snapshot, carousel, moment) is None:
            return gathered.scores
        return pace.attempt(name, "ranker", lambda: rank(snapshot, carousel, moment, gathered), gathered.scores)

    def _trade(self, pool: Pool, name: str, carousel: Carousel, active: Active, bars: BarsOf, pace: Pace) -> Traded:
        if not trades(carousel):
            return Traded(pool)
        do = partial(trade, self.snapshot, carousel, pool, active, bars)
        return pace.attempt(name, "trade-offs", do, Traded(pool))

    def _answer(
        self, work: Work, arranged: Arranged, ask: Ask, moment: Moment, elsewhere: Mapping[int, str], pace: Pace
    ) -> Answer:
        """Return what goes out: the slice that was asked for, with reasons and the versions that made it."""
        snapshot = self.snapshot
        shown = range(ask.offset, min(ask.offset + work.size, len(arranged.rows)))
        sources = strongest(work.gathered, work.carousel.sources, arranged.rows)
        items = tuple(self._item(place, work, arranged, sources[place], ask, moment, pace) for place in shown)
        used = [arranged.sources[place] for place in shown if arranged.sources[place] not in (MODEL, PIN)]
        personal = work.in_full and any(
            snapshot.models[name].personal for name in work.carousel.sources if name in snapshot.models
        )
        return Answer(
            carousel=work.name,
            title=work.carousel.title,
            items=items,
            personalised=ask.consent and (personal or work.carousel.bought != "include") and moment.personal,
            fallback=used[-1] if used else None,
            model=snapshot.version,
            rules=snapshot.rules_hash,
            experiments=self._arms(work),
            degraded=_degraded(snapshot, pace, work),
            unknown=moment.unknown,
            notes=notes_of(snapshot, work.active, arranged, work.shelf, moment, ask.why, elsewhere)
            if ask.explain
            else None,
            depends_on_shopper=bool(ask.user_id or ask.visitor_id or ask.cart or ask.recent or ask.lately),
        )

    def _arms(self, work: Work) -> tuple[dict[str, str], ...]:
        """Return the arms that the shopper is in: of the shop's experiments on the carousel, and of those on rules."""
        own = self.snapshot.shop.experiments
        return (*work.trial.arms, *(one for one in work.active.arms() if one["name"] not in own))

    def _item(
        self, place: int, work: Work, arranged: Arranged, sources: list[str], ask: Ask, moment: Moment, pace: Pace
    ) -> Item:
        row, source, rule = int(arranged.rows[place]), arranged.sources[place], arranged.pins[place]
        product_id, facts = self.facts.of(row)
        if source not in (MODEL, PIN):
            sources = [SOURCE_OF_FALLBACK[source]]
        return Item(
            product_id=product_id,
            position=place + 1,
            source=source,
            score=round(float(arranged.scores[place]), 6),
            reason=pin_reason(rule)
            if rule
            else pace.guard(
                work.name, "reasons", lambda: reason_of(self.snapshot, moment.context, row, sources), NO_REASON
            ),
            product=facts,
            explain=item_notes(self.snapshot, work.carousel, arranged, place, moment, work.traded)
            if ask.explain
            else None,
        )


Call: TypeAlias = tuple[Engine, Moment, Work]


def _elsewhere(work: Work, others: Sequence[tuple[Work, Arranged]]) -> dict[int, str]:
    """Return the products that ``others`` show, as rows of ``work``, with the carousel's name."""
    ids = work.shelf.ids
    return {row: other.name for other, its in others for row in rows_in(ids, its.rows, other.shelf.ids).tolist()}


def _degraded(snapshot: Snapshot, pace: Pace, work: Work) -> tuple[str, ...]:
    """Return the parts that an answer had to do without."""
    first = ([] if snapshot.version else ["model"]) + (["experiments"] if work.trial.absent else [])
    return (*first, *([pace.prepared] if pace.prepared else []), *pace.without.get(work.name, ()))
