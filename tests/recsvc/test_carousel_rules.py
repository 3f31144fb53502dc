"""Rules through the whole request path: candidates from the tail, system exclusions, and what a pin may override."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import recsvc.carousel
from models.shop import Shop
from recsvc.asking import Answer, Ask
from recsvc.bars import bars_of
from recsvc.carousel import Engine
from recsvc.context import understand
from recsvc.rules.parse import parse
from recsvc.rules.situation import SEED
from recsvc.rules_file import facts_of
from recsvc.serving import with_rules

LIFTS = "even_if: [purchased, in_cart, out_of_stock]"


def under(engine: Engine, *lines: str) -> Engine:
    """Return the engine under these rules."""
    text = "version: 1\nrules:\n" + "".join(f"  - {{id: r{n}, {line}}}\n" for n, line in enumerate(lines, 1))
    return with_rules(engine, parse(text, facts_of(engine.snapshot, Path())))


def ids(answer: Answer) -> list[str]:
    return [item.product_id for item in answer.items]


def dropped(answer: Answer) -> list[tuple[str, str]]:
    assert answer.notes is not None
    return [(one["product_id"], one["why"]) for one in answer.notes["dropped_pins"]]


def test_candidates_are_taken_inside_what_is_eligible_before_the_cut(
    tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a rule takes all that the models name first, their tail fills the carousel, in the models' own order."""
    plain = under(tiny_engine, "do: hide, product: nothing")
    carousel = plain.snapshot.shop.carousels["bestsellers"]
    whole = ids(plain.carousel("bestsellers", Ask(size=20)))
    best = ", ".join(f'"{one}"' for one in whole[:6])
    monkeypatch.setattr(recsvc.carousel, "DEPTH", 3 - carousel.size)
    assert set(carousel.sources) == {"popularity"}
    for rule in (
        f"do: hide, products: [{best}]",
        f"do: keep, products: [{', '.join(f'{one!r}' for one in whole[6:])}]",
    ):
        answer = under(tiny_engine, rule).carousel("bestsellers", Ask(size=3))
        assert ids(answer) == whole[6:9]
        assert {item.source for item in answer.items} == {"model"} and answer.fallback is None
        scores = [item.score for item in answer.items]
        assert scores == sorted(scores, reverse=True) and min(scores) > 0


def test_a_full_carousel_never_asks_the_tail(tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tail costs a look at the whole catalogue: only a short list pays for it."""
    monkeypatch.setattr(recsvc.carousel, "DEPTH", 0)
    asked = []
    monkeypatch.setattr(Engine, "_deepest", lambda _self, first, *_: asked.append(first) or first)
    assert len(ids(under(tiny_engine, "do: hide, product: nothing").carousel("bestsellers", Ask(size=3)))) == 3
    assert not asked
    under(tiny_engine, "do: keep, products: [m-1, m-2]").carousel("bestsellers", Ask(size=3))
    assert len(asked) == 1


def test_every_seed_of_the_call_is_left_out_and_no_pin_brings_it_back(tiny_engine: Engine) -> None:
    """What a cart is completed by is not what lies in it, even where the carousel shows what is in the cart."""
    shop = tiny_engine.snapshot.shop
    open_carts = replace_carousel(shop, "bought-together", in_cart="include")
    engine = Engine(replace(tiny_engine.snapshot, shop=open_carts))
    ask = Ask(cart=("00501", "corkscrew"), size=20, explain=True, why=("corkscrew",))
    moment = understand(engine.snapshot, ask)
    codes = bars_of(engine.snapshot, open_carts.carousels["bought-together"], moment, None)(moment.context.cart)
    assert np.all(codes & SEED)
    answer = under(engine, f"do: pin, product: corkscrew, position: 1, {LIFTS}").carousel("bought-together", ask)
    assert answer.items and not {"00501", "corkscrew"} & set(ids(answer))
    assert dropped(answer) == [("corkscrew", "seed")]
    assert answer.notes is not None and {"product_id": "corkscrew", "why": ["seed"]} in answer.notes["left_out"]
    beside = replace_carousel(shop, "trending", in_cart="include")
    assert "corkscrew" in ids(Engine(replace(engine.snapshot, shop=beside)).carousel("trending", replace(ask, size=40)))


def replace_carousel(shop: Shop, name: str, **settings: object) -> Shop:
    changed = shop.carousels[name].model_copy(update=settings)
    return shop.model_copy(update={"carousels": {**shop.carousels, name: changed}})


def test_what_was_bought_or_lies_in_the_cart_is_pinned_only_where_even_if_says_so(tiny_engine: Engine) -> None:
    """By the carousel's policy the pin is dropped and named; each word of `even_if` lifts its own reason alone."""
    snapshot = tiny_engine.snapshot
    mine = snapshot.histories.of_user(snapshot.users.row("w0"))
    product = next(
        one for one in map(snapshot.catalogue.ids.id, np.unique(mine.product).tolist()) if not one.startswith("m-")
    )
    pin = f'do: pin, product: "{product}", position: 1, carousels: [you-may-also-like]'
    bought, in_cart = Ask(user_id="w0", explain=True), Ask(user_id="t1", cart=(product,), explain=True)
    assert snapshot.shop.carousels["you-may-also-like"].bought == "exclude"
    for ask, reason, other in ((bought, "purchased", "in_cart"), (in_cart, "in_cart", "purchased")):
        answer = under(tiny_engine, pin).carousel("you-may-also-like", ask)
        assert product not in ids(answer) and dropped(answer) == [(product, reason)]
        wrong = under(tiny_engine, f"{pin}, even_if: [{other}]").carousel("you-may-also-like", ask)
        assert product not in ids(wrong) and len(ids(wrong)) == len(ids(answer))
        lifted = under(tiny_engine, f"{pin}, even_if: [{reason}]").carousel("you-may-also-like", ask)
        assert ids(lifted)[0] == product and lifted.items[0].source == "pin" and not dropped(lifted)
    page = replace(bought, product_id=product)
    assert dropped(under(tiny_engine, f"{pin}, {LIFTS}").carousel("you-may-also-like", page)) == [(product, "page")]


def test_a_rule_knows_what_this_shopper_bought(tiny_engine: Engine) -> None:
    """`bought()` and `bought(brand)` read the shopper's own orders, of the days that are named and until the moment."""
    snapshot = tiny_engine.snapshot
    mine = snapshot.histories.of_user(snapshot.users.row("w0"))
    own = {snapshot.catalogue.ids.id(row) for row in np.unique(mine.product).tolist()}
    everything = Ask(user_id="w0", size=40)
    shown = {
        where: set(ids(under(tiny_engine, f"do: hide, where: {where}").carousel("bestsellers", everything)))
        for where in ("bought()", "not bought()", "bought(brand)", "bought(1)")
    }
    assert not shown["bought()"] & own and shown["not bought()"] <= own and shown["not bought()"]
    assert shown["bought(brand)"] < shown["bought()"] < shown["bought(1)"]
    stranger = under(tiny_engine, "do: hide, where: bought()").carousel(
        "bestsellers", replace(everything, user_id=None)
    )
    assert own <= {*ids(stranger), "m-4"}
    first = int(mine.time[0])
    before = under(tiny_engine, "do: hide, where: bought()").carousel("bestsellers", replace(everything, at=first))
    assert ids(before) == ids(
        under(tiny_engine, "do: hide, product: x").carousel("bestsellers", replace(everything, at=first))
    )
