"""`recsvc rules explain`: why is this here, why is that not, and what will be here at that moment."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from tools_kit import rules_file, told, tool

import recsvc.carousel
from recsvc.answers import carousel_json
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.rules_tools.explain import in_words
from tiny_shop import RULES, TinyShop

LOVER = ("--user", "w6", "--product", "00502", "--store", "south")
MORE = (
    RULES
    + """  - {id: sweet, do: boost, factor: 2, where: "category == 'tea'"}
  - {id: later, do: pin, product: "w-4", position: 2, carousels: [you-may-also-like], instead: ["w-3"]}
  - {id: far, do: pin, product: "t-2", position: 90}
  - {id: off, do: hide, product: "t-3", enabled: false}
"""
)


def test_the_same_path_as_explain_over_http(trained_shop: TinyShop, tiny_engine: Engine) -> None:
    """What the command prints as JSON is what the engine answers with explain."""
    done = tool(trained_shop, "explain", trained_shop.folder / "rules.yaml", "--carousel", "for-you", *LOVER, "--json")
    ask = Ask(user_id="w6", product_id="00502", store_id="south", explain=True, at=trained_shop.clock())
    wanted = carousel_json(tiny_engine.carousel("for-you", ask))
    got = json.loads(done.output)[0]
    assert [item["product_id"] for item in got["items"]] == [item["product_id"] for item in wanted["items"]]
    assert got["notes"]["rules"] == wanted["notes"]["rules"]
    assert set(got["items"][0]["explain"]) == set(wanted["items"][0]["explain"])


def test_the_answer_names_the_snapshot_that_it_was_made_from(trained_shop: TinyShop, tiny_engine: Engine) -> None:
    """Rules hash, model version and arms always; catalogue version, clock, segments and store beside the notes."""
    snapshot, at = tiny_engine.snapshot, trained_shop.clock()
    told = carousel_json(tiny_engine.carousel("for-you", Ask(user_id="w6", store_id="south", explain=True, at=at)))
    assert (told["model"], told["rules"], told["experiments"]) == (snapshot.version, snapshot.rules_hash, [])
    assert told["notes"]["snapshot"] == {
        "catalogue": snapshot.catalogue.version,
        "at": datetime.fromtimestamp(at, snapshot.shop.zone).isoformat(),
        "segments": ["wine-lovers"],
        "store": "south",
    }
    nobody = tiny_engine.carousel("for-you", Ask(explain=True))
    assert nobody.notes is not None and nobody.notes["snapshot"]["segments"] == []
    assert nobody.notes["snapshot"]["store"] is None
    assert tiny_engine.carousel("for-you", Ask(user_id="w6")).notes is None, "nobody learns the segments of a shopper"
    words = ("--carousel", "for-you", "--user", "w6", "--store", "south")
    out = tool(trained_shop, "explain", trained_shop.folder / "rules.yaml", *words).output
    assert f"catalogue {snapshot.catalogue.version}, at " in out and "store south" in out
    assert "segments: wine-lovers" in out


def test_each_product_has_its_source_its_score_and_its_factors(tiny_shop: TinyShop) -> None:
    """A pin names its rule; a boosted product shows what its score was made of."""
    done = tool(tiny_shop, "explain", rules_file(tiny_shop, MORE), "--carousel", "you-may-also-like", *LOVER)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert any("00501" in line and "Pinned: chianti-first" in line for line in lines)
    assert any("x 2 (sweet)" in line for line in lines)


def test_dropped_pins_and_rules_that_do_not_hold_are_told_with_their_reasons(tiny_shop: TinyShop) -> None:
    """A pin past the end, a sold-out pin with its stand-in, a rule that is off, a rule of another carousel."""
    words = ("--user", "t1", "--store", "north", "--carousel", "you-may-also-like")
    out = tool(tiny_shop, "explain", rules_file(tiny_shop, MORE), *words).output
    assert "dropped pin: far wants t-2 at 90: the position is past the end" in out
    assert "dropped pin: later wants w-4 at 2: it is out of stock; w-3 stands in" in out
    assert "does not hold: off (enabled: false)" in out and "does not hold: chianti-first (when: segment)" in out


def test_a_moment_shows_what_will_be_there(tiny_shop: TinyShop) -> None:
    """The window of the pin decides, on the clock that is asked for."""
    file = rules_file(tiny_shop, RULES)
    inside, after = (
        tool(tiny_shop, "explain", file, "--carousel", "you-may-also-like", *LOVER, "--at", at).output
        for at in ("2026-10-31 23:59", "2026-11-01 00:00")
    )
    assert "Pinned: chianti-first" in inside and "does not hold: chianti-first (when: active)" in after


def test_why_a_product_is_not_there(tiny_shop: TinyShop) -> None:
    """Hidden, the page's own, unknown: each in words; a product that is there is said to be there."""
    asked = ("m-4", "00502", "nope", "00501")
    flags = [word for product in asked for word in ("--why", product)]
    out = tool(
        tiny_shop, "explain", rules_file(tiny_shop, RULES), "--carousel", "you-may-also-like", *LOVER, *flags
    ).output
    assert "not there: m-4: a rule hides it (recall-milk)" in out
    assert "not there: 00502: it is the page's own product" in out
    assert "not there: nope: it is not in the catalogue" in out
    assert "00501 is there, at 1" in out


