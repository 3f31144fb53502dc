"""The request path on the tiny shop: what each carousel promises."""

from collections.abc import Callable
from pathlib import Path

import pytest

import recsvc.carousel
import recsvc.pinning
from models.schema import DAY
from recsvc.asking import Answer, Ask, BadFilterError, UnknownCarouselError
from recsvc.carousel import Engine
from recsvc.rules.parse import parse
from recsvc.rules_file import facts_of
from recsvc.serving import with_rules
from tiny_shop import MILKS, TEAS, WINES

CHIANTI = "00501"


def ids(answer: Answer) -> list[str]:
    return [item.product_id for item in answer.items]


def bought(engine: Engine, user: str) -> set[str]:
    snapshot = engine.snapshot
    return {snapshot.catalogue.ids.id(int(row)) for row in snapshot.histories.of_user(snapshot.users.row(user)).product}


def test_every_carousel_answers_for_everybody_and_for_nobody(tiny_engine: Engine) -> None:
    """Distinct products, positions from 1, scores in (0, 1], and never a hole."""
    for name in tiny_engine.snapshot.shop.carousels:
        for ask in (
            Ask(),
            Ask(user_id="w0", product_id="00502", store_id="north", cart=("m-1",), recent=("t-1", "t-2")),
        ):
            answer = tiny_engine.carousel(name, ask)
            assert len(set(ids(answer))) == len(answer.items) <= tiny_engine.snapshot.shop.carousels[name].size
            assert [item.position for item in answer.items] == list(range(1, len(answer.items) + 1))
            assert all(0 <= item.score <= 20 and item.reason.text for item in answer.items)
            assert answer.model == tiny_engine.snapshot.version
            assert answer.rules == tiny_engine.snapshot.rules_hash


@pytest.mark.parametrize(
    "name", ["for-you", "you-may-also-like", "bestsellers", "trending", "new-arrivals", "similar-items"]
)
def test_never_empty_while_there_is_anything_to_sell(tiny_engine: Engine, name: str) -> None:
    """An unknown visitor without any context still gets a full carousel."""
    assert len(tiny_engine.carousel(name, Ask(size=5)).items) == 5


def test_unknown_ids_degrade_and_are_named(tiny_engine: Engine) -> None:
    """Nobody, nothing and nowhere is no error: the answer says what it did not know."""
    ask = Ask(
        user_id="?", visitor_id="v", product_id="\ud800", store_id="\x00", cart=("nothing",), recent=("m-1", "-1")
    )
    answer = tiny_engine.carousel("you-may-also-like", ask)
    assert answer.unknown == ("user_id", "product_id", "store_id", "cart", "recent")
    assert answer.items


def test_the_wine_scene(tiny_engine: Engine) -> None:
    """A wine lover sees the pinned Chianti first; somebody else and somebody unknown do not see it pinned."""
    lover, other, nobody = (
        tiny_engine.carousel("you-may-also-like", Ask(user_id=user, product_id="00502", store_id="south"))
        for user in (_not_a_buyer_of(tiny_engine, CHIANTI), "m2", "nobody")
    )
    assert ids(lover)[0] == CHIANTI
    assert (lover.items[0].source, lover.items[0].reason.text) == ("pin", "Pinned: chianti-first")
    assert all(item.source != "pin" for answer in (other, nobody) for item in answer.items)
    assert lover.personalised
    assert not nobody.personalised


def _not_a_buyer_of(engine: Engine, product: str) -> str:
    return next(user for user in (f"w{n}" for n in range(0, 60, 3)) if product not in bought(engine, user))


def test_the_pin_holds_inside_its_window_only(tiny_engine: Engine) -> None:
    """From 1 October to the end of 31 October on the shop's clock, and not a second longer."""
    lover, shop = _not_a_buyer_of(tiny_engine, CHIANTI), tiny_engine.snapshot.shop
    first = {
        moment: tiny_engine.carousel("you-may-also-like", Ask(user_id=lover, at=shop.moment(moment))).items[0].source
        for moment in ("2026-09-30T23:59:59", "2026-10-01T00:00", "2026-10-31T23:59:59", "2026-11-01T00:00")
    }
    assert list(first.values()) == ["model", "pin", "pin", "model"]


