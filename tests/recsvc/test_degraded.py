"""Answers that go without a part: never empty, never against a rule, and honest about it."""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from models.base import Model
from models.schema import Context, Floats, Ints, Scored
from recsvc.asking import Answer, Ask
from recsvc.carousel import Engine
from recsvc.desk import Desk
from recsvc.pace import Pace
from recsvc.rules.parse import read
from recsvc.rules_file import facts_of
from recsvc.serving import with_rules
from tiny_shop import MILKS, TEAS, WINES, TinyShop

STRANGERS = (
    "for-you",
    "you-may-also-like",
    "bestsellers",
    "trending",
    "new-arrivals",
    "similar-items",
    "bought-together",
)
"""Carousels that a stranger gets something in."""


def ids(answer: Answer) -> list[str]:
    return [item.product_id for item in answer.items]


def loaded(engine: Engine, name: str, ask: Ask) -> Answer:
    """Return what is answered without a permit."""
    return engine.carousel(name, ask, Pace(prepared="load"))


def late() -> Pace:
    return Pace(ends=perf_counter() - 1, tell=lambda part, error: None)


class Broken:
    """A model whose every question fails, in a version that loaded well."""

    def __init__(self, model: Model) -> None:
        self.source, self.personal = model.source, model.personal

    def candidates(self, context: Context, n: int) -> Scored:
        """Fail."""
        raise IndexError(f"{self.source} at {context.at}, {n}")

    def score(self, context: Context, rows: Ints) -> Floats:
        """Fail."""
        raise IndexError(f"{self.source} of {rows}")

    def fact(self, context: Context, row: int) -> None:
        """Fail."""
        raise IndexError(f"{self.source} of {row}")


def with_broken(engine: Engine, *names: str) -> Engine:
    """Return ``engine`` with these of its models broken."""
    models: dict[str, Any] = dict(engine.snapshot.models)
    return Engine(replace(engine.snapshot, models=models | {name: Broken(models[name]) for name in names}))


def under(engine: Engine, shop: TinyShop, *rules: str) -> Engine:
    """Return ``engine`` under other rules, each a line of YAML."""
    text = "version: 1\nrules:\n" + "".join(f"  - {{id: r{number}, {one}}}\n" for number, one in enumerate(rules))
    found = read(text, facts_of(engine.snapshot, shop.folder), "rules.yaml")
    assert found.rules is not None, found.faults
    return with_rules(engine, found.rules)


@pytest.mark.parametrize("name", STRANGERS)
def test_a_prepared_answer_is_never_empty_and_says_what_it_is(tiny_engine: Engine, name: str) -> None:
    """For nobody and for somebody with a page, a store and a cart; distinct products, and no claim to be personal."""
    for ask in (Ask(size=5), Ask(user_id="w0", product_id="00502", store_id="north", cart=("m-1",), size=5)):
        answer = loaded(tiny_engine, name, ask)
        assert answer.degraded == ("load",) and len(set(ids(answer))) == 5
        assert all(item.reason.text and item.product["name"] for item in answer.items)
        assert answer.model == tiny_engine.snapshot.version
    stranger = loaded(tiny_engine, name, Ask())
    assert not stranger.personalised


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("make", [lambda: Pace(prepared="load"), late], ids=["load", "late"])
def test_every_rule_and_exclusion_holds_without_time_too(
    tiny_engine: Engine, trained_shop: TinyShop, name: str, make: Any
) -> None:
    """Hides, those for one country too, keeps, limits, stock, cart, page, bought, ``exclude``: there is one way through."""
    engine = under(
        tiny_engine,
        trained_shop,
        "do: hide, everywhere: true, products: [m-4]",
        "do: hide, where: \"category == 'wine'\", when: {country: SA}",
        "do: pin, product: teapot, position: 2, when: {device: mobile}",
    )
    ask = Ask(product_id="t-1", store_id="north", cart=("m-1",), exclude=("m-2",), size=20, fields={"country": "SA"})
    found = ids(engine.carousel(name, ask, make()))
    assert found and not {"m-4", "t-1", "m-1", "m-2", *WINES} & set(found)
    assert "w-4" not in ids(engine.carousel(name, Ask(store_id="north", size=30), make())), "sold out in the north"
    assert ids(engine.carousel(name, Ask(fields={"device": "mobile"}), make()))[1] == "teapot"
    only = ids(engine.carousel(name, Ask(filter="category == 'tea'", size=4), make()))
    assert len(only) == 4 and set(only) <= set(TEAS)


def test_what_a_shopper_bought_stays_out_or_makes_the_list_without_time_too(tiny_engine: Engine) -> None:
    snapshot = tiny_engine.snapshot
    history = snapshot.histories.of_user(snapshot.users.row("w0"))
    mine = {snapshot.catalogue.ids.id(int(row)) for row in history.product}
    assert not mine & set(ids(loaded(tiny_engine, "you-may-also-like", Ask(user_id="w0", size=30))))
    again = ids(loaded(tiny_engine, "buy-again", Ask(user_id="w0", size=30)))
    assert set(again) == mine - {"m-4"}, "what was bought, and the recalled milk is not there"
    last = snapshot.catalogue.ids.id(int(history.product[-1]))
    assert again[0] == last or history.order[-1] == history.order[-2], "the last one first"
    assert loaded(tiny_engine, "buy-again", Ask(user_id="w0")).personalised


