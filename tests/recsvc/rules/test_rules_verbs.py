"""What each verb does to a carousel, on eight products that score 0.9, 0.8, … in the order of their ids."""

import pytest
from rules_kit import arranged_by, bars_of, pool, shown_by

from recsvc.rules.situation import IN_CART, NOT_SELLABLE, OUT_OF_STOCK, PAGE, PURCHASED

ALL = ["1", "2", "3", "4", "5", "6", "7", "8"]


def test_without_rules_the_models_decide():
    assert shown_by() == ALL


def test_hide_takes_products_off():
    assert shown_by("do: hide, products: ['00502', '00504']") == ["1", "3", "5", "6", "7", "8"]


def test_keep_leaves_only_what_it_names():
    assert shown_by("do: keep, where: category == 'cheese'") == ["4", "5"]


def test_every_keep_counts():
    assert shown_by("do: keep, where: category == 'cheese'", "do: keep, where: price > 6") == ["5"]


def test_a_product_without_the_attribute_does_not_match():
    assert "8" not in shown_by("do: keep, where: margin > 0")
    assert "8" not in shown_by("do: keep, where: not margin > 0")
    assert "8" not in shown_by("do: keep, where: brand != 'Hovis'")


def test_boost_and_bury_multiply():
    out = arranged_by("do: boost, factor: 4, product: '00508'", "do: bury, factor: 0.5, product: '00508'")
    assert dict(zip(out.rows.tolist(), out.scores.tolist(), strict=True))[7] == pytest.approx(0.2 * 4 * 0.5)


def test_the_product_of_factors_is_clamped():
    out = arranged_by("do: boost, factor: 10, product: '00508'", "do: boost, factor: 10, product: '00508'")
    assert out.scores[0] == pytest.approx(0.2 * 20)
    low = arranged_by("do: bury, factor: 0.1, product: '00501'", "do: bury, factor: 0.1, product: '00501'")
    assert low.scores[-1] == pytest.approx(0.9 * 0.05)


def test_a_boost_never_adds_a_product():
    assert shown_by("do: boost, factor: 10, product: '00508'", candidates=pool({"00501": 0.5})) == ["1"]


def test_equal_scores_go_by_product_id():
    assert shown_by(candidates=pool({"00503": 0.5, "00501": 0.5, "00502": 0.5})) == ["1", "2", "3"]


def test_pin_takes_its_position_and_the_organic_copy_goes():
    assert shown_by("do: pin, product: '00505', position: 1") == ["5", "1", "2", "3", "4", "6", "7", "8"]


def test_a_pin_holds_even_if_that_demotes_the_product():
    assert shown_by("do: pin, product: '00501', position: 3") == ["2", "3", "1", "4", "5", "6", "7", "8"]


def test_hide_always_wins_over_a_pin():
    out = arranged_by("do: pin, product: '00505', position: 1", "do: hide, product: '00505'")
    assert out.rows[0] == 0
    assert [(one.rule, one.reason) for one in out.dropped] == [("r1", "hidden")]


def test_instead_is_tried_in_order():
    lines = (
        "do: pin, product: '00505', position: 1, instead: ['00506', '00507']",
        "do: hide, products: ['00505', '00506']",
    )
    out = arranged_by(*lines)
    assert out.rows[0] == 6 and out.dropped[0].instead == "00507"


def test_without_instead_the_next_best_takes_the_slot():
    out = arranged_by("do: pin, product: '00505', position: 1", bars=bars_of(p00505=OUT_OF_STOCK), size=3)
    assert out.rows.tolist() == [0, 1, 2]
    assert out.dropped[0].reason == "out_of_stock"


@pytest.mark.parametrize(
    ("name", "bar"), [("purchased", PURCHASED), ("in_cart", IN_CART), ("out_of_stock", OUT_OF_STOCK)]
)
def test_even_if_overrides_a_bar_and_no_other(name, bar):
    line = f"do: pin, product: '00505', position: 1, even_if: [{name}]"
    assert shown_by(line, bars=bars_of(p00505=bar))[0] == "5"
    assert shown_by(line, bars=bars_of(p00505=bar | PAGE))[0] == "1"
    assert shown_by(line, bars=bars_of(p00505=NOT_SELLABLE))[0] == "1"


def test_a_pin_of_an_unknown_product_is_dropped():
    out = arranged_by("do: pin, product: 'NEW', position: 1")
    assert out.rows[0] == 0 and out.dropped[0].reason == "unknown_product"


def test_the_same_product_pinned_twice_stands_once():
    out = arranged_by("do: pin, product: '00505', position: 1", "do: pin, product: '00505', position: 2, priority: 200")
    assert out.rows.tolist()[:3] == [0, 4, 1]
    assert [(one.rule, one.reason) for one in out.dropped] == [("r1", "duplicate")]


def test_a_position_past_the_end_is_not_applied():
    out = arranged_by("do: pin, product: '00505', position: 4", size=3)
    assert out.rows.tolist() == [0, 1, 2]
    assert out.dropped[0].reason == "past_end"


def test_with_fewer_results_the_pin_moves_up_to_the_end():
    out = arranged_by("do: pin, product: '00505', position: 6", candidates=pool({"00501": 0.5}))
    assert out.rows.tolist() == [0, 4]
    assert out.sources == ("model", "pin") and out.pins == (None, "r1")


