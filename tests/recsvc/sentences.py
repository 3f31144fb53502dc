"""What the rules promise, in the words of their design, and the tests that hold each: files lie below tests/recsvc.

``conftest.py`` runs each of these tests once under each of its sentences, which is its id: ``pytest -k "never a hole"``.
``test_rules_told.py`` takes care that no sentence is without a test, and that each test is there.
"""
# ruff: noqa: E501  # a sentence is quoted in one piece, so that it can be found

SAMPLE = "rules/test_rules_sample.py"
VERBS = "rules/test_rules_verbs.py"
SAID = "rules/test_rules_sentences.py"
SELECT = "rules/test_rules_select.py"
PAGES = "rules/test_rules_explain.py"
DRAWN = "rules/test_rules_against_reference.py"
LOADER = "rules/test_rules_loader.py"
WORDS = "rules/test_rules_expressions.py"
TIMES = "rules/test_rules_times.py"
DOUBTS = "rules/test_rules_doubts.py"
WHOLE = "test_carousel_rules.py"
TOOLS = "rules_tools/test_tools"

SENTENCES: dict[str, dict[str, tuple[str, ...]]] = {
    "the file": {
        "The rules file is a merchandiser's tool: hand-edited YAML, reviewed like code, live within seconds of being saved.": (
            "test_live.py::test_a_saved_rules_file_is_live_when_two_looks_see_the_same",
            "rules/test_rules_json_schema.py::test_the_sample_with_every_verb_passes",
        ),
        "Ours is complete, executable and explainable; every line below is a test.": (
            "rules/test_rules_told.py::test_every_sentence_is_the_name_of_its_tests",
            f"{DRAWN}::test_the_engine_shows_what_the_reference_shows",
        ),
        "the zone of every date and clock in this file": (
            f"{TIMES}::test_rules_follow_the_zone_of_the_file",
        ),
        "named windows, reused by rules": (
            f"{TIMES}::test_active_takes_calendar_names_and_lists_as_or",
        ),
        "who a rule is for; recomputed from purchase history and live events": (
            "rules/test_rules_segments.py::test_a_shopper_belongs_or_not",
            "test_http_sessions.py::test_segments_of_the_rules_see_views_and_purchases_at_once",
        ),
        "- id: chianti-wine-lovers": (
            f"{SAMPLE}::test_the_wine_is_first_for_wine_lovers_in_october_on_one_carousel",
        ),
        "1 = first": (
            f"{VERBS}::test_pin_takes_its_position_and_the_organic_copy_goes",
        ),
        "no store in the request: the rule does not apply": (
            f"{SAMPLE}::test_what_the_nearest_store_lacks_is_hidden_and_without_a_store_nothing_is",
        ),
        "a product without a margin does not match": (
            f"{SAMPLE}::test_margin_is_boosted_and_a_product_without_one_is_not",
        ),
        "- id: max-two-per-brand": (
            f"{SAMPLE}::test_at_most_two_of_a_brand_come_before_the_rest",
        ),
        "every carousel, experiment arm, cache and batch file; cannot be lifted": (
            f"{SAMPLE}::test_recalled_products_are_nowhere",
            "test_carousel.py::test_what_is_hidden_everywhere_is_nowhere",
            f"{SAID}::test_eligibility_and_everywhere_hides_hold_in_every_arm",
            "test_degraded.py::test_every_rule_and_exclusion_holds_without_time_too",
            "test_batch.py::test_what_is_hidden_everywhere_is_in_no_batch_file",
            f"{VERBS}::test_everywhere_hides_cannot_be_lifted",
        ),
        "- id: weekend-lower-price": (
            f"{SAMPLE}::test_low_prices_are_boosted_on_weekend_days_alone",
        ),
        "- id: early-access-members-only": (
            f"{SAMPLE}::test_early_access_is_for_members",
        ),
        "pin by attribute: this shopper's best eligible deals": (
            f"{SAMPLE}::test_on_black_friday_the_best_deals_come_first_on_trending",
            f"{VERBS}::test_pins_by_where_take_the_best_eligible_matches",
        ),
        "- id: pair-within-department": (
            f"{SAMPLE}::test_a_wine_page_pairs_within_the_department_only_where_four_are_left",
        ),
        "if fewer would survive, this keep is skipped and says so": (
            f"{VERBS}::test_a_keep_that_would_leave_too_few_is_skipped_and_says_so",
        ),
        "- id: bury-clearance-on-mobile": (
            f"{SAMPLE}::test_clearance_is_buried_on_mobile_in_bad_weather",
        ),
        "Segments are made of `bought` (`where`, `at_least`, `within_days` or `during` a calendar window), `orders`, `spend`, `average_order` (with `at_least`, `at_most`, `within_days`), `first_order` (`within_days`, `during`: who came with a festival), `inactive` (`for_days`), `viewed` (live), `attribute` (an expression over the user's attributes), `list` (a CSV of ids), and `all`, `any`, `none` of those.": (
            "rules/test_rules_segments.py::test_a_shopper_belongs_or_not",
            f"{LOADER}::test_windows_of_segments_may_lie_in_the_past_without_a_warning",
            "test_cli.py::test_rules_check_knows_attributes_by_the_trained_version_and_lists_by_the_folder",
            "test_live.py::test_a_saved_list_of_ids_is_live_without_a_change_of_the_rules_file",
        ),
        "Six verbs: `hide`, `keep`, `boost`, `bury`, `limit`, `pin`.": (
            f"{VERBS}::test_hide_takes_products_off",
            f"{VERBS}::test_keep_leaves_only_what_it_names",
            f"{VERBS}::test_boost_and_bury_multiply",
            f"{VERBS}::test_limit_holds_back_and_then_refills",
            f"{VERBS}::test_pin_takes_its_position_and_the_organic_copy_goes",
        ),
        "Scope: `carousels`, `when`, `unless` (keys are AND-ed, a list value is OR).": (
            f"{VERBS}::test_a_carousel_scope_holds_for_that_carousel_alone",
            f"{SAID}::test_a_list_value_is_or_and_keys_are_and",
            f"{SELECT}::test_all_keys_of_unless_must_hold_for_it_to_lift_the_rule",
        ),
        "`when` keys: `segment`, `active`, `weekly`, `store`, `device`, `referrer`, `campaign` (coupon or e-mail campaign), `country`, `weather`, `page_item`, `cart_item`, and any declared context field.": (
            f"{SELECT}::test_when_and_unless_hold_or_not",
        ),
        "Optional on every rule: `priority` (default 100, higher wins), `enabled`, `why`, `experiment`.": (
            f"{SAID}::test_the_default_priority_is_100_and_the_higher_wins",
            f"{LOADER}::test_a_rule_that_is_switched_off_is_kept_and_not_bound",
            "test_http_rules.py::test_the_live_rules_are_told_with_when_each_holds_next",
            f"{SELECT}::test_an_experiment_draws_each_shopper_into_one_arm_for_good",
        ),
        "On pins: `even_if`, `instead`.": (
            f"{VERBS}::test_even_if_overrides_a_bar_and_no_other",
            f"{VERBS}::test_instead_is_tried_in_order",
        ),
        "On `keep`: `min_results`.": (
            f"{VERBS}::test_a_keep_that_would_leave_too_few_is_skipped_and_says_so",
        ),
        "On `limit`: `strict`.": (
            f"{VERBS}::test_a_strict_limit_leaves_the_list_short",
        ),
    },
    "one pass": {
        "One pass, fixed order, independent of file order but for step 7": (
            f"{DRAWN}::test_the_order_of_the_file_changes_nothing_but_the_last_resort",
        ),
        "0. Freeze one snapshot: rules hash, model version, catalogue version, one clock reading, experiment arm, segments, store.": (
            "test_live.py::test_publishing_and_rolling_back_under_traffic_fails_no_request_and_mixes_no_versions",
        ),
        "The answer names them.": (
            f"{TOOLS}_explain.py::test_the_answer_names_the_snapshot_that_it_was_made_from",
            f"{TOOLS}_explain.py::test_the_answer_names_the_arm_of_an_experiment_on_rules",
            f"{SAID}::test_the_answer_names_the_arm_of_each_experiment_on_rules",
        ),
        "1. Select the rules that are enabled, in scope, active, whose `when` holds and whose `unless` does not.": (
            f"{SAID}::test_a_rule_that_is_switched_off_out_of_scope_or_out_of_time_does_nothing",
        ),
        "2. Eligible = catalogue − system exclusions (not sellable; the page item and every seed of the same call; in the cart; already bought, by the carousel's policy) − the union of `hide`, ∩ every `keep`.": (
            "overlay/test_overlay_apply.py::test_a_withdrawn_product_never_shows_and_comes_back",
            "test_carousel.py::test_the_page_the_cart_and_the_excluded_are_left_out",
            f"{WHOLE}::test_every_seed_of_the_call_is_left_out_and_no_pin_brings_it_back",
            "test_carousel.py::test_policies_on_what_was_bought",
            f"{VERBS}::test_hide_takes_products_off",
            f"{VERBS}::test_every_keep_counts",
        ),
        "No priorities among these.": (
            f"{SAID}::test_there_are_no_priorities_among_hides_and_keeps",
        ),
        "3. Take model candidates inside the eligible set *before* the cut to N, so that a filter never empties a carousel that has a tail.": (
            f"{WHOLE}::test_candidates_are_taken_inside_what_is_eligible_before_the_cut",
            "test_carousel.py::test_a_narrow_filter_does_not_empty_a_carousel_that_has_a_tail",
        ),
        "4. Score in (0, 1] within the carousel × the product of all matching factors, clamped to [0.05, 20].": (
            "test_carousel.py::test_the_score_is_the_model_score_times_the_factors",
            "test_carousel.py::test_every_carousel_answers_for_everybody_and_for_nobody",
            f"{VERBS}::test_the_product_of_factors_is_clamped",
        ),
        "boost: 1 < f ≤ 10. bury: 0 < f < 1 (0 is an error that says \"use hide\").": (
            f"{SAID}::test_boost_takes_a_factor_above_1_up_to_10_and_bury_one_between_0_and_1",
        ),
        "A boost never adds a product.": (
            f"{VERBS}::test_a_boost_never_adds_a_product",
        ),
        "5. Sort by score descending, then product id: two replicas answer alike.": (
            f"{VERBS}::test_equal_scores_go_by_product_id",
            f"{SELECT}::test_id_ranks_are_the_order_of_the_bytes",
        ),
        "6. Pins by product claim their positions; then pins by `where` (best eligible matches by score).": (
            f"{VERBS}::test_pins_by_product_come_before_pins_by_where",
            f"{VERBS}::test_pins_by_where_take_the_best_eligible_matches",
            "test_carousel.py::test_a_pin_by_where_passes_over_what_may_not_be_shown",
            "test_pinning.py::test_a_pin_by_where_takes_what_the_sources_rate_highest_however_it_sells",
        ),
        "7. Two pins, one position: higher `priority`; then the more specific (page item id > page item filter > segment or store > other context > carousel > global); then scheduled over permanent; then file order.": (
            f"{SAID}::test_the_default_priority_is_100_and_the_higher_wins",
            f"{SELECT}::test_the_more_specific_pin_wins_then_the_scheduled_one",
            f"{SAID}::test_a_scheduled_pin_wins_over_a_permanent_one",
            f"{SAID}::test_then_file_order_and_the_loser_shifts_down_to_the_next_free_position",
        ),
        "The loser shifts down to the next free position; past the end it is dropped.": (
            f"{VERBS}::test_a_loser_shifts_down_to_the_next_free_position",
            f"{VERBS}::test_a_loser_that_shifts_past_the_end_is_dropped",
        ),
        "8. Fill the rest in score order under the `limit`s.": (
            f"{VERBS}::test_limit_holds_back_and_then_refills",
        ),
        "A pin counts towards a limit and is never removed by one.": (
            f"{VERBS}::test_a_pin_counts_towards_a_limit_and_is_never_removed",
        ),
        "If a limit leaves the list short, over-limit items refill it unless `strict: true`.": (
            f"{VERBS}::test_limit_holds_back_and_then_refills",
            f"{VERBS}::test_a_strict_limit_leaves_the_list_short",
        ),
        "9. The carousel's fallback chain (category bestsellers, then store bestsellers, then bestsellers), same eligibility, limits and de-duplication; marked as fallback.": (
            f"{SAID}::test_the_fallback_chain_is_category_then_store_then_bestsellers",
            f"{VERBS}::test_fallbacks_fill_what_is_open_in_their_order",
            f"{VERBS}::test_fallbacks_obey_limits_and_bars",
        ),
        "10. De-duplicate across the carousels of one call: the first keeps the item, a pin beats a non-pin.": (
            f"{PAGES}::test_the_first_carousel_keeps_a_product_and_the_second_refills",
            "test_carousel.py::test_a_page_shows_no_product_twice",
            f"{PAGES}::test_a_pin_of_a_later_carousel_beats_a_non_pin_and_leaves_no_hole",
            f"{PAGES}::test_a_keep_gives_way_before_the_carousels_share_so_that_no_pin_moves_any_more",
            "test_arms.py::test_a_pin_of_a_later_carousel_wins_over_what_another_version_would_show_before_it",
            f"{DRAWN}::test_a_page_shows_what_the_reference_shows_no_product_twice_and_no_pin_loses_to_a_non_pin",
        ),
        "11. Final guard: drop the `everywhere` hides once more.": (
            f"{PAGES}::test_the_last_guard_drops_everywhere_hides_whatever_happened_before",
        ),
    },
    "fixed answers": {
        "pinned product out of stock, hidden, not for this shopper | pin dropped, reason reported": (
            f"{SAID}::test_a_pinned_product_that_is_barred_is_dropped_and_leaves_no_hole",
            f"{VERBS}::test_hide_always_wins_over_a_pin",
        ),
        "`instead: [ids]` tried in order": (
            f"{VERBS}::test_instead_is_tried_in_order",
        ),
        "else the next best takes the slot, never a hole": (
            f"{VERBS}::test_without_instead_the_next_best_takes_the_slot",
        ),
        "pinned product already bought or in the cart | by the carousel's policy; `even_if: [purchased, in_cart, out_of_stock]` overrides.": (
            f"{WHOLE}::test_what_was_bought_or_lies_in_the_cart_is_pinned_only_where_even_if_says_so",
            f"{VERBS}::test_even_if_overrides_a_bar_and_no_other",
        ),
        "An `everywhere` hide, an unknown product and the page item can never be overridden": (
            f"{SAID}::test_what_can_never_be_overridden",
            f"{WHOLE}::test_what_was_bought_or_lies_in_the_cart_is_pinned_only_where_even_if_says_so",
        ),
        "pinned id not in the catalogue yet | a warning at load, not an error; works once it arrives": (
            f"{SAID}::test_a_pinned_id_that_is_not_in_the_catalogue_yet_works_once_it_arrives",
            "overlay/test_overlay_apply.py::test_a_pin_of_a_product_that_was_awaited_works_once_it_arrives",
        ),
        "pinned item also ranks by itself | the organic copy goes; the pin's position holds even if that demotes it": (
            f"{VERBS}::test_pin_takes_its_position_and_the_organic_copy_goes",
            f"{VERBS}::test_a_pin_holds_even_if_that_demotes_the_product",
        ),
        "same product pinned twice | the winning rule's position; the other dropped as `duplicate`": (
            f"{VERBS}::test_the_same_product_pinned_twice_stands_once",
        ),
        "position beyond the carousel's size | not applied, reported `past_end`; `check` warns": (
            f"{VERBS}::test_a_position_past_the_end_is_not_applied",
            f"{LOADER}::test_warnings_load_and_say_what_is_probably_not_meant",
        ),
        "fewer results than the position | the list stays compact, the pin moves up to the end": (
            f"{VERBS}::test_with_fewer_results_the_pin_moves_up_to_the_end",
        ),
        "pages of a carousel | positions are absolute over its depth; pages are slices of one ranking": (
            f"{DRAWN}::test_positions_are_absolute_over_its_depth_and_pages_are_slices_of_one_ranking",
            "test_carousel.py::test_a_pin_on_the_second_page_stands_where_the_whole_has_it",
            "test_carousel.py::test_pages_agree_where_the_first_candidates_run_short",
        ),
        "hide, pin, boost together | hide always wins; a pin beats boost and bury; boost and bury multiply": (
            f"{SAID}::test_hide_pin_and_boost_together_hide_wins",
            f"{SAID}::test_a_pin_beats_boost_and_bury",
            f"{VERBS}::test_boost_and_bury_multiply",
        ),
        "a rule needs an attribute the product lacks | it does not match; an unknown attribute *name* is a load error with a suggestion": (
            f"{VERBS}::test_a_product_without_the_attribute_does_not_match",
            f"{SAID}::test_a_boost_on_a_product_that_lacks_the_attribute_does_not_match",
            f"{WORDS}::test_a_wrong_expression_says_where_and_why",
        ),
        "experiment on models | all arms get the same rules; pinned impressions are reported apart, never credited to a model": (
            "test_arms.py::test_rules_and_what_the_store_tells_hold_for_every_version",
            "results/test_results_report.py::test_what_was_pinned_is_told_apart_and_never_credited_to_a_model",
        ),
        "experiment on rules | `experiment: {name, arms: [b]}`; hash of user or visitor id and salt; eligibility and `everywhere` hides hold in every arm": (
            f"{SELECT}::test_an_experiment_draws_each_shopper_into_one_arm_for_good",
            f"{SELECT}::test_experiments_share_shoppers_evenly_and_by_salt",
            f"{SAID}::test_eligibility_and_everywhere_hides_hold_in_every_arm",
        ),
        "batch files for e-mail, SMS, chat | the same engine at the send time; the manifest names the rules hash": (
            "test_batch.py::test_a_batch_is_answered_at_the_send_time_and_its_manifest_names_the_rules",
            "test_batch.py::test_a_row_gets_what_the_http_route_answers",
        ),
        "Time: zone plus local time, half-open [from, until).": (
            f"{TIMES}::test_a_window_is_half_open",
        ),
        "A date-only `until` includes that whole day.": (
            f"{TIMES}::test_a_date_only_until_includes_that_whole_day",
        ),
        "A local time that a clock change skips moves forward; an ambiguous one takes the wider window.": (
            f"{TIMES}::test_skipped_times_move_forward_and_ambiguous_ones_take_the_wider_window",
            "rules/test_rules_calendar.py::test_a_week_walked_through_a_clock_change_has_no_wrong_hour",
        ),
        "`weekly` days are local days; a clock range over midnight belongs to the day it starts on.": (
            f"{TIMES}::test_weekly_hours_hold_hour_by_hour_through_both_clock_changes",
            f"{TIMES}::test_a_clock_range_over_midnight_belongs_to_the_day_it_starts_on",
        ),
    },
    "the loader": {
        "A stock YAML loader reads `00501` as 321, `12:30` as 750, `no` as false, and lets a duplicate key win silently.": (
            f"{SAID}::test_a_stock_loader_types_scalars_and_lets_the_last_of_two_keys_win",
        ),
        "Ours keeps every scalar text until the schema types it; duplicate keys, unknown keys, verbs, segments, carousels and attribute names are errors with `file:line:column` and \"did you mean\".": (
            f"{LOADER}::test_scalars_stay_text_until_the_schema_types_them",
            f"{LOADER}::test_a_mistake_gets_a_message_that_mends_it",
            "rules/test_docs_rules.py::test_a_mistake_gets_the_message_of_the_guide",
        ),
        "All faults in one run.": (
            f"{LOADER}::test_all_faults_come_at_once_in_the_order_of_the_file",
        ),
        "Expressions go through a small whitelist parser: no eval.": (
            f"{WORDS}::test_a_wrong_expression_says_where_and_why",
            f"{WORDS}::test_any_words_in_any_order_are_an_expression_or_an_error_with_a_place",
        ),
        "Aliases that explode, a file over 5 MB, more than 10,000 rules, an expression over 2,500 characters: refused with a message.": (
            f"{LOADER}::test_aliases_that_explode_are_refused_and_plain_ones_work",
            f"{LOADER}::test_limits_are_refused_with_a_message",
            f"{LOADER}::test_limits_themselves_are_accepted",
        ),
        "BOM and CRLF are fine.": (
            f"{LOADER}::test_a_byte_order_mark_and_crlf_are_fine",
        ),
        "A saved file that does not load leaves the last good rules live, raises a metric and a health warning, and never a 5xx.": (
            "test_live.py::test_a_broken_rules_file_leaves_the_last_good_rules_and_is_told_with_line_and_cause",
            "test_metrics.py::test_what_does_not_load_is_told_by_its_part",
        ),
    },
    "the tools": {
        "All take `--shop SHOP` (for the catalogue, the carousels, the declared context fields).": (
            f"{SAID}::test_all_tools_take_the_shop",
        ),
        "`recsvc rules check FILE`: all faults and warnings (pins past the end, a pin hidden by another rule, expired or impossible rules, more than 3 pins in 8 slots, overlapping pins).": (
            "test_cli.py::test_rules_check_tells_all_faults_with_their_lines",
            f"{LOADER}::test_warnings_load_and_say_what_is_probably_not_meant",
            f"{DOUBTS}::test_a_pin_that_a_hide_with_the_same_or_a_weaker_condition_hides",
            f"{DOUBTS}::test_a_rule_whose_unless_covers_its_when_never_holds",
            f"{DOUBTS}::test_more_than_three_pins_in_eight_slots_that_stand_together",
            f"{DOUBTS}::test_pins_that_are_in_each_others_way_under_the_same_conditions",
            f"{DOUBTS}::test_no_warning_is_false",
        ),
        "Exit 1 on errors only.": (
            "test_cli.py::test_rules_check_passes_good_rules_and_warns_of_products_that_are_not_there",
        ),
        "`recsvc rules explain …`: one shopper, page, store, device and moment (\"what will they see on Black Friday 09:00?\"): per item its source, model score, every factor with its rule; per dropped pin its reason (`hidden`, `out_of_stock`, `purchased`, `past_end`, `duplicate`, `conflict`, `unknown_product`); per missing product \"why not shown\".": (
            f"{TOOLS}_explain.py::test_a_moment_shows_what_will_be_there",
            f"{TOOLS}_explain.py::test_each_product_has_its_source_its_score_and_its_factors",
            f"{TOOLS}_explain.py::test_dropped_pins_and_rules_that_do_not_hold_are_told_with_their_reasons",
            f"{TOOLS}_explain.py::test_why_a_product_is_not_there",
        ),
        "`recsvc rules diff OLD NEW`: how many of N sampled carousels change, which products gain and lose, which carousels would go short.": (
            f"{TOOLS}_diff.py::test_a_hidden_product_loses_and_others_gain",
            f"{TOOLS}_diff.py::test_a_carousel_that_goes_short_is_told",
        ),
        "`recsvc rules test FILE`: expectations written beside the rules (given this shopper and moment, expect this product at this position), run like unit tests.": (
            f"{TOOLS}_expect.py::test_expectations_that_hold_pass",
            f"{TOOLS}_expect.py::test_expectations_may_lie_in_a_file_of_their_own",
        ),
        "`recsvc rules simulate FILE --history`: replays past purchases and reports what each rule costs and gains: recall, revenue, margin, exposure.": (
            f"{TOOLS}_simulate.py::test_what_each_rule_costs_is_measured_with_intervals",
            f"{TOOLS}_simulate.py::test_margin_is_the_share_of_the_money_that_the_costs_leave",
        ),
        "`GET /v1/rules`, `POST /v1/rules:preview` (a candidate file in the body, changes nothing), JSON Schema for editors at `/v1/rules/schema.json`.": (
            "test_http_rules.py::test_the_live_rules_are_told_with_when_each_holds_next",
            "test_http_rules.py::test_a_preview_shows_before_and_after_and_changes_nothing",
            "test_http_rules.py::test_the_schema_for_editors_knows_this_shop",
            "rules/test_rules_json_schema.py::test_the_first_line_of_the_sample_files_turns_the_schema_on",
        ),
    },
}  # fmt: skip

HELD: dict[str, list[str]] = {}
"""Each test with its sentences."""
for _some in SENTENCES.values():
    for _sentence, _tests in _some.items():
        for _test in _tests:
            HELD.setdefault(_test, []).append(_sentence)