def test_what_was_looked_at_and_what_is_to_be_sorted_need_no_model(tiny_engine: Engine) -> None:
    seen = loaded(tiny_engine, "recently-viewed", Ask(recent=("t-1", "m-1", "t-2")))
    assert ids(seen) == ["t-2", "m-1", "t-1"]
    given = loaded(tiny_engine, "for-you", Ask(candidates=("teapot", "m-1", "m-4", "00501")))
    assert set(ids(given)) == {"teapot", "m-1", "00501"}


def test_a_page_without_time_shows_no_product_twice(tiny_engine: Engine) -> None:
    for pace in (Pace(prepared="load"), late()):
        answers = tiny_engine.page("product", Ask(user_id="w0", product_id="00502", size=5), pace)
        shown = [product for answer in answers for product in ids(answer)]
        assert len(shown) == len(set(shown)) and all(answer.degraded for answer in answers)
        assert [answer.carousel for answer in answers] == list(tiny_engine.snapshot.shop.pages["product"])


def test_a_spent_budget_names_what_was_left_out(tiny_engine: Engine) -> None:
    assert tiny_engine.carousel("for-you", Ask(user_id="w0"), late()).degraded == ("candidates",)


@pytest.mark.parametrize("name", STRANGERS)
def test_a_source_that_fails_is_named_and_the_others_answer(tiny_engine: Engine, name: str) -> None:
    """Whichever it is; a carousel that does not ask it is as always."""
    everything = tiny_engine.snapshot.shop.carousels[name]
    for source in tiny_engine.snapshot.models:
        told: list[str] = []
        pace = Pace(tell=lambda part, error, told=told: told.append(part))  # type: ignore[misc]
        ask = Ask(user_id="w0", product_id="00502", store_id="south", size=6)
        answer = with_broken(tiny_engine, source).carousel(name, ask, pace)
        assert len(answer.items) == 6
        if source in everything.sources:
            assert source in answer.degraded and source in told
        elif not told:
            assert answer == tiny_engine.carousel(name, ask)


def test_when_every_model_fails_the_bestsellers_of_the_start_answer(tiny_engine: Engine) -> None:
    engine = with_broken(tiny_engine, *tiny_engine.snapshot.models)
    for name in STRANGERS:
        answer = engine.carousel(name, Ask(size=4), Pace(tell=lambda part, error: None))
        assert len(answer.items) == 4 and answer.degraded
        assert {item.reason.code for item in answer.items} == {"catalogue"}
    assert set(ids(answer)) <= {*MILKS, *TEAS, *WINES, "corkscrew", "teapot"}


def test_without_a_pace_a_failure_is_raised(tiny_engine: Engine) -> None:
    """A version whose model fails is not taken over: the first look at it is without mercy."""
    with pytest.raises(IndexError):
        with_broken(tiny_engine, "popularity").carousel("bestsellers", Ask())


class NoRules:
    """Rules that cannot be worked out."""

    def __getattr__(self, name: str) -> Any:
        raise KeyError(name)


def test_a_stage_that_all_hangs_on_degrades_to_what_was_prepared_once_and_then_is_a_fault(
    tiny_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trade-offs and ranker are parts; rules are not: without them nothing is shown, as a recall might be in it."""
    desk = Desk(1, 0.1, 0.5)
    broken = Engine(replace(tiny_engine.snapshot, rules=NoRules()))  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        desk.serve(lambda pace: [broken.carousel("for-you", Ask(), pace)], "for-you", perf_counter())
    assert '"request_id":"part:rules"' in capsys.readouterr().out


def test_trade_offs_that_fail_leave_the_ranking_as_it_was(tiny_engine: Engine) -> None:
    snapshot = tiny_engine.snapshot
    shop = snapshot.shop
    carousels: Mapping[str, Any] = shop.carousels | {
        "for-you": shop.carousels["for-you"].model_copy(update={"diversity": 0.5})
    }
    engine = Engine(
        replace(snapshot, shop=shop.model_copy(update={"carousels": carousels}), models=dict(snapshot.models))
    )
    kinds: Any = object.__new__(type(snapshot.models["kinds"]))
    kinds.codes_ = np.empty(0, np.int32)  # a row beyond its end fails
    broken = Engine(replace(engine.snapshot, models={**snapshot.models, "kinds": kinds}))
    answer = broken.carousel("for-you", Ask(user_id="w0", size=6), Pace(tell=lambda part, error: None))
    assert "trade-offs" in answer.degraded
    assert ids(answer) == ids(tiny_engine.carousel("for-you", Ask(user_id="w0", size=6)))


class BrokenRanker:
    """A ranker that fails; nothing of it works."""


def test_a_ranker_that_fails_leaves_the_blend_in_charge(tiny_engine: Engine) -> None:
    snapshot: Any = tiny_engine.snapshot
    engine = Engine(replace(snapshot, rankers={"next-order": BrokenRanker()}, world=BrokenRanker()))
    told: list[str] = []
    answer = engine.carousel("for-you", Ask(user_id="w0", size=6), Pace(tell=lambda part, error: told.append(part)))
    assert answer.degraded == ("ranker",) and told == ["ranker"] and len(answer.items) == 6
    spent = engine.carousel("for-you", Ask(user_id="w0", size=6), late())
    assert spent.degraded == ("candidates", "ranker") and len(spent.items) == 6
