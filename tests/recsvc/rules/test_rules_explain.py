"""Why is this here, and why is that not here; and a page of several carousels."""

from dataclasses import replace

import numpy as np
from rules_kit import IDS, SHOP, alone, arranged_by, bars_of, bound, ids, pool, row, rules, shown, situation

from models.catalogue import Catalogue
from models.columns import text_column
from models.ids import IdIndex
from recsvc.rules.arrange import Shelf, guard
from recsvc.rules.bind import bind
from recsvc.rules.explain import why_not
from recsvc.rules.match import select
from recsvc.rules.page import arrange_page
from recsvc.rules.parse import parse
from recsvc.rules.pool import Pool
from recsvc.rules.situation import OUT_OF_STOCK, PURCHASED

LINES = (
    "id: dear, do: bury, factor: 0.5, where: price > 10",
    "id: deals, do: boost, factor: 2, where: \"'bf-deal' in tags\", when: {store: S1}",
    "id: recall, do: hide, product: '00503'",
    "id: priced, do: keep, where: price > 0",
    "id: brands, do: limit, per: brand, max: 1, strict: true",
    "id: fair, do: pin, product: '00507', position: 1, instead: ['00506']",
)


def explained(size=8):
    active = select(bound(*LINES), situation(fields={"store": "S1"}))
    bars = bars_of(p00507=OUT_OF_STOCK | PURCHASED)
    return active, pool(), bars, shown(active, size=size, bars=bars, explain=True)


def test_each_product_shown_names_its_factors():
    _, _, _, out = explained()
    assert ids(out) == ["6", "4", "1"]
    assert out.notes.factors == {5: (), 3: (("deals", 2.0),), 0: (("deals", 2.0), ("dear", 0.5))}


def test_each_product_missing_names_its_reason():
    active, candidates, bars, out = explained()
    reasons = {IDS[one]: why_not(active, candidates, out, bars, one) for one in range(8)}
    assert reasons["00501"] == ()
    assert reasons["00502"] == ("over_limit: brands",)
    assert reasons["00503"] == ("hidden: recall",)
    assert reasons["00507"] == ("purchased", "out_of_stock")
    assert reasons["00508"] == ("not_kept: priced",)
    assert why_not(active, candidates, out, bars, 99) == ("unknown_product",)
    few = pool({"00504": 0.5})
    assert why_not(active, few, shown(active, few, bars=bars, explain=True), bars, 0) == ("no_candidate",)
    assert why_not(active, candidates, explained(size=1)[3], bars, row("00504")) == ("ranked_below",)
    tail = replace(candidates, behind=len(candidates.rows) - int(np.flatnonzero(candidates.rows == row("00504"))[0]))
    assert why_not(active, tail, explained(size=1)[3], bars, row("00504")) == ("behind",)


def test_notes_name_candidates_that_are_held_back():
    _, _, _, out = explained()
    assert out.notes.hidden == {2: ("recall",)}
    assert out.notes.not_kept == {7: ("priced",)}
    assert out.notes.barred == {6: ("purchased", "out_of_stock")}
    assert out.notes.over_limit == {1: "brands", 4: "brands"}
    assert [(one.rule, one.product, one.reason, one.instead) for one in out.dropped] == [
        ("fair", "00507", "purchased", "00506")
    ]


def test_a_skipped_keep_is_no_reason():
    active = select(bound("do: keep, where: price > 15, min_results: 3"), situation())
    few = pool({"00501": 0.5})
    out = shown(active, few, explain=True)
    assert why_not(active, few, out, bars_of(), 3) == ("no_candidate",) and not out.notes.not_kept


def shelf(*lines: str, carousel: str = "for-you", size: int = 3, **more) -> Shelf:
    candidates = more.pop("candidates", None) or pool()
    return Shelf(select(bound(*lines), situation(carousel)), candidates, size, size, bars_of(), **more)


def test_the_first_carousel_keeps_a_product_and_the_second_refills():
    first, second = arrange_page([shelf(), shelf(size=4)])
    assert ids(first) == ["1", "2", "3"] and ids(second) == ["4", "5", "6", "7"]


