"""What the rules promise, sentence by sentence, and the tests that hold each: files lie below tests/recsvc.

``test_rules_told.py`` takes care that no sentence is without a test, and that each test is there.
"""

SAMPLE = "rules/test_rules_sample.py"
VERBS = "rules/test_rules_verbs.py"
SAID = "rules/test_rules_sentences.py"
SELECT = "rules/test_rules_select.py"
PAGES = "rules/test_rules_explain.py"
DRAWN = "rules/test_rules_against_reference.py"
LOADER = "rules/test_rules_loader.py"
WORDS = "rules/test_rules_expressions.py"
TIMES = "rules/test_rules_times.py"
WHOLE = "test_carousel_rules.py"
TOOLS = "rules_tools/test_tools"

SENTENCES: dict[str, dict[str, tuple[str, ...]]] = {
    "the file": {
        "a saved file is live within seconds": ("test_live.py::test_a_saved_rules_file_is_live_when_two_looks_see_the_same",),
        "the sample with every verb loads without a warning": ("rules/test_rules_json_schema.py::test_the_sample_with_every_verb_passes",),
        "every date and clock is in the zone of the file": (f"{TIMES}::test_rules_follow_the_zone_of_the_file",),
        "a named window of the calendar serves many rules": (f"{TIMES}::test_active_takes_calendar_names_and_lists_as_or",),
        "segments are worked out from purchases and from live events": (
            "rules/test_rules_segments.py::test_a_shopper_belongs_or_not",
            "test_http_sessions.py::test_segments_of_the_rules_see_views_and_purchases_at_once",
        ),
        "a pin for a segment, in a window, on one carousel": (
            f"{SAMPLE}::test_the_wine_is_first_for_wine_lovers_in_october_on_one_carousel",
        ),
        "position 1 is the first": (f"{VERBS}::test_pin_takes_its_position_and_the_organic_copy_goes",),
        "a rule that asks for a store does not apply to a request without": (
            f"{SAMPLE}::test_what_the_nearest_store_lacks_is_hidden_and_without_a_store_nothing_is",
        ),
        "a product without a margin does not match a condition on it": (
            f"{SAMPLE}::test_margin_is_boosted_and_a_product_without_one_is_not",
        ),
        "a limit per attribute": (f"{SAMPLE}::test_at_most_two_of_a_brand_come_before_the_rest",),
        "an everywhere hide holds in every carousel": (
            f"{SAMPLE}::test_recalled_products_are_nowhere",
            "test_carousel.py::test_what_is_hidden_everywhere_is_nowhere",
        ),
        "an everywhere hide holds in every arm of an experiment": (f"{SAID}::test_eligibility_and_everywhere_hides_hold_in_every_arm",),
        "an everywhere hide holds in what was prepared": ("test_degraded.py::test_every_rule_and_exclusion_holds_without_time_too",),
        "an everywhere hide holds in batch files": ("test_batch.py::test_what_is_hidden_everywhere_is_in_no_batch_file",),
        "an everywhere hide cannot be lifted": (f"{VERBS}::test_everywhere_hides_cannot_be_lifted",),
        "a boost on the days of the week": (f"{SAMPLE}::test_low_prices_are_boosted_on_weekend_days_alone",),
        "a hide that a segment lifts": (f"{SAMPLE}::test_early_access_is_for_members",),
        "a pin by attribute takes this shopper's best eligible matches": (
            f"{SAMPLE}::test_on_black_friday_the_best_deals_come_first_on_trending",
            f"{VERBS}::test_pins_by_where_take_the_best_eligible_matches",
        ),
        "a keep on the page's department, skipped where fewer than min_results would survive, and it says so": (
            f"{SAMPLE}::test_a_wine_page_pairs_within_the_department_only_where_four_are_left",
            f"{VERBS}::test_a_keep_that_would_leave_too_few_is_skipped_and_says_so",
        ),
        "a bury by device and weather": (f"{SAMPLE}::test_clearance_is_buried_on_mobile_in_bad_weather",),
    },
    "segments": {
        "bought, orders, spend, average_order, first_order, inactive, viewed, attribute, list; all, any, none of those": (
            "rules/test_rules_segments.py::test_a_shopper_belongs_or_not",
            f"{DRAWN}::test_the_engine_shows_what_the_reference_shows",
        ),
        "a segment of who came with a festival": (f"{LOADER}::test_windows_of_segments_may_lie_in_the_past_without_a_warning",),
        "a list is a CSV of ids beside the rules": (
            "test_cli.py::test_rules_check_knows_attributes_by_the_trained_version_and_lists_by_the_folder",
            "test_live.py::test_a_saved_list_of_ids_is_live_without_a_change_of_the_rules_file",
        ),
    },
    "verbs and scope": {
        "hide": (f"{VERBS}::test_hide_takes_products_off",),
        "keep": (f"{VERBS}::test_keep_leaves_only_what_it_names",),
        "boost and bury": (f"{VERBS}::test_boost_and_bury_multiply",),
        "limit": (f"{VERBS}::test_limit_holds_back_and_then_refills",),
        "pin": (f"{VERBS}::test_pin_takes_its_position_and_the_organic_copy_goes",),
        "carousels scope a rule": (f"{VERBS}::test_a_carousel_scope_holds_for_that_carousel_alone",),
        "keys are joined by and, a list value by or": (f"{SAID}::test_a_list_value_is_or_and_keys_are_and",),
        "every key of when, declared fields too": (f"{SELECT}::test_when_and_unless_hold_or_not",),
        "all keys of unless must hold for it to lift a rule": (f"{SELECT}::test_all_keys_of_unless_must_hold_for_it_to_lift_the_rule",),
        "the default priority is 100, the higher wins": (f"{SAID}::test_the_default_priority_is_100_and_the_higher_wins",),
        "a rule that is not enabled is kept and does nothing": (f"{LOADER}::test_a_rule_that_is_switched_off_is_kept_and_not_bound",),
        "what one verb takes, another refuses": (f"{LOADER}::test_a_mistake_gets_a_message_that_mends_it",),
        "a rule's why is told": ("test_http_rules.py::test_the_live_rules_are_told_with_when_each_holds_next",),
    },
    "the pass": {
        "it is the fixed order that decides, and no order of the file but in the last resort of step 7": (
            f"{DRAWN}::test_the_order_of_the_file_changes_nothing_but_the_last_resort",
        ),
        "0: one snapshot is frozen, and the answer names rules, model, catalogue, clock, arm, segments and store": (
            f"{TOOLS}_explain.py::test_the_answer_names_the_snapshot_that_it_was_made_from",
            f"{TOOLS}_explain.py::test_the_answer_names_the_arm_of_an_experiment_on_rules",
            f"{SAID}::test_the_answer_names_the_arm_of_each_experiment_on_rules",
            "test_live.py::test_publishing_and_rolling_back_under_traffic_fails_no_request_and_mixes_no_versions",
        ),
        "1: rules hold that are enabled, in scope, active, whose when holds and whose unless does not": (
            f"{SAID}::test_a_rule_that_is_switched_off_out_of_scope_or_out_of_time_does_nothing",
            f"{DRAWN}::test_the_engine_shows_what_the_reference_shows",
        ),
        "2: what is not sellable is not eligible": ("overlay/test_overlay_apply.py::test_a_withdrawn_product_never_shows_and_comes_back",),
        "2: nor the page's product, nor what is in the cart": ("test_carousel.py::test_the_page_the_cart_and_the_excluded_are_left_out",),
        "2: nor any seed of the call": (f"{WHOLE}::test_every_seed_of_the_call_is_left_out_and_no_pin_brings_it_back",),
        "2: nor what was bought, by the carousel's policy": ("test_carousel.py::test_policies_on_what_was_bought",),
        "2: nor what any hide names": (f"{VERBS}::test_hide_takes_products_off",),
        "2: every keep must name it": (f"{VERBS}::test_every_keep_counts",),
        "2: hides and keeps know no priority": (f"{SAID}::test_there_are_no_priorities_among_hides_and_keeps",),
        "3: candidates are taken inside what is eligible before the cut, so no filter empties a carousel that has a tail": (
            f"{WHOLE}::test_candidates_are_taken_inside_what_is_eligible_before_the_cut",
            "test_carousel.py::test_a_narrow_filter_does_not_empty_a_carousel_that_has_a_tail",
        ),
        "4: the score in (0, 1] times all factors": (
            "test_carousel.py::test_the_score_is_the_model_score_times_the_factors",
            "test_carousel.py::test_every_carousel_answers_for_everybody_and_for_nobody",
        ),
        "4: their product is held in [0.05, 20]": (f"{VERBS}::test_the_product_of_factors_is_clamped",),
        "4: a boost is above 1 and at most 10, a bury between 0 and 1, and 0 says to use hide": (
            f"{SAID}::test_boost_takes_a_factor_above_1_up_to_10_and_bury_one_between_0_and_1",
        ),
        "4: a boost never adds a product": (f"{VERBS}::test_a_boost_never_adds_a_product",),
        "5: by score, then by product id, so that two replicas answer alike": (
            f"{VERBS}::test_equal_scores_go_by_product_id",
            f"{SELECT}::test_id_ranks_are_the_order_of_the_bytes",
        ),
        "6: pins by product claim their positions before pins by where": (f"{VERBS}::test_pins_by_product_come_before_pins_by_where",),
        "6: pins by where take the best eligible matches by score": (
            f"{VERBS}::test_pins_by_where_take_the_best_eligible_matches",
            "test_carousel.py::test_a_pin_by_where_passes_over_what_may_not_be_shown",
            "test_pinning.py::test_a_pin_by_where_takes_what_the_sources_rate_highest_however_it_sells",
        ),
        "7: the higher priority has the position": (f"{SAID}::test_the_default_priority_is_100_and_the_higher_wins",),
        "7: then the more specific, page item id to global": (f"{SELECT}::test_the_more_specific_pin_wins_then_the_scheduled_one",),
        "7: then the scheduled over the permanent": (f"{SAID}::test_a_scheduled_pin_wins_over_a_permanent_one",),
        "7: then the one that stands first in the file": (
            f"{SAID}::test_then_file_order_and_the_loser_shifts_down_to_the_next_free_position",
        ),
        "7: the loser shifts down to the next free position": (f"{VERBS}::test_a_loser_shifts_down_to_the_next_free_position",),
        "7: past the end it is dropped": (f"{VERBS}::test_a_loser_that_shifts_past_the_end_is_dropped",),
        "8: the rest fills up by score under the limits": (f"{VERBS}::test_limit_holds_back_and_then_refills",),
        "8: a pin counts towards a limit and is never removed by one": (f"{VERBS}::test_a_pin_counts_towards_a_limit_and_is_never_removed",),
        "8: what is over a limit refills a short list": (f"{VERBS}::test_limit_holds_back_and_then_refills",),
        "8: unless the limit is strict": (f"{VERBS}::test_a_strict_limit_leaves_the_list_short",),
        "9: the fallbacks are bestsellers of the category, of the store, of all": (
            f"{SAID}::test_the_fallback_chain_is_category_then_store_then_bestsellers",
            f"{VERBS}::test_fallbacks_fill_what_is_open_in_their_order",
        ),
        "9: under the same eligibility, limits and de-duplication": (f"{VERBS}::test_fallbacks_obey_limits_and_bars",),
        "9: and marked as such": (f"{VERBS}::test_fallbacks_fill_what_is_open_in_their_order",),
        "10: of the carousels of a call the first keeps an item": (
            f"{PAGES}::test_the_first_carousel_keeps_a_product_and_the_second_refills",
            "test_carousel.py::test_a_page_shows_no_product_twice",
        ),
        "10: a pin beats a non-pin": (
            f"{PAGES}::test_a_pin_of_a_later_carousel_beats_a_non_pin_and_leaves_no_hole",
            f"{PAGES}::test_a_keep_gives_way_before_the_carousels_share_so_that_no_pin_moves_any_more",
            "test_arms.py::test_a_pin_of_a_later_carousel_wins_over_what_another_version_would_show_before_it",
            f"{DRAWN}::test_a_page_shows_what_the_reference_shows_no_product_twice_and_no_pin_loses_to_a_non_pin",
        ),
        "11: at last the everywhere hides are dropped once more": (
            f"{PAGES}::test_the_last_guard_drops_everywhere_hides_whatever_happened_before",
        ),
    },
    "fixed answers": {
        "a pinned product that is out of stock, hidden or not for this shopper is dropped with its reason": (
            f"{SAID}::test_a_pinned_product_that_is_barred_is_dropped_and_leaves_no_hole",
            f"{VERBS}::test_hide_always_wins_over_a_pin",
        ),
        "its instead is tried in order": (f"{VERBS}::test_instead_is_tried_in_order",),
        "else the next best takes the slot, never a hole": (f"{VERBS}::test_without_instead_the_next_best_takes_the_slot",),
        "a pinned product that was bought or is in the cart goes by the carousel's policy, and even_if overrides it": (
            f"{WHOLE}::test_what_was_bought_or_lies_in_the_cart_is_pinned_only_where_even_if_says_so",
            f"{VERBS}::test_even_if_overrides_a_bar_and_no_other",
        ),
        "an everywhere hide, an unknown product and the page item can never be overridden": (
            f"{SAID}::test_what_can_never_be_overridden",
            f"{WHOLE}::test_what_was_bought_or_lies_in_the_cart_is_pinned_only_where_even_if_says_so",
        ),
        "a pinned id that is not in the catalogue yet is a warning, and works once it arrives": (
            f"{SAID}::test_a_pinned_id_that_is_not_in_the_catalogue_yet_works_once_it_arrives",
            "overlay/test_overlay_apply.py::test_a_pin_of_a_product_that_was_awaited_works_once_it_arrives",
        ),
        "of a pinned item that ranks by itself the organic copy goes": (f"{VERBS}::test_pin_takes_its_position_and_the_organic_copy_goes",),
        "the pin's position holds even if that demotes it": (f"{VERBS}::test_a_pin_holds_even_if_that_demotes_the_product",),
        "the same product pinned twice stands once, the other is dropped as duplicate": (
            f"{VERBS}::test_the_same_product_pinned_twice_stands_once",
        ),
        "a position past the end is not applied and reported": (f"{VERBS}::test_a_position_past_the_end_is_not_applied",),
        "with fewer results than the position the pin moves up to the end": (
            f"{VERBS}::test_with_fewer_results_the_pin_moves_up_to_the_end",
        ),
        "positions are absolute over the depth, pages are slices of one ranking": (
            f"{DRAWN}::test_positions_are_absolute_over_its_depth_and_pages_are_slices_of_one_ranking",
            "test_carousel.py::test_a_pin_on_the_second_page_stands_where_the_whole_has_it",
            "test_carousel.py::test_pages_agree_where_the_first_candidates_run_short",
        ),
        "hide always wins, a pin beats boost and bury, and these multiply": (
            f"{SAID}::test_hide_pin_and_boost_together_hide_wins",
            f"{SAID}::test_a_pin_beats_boost_and_bury",
            f"{VERBS}::test_boost_and_bury_multiply",
        ),
        "a product that lacks the attribute does not match": (
            f"{VERBS}::test_a_product_without_the_attribute_does_not_match",
            f"{SAID}::test_a_boost_on_a_product_that_lacks_the_attribute_does_not_match",
        ),
        "an unknown attribute name is an error with a suggestion": (f"{WORDS}::test_a_wrong_expression_says_where_and_why",),
        "all arms of an experiment on models get the same rules": (
            "test_arms.py::test_rules_and_what_the_store_tells_hold_for_every_version",
        ),
        "pinned impressions are reported apart and never credited to a model": (
            "results/test_results_report.py::test_what_was_pinned_is_told_apart_and_never_credited_to_a_model",
        ),
        "an arm of an experiment on rules is a hash of the user's or visitor's id and the salt": (
            f"{SELECT}::test_an_experiment_draws_each_shopper_into_one_arm_for_good",
            f"{SELECT}::test_experiments_share_shoppers_evenly_and_by_salt",
        ),
        "eligibility and everywhere hides hold in every arm": (f"{SAID}::test_eligibility_and_everywhere_hides_hold_in_every_arm",),
        "batch files are the same engine at the send time, and the manifest names the rules": (
            "test_batch.py::test_a_batch_is_answered_at_the_send_time_and_its_manifest_names_the_rules",
            "test_batch.py::test_a_row_gets_what_the_http_route_answers",
        ),
    },
    "time": {
        "windows are half-open": (f"{TIMES}::test_a_window_is_half_open",),
        "a date-only until includes that whole day": (f"{TIMES}::test_a_date_only_until_includes_that_whole_day",),
        "a skipped time moves forward, an ambiguous one takes the wider window": (
            f"{TIMES}::test_skipped_times_move_forward_and_ambiguous_ones_take_the_wider_window",
            "rules/test_rules_calendar.py::test_a_week_walked_through_a_clock_change_has_no_wrong_hour",
        ),
        "weekly days are local days": (f"{TIMES}::test_weekly_hours_hold_hour_by_hour_through_both_clock_changes",),
        "hours over midnight belong to the day they start on": (
            f"{TIMES}::test_a_clock_range_over_midnight_belongs_to_the_day_it_starts_on",
        ),
    },
    "the loader": {
        "every scalar stays text until the schema types it": (f"{LOADER}::test_scalars_stay_text_until_the_schema_types_them",),
        "duplicate and unknown keys, verbs, segments, carousels and attributes are errors with a place and did you mean": (
            f"{LOADER}::test_a_mistake_gets_a_message_that_mends_it",
            "rules/test_docs_rules.py::test_a_mistake_gets_the_message_of_the_guide",
        ),
        "all faults come in one run": (f"{LOADER}::test_all_faults_come_at_once_in_the_order_of_the_file",),
        "expressions go through a whitelist, and nothing is evaluated": (
            f"{WORDS}::test_a_wrong_expression_says_where_and_why",
            f"{WORDS}::test_any_words_in_any_order_are_an_expression_or_an_error_with_a_place",
        ),
        "aliases that explode are refused": (f"{LOADER}::test_aliases_that_explode_are_refused_and_plain_ones_work",),
        "over 5 MB, 10,000 rules or 2,500 characters of an expression: refused with a message": (
            f"{LOADER}::test_limits_are_refused_with_a_message",
            f"{LOADER}::test_limits_themselves_are_accepted",
        ),
        "a byte order mark and CRLF are fine": (f"{LOADER}::test_a_byte_order_mark_and_crlf_are_fine",),
        "a file that does not load leaves the last good rules live, and never a 5xx": (
            "test_live.py::test_a_broken_rules_file_leaves_the_last_good_rules_and_is_told_with_line_and_cause",
        ),
        "it raises a metric": ("test_metrics.py::test_what_does_not_load_is_told_by_its_part",),
        "and a health warning": ("test_live.py::test_a_broken_rules_file_leaves_the_last_good_rules_and_is_told_with_line_and_cause",),
    },
    "the tools": {
        "check tells all faults and warnings: past the end, hidden, expired, impossible, too many, overlapping": (
            "test_cli.py::test_rules_check_tells_all_faults_with_their_lines",
            f"{LOADER}::test_warnings_load_and_say_what_is_probably_not_meant",
            "rules/test_rules_doubts.py::test_a_pin_that_a_hide_with_the_same_or_a_weaker_condition_hides",
            "rules/test_rules_doubts.py::test_a_rule_whose_unless_covers_its_when_never_holds",
            "rules/test_rules_doubts.py::test_more_than_three_pins_in_eight_slots_that_stand_together",
            "rules/test_rules_doubts.py::test_pins_that_are_in_each_others_way_under_the_same_conditions",
            "rules/test_rules_doubts.py::test_no_warning_is_false",
        ),
        "check ends with 1 on errors only": (
            "test_cli.py::test_rules_check_passes_good_rules_and_warns_of_products_that_are_not_there",
        ),
        "explain: one shopper, page, store, device and moment": (f"{TOOLS}_explain.py::test_a_moment_shows_what_will_be_there",),
        "explain: source, score and every factor with its rule": (
            f"{TOOLS}_explain.py::test_each_product_has_its_source_its_score_and_its_factors",
        ),
        "explain: the reason of each dropped pin": (
            f"{TOOLS}_explain.py::test_dropped_pins_and_rules_that_do_not_hold_are_told_with_their_reasons",
        ),
        "explain: why a product is not shown": (f"{TOOLS}_explain.py::test_why_a_product_is_not_there",),
        "diff: how many carousels change, what gains and loses, what goes short": (
            f"{TOOLS}_diff.py::test_a_hidden_product_loses_and_others_gain",
            f"{TOOLS}_diff.py::test_a_carousel_that_goes_short_is_told",
        ),
        "test: expectations beside the rules, run like unit tests": (
            f"{TOOLS}_expect.py::test_expectations_that_hold_pass",
            f"{TOOLS}_expect.py::test_expectations_may_lie_in_a_file_of_their_own",
        ),
        "simulate: past purchases, and what each rule costs and gains in recall, revenue, margin, exposure": (
            f"{TOOLS}_simulate.py::test_what_each_rule_costs_is_measured_with_intervals",
            f"{TOOLS}_simulate.py::test_margin_is_the_share_of_the_money_that_the_costs_leave",
        ),
        "GET /v1/rules": ("test_http_rules.py::test_the_live_rules_are_told_with_when_each_holds_next",),
        "POST /v1/rules:preview changes nothing": ("test_http_rules.py::test_a_preview_shows_before_and_after_and_changes_nothing",),
        "a JSON Schema for editors": (
            "test_http_rules.py::test_the_schema_for_editors_knows_this_shop",
            "rules/test_rules_json_schema.py::test_the_first_line_of_the_sample_files_turns_the_schema_on",
        ),
    },
}  # fmt: skip