def test_what_is_hidden_everywhere_is_nowhere(tiny_engine: Engine) -> None:
    """Not even where it is the only product that was asked for."""
    for name in tiny_engine.snapshot.shop.carousels:
        answer = tiny_engine.carousel(
            name, Ask(user_id="m2", product_id="m-1", size=30, recent=("m-4",), candidates=None)
        )
        assert "m-4" not in ids(answer)
    assert ids(tiny_engine.carousel("bestsellers", Ask(candidates=("m-4", "m-5")))) == ["m-5"]


def test_policies_on_what_was_bought(tiny_engine: Engine) -> None:
    """you-may-also-like shows nothing that was bought, buy-again nothing else."""
    mine = bought(tiny_engine, "w0")
    assert not mine & set(ids(tiny_engine.carousel("you-may-also-like", Ask(user_id="w0", size=30))))
    assert set(ids(tiny_engine.carousel("buy-again", Ask(user_id="w0", size=30)))) <= mine


def test_sold_out_in_the_store_is_not_shown_there(tiny_engine: Engine) -> None:
    """w-4 is sold out in the north, not in the south, and somewhere when no store is named."""
    shown = {
        store: "w-4" in ids(tiny_engine.carousel("similar-items", Ask(product_id="w-3", store_id=store, size=30)))
        for store in ("north", "south", None)
    }
    assert shown == {"north": False, "south": True, None: True}


def test_the_page_the_cart_and_the_excluded_are_left_out(tiny_engine: Engine) -> None:
    """Nobody is offered what they look at, hold, or do not want."""
    ask = Ask(product_id="00501", cart=("00502", "w-3"), exclude=("w-5",), size=30)
    assert not {"00501", "00502", "w-3", "w-5"} & set(ids(tiny_engine.carousel("similar-items", ask)))


def test_similar_items_share_the_kind(tiny_engine: Engine) -> None:
    """The alternatives to a wine are wines, the nearest in price and origin first."""
    found = ids(tiny_engine.carousel("similar-items", Ask(product_id="00501", size=3)))
    assert set(found) <= set(WINES[1:4])


def test_bought_together_completes(tiny_engine: Engine) -> None:
    """The corkscrew goes with a wine and the teapot with a tea, with the count of orders as the reason."""
    wine = tiny_engine.carousel("bought-together", Ask(product_id="00501", size=4))
    tea = tiny_engine.carousel("bought-together", Ask(product_id="t-1", size=4))
    assert "corkscrew" in ids(wine)
    assert "teapot" in ids(tea)
    reason = next(item.reason for item in wine.items if item.product_id == "corkscrew")
    assert reason.code == "bought-together"
    assert "Wine 0" in reason.text


def test_tastes_differ(tiny_engine: Engine) -> None:
    """Wine drinkers are shown wine and tea drinkers tea among what they have not bought."""
    wine = ids(tiny_engine.carousel("you-may-also-like", Ask(user_id="w0", size=3)))
    tea = ids(tiny_engine.carousel("you-may-also-like", Ask(user_id="t1", size=3)))
    assert set(wine) & set(WINES)
    assert set(tea) & set(TEAS)


def test_a_session_personalises_a_visitor(tiny_engine: Engine) -> None:
    """Somebody unknown who looked at teas gets teas, and the answer is called personal."""
    answer = tiny_engine.carousel("you-may-also-like", Ask(visitor_id="v", recent=("t-1", "t-2"), size=4))
    assert answer.personalised
    assert set(ids(answer)) & set(TEAS[2:])


def test_without_consent_nothing_personal_is_used(tiny_engine: Engine) -> None:
    """The answer to a known shopper without consent is the answer to nobody."""
    known = tiny_engine.carousel("for-you", Ask(user_id="w0", consent=False, recent=("t-1",)))
    nobody = tiny_engine.carousel("for-you", Ask())
    assert not known.personalised
    assert ids(known) == ids(nobody)