def test_a_loser_shifts_down_to_the_next_free_position():
    lines = (
        "do: pin, product: '00506', position: 1",
        "do: pin, product: '00507', position: 1, priority: 200",
        "do: pin, product: '00508', position: 2",
    )
    assert shown_by(*lines)[:3] == ["7", "8", "6"]


def test_a_loser_that_shifts_past_the_end_is_dropped():
    out = arranged_by("do: pin, product: '00506', position: 2", "do: pin, product: '00507', position: 2", size=2)
    assert out.rows.tolist() == [0, 5]
    assert out.dropped[0].reason == "conflict" and out.dropped[0].rule == "r2"


def test_pins_by_where_take_the_best_eligible_matches():
    assert shown_by("do: pin, where: \"'bf-deal' in tags\", positions: [1, 2]")[:3] == ["1", "4", "2"]
    assert shown_by("do: pin, where: category == 'bread', position: 1")[0] == "6"


def test_pins_by_product_come_before_pins_by_where():
    lines = (
        "do: pin, where: category == 'bread', position: 1, priority: 900",
        "do: pin, product: '00505', position: 1",
    )
    assert shown_by(*lines)[:2] == ["5", "6"]


def test_a_product_that_is_no_candidate_shows_only_through_its_pin():
    candidates = pool({"00501": 0.5, "00502": 0.4}, extra={"00504": 0.6, "00506": 0.7})
    assert shown_by("do: pin, product: '00504', position: 2", candidates=candidates) == ["1", "4", "2"]


def test_limit_holds_back_and_then_refills():
    assert shown_by("do: limit, per: brand, max: 1", size=5) == ["1", "3", "4", "6", "7"]
    assert shown_by("do: limit, per: brand, max: 1", size=7) == ["1", "3", "4", "6", "7", "8", "2"]


def test_a_strict_limit_leaves_the_list_short():
    assert shown_by("do: limit, per: brand, max: 1, strict: true") == ["1", "3", "4", "6", "7", "8"]


def test_a_pin_counts_towards_a_limit_and_is_never_removed():
    lines = (
        "do: limit, per: category, max: 1, strict: true",
        "do: pin, products: ['00502', '00503'], positions: [1, 4]",
    )
    assert shown_by(*lines) == ["2", "4", "6", "3", "8"]


def test_a_limit_with_where_counts_only_what_matches():
    assert shown_by("do: limit, where: category == 'wine', max: 1, strict: true") == ["1", "4", "5", "6", "7", "8"]


def test_a_limit_per_tag_counts_each_tag():
    assert shown_by("do: limit, per: tags, max: 1, strict: true") == ["1", "2", "3", "5", "6", "7", "8"]


def test_fallbacks_fill_what_is_open_in_their_order():
    out = arranged_by(
        "do: hide, product: '00503'",
        candidates=pool({"00501": 0.5}),
        size=4,
        fallbacks=[("category-bestsellers", ["00501", "00502"]), ("bestsellers", ["00503", "00502", "00505", "00506"])],
    )
    assert out.rows.tolist() == [0, 1, 4, 5]
    assert out.sources == ("model", "category-bestsellers", "bestsellers", "bestsellers")
    assert out.short


def test_fallbacks_obey_limits_and_bars():
    out = arranged_by(
        "do: limit, per: brand, max: 1, strict: true",
        candidates=pool({"00501": 0.5}),
        fallbacks=[("bestsellers", ["00502", "00503", "00504", "00506"])],
        bars=bars_of(p00504=NOT_SELLABLE),
    )
    assert out.rows.tolist() == [0, 2, 5]


def test_over_limit_fallbacks_refill_at_the_very_end():
    out = arranged_by(
        "do: limit, per: brand, max: 1",
        candidates=pool({"00501": 0.5}),
        fallbacks=[("one", ["00502", "00503"]), ("two", ["00504"])],
    )
    assert out.rows.tolist() == [0, 2, 3, 1]


def test_a_keep_that_would_leave_too_few_is_skipped_and_says_so():
    out = arranged_by("do: keep, where: category == 'cheese', min_results: 3")
    assert len(out.rows) == 8 and out.skipped_keeps == ("r1",) and out.short
    assert shown_by("do: keep, where: category == 'cheese', min_results: 2") == ["4", "5"]


def test_min_results_counts_fallbacks_when_candidates_are_few():
    lines = ("do: keep, where: category == 'cheese', min_results: 2",)
    few = pool({"00501": 0.5, "00504": 0.4})
    assert shown_by(*lines, candidates=few, fallbacks=[("b", ["00501", "00505"])]) == ["4", "5"]
    assert shown_by(*lines, candidates=few) == ["1", "4"]


def test_everywhere_hides_cannot_be_lifted():
    lines = (
        "do: hide, everywhere: true, product: '00505'",
        "do: pin, product: '00505', position: 1, even_if: [purchased, in_cart, out_of_stock]",
    )
    assert "5" not in shown_by(*lines, fallbacks=[("b", ["00505"])], candidates=pool({"00501": 0.5}))


def test_a_carousel_scope_holds_for_that_carousel_alone():
    lines = ("do: hide, product: '00501', carousels: [trending]",)
    assert "1" in shown_by(*lines)
    assert "1" not in shown_by(*lines, asked={"carousel": "trending"})


def test_pages_are_slices_of_one_ranking():
    lines = ("do: pin, product: '00508', position: 5",)
    assert shown_by(*lines, size=8)[:6] == shown_by(*lines, size=6)
