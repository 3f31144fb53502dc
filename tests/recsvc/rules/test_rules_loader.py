"""The loader: text-only scalars, places, limits, and every fault at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_kit import CATALOGUE, SHOP, bound, faults, rules

from models.errors import RulesError
from recsvc.rules.bind import bind
from recsvc.rules.faults import did_you_mean
from recsvc.rules.parse import parse, read
from recsvc.rules.rest import let_go
from recsvc.rules.schema import Experiment
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.targets import Ground

WHOLE = """version: 1
timezone: Europe/London
expect_rules: 3
calendar:
  black-friday: {from: "2026-11-27 00:00", until: "2026-12-01 00:00"}
segments:
  wine-lovers: {bought: {where: "category == 'wine'", at_least: 2, within_days: 180}}
  members: {attribute: "tier in ['gold', 'vip']"}
rules:
  - id: chianti
    why: Autumn wine fair, owner trading@
    do: pin
    product: "00501"
    position: 1
    carousels: [for-you]
    when: {segment: wine-lovers, active: {from: "2026-10-01", until: "2026-10-31"}}
  - id: no-bread
    do: hide
    where: stock_in(context.store) <= 0
    when: {store: known}
  - id: margin
    do: boost
    factor: 1.3
    where: margin > 0.30
    unless: {segment: members, active: black-friday}