def test_the_past_knows_no_future(tiny_engine: Engine) -> None:
    """Asked as of a moment before the first purchase, buy-again is empty."""
    before = tiny_engine.snapshot.shop.moment("2026-04-01")
    assert not tiny_engine.carousel("buy-again", Ask(user_id="w0", at=before)).items
    assert tiny_engine.carousel("buy-again", Ask(user_id="w0", at=before + 60 * DAY)).items


def test_pages_of_a_carousel_are_slices_of_one_ranking(tiny_engine: Engine) -> None:
    """Offset 3 begins with position 4 of the whole."""
    whole = tiny_engine.carousel("bestsellers", Ask(size=9))
    rest = tiny_engine.carousel("bestsellers", Ask(size=6, offset=3))
    assert ids(rest) == ids(whole)[3:]
    assert [item.position for item in rest.items] == [4, 5, 6, 7, 8, 9]


def test_a_pin_on_the_second_page_stands_where_the_whole_has_it(tiny_engine: Engine) -> None:
    """Pages of four make the carousel of twelve, whichever page holds the pin."""
    rules = 'version: 1\nrules:\n  - {id: later, do: pin, product: "t-1", position: 6}\n'
    engine = with_rules(tiny_engine, parse(rules, facts_of(tiny_engine.snapshot, Path())))
    whole = ids(engine.carousel("bestsellers", Ask(size=12)))
    pages = [ids(engine.carousel("bestsellers", Ask(size=4, offset=offset))) for offset in (0, 4, 8)]
    assert whole[5] == "t-1"
    assert [product for page in pages for product in page] == whole


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("do: boost, factor: 10, where: category == 'wine'", "do: bury, factor: 0.05, where: category == 'milk'"),
        ("do: keep, where: category != 'milk'", "do: boost, factor: 10, where: price > 5"),
        ("do: keep, where: category == 'tea', min_results: 8", "do: bury, factor: 0.05, where: price < 4"),
        ("do: limit, per: brand, max: 2", "do: boost, factor: 10, where: category == 'tea'"),
        ("do: pin, where: category == 'wine', positions: [2, 5]", "do: boost, factor: 10, where: price > 12"),
    ],
)
def test_pages_agree_where_the_first_candidates_run_short(
    tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]
) -> None:
    """Twelve candidates at first, a tail behind: each position has one product, whatever size and offset ask for it."""
    monkeypatch.setattr(recsvc.carousel, "DEPTH", 0)
    rules = "version: 1\nrules:\n" + "".join(f"  - {{id: r{n}, {line}}}\n" for n, line in enumerate(lines))
    rules = rules if lines else "version: 1\nrules: []\n"
    engine = with_rules(tiny_engine, parse(rules, facts_of(tiny_engine.snapshot, Path())))
    whole = ids(engine.carousel("bestsellers", Ask(size=24)))
    for size in (1, 3, 7):
        pages = [ids(engine.carousel("bestsellers", Ask(size=size, offset=offset))) for offset in range(0, 24, size)]
        assert [product for page in pages for product in page] == whole
    assert ids(engine.carousel("bestsellers", Ask(size=14))) == whole[:14]