def test_a_product_far_down_is_not_said_to_be_unknown_to_the_models(
    tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands behind the first candidates; where nothing offers it, that is said."""
    ask = Ask(user_id="w0", explain=True, size=1)
    every = [item.product_id for item in tiny_engine.carousel("bestsellers", replace(ask, size=60)).items]
    monkeypatch.setattr(recsvc.carousel, "DEPTH", 3 - tiny_engine.snapshot.shop.carousels["bestsellers"].size)
    (answer,) = [tiny_engine.carousel("bestsellers", replace(ask, why=(every[1], every[-1])))]
    reasons = {one["product_id"]: one["why"] for one in (answer.notes or {})["left_out"]}
    assert reasons[every[1]] == ["ranked_below"] and reasons[every[-1]] == ["behind"]
    assert "stands behind the first candidates" in in_words("behind")


def test_on_a_page_a_product_may_stand_elsewhere(tiny_engine: Engine) -> None:
    """What another carousel of the call shows is told as a duplicate, with that carousel's name."""
    answers = tiny_engine.page("home", Ask(user_id="w0", explain=True))
    first = answers[0].items[0].product_id
    again = tiny_engine.page("home", Ask(user_id="w0", explain=True, why=(first,)))
    best = next(answer for answer in again if answer.carousel == "bestsellers")
    reasons = {one["product_id"]: one["why"] for one in (best.notes or {})["left_out"]}
    assert reasons[first][0] == f"duplicate: {answers[0].carousel}"


def test_a_whole_page_is_explained(tiny_shop: TinyShop) -> None:
    """All of its carousels, one after the other."""
    out = tool(tiny_shop, "explain", rules_file(tiny_shop, RULES), "--page", "home", "--user", "w0").output
    assert out.startswith("for-you: For you\n") and "\nbestsellers: Bestsellers\n" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--carousel NAME or --page NAME"),
        (("--carousel", "for-yu"), "did you mean 'for-you'"),
        (("--page", "hom"), "did you mean 'home'"),
        (("--carousel", "for-you", "--at", "soon"), "--at: no date or time"),
        (("--carousel", "for-you", "--field", "loyalty"), "write NAME=VALUE"),
        (("--carousel", "for-you", "--field", "loyalty_ap=yes"), "did you mean 'loyalty_app'"),
    ],
)
def test_a_wrong_word_is_told_with_what_to_write(tiny_shop: TinyShop, words: tuple[str, ...], said: str) -> None:
    """No traceback, and no answer to another question."""
    done = tool(tiny_shop, "explain", rules_file(tiny_shop, RULES), *words)
    assert done.exit_code != 0 and said in told(done)


def test_declared_fields_and_lists_are_asked_like_the_others(tiny_shop: TinyShop) -> None:
    """A cart by commas and a field of the shop reach the rules."""
    text = RULES + "  - {id: app, do: hide, product: t-1, when: {loyalty_app: yes-please, cart_item: {product: m-2}}}\n"
    words = ("--carousel", "for-you", "--cart", "m-1,m-2", "--field", "loyalty_app=yes-please")
    assert "holds: recall-milk, app" in tool(tiny_shop, "explain", rules_file(tiny_shop, text), *words).output


def test_asking_why_changes_nothing(tiny_engine: Engine) -> None:
    """Products that are asked about are told of, and the list is the same."""
    ask = Ask(user_id="w0", explain=True)
    plain, asked = (tiny_engine.carousel("for-you", one) for one in (ask, replace(ask, why=("m-4", "t-1"))))
    assert plain.items == asked.items


def test_the_answer_names_the_arm_of_an_experiment_on_rules(tiny_shop: TinyShop) -> None:
    """Whoever is drawn into an arm is told so with the answer; somebody without an id draws none."""
    text = RULES + "  - {id: half, do: hide, product: t-1, experiment: {name: tea, arms: [b]}}\n"
    file = rules_file(tiny_shop, text)
    told_arms = {}
    for user in ("w0", "w3", "w6", "w9", "w12", "w15", "w18", "w21"):
        (answer,) = json.loads(
            tool(tiny_shop, "explain", file, "--carousel", "for-you", "--user", user, "--json").output
        )
        ((one),) = answer["experiments"]
        assert one["name"] == "tea" and ("half" in answer["notes"]["rules"]) is (one["arm"] == "b")
        told_arms[user] = one["arm"]
    assert set(told_arms.values()) == {"a", "b"}
    (answer,) = json.loads(tool(tiny_shop, "explain", file, "--carousel", "for-you", "--json").output)
    assert answer["experiments"] == []
