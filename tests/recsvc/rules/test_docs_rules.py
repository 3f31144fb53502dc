"""The guide on rules: every recipe does what its sentence says, and every mistake gets the message that stands there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from rules_kit import CATALOGUE, IDS, SHOP, history, pool, row, situation
from rules_kit import shown as arranged

from markdown import page
from models.catalogue import Catalogue
from models.columns import text_column
from recsvc.rules.bind import bind
from recsvc.rules.experiments import arm_of
from recsvc.rules.match import select
from recsvc.rules.parse import parse, read
from recsvc.rules.situation import OUT_OF_STOCK, Shopper
from recsvc.rules.times import start_of

GUIDE = page("docs/rules.md")
FENCE = r"```yml\n(.*?)```"


def section(title: str) -> str:
    """Return the text below a heading of the second level."""
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


RECIPES = {
    head: re.findall(FENCE, text, re.S)[0]
    for head, text in re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", section("Recipes"), re.M | re.S)
}
MISTAKES = re.findall(
    rf"^### \d+\. (.+?)\n\n{FENCE}\n\n```text\n(.*?)\n```",
    section("Twenty mistakes, and what you will be told"),
    re.M | re.S,
)
LONDON = "Europe/London"


def shown(
    text: str, carousel: str = "for-you", at: str = "2026-10-14 12:00", bars: Any = None, **asked: Any
) -> list[str]:
    """Return the last digits of the products that a carousel shows under a recipe."""
    here = situation(carousel, now=start_of(at, LONDON), **asked)
    active = select(bind(parse(text, SHOP), CATALOGUE), here)
    return [IDS[one][-1] for one in arranged(active, pool(), size=8, bars=bars).rows.tolist()]


ALL = list("12345678")


def launch(text: str) -> None:
    assert shown(text)[0] == "1" and shown(text.replace("00501", "00507"))[0] == "7"
    sold_out = {row("00501"): OUT_OF_STOCK}
    assert shown(text, bars=lambda rows: np.array([sold_out.get(int(one), 0) for one in rows], np.uint8))[0] == "2"
    other = text.replace("00501", "00507")
    assert shown(other, at="2026-10-18 23:59")[0] == "7" and shown(other, at="2026-10-19")[0] == "1"


def recall(text: str) -> None:
    for carousel in SHOP.carousels:
        assert "3" not in shown(text, carousel)


def clearance(text: str) -> None:
    assert shown(text, "trending")[0] == "3" == shown(text, "for-you", fields={"device": "mobile"})[-1]
    assert shown(text, "for-you") == ALL


def festival(text: str) -> None:
    assert (
        shown(text, "trending", "2026-11-27 00:00")[:2] == ["1", "4"] == shown(text, "trending", "2026-11-30 23:59")[:2]
    )
    assert shown(text, "trending", "2026-12-01")[:2] == ["1", "2"]


def margin(text: str) -> None:
    order = shown(text)
    assert order.index("4") < order.index("2") and order.index("6") < order.index("5")
    assert shown(text, "trending") == ALL and order.index("8") > order.index("7")


def brand(text: str) -> None:
    many = text.replace("max: 2", "max: 1")
    assert shown(text) == ALL and shown(many)[:2] == ["1", "3"] and set(shown(many)) == set(ALL)
    brands = text_column(["Lavazza"] * 4 + ["Illy"] * 2 + ["Lavazza", None])
    coffee = Catalogue.of(CATALOGUE.ids, {**CATALOGUE.columns, "brand": brands}, "coffee")
    active = select(bind(parse(text, SHOP), coffee), situation())
    short, long = ([IDS[one][-1] for one in arranged(active, pool(), size=size).rows.tolist()] for size in (5, 8))
    assert short == ["1", "2", "5", "6", "8"], "two Lavazza, two Illy, and what has no brand is free"
    assert long == ["1", "2", "5", "6", "8", "3", "4", "7"], "the others only where there is nothing else left to show"


def members(text: str) -> None:
    assert "6" in shown(text, attributes={"tier": "gold"})
    assert "6" not in shown(text, attributes={"tier": "plain"}) and "6" not in shown(text)


def stock(text: str) -> None:
    def pieces(rows: Any, store: str) -> Any:
        return np.where((rows == row("00502")) & (store == "north"), 0.0, 3.0)

    assert "2" not in shown(text, stock=pieces, fields={"store": "north"})
    assert "2" in shown(text, stock=pieces, fields={"store": "south"}) and "2" in shown(text, stock=pieces)


def weekend(text: str) -> None:
    for at, first in (
        ("2026-10-16 17:59", "1"),
        ("2026-10-16 18:00", "4"),
        ("2026-10-18 23:59", "4"),
        ("2026-10-19", "1"),
    ):
        assert shown(text, at=at)[0] == first


def half(text: str) -> None:
    experiment = parse(text, SHOP).experiments["cheese-pin"]
    arms = {user: arm_of(experiment, Shopper(user_id=user)) for user in (f"u{number}" for number in range(40))}
    assert set(arms.values()) == {"a", "b"}
    for user, arm in arms.items():
        assert (shown(text, "trending", user_id=user)[0] == "4") is (arm == "b")
    assert shown(text, "trending")[0] == "1"


def department(text: str) -> None:
    assert shown(text, "similar-items", page="00501") == ["1", "2", "3"]
    assert shown(text, "similar-items", page="00504") == ALL
    assert shown(text.replace("min_results: 2", "min_results: 4"), "similar-items", page="00501") == ALL


def price(text: str) -> None:
    assert shown(text, "similar-items", page="00504") == ["3", "4", "5", "7"]


def sleepers(text: str) -> None:
    deal = text.replace("'bf-deal' in tags", "product_id == '00505'")
    for days, first in ((61.0, "5"), (59.0, "1")):
        assert shown(deal, history=history(("00506", days)))[0] == first
    assert shown(deal)[0] == "1" and shown(text, history=history(("00506", 70.0)))[0] == "1"


def rest(text: str) -> None:
    mine = history(("00502", 13.0), ("00503", 15.0))
    assert shown(text, "trending", history=mine) == ["1", *"345678"] and shown(text, history=mine) == ALL


CHECKS: Mapping[str, Callable[[str], None]] = {
    "Launch a product": launch,
    "Recall a product": recall,
    "Clear out old stock": clearance,
    "A festival": festival,
    "Push the margin": margin,
    "No brand takes the whole shelf": brand,
    "Members first": members,
    "Only what this store has": stock,
    "Weekend prices": weekend,
    "Does a pin pay? Try it on half of the shoppers": half,
    "Stay in the department": department,
    "About the same price": price,
    "Wake the sleepers": sleepers,
    "Not again so soon": rest,
}


def test_every_recipe_is_checked() -> None:
    """No recipe stands in the guide that nobody runs."""
    assert set(RECIPES) == set(CHECKS)


@pytest.mark.parametrize("head", CHECKS)
def test_a_recipe_does_what_its_sentence_says(head: str) -> None:
    """It loads without a warning, and shows what the guide promises."""
    assert parse(RECIPES[head], replace(SHOP, now=datetime(2026, 9, 1, tzinfo=UTC))).warnings == ()
    CHECKS[head](RECIPES[head])


def test_recipes_go_together_in_one_file() -> None:
    """The rules of all recipes under one `rules:` load, for their ids differ."""
    names = [rule.id for text in RECIPES.values() for rule in parse(text, SHOP).rules]
    assert len(set(names)) == len(names)


def test_there_are_twenty_mistakes() -> None:
    """Each with its file and its message."""
    assert len(MISTAKES) == 20


@pytest.mark.parametrize(("text", "message"), [one[1:] for one in MISTAKES], ids=[one[0] for one in MISTAKES])
def test_a_mistake_gets_the_message_of_the_guide(text: str, message: str) -> None:
    """The place, the line with a caret, what was expected, and how to mend it."""
    reading = read("version: 1\n" + text, replace(SHOP, now=datetime(2026, 10, 14, 12, tzinfo=UTC)))
    warned = reading.rules.warnings if reading.rules else ()
    got = [f"error: {fault.text}" for fault in reading.faults] + [f"warning: {fault.text}" for fault in warned]
    assert got == [message]
