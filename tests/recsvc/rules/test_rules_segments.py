"""Segments by purchases, spend, recency, live views, attributes and lists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_kit import CATALOGUE, IDS, NOW, SHOP, active_ids, bound, history, row, rules

from recsvc.rules.bind import bind
from recsvc.rules.parse import parse
from recsvc.rules.segments import _bought
from recsvc.rules.situation import Shopper

WINE_TWICE = "{bought: {where: category == 'wine', at_least: 2, within_days: 180}}"
LAST_WEEK = "{from: 2026-10-05, until: 2026-10-11}"

CASES = [
    # segment, facts of the shopper, belongs
    (WINE_TWICE, {"history": history(("00501", 10), ("00503", 179))}, True),
    (WINE_TWICE, {"history": history(("00501", 10), ("00503", 181))}, False),
    (WINE_TWICE, {"history": history(("00501", 10, 1), ("00503", 10, 1))}, False),  # one order
    (WINE_TWICE, {"history": history(("00504", 10), ("00505", 20))}, False),
    (WINE_TWICE, {"history": history(("00501", 10), ("00503", -1))}, False),  # still to come
    (WINE_TWICE, {}, False),
    ("{bought: {product: '00504'}}", {"history": history(("00504", 900))}, True),
    ("{bought: {products: ['00504', '00505'], at_least: 2}}", {"history": history(("00504", 9), ("00505", 8))}, True),
    ("{bought: {at_least: 2}}", {"history": history(("00504", 9), ("00508", 8))}, True),
    ("{bought: {where: price > 1, at_least: 2}}", {"history": history(("00504", 9), ("00508", 8))}, False),
    (f"{{bought: {{during: {LAST_WEEK}}}}}", {"history": history(("00504", 4))}, True),
    (f"{{bought: {{product: '00504', during: {LAST_WEEK}}}}}", {"history": history(("00504", 4))}, True),
    (f"{{bought: {{product: '00504', during: {LAST_WEEK}}}}}", {"history": history(("00504", 1))}, False),
    ("{orders: {at_least: 2, at_most: 2}}", {"history": history(("00504", 9), ("00504", 8), ("00505", 8, 1))}, True),
    ("{orders: {at_most: 0}}", {}, True),
    ("{spend: {at_least: 24, within_days: 90}}", {"history": history(("00501", 9), ("00501", 8))}, True),
    ("{spend: {at_least: 24, within_days: 90}}", {"history": history(("00501", 9), ("00501", 91))}, False),
    ("{spend: {at_least: 1}}", {"history": history(("00508", 9))}, False),  # no price
    ("{average_order: {at_least: 12, at_most: 13}}", {"history": history(("00501", 9), ("00501", 8))}, True),
    ("{average_order: {at_most: 100}}", {}, False),
    ("{orders: {at_least: 2, within_days: 30}}", {"history": history(("00504", 9), ("00504", 29))}, True),
    ("{orders: {at_least: 2, within_days: 30}}", {"history": history(("00504", 9), ("00504", 31))}, False),
    ("{orders: {at_most: 1, within_days: 30}}", {"history": history(("00504", 9), ("00504", 31))}, True),
    ("{average_order: {at_least: 16, within_days: 30}}", {"history": history(("00502", 9), ("00501", 9))}, True),
    ("{average_order: {at_least: 16, within_days: 30}}", {"history": history(("00502", 31), ("00501", 9))}, False),
    ("{average_order: {at_most: 12, within_days: 30}}", {"history": history(("00502", 31), ("00501", 9))}, True),
    ("{average_order: {at_most: 100, within_days: 30}}", {"history": history(("00501", 31))}, False),
    ("{first_order: {within_days: 30}}", {"history": history(("00501", 9), ("00501", 8))}, True),
    ("{first_order: {within_days: 30}}", {"history": history(("00501", 99), ("00501", 8))}, False),
    ("{first_order: {during: festival}}", {"history": history(("00501", 4), ("00501", 1))}, True),
    ("{first_order: {during: festival}}", {}, False),
    ("{inactive: {for_days: 60}}", {"history": history(("00501", 61))}, True),
    ("{inactive: {for_days: 60}}", {"history": history(("00501", 90), ("00501", 59))}, False),
    ("{inactive: {for_days: 60}}", {}, False),
    ("{viewed: {where: category == 'wine', at_least: 2}}", {"viewed": [0, 1, 1]}, True),
    ("{viewed: {where: category == 'wine', at_least: 2}}", {"viewed": [0, 0, 3, -1]}, False),
    ("{viewed: {at_least: 2}}", {"viewed": [0, 3]}, True),
    ("{attribute: \"tier in ['gold', 'vip'] and age >= 18\"}", {"attributes": {"tier": "gold", "age": 20.0}}, True),
    ("{attribute: \"tier in ['gold', 'vip']\"}", {"attributes": {"tier": None}}, False),
    ("{attribute: tier != 'gold'}", {}, False),
    ("{list: vip.csv}", {"user_id": "u1"}, True),
    ("{list: vip.csv}", {"visitor_id": "v9"}, True),
    ("{list: vip.csv}", {"user_id": "u2"}, False),
    ("{all: [{list: vip.csv}, {bought: {product: '00504'}}]}", {"user_id": "u1"}, False),
    ("{any: [{list: vip.csv}, other]}", {"history": history(("00504", 1))}, True),
    ("{none: [{list: vip.csv}, other]}", {}, True),
    ("{none: [{list: vip.csv}, other]}", {"user_id": "u1"}, False),
]


def head(test):
    return f"calendar: {{festival: {LAST_WEEK}}}\nsegments:\n  other: {{bought: {{product: '00504'}}}}\n  it: {test}\n"


@pytest.mark.parametrize(("test", "shopper", "belongs"), CASES)
def test_a_shopper_belongs_or_not(test, shopper, belongs):
    if "viewed" in shopper:
        shopper = {"viewed": np.array(shopper["viewed"], np.int32)}
    some = bound(
        "do: hide, product: '00501', when: {segment: it}",
        "do: hide, product: '00501', unless: {segment: it}",
        head=head(test),
    )
    assert active_ids(some, **shopper) == (["r1"] if belongs else ["r2"])


def test_a_segment_is_worked_out_once_for_a_shopper():
    some = bound("do: hide, product: '00501', when: {segment: it}", head=head(WINE_TWICE))
    shopper = Shopper(history=history(("00501", 10), ("00503", 9)))
    segments = some.conditions.segments
    assert segments.holds("it", shopper, NOW)
    kept = dict(shopper.memo)
    assert segments.holds("it", shopper, NOW) and shopper.memo == kept
    assert not segments.holds("unheard-of", shopper, NOW)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(IDS), st.integers(0, 60), st.integers(0, 5)), max_size=12),
    st.integers(1, 3),
    st.integers(1, 60),
)
def test_all_segments_at_once_agree_with_each_alone(lines, at_least, days):
    spans = [f"within_days: {days}", f"during: {LAST_WEEK}", "at_least: 1"]
    tests = [f"{{bought: {{product: '{one}', at_least: {at_least}, {span}}}}}" for one in IDS[:3] for span in spans[:2]]
    text = "segments:\n" + "".join(f"  s{number}: {test}\n" for number, test in enumerate(tests))
    segments = bind(parse(rules("do: hide, product: '00501'", head=text), SHOP), CATALOGUE).conditions.segments
    shopper = Shopper(history=history(*lines))
    for name, test in segments.tests.items():
        assert segments.holds(name, shopper, NOW) == _bought(test, shopper.history.before(NOW), NOW, segments.targets)
    assert len(segments.quick) == len(tests) and row("00501") == 0