def test_a_pin_by_where_passes_over_what_may_not_be_shown(tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few matches compete for it: the bestseller of them is hidden, and the next one is pinned."""
    monkeypatch.setattr(recsvc.pinning, "RANKED", 1)
    ask = Ask(filter="category == 'milk'", size=1)
    best = ids(tiny_engine.carousel("bestsellers", ask))[0]
    lines = (
        f'{{id: none, do: hide, product: "{best}"}}',
        "{id: milk, do: pin, where: category == 'milk', position: 1}",
    )
    rules = "version: 1\nrules:\n" + "".join(f"  - {line}\n" for line in lines)
    engine = with_rules(tiny_engine, parse(rules, facts_of(tiny_engine.snapshot, Path())))
    first = engine.carousel("similar-items", Ask(product_id="00501", size=3)).items[0]
    assert first.source == "pin"
    assert first.product_id.startswith("m-")
    assert first.product_id != best


def test_candidates_are_ranked_and_nothing_else(tiny_engine: Engine) -> None:
    """A category page is sorted for the shopper: exactly the given products that may be shown."""
    answer = tiny_engine.carousel("for-you", Ask(user_id="w0", candidates=("teapot", "m-1", "m-4", "00501"), size=10))
    assert sorted(ids(answer)) == ["00501", "m-1", "teapot"]


def test_a_filter_holds_and_a_broken_one_says_where(tiny_engine: Engine) -> None:
    """The rules' expression language narrows a request too."""
    answer = tiny_engine.carousel("bestsellers", Ask(filter="category == 'tea' and price < 4", size=20))
    assert set(ids(answer)) == {"t-1", "t-2", "t-3", "t-4"}
    for broken in ("price <", "colour == 'red'", "__import__('os')"):
        with pytest.raises(BadFilterError):
            tiny_engine.carousel("bestsellers", Ask(filter=broken))


def test_a_narrow_filter_does_not_empty_a_carousel_that_has_a_tail(tiny_engine: Engine) -> None:
    """Candidates are taken inside what is eligible before the cut to N."""
    answer = tiny_engine.carousel("trending", Ask(filter="brand == 'dairy'", size=5))
    assert set(ids(answer)) == set(MILKS) - {"m-4"}


def test_a_page_shows_no_product_twice(tiny_engine: Engine) -> None:
    """The first carousel keeps a product, and those after it refill."""
    answers = tiny_engine.page("product", Ask(user_id="w0", product_id="00502", store_id="south", recent=("w-3",)))
    every = [product for answer in answers for product in ids(answer)]
    assert len(every) == len(set(every))
    assert [answer.carousel for answer in answers] == list(tiny_engine.snapshot.shop.pages["product"])


@pytest.mark.parametrize(
    "ask", [lambda engine: engine.carousel("for-yuo", Ask()), lambda engine: engine.page("hom", Ask())]
)
def test_an_unknown_carousel_or_page_is_told_with_a_suggestion(
    tiny_engine: Engine, ask: Callable[[Engine], object]
) -> None:
    """The message names what was asked for and what was meant."""
    with pytest.raises(UnknownCarouselError, match="did you mean"):
        ask(tiny_engine)


def test_explain_tells_sources_rules_context_and_what_is_missing(tiny_engine: Engine) -> None:
    """Why is this here, and why is that not here."""
    shop = tiny_engine.snapshot.shop
    ask = Ask(user_id="t1", store_id="north", explain=True, size=20, at=shop.moment("2026-10-09T12:00"))
    answer = tiny_engine.carousel("for-you", ask)
    tea = next(item for item in answer.items if item.product_id == "t-1")
    assert tea.explain is not None
    assert tea.explain["context"] == {"promotions": {"shelf": "front"}}
    assert set(tea.explain["sources"]) == set(shop.carousels["for-you"].sources)
    assert answer.notes is not None
    assert {"product_id": "m-4", "why": ["hidden: recall-milk"]} in answer.notes["left_out"]
    assert tiny_engine.carousel("for-you", Ask(user_id="t1")).notes is None


def test_the_score_is_the_model_score_times_the_factors(tiny_engine: Engine) -> None:
    """What explain tells adds up, for pinned products too; the parts of the blend make the model's score."""
    lover = _not_a_buyer_of(tiny_engine, CHIANTI)
    for name in ("you-may-also-like", "for-you", "similar-items"):
        for item in tiny_engine.carousel(name, Ask(user_id=lover, product_id="00502", explain=True)).items:
            assert item.explain is not None
            if item.source in ("model", "pin"):
                assert item.explain["model_score"] == pytest.approx(item.score, abs=2e-6)
                assert sum(item.explain["sources"].values()) == pytest.approx(item.score, abs=1e-5)
