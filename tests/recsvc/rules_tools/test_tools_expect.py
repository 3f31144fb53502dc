"""`recsvc rules test`: expectations beside the rules, run like unit tests."""

import pytest
from tools_kit import rules_file, told, tool

from recsvc.rules.parse import read
from recsvc.rules.shop_facts import ShopFacts
from tiny_shop import RULES, TinyShop

HOLDS = (
    RULES
    + """expect:
  - name: A wine lover sees the Chianti first on a wine's page
    given: {carousel: you-may-also-like, user: w6, page_item: "00502", store: south, at: "2026-10-10 12:00"}
    first: "00501"
    pinned_by: {"00501": chianti-first}
    shows: ["00501"]
    hides: [m-4, "00502"]
    short: false
  - given: {carousel: you-may-also-like, user: t1, page_item: "00502"}
    hides: m-4
"""
)


def test_expectations_that_hold_pass(tiny_shop: TinyShop) -> None:
    """Exit code 0, one line each, and a sum."""
    done = tool(tiny_shop, "test", rules_file(tiny_shop, HOLDS))
    assert done.exit_code == 0, told(done)
    assert "ok     A wine lover sees the Chianti first on a wine's page (line 19)" in done.output
    assert "ok     expectation 2 (line 26)" in done.output and done.output.endswith("2 hold, 0 failed\n")


def test_a_failure_tells_what_was_shown_instead_and_why(tiny_shop: TinyShop) -> None:
    """Each broken wish has its line; exit code 1."""
    text = (
        RULES
        + """expect:
  - name: milk
    given: {carousel: bestsellers, size: 3}
    positions: {1: m-4, 30: m-1}
    shows: [m-4, nope]
    pinned_by: {m-4: chianti-first}
    short: true
  - given: {carousel: bestsellers, user: nobody-of-ours}
    first: m-4
  - given: {carousel: bestsellers, size: 100}
    hides: m-1
"""
    )
    done = tool(tiny_shop, "test", rules_file(tiny_shop, text))
    assert done.exit_code == 1 and done.output.endswith("0 hold, 3 failed\n")
    for line in (
        "(a rule hides it (recall-milk))",
        "position 30: expected m-1, got nothing",
        "shows: nope is not there (it is not in the catalogue)",
        "pinned_by: expected m-4 pinned by chianti-first, got no pin of it",
        "short: expected true, got 3 of 3 products",
        "given: the version knows nothing of user_id",
        "hides: m-1 is there, at ",
        "shown: ",
    ):
        assert line in done.output


def test_expectations_may_lie_in_a_file_of_their_own(tiny_shop: TinyShop) -> None:
    """rules.expect.yaml beside rules.yaml, with the same checks; its faults name it."""
    file = rules_file(tiny_shop, RULES)
    beside = tiny_shop.folder / "new.expect.yaml"
    beside.write_text("expect:\n  given: {carousel: bestsellers}\n  hides: m-4\n")
    assert tool(tiny_shop, "test", file).output.endswith("1 hold, 0 failed\n")
    beside.write_text("expect:\n  - given: {carousel: bestsellrs}\n    hide: m-4\n")
    done = tool(tiny_shop, "test", file)
    assert done.exit_code == 1 and "new.expect.yaml:2:23: unknown carousel 'bestsellrs' (did you mean" in told(done)
    assert "new.expect.yaml:3:5: unknown key 'hide' in an expectation (did you mean 'hides'?)" in told(done)