"""


def test_a_whole_file_loads():
    ruleset = parse(WHOLE, SHOP)
    assert [rule.id for rule in ruleset.rules] == ["chianti", "no-bread", "margin"]
    assert ruleset.hash.startswith("sha256:") and ruleset.zone == "Europe/London" and not ruleset.warnings


def test_an_empty_file_has_no_rules():
    assert parse("", SHOP).rules == () and parse(b"# nothing yet\n", SHOP).rules == ()


def test_scalars_stay_text_until_the_schema_types_them():
    ruleset = parse(rules("do: hide, products: [00501, 12:30, no, 1e3, null-ish]"), SHOP)
    assert ruleset.rules[0].products == ("00501", "12:30", "no", "1e3", "null-ish")


def test_a_byte_order_mark_and_crlf_are_fine():
    raw = b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()
    assert parse(raw, SHOP).rules == parse(WHOLE, SHOP).rules


def test_all_faults_come_at_once_in_the_order_of_the_file():
    text = rules(
        "do: pin, product: '00501', position: 0", "do: hid, product: a", "do: boost, factor: 2, where: prise > 1"
    )
    assert faults(text) == [
        "rules.yaml:3:51: position is 0, and must be 1 to 1000 (1 is the first)",
        "rules.yaml:4:18: unknown verb 'hid' (did you mean 'hide'?)",
        "rules.yaml:5:43: where: no product has an attribute 'prise' (did you mean 'price'?)",
    ]
    with pytest.raises(RulesError) as raised:
        parse(text, SHOP)
    assert list(raised.value.faults) == faults(text)


def test_a_fault_shows_its_line_with_a_caret():
    text = read(rules("do: boost, factor: 2, where: prise > 1"), SHOP).faults[0].text
    line, caret = text.splitlines()[1:]
    assert line[caret.index("^") :].startswith("prise > 1")


def test_a_fault_points_into_quoted_texts_and_says_the_character_in_folded_ones():
    assert faults(rules("do: hide, where: 'prise > 1'"))[0].startswith("rules.yaml:3:32: where: no product")
    folded = "version: 1\nrules:\n  - id: a\n    do: hide\n    where: >\n      price > 1 and\n      prise > 1\n"
    assert faults(folded)[0].startswith("rules.yaml:5:12: at character 15: where: no product")


def test_did_you_mean_ignores_case_and_lists_what_there_is():
    assert did_you_mean("BRAND", ["brand"]) == "did you mean 'brand'?"
    assert did_you_mean("zzz", ["a", "b"]) == "known: a, b"
    assert did_you_mean("zzz", []) == "there is none"


MISTAKES = {
    "version: 2\n": "1:10: unknown version '2'",
    "rules: []\n": "1:1: a rules file needs 'version' (version: 1)",
    "version: 1\nversion: 1\n": "2:1: key 'version' is given twice, first on line 1 (keep one of them)",
    "version: 1\nrulez: []\n": "2:1: unknown key 'rulez' in a rules file (did you mean 'rules'?)",
    "version: 1\nrules:\n\t- id: a\n": "3:1: a tab cannot indent YAML (use spaces, two a level)",
    "version: 1\nrules: hide\n": "2:8: rules must be a list (start each rule with - id:)",
    "version: 1\nrules: [x]\n": "2:9: a rule must be a mapping (- id: my-rule)",
    "version: 1\n---\nversion: 1\n": "2:1: a second document starts here (remove the line ---)",
    "version: 1\nwhy: a: b\n": "2:7: a colon does not belong here (put quotes round a text that has a colon)",
    "version: 1\nwhy: *x\n": "2:6: alias *x stands for nothing that is complete above (a text that starts with * needs quotes)",
    "version: 1\nwhy: @x\n": "2:6: this sign cannot start a text (put quotes round the text)",
    "version: 1\n{a: 1}: b\n": "2:1: ",
    "version: 1\nrules: [\n": ":1: not valid YAML: ",
    'version: 1\nwhy: "\\q"\n': "2:7: not valid YAML: found unknown escape character while parsing a quoted scalar",
    "version: 1\nwhy: \x01\n": "2:6: character U+0001 is not allowed in YAML",
    "version: 1\ntimezone: Europe/Londn\n": "2:11: no time zone 'Europe/Londn' (did you mean 'Europe/London'?)",
    "version: 1\nexpect_rules: 4\nrules: []\n": "2:15: expect_rules is 4, and the file has 0 rules (is the file cut off?",
    "version: 1\ncalendar: {x: {from: 01/10/2026}}\n": "2:22: window 'x': from '01/10/2026' is no date (write year-month-day",
    "version: 1\ncalendar: {x: {from: 2026-02-30}}\n": "'2026-02-30' is no date",
    "version: 1\ncalendar: {x: {from: 2026-03-01, until: 2026-02-01}}\n": "2:15: window 'x' ends before it starts",
    "version: 1\ncalendar: {x: {}}\n": "2:15: window 'x' needs 'from', 'until' or both",
    "version: 1\ncalendar: x\n": "2:11: calendar must be a mapping of names",
    "version: 1\nsegments: {a: {bougth: {}}}\n": "2:16: unknown key 'bougth' in a segment (did you mean 'bought'?)",
    "version: 1\nsegments: {a: {}}\n": "2:15: a segment needs a test",
    "version: 1\nsegments: {a: {inactive: {for_days: 3}, list: x}}\n": "2:15: a segment has one test (join several: all:",
    "version: 1\nsegments: {a: {any: [b]}, b: {all: [a]}}\n": "2:12: segment 'a' is made of itself (take its name out of all, any and none",
    "version: 1\nsegments: {a: {list: vips.csv}}\n": "2:22: list 'vips.csv' cannot be read",
    "version: 1\nsegments: {a: {spend: {within_days: 3}}}\n": "spend needs 'at_least' or 'at_most'",
    "version: 1\nsegments: {a: {first_order: {}}}\n": "first_order needs 'within_days' or 'during'",
    "version: 1\nsegments: {a: {bought: {where: price < page.price}}}\n": "bought: where must test the product alone",
    "version: 1\nexperiments: {x: {arms: [a]}}\n": "2:18: experiment 'x' needs two arms at least (arms: [a, b])",
    "version: 1\nexperiments: {x: {arms: {a: 1}}}\n": "2:18: experiment 'x' needs two arms at least (arms: [a, b])",
    "version: 1\nexperiments: {x: {arms: {a: 1, b: 0}}}\n": "the weight of arm 'b' is 0 (leave the arm out, or give it a weight)",
    "version: 1\nexperiments: {x: {arms: {a: 1, b: much}}}\n": "weight of arm 'b' must be a number, not 'much'",
    "version: 1\nexperiments: {x: {share: 0}}\n": "share is 0 (above 0, at most 1; leave the experiment out instead)",
    "version: 1\nexperiments: {x: {layer: l, share: 0.7}, y: {layer: l, share: 0.5}}\n": "layer 'l': its experiments take 1.2 of the",
    "version: 1\nexperiments: {x: {shar: 0.7}}\n": "unknown key 'shar' in experiment 'x' (did you mean 'share'?)",
    rules("do: hide"): "3:5: hide needs 'product', 'products' or 'where' (such as product: '00501', products: [",
    rules("product: '00501'"): "3:5: a rule needs 'do' (one of hide, keep, boost, bury, limit, pin)",
    "version: 1\nrules:\n  - {do: hide, product: a}\n": "3:5: a rule needs 'id'",
    rules("do: bury, factor: 0, where: price > 1"): "3:32: bury needs a factor between 0 and 1, not 0 (use hide)",
    rules("do: bury, factor: 1.5, where: price > 1"): "not 1.5 (use boost to lift)",
    rules("do: boost, factor: 0.5, where: price > 1"): "not 0.5 (use bury to push down)",
    rules("do: boost, factor: 30%, where: price > 1"): "factor '30%' is a percentage (write the fraction 0.3, or the factor itself)",
    rules("do: boost, factor: a lot, where: price > 1"): "factor must be a number, not 'a lot'",
    rules("do: boost, where: price > 1"): "3:5: boost needs 'factor'",
    rules("do: pin, product: '00501'"): "3:5: pin needs 'position' or 'positions' (position: 1 is the first)",
    rules("do: pin, product: '00501', position: 1.5"): "position must be a whole number, not 1.5",
    rules("do: pin, product: '00501', positions: [1, 2]"): "1 product for 2 positions",
    rules("do: pin, products: ['00501', '00502'], positions: [1, 1]"): "a position is given twice",
    rules("do: pin, where: price > 1, position: 1, instead: ['00501']"): "a pin by where takes no 'instead'",
    rules("do: pin, product: '00501', position: 1, even_if: [hidden]"): "unknown even_if 'hidden'",
    rules("do: hide, product: ['00501', '00502']"): "product is one id (write products: […])",
    rules("do: hide, product: '00501', where: price > 1"): "a rule takes one of product, products, where, not several",
    rules("do: hide, product: '00501', position: 1"): "3:42: hide does not take 'position' (pin does)",
    rules("do: hide, product: '00501', whn: {store: S1}"): "unknown key 'whn' in a rule (did you mean 'when'?)",
    rules("do: hide, product: '00501', when: {segment: wine}", head="segments: {wines: {list: vip.csv}}\n"): (
        "unknown segment 'wine' (did you mean 'wines'?)"
    ),
    rules("do: hide, product: '00501', carousels: [trendng]"): "unknown carousel 'trendng' (did you mean 'trending'?)",
    rules("do: hide, product: '00501', when: {}"): "when is empty",
    rules("do: hide, product: '00501', when: {active: xmas}"): "unknown calendar window 'xmas' (there is none)",
    rules("do: hide, product: '00501', when: {weekly: {days: [friday]}}"): "unknown day 'friday' (did you mean 'fri'?)",
    rules("do: hide, product: '00501', when: {weekly: {from: 9am}}"): "weekly time '9am' is no time of day",
    rules("do: hide, product: '00501', when: {weekly: {from: '9:00', until: '09:00'}}"): "weekly starts and ends at the same time",
    rules("do: hide, product: '00501', when: {weekly: {}}"): "weekly needs 'days', 'from' or 'until'",
    rules("do: hide, product: '00501', when: {page_item: {}}"): "page_item needs one of 'product', 'products' and 'where'",
    rules("do: hide, product: '00501', when: {temperature: warm}"): "temperature must be a number, not 'warm'",
    rules("do: hide, product: '00501', when: {temperature: {at_least: 9, at_most: 3}}"): "at_least is above at_most",
    rules("do: hide, product: '00501', everywhere: yes"): "everywhere must be true or false, not 'yes' (write everywhere: true)",
    rules("do: hide, product: '00501', everywhere: No"): "not 'No' (write everywhere: false)",
    rules("do: hide, product: '00501', everywhere: maybe"): "not 'maybe' (write everywhere: true or false)",
    rules("do: hide, product: “00501”"): (
        "3:33: product '“00501”' has typographic quotes, which are letters here and part of the name "
        '(write straight quotes: "00501")'
    ),
    rules("do: hide, product: '00501', when: {device: [‘mobile’]}"): "(write straight quotes: \"mobile\")",
    "version: 1\nrules:\n  - id: a\n    do: hide\n     product: x\n": (
        "5:6: 'product' stands further right than the line above, and so goes on with the text there "
        "(give it the same 4 spaces;"
    ),
    "version: 1\nrules:\n  - id: a\n\n      do: hide\n": "5:7: 'do' stands further right than the line above",
    "version: 1\nrules:\n  - id: a\n    why: Summer: fair\n": "4:16: a colon does not belong here (put quotes round",
    rules("do: hide, product: '00501', everywhere: true, carousels: [trending]"): "an everywhere hide takes no 'carousels'",
    rules("do: hide, product: '00501', everywhere: true, when: {store: S1}"): "an everywhere hide takes no 'when' but 'active'",
    rules("do: hide, where: bought(), everywhere: true"): "an everywhere hide must test the product alone",
    rules("do: limit, max: 2"): "limit needs 'per', 'where' or both",
    rules("do: limit, per: brnd, max: 2"): "unknown attribute 'brnd' (did you mean 'brand'?)",
    rules("do: limit, per: brand"): "limit needs 'max'",
    rules("do: hide, product: '00501', experiment: {name: x, arms: [c]}"): "unknown arm 'c' (known: a, b)",
    rules("do: hide, product: '00501', experiment: {name: cheese-pni, arms: [b]}", head="experiments: {cheese-pin: {}}\n"): (
        "unknown experiment 'cheese-pni' (did you mean 'cheese-pin'?)"
    ),
    rules("do: hide, product: '00501', experiment: {name: x}"): "experiment needs 'arms'",
    rules("id: a, do: hide, product: '00501'", "id: a, do: hide, product: '00502'"): "two rules have the id 'a', the first on line 3",
    rules("do: hide, product: ''"): "product is empty",
    rules("do: hide, product: ~"): "product is empty",
    rules("do: hide, product: null"): "product is empty",
    rules("do: hide, products: []"): "products is an empty list",
    rules("do: hide, product: {a: b}"): "product must be one text",
    rules("do: hide, where: [a]"): "where must be one expression",
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text.strip().splitlines()[-1][:60])
def test_a_mistake_gets_a_message_that_mends_it(text):
    found = faults(text)
    assert any(MISTAKES[text] in fault for fault in found), found


def test_an_experiment_that_is_not_declared_warns_and_tells_how_to_declare_it():
    reading = read(rules("do: hide, product: '00501', experiment: {name: x, arms: [b]}"), SHOP)
    assert reading.rules is not None and [str(one) for one in reading.rules.warnings] == [
        "rules.yaml:3:61: experiment 'x' is not declared in this file: it draws arms a and b, one half each "
        "(beside rules: write experiments: {x: {arms: [a, b]}})"
    ]


def test_a_name_that_is_nearly_that_of_an_experiment_of_the_shop_is_an_error_though_the_file_declares_none():
    shop = replace(SHOP, experiments={"cheese-pin": Experiment("cheese-pin", ("plain", "pinned"))})
    assert faults(rules("do: hide, product: '00501', experiment: {name: cheese-pni, arms: [b]}"), shop) == [
        "rules.yaml:3:61: unknown experiment 'cheese-pni' (did you mean 'cheese-pin'? to declare a new one, "
        "beside rules: write experiments: {cheese-pni: {arms: [a, b]}})"
    ]
    assert faults(rules("do: hide, product: '00501', experiment: {name: cheese-pin, arms: [b]}"), shop) == [
        "rules.yaml:3:80: unknown arm 'b' (known: pinned, plain)"
    ]
    other = parse(rules("do: hide, product: '00501', experiment: {name: bread, arms: [b]}"), shop)
    assert ["experiment 'bread' is not declared in this file" in str(one) for one in other.warnings] == [True]
    ruleset = parse(rules("do: hide, product: '00501', experiment: {name: cheese-pin, arms: [pinned]}"), shop)
    assert ruleset.experiments["cheese-pin"].arms == ("plain", "pinned") and not ruleset.warnings


def test_typographic_quotes_in_a_note_are_a_matter_of_taste_and_straight_ones_round_them_keep_them():
    assert not faults(rules("do: hide, product: '00501', why: “Recall” of today’s milk"))
    assert not faults(rules("do: hide, product: '“00501”'"))


def test_bad_utf8_and_surrogates_are_named_with_their_place():
    assert faults(b"version: 1\nwhy: caf\xe9\n") == [
        "rules.yaml:2:9: byte 0xe9 is not UTF-8 (save the file with the encoding UTF-8)"
    ]
    assert "surrogate" in faults("version: \ud800")[0]


def test_limits_are_refused_with_a_message():
    assert "more than 5,000,000" in faults(b"#" * 5_000_001)[0]
    assert "nested more than 40 levels deep" in faults("a: " + "[" * 60)[0]
    assert "10,001 rules, more than 10,000" in faults("version: 1\nrules:\n" + "- a\n" * 10_001)[0]
    assert "2,501 characters" in faults(rules(f'do: hide, where: "price > {"1" * 2493}"'))[0]


def test_limits_themselves_are_accepted():
    """5 MB, 10,000 rules, 2,500 characters of an expression, position 1,000, 10,000 products: the last that loads."""
    whole = rules("do: hide, product: '00501'").encode()
    assert not faults(whole + b"#" * (5_000_000 - len(whole))) and len(parse(whole, SHOP).rules) == 1
    long = "price > 000000000" + " or price > 1" * 191
    assert len(long) == 2_500 and not faults(rules(f'do: hide, where: "{long}"'))
    assert "2,501 characters" in faults(rules(f'do: hide, where: "{long}0"'))[0]
    assert "a rule must be a mapping" in faults("version: 1\nrules:\n" + "- a\n" * 10_000)[0], "not the number of them"
    assert not faults(rules("do: pin, product: '00501', position: 1000"))
    assert "must be 1 to 1000" in faults(rules("do: pin, product: '00501', position: 1001"))[0]
    listed = ", ".join(f"p{number}" for number in range(10_000))
    assert not faults(rules(f"do: hide, products: [{listed}]"))
    assert "more than 10,000 products" in faults(rules(f"do: hide, products: [{listed}, '00502']"))[0]


def test_aliases_that_explode_are_refused_and_plain_ones_work():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "aliases counted in full" in faults(bomb)[0]
    assert "complete above" in faults("version: 1\nrules: &a [*a]\n")[0]
    text = rules("do: hide, products: &few ['00501']", "do: bury, factor: 0.5, products: *few")
    assert parse(text, SHOP).rules[1].products == ("00501",)


def test_attribute_names_are_not_checked_before_the_catalogue_is_known():
    assert parse(rules("do: hide, where: whatever > 3"), ShopFacts()).rules


def test_warnings_load_and_say_what_is_probably_not_meant():
    late = ShopFacts(
        carousels={"trending": 4}, product_ids={"00501"}.__contains__, now=datetime(2027, 1, 1, tzinfo=UTC)
    )
    text = rules(
        "do: pin, product: '00501', position: 9",
        "do: pin, product: 7, position: 1, when: {active: {until: 2026-12-24}}",
        "do: hide, product: '00501'",
        "do: pin, products: ['00501', '00502', '00503'], positions: [9, 2, 3]",
        "do: pin, where: price > 1, positions: [4, 5]",
    )
    messages = [str(one) for one in parse(text, late).warnings]
    wanted = [
        "3:51: position 9 is past the end of 'trending', which shows 4",  # one warning for all carousels of one size
        "product '7' is not in the catalogue yet (it works once it arrives; quotes keep leading zeros)",
        "active has ended",
        "pin 'r1' never shows '00501': rule 'r3' hides it",
        "pins 'r1' and 'r4' both want position 9",
        "4 of the first 8 positions of every carousel are pinned",
    ]
    for part in wanted:
        assert any(part in message for message in messages), (part, messages)


def test_conditions_that_no_product_matches_warn_where_the_catalogue_is_known():
    """A value that is misspelt loads and does nothing: each place is told; parts of the request are not judged."""
    ground = Ground(CATALOGUE, "UTC")
    checked = replace(SHOP, matching=lambda where: len(ground.rowset(where)))
    text = rules(
        "do: hide, where: category == 'wien'",
        "do: hide, where: price > 100 and price < 50 and price < page.price",
        "do: hide, product: '00501', when: {page_item: category == 'wien'}",
        "do: hide, where: category == 'wine' and price < page.price",
        "do: hide, where: bought()",
        head="segments:\n  s: {bought: {where: category == 'beer'}}\n  t: {attribute: tier == 'nobody'}\n",
    )
    found = [str(one) for one in parse(text, checked).warnings]
    assert [(one.split(":")[1], "no product matches" in one) for one in found] == [
        ("3", True), ("6", True), ("7", True), ("8", True),
    ]  # fmt: skip
    assert not parse(text, SHOP).warnings


def test_dates_and_hours_that_never_meet_warn():
    """A Saturday's rule for a week without a Saturday; one that meets, or that is over, is not told as impossible."""
    early = replace(SHOP, now=datetime(2026, 10, 1, tzinfo=UTC))
    dates = "active: {from: 2026-10-12, until: 2026-10-16}"
    text = rules(
        f"do: hide, product: '00501', when: {{{dates}, weekly: {{days: [sat]}}}}",
        f"do: hide, product: '00501', when: {{{dates}, weekly: {{days: [fri]}}}}",
        f"do: hide, product: '00501', enabled: false, when: {{{dates}, weekly: {{days: [sat]}}}}",
    )
    (warning,) = map(str, parse(text, early).warnings)
    assert "rule 'r1' never holds: active and weekly have no moment in common" in warning
    late = replace(SHOP, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert all("active has ended" in str(one) for one in parse(text, late).warnings)


def test_the_work_can_be_interrupted_between_any_two_rules_and_the_result_is_the_same():
    """Reading and binding call their rest at least once for each rule and segment, faults or not."""
    calls = []
    ruleset = read(WHOLE, SHOP, rest=lambda: calls.append("read")).rules
    assert ruleset == parse(WHOLE, SHOP) and len(calls) > 50
    calls.clear()
    again = bind(ruleset, CATALOGUE, rest=lambda: calls.append("bind"))
    assert len(calls) >= 3 * len(again.rules) and [rule.id for rule in again.rules] == ["chianti", "no-bread", "margin"]
    held = [object(), object()]
    let_go(held, lambda: calls.append("go"))
    assert not held and calls[-2:] == ["go", "go"]


def test_windows_of_segments_may_lie_in_the_past_without_a_warning():
    head = "segments:\n  came-with-the-fair: {first_order: {during: {from: 2025-10-01, until: 2025-10-07}}}\n"
    late = ShopFacts(now=datetime(2027, 1, 1, tzinfo=UTC))
    assert not parse(rules("do: hide, product: a, when: {segment: came-with-the-fair}", head=head), late).warnings


def test_a_file_of_thousands_of_faults_is_told_in_a_moment():
    names = "".join(f"  segment-{number}: {{list: vip.csv}}\n" for number in range(1_500))
    text = rules(*["do: hide, product: a, when: {segment: segmnt-77777}"] * 1_500, head=f"segments:\n{names}")
    found = faults(text)
    assert len(found) == 1_500 and "did you mean" in found[0] and "did you mean" not in found[-1]


def test_messages_stay_short():
    assert max(len(fault) for fault in faults(f"version: 1\n{'k' * 100_000}: 1\n{'long ' * 5000}: 2\n")) < 1_000


def test_the_hash_names_the_very_bytes():
    assert parse(WHOLE, SHOP).hash == parse(WHOLE.encode(), SHOP).hash != parse(WHOLE + "\n", SHOP).hash


def test_a_rule_that_is_switched_off_is_kept_and_not_bound():
    one = bound("do: hide, product: '00501', enabled: false")
    assert len(one.ruleset.rules) == 1 and not one.rules


def loads_or_says_where(text):
    reading = read(text, SHOP)
    assert (reading.rules is None) == bool(reading.faults)
    assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in reading.faults)
    for fault in reading.faults:
        assert fault.text.startswith("rules.yaml:")


def test_every_prefix_of_a_file_loads_or_says_where():
    for end in range(len(WHOLE)):
        loads_or_says_where(WHOLE[:end])


def test_expect_rules_catches_a_file_that_is_cut_off():
    cut = WHOLE[: WHOLE.index("  - id: margin")]
    assert "the file has 2 rules" in faults(cut)[0]


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_random_input_never_raises_anything_else(raw):
    loads_or_says_where(raw)


@settings(max_examples=200, deadline=None)
@given(
    place=st.integers(0, len(WHOLE) - 1),
    length=st.integers(0, 30),
    text=st.text(alphabet="{}[]:,'\"-&*!|>%@` \n\ta1é\x00", max_size=4),
)
def test_a_file_with_random_damage_loads_or_says_where(place, length, text):
    loads_or_says_where(WHOLE[:place] + text + WHOLE[place + length :])
