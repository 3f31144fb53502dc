"""Which rules nobody's answer may stand for: those that read nothing of the shopper, or take nothing off more of them."""

import pytest
from rules_kit import bound

from recsvc.rules.personal import nobody_stands_for_all

SEGMENTS = "segments: {buyers: {bought: {at_least: 1}}, newcomers: {none: [{bought: {at_least: 1}}]}}\n"


@pytest.mark.parametrize(
    "rule",
    [
        "do: hide, where: bought(14)",
        "do: hide, where: 'days_since(bought) < 30'",
        "do: keep, where: 'not bought(brand) or price > 3'",
        "do: hide, where: context.campaign == 'x'",
        "do: hide, product: '00501', when: {campaign: x}",
        "do: hide, product: '00501', when: {campaign: known}",
        "do: hide, product: '00501', when: {segment: buyers}",
        "do: hide, product: '00501', unless: {segment: newcomers}",
        "do: hide, product: '00501', when: {cart_item: category == 'wine'}",
        "do: hide, product: '00501', experiment: {name: e, arms: [b]}",
        "do: hide, product: '00501', when: {page_item: bought(14)}",
        "do: pin, product: '00501', position: 1, when: {segment: newcomers}",
        "do: pin, product: '00501', position: 1, unless: {segment: buyers}",
        "do: pin, where: not bought(), positions: [1]",
    ],
)
def test_nobodys_list_does_without_rules_that_read_the_shopper(rule: str) -> None:
    assert not nobody_stands_for_all(bound(rule, head=SEGMENTS))


@pytest.mark.parametrize(
    "rule",
    [
        "do: hide, where: 'price > 3 and lower(brand) == \"x\"'",
        "do: hide, where: stock_in(context.store) <= 0, when: {store: known}",
        "do: keep, where: brand == page.brand, when: {page_item: 'price > 3'}",
        "do: hide, where: 'days_since(brand) > 30', when: {device: mobile, weekly: {days: [sat]}}",
        "do: hide, product: '00501', unless: {segment: buyers}",
        "do: pin, product: '00501', position: 1, when: {segment: buyers}",
        "do: pin, product: '00501', position: 1",
        "do: boost, where: bought(14), factor: 2",
    ],
)
def test_nobodys_list_stands_where_rules_read_the_request_and_the_products_alone(rule: str) -> None:
    """And where nobody is shown less than anybody: early access unless a member, a pin for a segment."""
    assert nobody_stands_for_all(bound(rule, head=SEGMENTS))