def test_a_misspelt_id_that_is_hidden_is_told(tiny_shop: TinyShop) -> None:
    """It holds, and would under any rules: a warning says so, in the file and in the one beside it."""
    text = RULES + "expect:\n  - {given: {carousel: bestsellers}, hides: [m-4, m-44]}\n"
    (tiny_shop.folder / "new.expect.yaml").write_text("expect:\n  - {given: {carousel: bestsellers}, hides: m-5O}\n")
    done = tool(tiny_shop, "test", rules_file(tiny_shop, text))
    assert done.exit_code == 0 and done.output.endswith("2 hold, 0 failed\n")
    for place, product in (("new.yaml:19:45", "m-44"), ("new.expect.yaml:2:45", "m-5O")):
        assert (
            f"warning: {place}: product {product!r} is not in the catalogue yet (nothing can show it, so this holds"
            in (done.output)
        )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("shows: [p1, p2]", "nothing can show it: is it misspelt?"),
        ("hides: p2", "nothing can show it, so this holds under any rules: is it misspelt?"),
        ("positions: {1: p2}", "nothing can show it: is it misspelt?"),
        ("pinned_by: {p2: r1}", "nothing can show it: is it misspelt?"),
        ("short: true, given: {carousel: trending, cart: [p2]}", "the request is asked as if it were not there"),
        ("short: true, given: {carousel: trending, recent: p2}", "the request is asked as if it were not there"),
    ],
)
def test_an_unknown_id_of_an_expectation_warns_wherever_it_stands(line: str, told: str) -> None:
    """With its place, and what comes of it."""
    given = "" if "given" in line else ", given: {carousel: trending}"
    text = f"version: 1\nrules:\n  - {{id: r1, do: hide, product: p1}}\nexpect:\n  - {{{line}{given}}}\n"
    reading = read(text, FACTS)
    assert reading.rules is not None
    (warning,) = map(str, reading.rules.warnings)
    assert warning.startswith("rules.yaml:5:") and f"product 'p2' is not in the catalogue yet ({told}" in warning


def test_no_expectation_at_all_is_told(tiny_shop: TinyShop) -> None:
    """Nothing tested must not look like everything passed."""
    done = tool(tiny_shop, "test", rules_file(tiny_shop, RULES))
    assert done.exit_code == 1 and "no expectations: write some under `expect:` there, or in new.expect.yaml" in told(
        done
    )


FACTS = ShopFacts(carousels={"trending": 4}, context_fields={"basket": "numeric"}, product_ids={"p1"}.__contains__)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("given: {carousel: trending}", "an expectation expects nothing"),
        ("first: p1", "an expectation needs 'given'"),
        ("given: {user: u1}, first: p1", "given needs 'carousel'"),
        ("given: {carousel: trending, usr: u1}, first: p1", "unknown key 'usr' in given (did you mean 'user'?)"),
        ("given: {carousel: trending, at: tomorrow}, first: p1", "at 'tomorrow' is no date"),
        ("given: {carousel: trending, size: 0}, first: p1", "size is 0, and must be 1 to 100"),
        ("given: {carousel: trending, basket: much}, first: p1", "basket must be a number, not 'much'"),
        ("given: {carousel: trending}, first: p1, positions: {1: p2}", "first and position 1 name two products"),
        ("given: {carousel: trending}, positions: {0: p1}", "position is 0, and must be 1 to 1000"),
        ("given: {carousel: trending}, pinned_by: {p1: rl}", "unknown rule 'rl'"),
        ("given: {carousel: trending}, short: maybe", "short must be true or false"),
        ("given: [], first: p1", "given must be a mapping"),
    ],
)
def test_a_fault_in_an_expectation_has_its_place_and_its_hint(line: str, fault: str) -> None:
    """The loader reads expectations as strictly as rules."""
    text = f"version: 1\nrules:\n  - {{id: r1, do: hide, product: p1}}\nexpect:\n  - {{{line}}}\n"
    found = [str(one) for one in read(text, FACTS).faults]
    assert len(found) == 1 and found[0].startswith("rules.yaml:5:") and fault in found[0]


def test_products_that_are_not_there_yet_warn() -> None:
    """As in rules: it may come."""
    text = "version: 1\nexpect:\n  - {given: {carousel: trending, page_item: p2, cart: [p1], basket: 3}, first: p3}\n"
    reading = read(text, FACTS)
    assert reading.rules is not None and len(reading.rules.warnings) == 2
    assert reading.rules.expectations[0].given.fields == {"basket": 3.0}