def test_a_pin_of_a_later_carousel_beats_a_non_pin_and_leaves_no_hole():
    line = "do: pin, product: '00502', position: 1, carousels: [trending]"
    first, second = arrange_page([shelf(line), shelf(line, carousel="trending")])
    assert ids(first) == ["1", "3", "4"] and ids(second) == ["2", "5", "6"]


def test_a_keep_gives_way_before_the_carousels_share_so_that_no_pin_moves_any_more():
    """Two cheeses suffice for the keep, and then one of them goes to a later carousel's pin: the keep stays in force.

    If it gave way then, the first carousel's pin would take 00501, its 00505 would stand there as a non-pin, and the
    second carousel's pin on 00505, which had made room, would lose to it.
    """
    lines = (
        "do: keep, where: category == 'cheese', min_results: 2, carousels: [for-you]",
        "do: pin, where: price > 5.5, position: 1, carousels: [for-you]",
        "do: pin, products: ['00504', '00505'], positions: [1, 2], carousels: [trending]",
    )
    first, second = arrange_page([shelf(*lines, size=5), shelf(*lines, carousel="trending")])
    assert ids(first) == ["5"] and first.sources == ("pin",) and not first.skipped_keeps
    assert ids(second) == ["4", "1", "2"] and [one.reason for one in second.dropped] == ["duplicate"]


def test_pages_of_two_catalogues_share_by_id_and_a_pin_of_the_later_one_wins():
    """Rows differ from version to version, and products too: what one has and the other has not takes no part."""
    line = "do: pin, product: '00502', position: 1, carousels: [trending]"
    other_ids = ("NEW", *reversed(IDS))
    text = text_column([None] * len(other_ids))
    other = Catalogue.of(IdIndex.of(other_ids), {"category": text}, "c2")
    some = bind(parse(rules(line), SHOP), other)
    rows = np.arange(len(other_ids), dtype=np.int32)
    candidates = Pool(rows, 0.9 - 0.1 * rows, np.ones(len(rows), np.bool_))
    for pinned in ("trending", "for-you"):
        later = Shelf(select(some, situation(pinned)), candidates, 3, 3, lambda rows: np.zeros(len(rows), np.uint8))
        first, second = arrange_page([shelf(line, candidates=pool()), later])
        assert ids(first) == (["1", "3", "4"] if pinned == "trending" else ["1", "2", "3"])
        shown_later = [other_ids[row] for row in second.rows.tolist()]
        assert shown_later == (["00502", "NEW", "00508"] if pinned == "trending" else ["NEW", "00508", "00507"])
        turned = arrange_page([later, shelf(line, candidates=pool(), carousel="trending")])
        assert len({*[other_ids[row] for row in turned[0].rows], *[IDS[row] for row in turned[1].rows]}) == 6
        assert ids(turned[1])[0] == ("1" if pinned == "trending" else "2")


def test_of_two_pins_of_one_product_the_first_carousel_has_it():
    line = "do: pin, product: '00505', position: 1"
    first, second = arrange_page([shelf(line), shelf(line)], explain=True)
    assert ids(first) == ["5", "1", "2"] and ids(second) == ["3", "4", "6"]
    assert [one.reason for one in second.dropped] == ["duplicate"]


def test_a_pool_that_runs_short_is_asked_for_more_before_the_fallbacks():
    few, fallbacks = pool({"00501": 0.9}), [("bestsellers", lambda: np.array([7], np.int32))]
    out = alone(shelf(candidates=few, fallbacks=fallbacks, deeper=lambda: pool({"00501": 0.9, "00502": 0.8})))
    assert ids(out) == ["1", "2", "8"] and out.sources == ("model", "model", "bestsellers")
    enough = alone(shelf(candidates=pool(), deeper=lambda: few))
    assert ids(enough) == ["1", "2", "3"] and not enough.short


def test_the_last_guard_drops_everywhere_hides_whatever_happened_before():
    free = arranged_by(size=3)
    strict = select(bound("do: hide, everywhere: true, product: '00502'"), situation())
    assert ids(guard(free, strict)) == ["1", "3"] and guard(free, strict).sources == ("model", "model")
