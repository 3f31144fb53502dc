"""`recsvc rules diff`: what another rules file would change, on requests drawn from the version's own data."""

import json

from tools_kit import rules_file, tool

from recsvc.carousel import Engine
from recsvc.rules.schema import NO_END, FieldBetween, FieldIs, Rule, RuleSet
from recsvc.rules_tools.sample import draw
from tiny_shop import RULES, TinyShop


def diff(shop: TinyShop, new: str, *words: str) -> dict[str, object]:
    done = tool(shop, "diff", shop.folder / "rules.yaml", rules_file(shop, new), "--sample", "36", "--json", *words)
    assert done.exit_code == 0
    found: dict[str, object] = json.loads(done.output)
    return found


def test_the_same_rules_change_nothing(tiny_shop: TinyShop) -> None:
    """Another comment, another hash, and not one carousel differs."""
    found = diff(tiny_shop, RULES + "# no more\n")
    assert (found["asked"], found["changed"], found["gains"], found["losses"]) == (36, 0, {}, {})


def test_a_hidden_product_loses_and_others_gain(tiny_shop: TinyShop) -> None:
    """It loses wherever it was shown, and nothing else does."""
    found = diff(tiny_shop, RULES + "  - {id: gone, do: hide, product: m-1}\n")
    assert set(found["losses"]) == {"m-1"} and found["gains"] and found["changed"]  # type: ignore[call-overload]


def test_a_carousel_that_goes_short_is_told(tiny_shop: TinyShop) -> None:
    """Only two products may be shown: every list that was full is short."""
    text = RULES + "  - {id: two, do: keep, products: [t-1, t-2], carousels: [bestsellers]}\n"
    found = diff(tiny_shop, text)
    assert found["went_short"] == {"bestsellers": 4}
    out = tool(tiny_shop, "diff", tiny_shop.folder / "rules.yaml", rules_file(tiny_shop, text), "--sample", "36").output
    assert "4 of 36 carousels change" in out and "goes short: bestsellers, 4 of 4 times" in out
    assert "for example bestsellers" in out and "Tea 0" in out


def test_changed_rules_that_held_nowhere_are_named(tiny_shop: TinyShop) -> None:
    """Of the future, of another page, taken out, switched off: "nothing changes" must not be all that is said."""
    text = RULES.replace('product: "00501"', 'product: "00502"') + (
        '  - {id: xmas, do: hide, product: m-1, when: {active: {from: "2026-12-24", until: "2026-12-26"}}}\n'
        "  - {id: page, do: pin, product: t-1, position: 1, when: {page_item: {product: gone}}}\n"
        "  - {id: off, do: hide, product: t-1, enabled: false}\n"
        "  - {id: tea, do: boost, factor: 1.1, product: t-1}\n"
    )
    found = diff(tiny_shop, text, "--at", "2027-01-01")
    assert found["never_held"] == {
        "chianti-first": "when: segment", "xmas": "when: active", "page": "when: page_item",
    }  # fmt: skip
    out = tool(tiny_shop, "diff", tiny_shop.folder / "rules.yaml", rules_file(tiny_shop, text), "--sample", "36").output
    assert "  xmas: when: active\n" in out and "`recsvc rules explain`" in out and "  tea:" not in out
    gone = tool(tiny_shop, "diff", rules_file(tiny_shop, text), tiny_shop.folder / "rules.yaml", "--json").output
    assert {"xmas", "page"} <= set(json.loads(gone)["never_held"])


def test_a_moment_can_be_asked_for(tiny_shop: TinyShop) -> None:
    """A rule with a window changes what is asked inside of it alone."""
    text = RULES + '  - {id: xmas, do: hide, product: m-1, when: {active: {from: "2026-12-24", until: "2026-12-26"}}}\n'
    assert not diff(tiny_shop, text)["changed"] and diff(tiny_shop, text, "--at", "2026-12-25")["changed"]


def test_the_ends_of_a_range_are_drawn(tiny_engine: Engine) -> None:
    """Both, and none where a range is open: a rule for the cold holds in some of the requests."""
    ranges = (FieldBetween("temperature", -NO_END, 3.0), FieldBetween("basket", 5.0, 9.0))
    drawn = draw(tiny_engine.snapshot, [RuleSet("x", (Rule("a", "hide", when=ranges),))], 60, 3, None)
    values = {name: {ask.fields.get(name) for _, ask in drawn} for name in ("temperature", "basket")}
    assert values == {"temperature": {None, 3.0}, "basket": {None, 5.0, 9.0}}


def test_the_draw_is_the_same_for_the_same_seed(tiny_engine: Engine) -> None:
    """Carousels take turns, users and stores are the version's, fields are those that rules test."""
    ruleset = RuleSet("x", (Rule("a", "hide", when=(FieldIs("device", ("mobile",)), FieldIs("store", ("north",)))),))
    drawn = draw(tiny_engine.snapshot, [ruleset], 40, 3, None)
    assert (
        drawn
        == draw(tiny_engine.snapshot, [ruleset], 40, 3, None)
        != draw(tiny_engine.snapshot, [ruleset], 40, 4, None)
    )
    asks = [ask for _, ask in drawn]
    assert {ask.store_id for ask in asks} <= {"north", "south"} and {"device"} == {
        n for ask in asks for n in ask.fields
    }
    assert {ask.user_id is None for ask in asks} == {True, False} == {ask.product_id is None for ask in asks}
    assert [name for name, _ in drawn[:9]] == list(tiny_engine.snapshot.shop.carousels)
