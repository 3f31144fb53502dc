"""What is told lies over the trained version: products, prices and stock, at once and without harm to what was before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from overlay_kit import SINCE, STORES, Told, product, says, shelves

from models.schema import DAY, UNKNOWN, Context
from recsvc.asking import Answer, Ask
from recsvc.carousel import Engine
from recsvc.context import understand
from recsvc.overlay.apply import forget, tell
from recsvc.overlay.told import News, Pieces, Product
from recsvc.pace import Pace
from recsvc.rules.bind import BoundRules, bind
from recsvc.rules.parse import parse
from recsvc.rules_file import facts_of
from recsvc.snapshot import Snapshot
from tiny_shop import WINES, TinyShop


@pytest.fixture(scope="session")
def trained(tiny_engine: Engine) -> Snapshot:
    return tiny_engine.snapshot


def told(snapshot: Snapshot, *products: Product, pieces: tuple[Pieces, ...] = ()) -> Engine:
    return Engine(tell(snapshot, News(products, pieces), 1))


def ids(answer: Answer) -> list[str]:
    return [item.product_id for item in answer.items]


def fresh_wine(**more: object) -> Product:
    attributes = {"name": "Barolo", "category": "wine", "brand": "maker-1", "country": "Italy", "price": 12.5}
    return product("barolo", **{**attributes, **more})  # type: ignore[arg-type]


def test_a_new_product_is_a_new_arrival_at_once(trained: Snapshot) -> None:
    answer = told(trained, fresh_wine()).carousel("new-arrivals", Ask(size=3))
    item = next(item for item in answer.items if item.product_id == "barolo")
    assert item.reason.code == "new" and item.product["name"] == "Barolo" and item.product["price"] == 12.5
    assert "barolo" not in ids(Engine(trained).carousel("new-arrivals", Ask(size=100)))


def test_a_new_product_is_an_alternative_to_what_it_is_like(trained: Snapshot) -> None:
    """Near a wine of the same maker and country, and not near a tea."""
    engine = told(trained, fresh_wine())
    assert "barolo" in ids(engine.carousel("similar-items", Ask(product_id="00502", size=5)))
    likeness = engine.snapshot.models["similar"].score
    row = np.array([engine.snapshot.catalogue.ids.row("barolo")], np.int32)
    moment = engine.snapshot.clock()
    wine, tea = (engine.snapshot.catalogue.ids.row(one) for one in ("00502", "t-1"))
    assert likeness(Context(moment, page=wine), row)[0] > 0.2 > likeness(Context(moment, page=tea), row)[0]


def test_a_new_product_is_offered_to_those_who_buy_its_kind(trained: Snapshot) -> None:
    """It counts as the middle one of its kind's bestsellers, with a reason that is true."""
    engine = told(trained, fresh_wine())
    kinds, row = engine.snapshot.models["kinds"], engine.snapshot.catalogue.ids.row("barolo")
    lover, other = (understand(engine.snapshot, Ask(user_id=user)).context for user in ("w0", "t1"))
    assert row in kinds.candidates(lover, 100).rows and row not in kinds.candidates(other, 100).rows
    fact = kinds.fact(lover, row)
    assert fact is not None and fact.code == "new-of-kind"


@pytest.mark.parametrize("pace", [None, Pace(prepared="load")], ids=["in full", "from prepared lists"])
def test_a_list_is_short_only_where_nothing_is_left_so_what_nobody_bought_yet_comes_last(
    trained: Snapshot, pace: Pace | None
) -> None:
    """Behind all that sold, and first where a filter leaves nothing else."""
    engine = told(trained, fresh_wine(brand="new-maker"), product("merlot", category="wine"))
    shown = ids(engine.carousel("bestsellers", Ask(size=100), pace))
    assert set(shown[-2:]) == {"barolo", "merlot"}
    assert set(shown) == set(says(engine.snapshot)) - {"m-4"}, "all but the milk that was recalled"
    assert ids(engine.carousel("for-you", Ask(filter="brand == 'new-maker'"), pace)) == ["barolo"]


def test_every_carousel_answers_on_the_page_of_a_new_product_and_with_it_in_the_cart(trained: Snapshot) -> None:
    """No model falls over a row that it never saw, with values that it never saw."""
    strange = product("strange", name="?", category="no such kind", brand="nobody", price=0.0, tags=["a", "b"])
    engine = told(trained, fresh_wine(), strange, product("bare"))
    for name in trained.shop.carousels:
        for page in ("barolo", "strange", "bare"):
            ask = Ask(user_id="w0", product_id=page, cart=("bare", "barolo"), recent=("strange",), store_id="north")
            answer = engine.carousel(name, ask)
            assert answer.unknown == () and page not in ids(answer)
    assert engine.page("home", Ask(user_id="w0", explain=True, why=("barolo", "bare")))


def test_a_withdrawn_product_never_shows_and_comes_back(trained: Snapshot) -> None:
    """``available`` false: in no carousel, pinned or not; true: again."""
    gone = tell(trained, News([product("m-1", whole=False, available=0.0)]), 1)
    for name in trained.shop.carousels:
        assert "m-1" not in ids(Engine(gone).carousel(name, Ask(size=100, recent=("m-1", "m-2"))))
    back = tell(gone, News([product("m-1", whole=False, available=1.0)]), 2)
    assert "m-1" in ids(Engine(back).carousel("bestsellers", Ask(size=100)))


def test_what_is_sold_out_in_the_requests_store_never_shows(trained: Snapshot) -> None:
    """In that store only; without a store, only what all of them are out of."""
    engine = told(trained, pieces=(Pieces("m-1", "north", 0), Pieces("m-2", "north", 0), Pieces("m-2", "south", 3)))

    def shown(store: str | None) -> set[str]:
        return {"m-1", "m-2"} & set(ids(engine.carousel("bestsellers", Ask(store_id=store, size=100))))

    assert (shown("north"), shown("south"), shown(None)) == (set(), {"m-1", "m-2"}, {"m-2"})


def test_a_quantity_without_a_store_counts_for_all_of_them(trained: Snapshot) -> None:
    """What was trained and told of single stores ends; a store that is told of later has its own again."""
    all_out = tell(trained, News(pieces=[Pieces(WINES[0], "", 0)]), 1)
    assert [shelves(all_out)[WINES[0], store] for store in STORES[:3]] == [0, 0, 0]
    both = [Pieces(WINES[0], "", 0), Pieces(WINES[0], "south", 4)]
    some_left = tell(all_out, News(pieces=both), 2)
    assert [shelves(some_left)[WINES[0], store] for store in STORES[:3]] == [4, 0, 4]


def test_a_store_that_nobody_knew_has_stock_at_once(trained: Snapshot) -> None:
    engine = told(trained, pieces=(Pieces("m-1", "east", 0), Pieces("m-2", "east", 2)))
    shown = ids(engine.carousel("bestsellers", Ask(store_id="east", size=100)))
    assert "m-1" not in shown and "m-2" in shown
    assert engine.carousel("bestsellers", Ask(store_id="east")).unknown == ()


RULES = """version: 1
segments:
  drinkers: {bought: {where: "category == 'wine'", at_least: 1}}
rules:
  - {id: cheap-only, do: keep, where: "price <= 5", carousels: [bestsellers]}
  - {id: no-spain, do: hide, where: "country == 'Spain'", carousels: [trending]}
  - {id: awaited, do: pin, product: barolo, position: 1, carousels: [for-you]}
  - {id: soft, do: boost, factor: 2, where: "startswith(lower(name), 'milk') and price > 1"}
  - {id: alike, do: boost, factor: 1.5, where: "category == page.category", unless: {page_item: "brand == 'nobody'"}}
  - {id: teas, do: bury, factor: 0.5, where: "brand == 'nobody' or category in ['tea', 'brand new']", when: {segment: drinkers}}
  - {id: few, do: limit, per: brand, max: 3, carousels: [trending]}
  - {id: recalled, do: hide, everywhere: true, products: [new-2, w-8]}
"""


@pytest.fixture(scope="session")
def ruled(trained: Snapshot, trained_shop: TinyShop) -> Snapshot:
    rules = parse(RULES, facts_of(trained, trained_shop.folder))
    return trained.under(bind(rules, trained.catalogue), rules.hash)


@pytest.fixture(scope="session")
def ruled_engine(ruled: Snapshot) -> Engine:
    return Engine(ruled)


def test_a_price_moves_a_product_in_and_out_of_a_price_band(ruled: Snapshot) -> None:
    before = set(ids(Engine(ruled).carousel("bestsellers", Ask(size=100))))
    cheap = told(ruled, product(WINES[2], whole=False, price=4.0), product("m-1", whole=False, price=5.01))
    after = set(ids(cheap.carousel("bestsellers", Ask(size=100))))
    assert (after - before, before - after) == ({WINES[2]}, {"m-1"})


def test_a_pin_of_a_product_that_was_awaited_works_once_it_arrives(ruled: Snapshot) -> None:
    assert ids(told(ruled, fresh_wine()).carousel("for-you", Ask()))[0] == "barolo"


def test_rules_are_not_bound_again_where_they_do_not_see_the_change(ruled: Snapshot) -> None:
    """Stock touches no rule at all; a price inside its band exchanges the catalogue and nothing else."""
    stocked = tell(ruled, News(pieces=[Pieces("m-1", "north", 0)]), 1)
    assert stocked.rules is ruled.rules and stocked.catalogue is ruled.catalogue and stocked.models is ruled.models
    priced = tell(ruled, News([product("m-3", whole=False, price=2.5)]), 1)
    assert priced.rules.targets is ruled.rules.targets and priced.rules.index is ruled.rules.index
    assert priced.rules.catalogue is priced.catalogue is priced.rules.conditions.segments.ground.catalogue


def test_a_price_leaves_every_other_column_where_it_is(trained: Snapshot) -> None:
    """One column is copied, no other; and the snapshot before still says what it said."""
    before = says(trained)
    after = tell(trained, News([product("m-1", whole=False, price=0.5)]), 1)
    kept = [name for name, column in after.catalogue.columns.items() if column is trained.catalogue.columns[name]]
    assert set(trained.catalogue.columns) - set(kept) == {"price"}
    assert after.catalogue.ids is trained.catalogue.ids
    assert says(trained) == before and says(after)["m-1"]["price"] == 0.5


def test_a_product_told_whole_has_no_other_values_and_a_patched_one_keeps_them(trained: Snapshot) -> None:
    before = says(trained)["m-1"]
    whole = tell(trained, News([product("m-1", name="Milk")]), 1)
    assert says(whole)["m-1"] == {"name": "Milk"}
    patched = tell(trained, News([product("m-1", whole=False, name="Milk", brand=None)]), 1)
    expected = {**before, "name": "Milk"}
    expected.pop("brand")
    assert says(patched)["m-1"] == expected


def test_what_is_forgotten_is_as_it_was_trained(trained: Snapshot) -> None:
    changed = tell(trained, News([product("m-1", price=1.0), fresh_wine()], [Pieces("m-1", "", 0)]), 1)
    again = forget(changed)
    assert says(again) == says(trained) and shelves(again) == shelves(trained) and not again.told


def test_what_is_told_twice_changes_nothing(trained: Snapshot) -> None:
    """The same news again give the same catalogue object."""
    once = tell(trained, News([fresh_wine(), product("m-1", price=1.0)]), 1)
    assert tell(once, News([fresh_wine(), product("m-1", price=1.0)]), 2).catalogue is once.catalogue


def test_a_new_product_waits_for_its_date(trained: Snapshot) -> None:
    """``available_from`` in the future: not sold yet, and new from then on."""
    start = trained.clock() + DAY
    engine = told(trained, fresh_wine(available_from=float(start)))
    assert "barolo" not in ids(engine.carousel("new-arrivals", Ask(size=100)))
    assert "barolo" in ids(engine.carousel("new-arrivals", Ask(size=100, at=start + 60)))


PRODUCTS = ("m-1", "w-3", "teapot", "new-1", "new-2", "00501")
VALUES = {
    "name": some.sampled_from(["Milk 0", "Renamed", "", None]),
    "category": some.sampled_from(["wine", "tea", "brand new", None]),
    "brand": some.sampled_from(["maker-1", "nobody", None]),
    "price": some.sampled_from([0.0, 1.0, 4.99, 5.01, 12.0, None]),
    "tags": some.sampled_from([["a"], ["b", "a"], [], None]),
    "available": some.sampled_from([0.0, 1.0, None]),
    "cost": some.sampled_from([0.5, 2.0, None]),
}
ATTRIBUTES = some.fixed_dictionaries({}, optional=VALUES)
STEPS = some.lists(
    some.one_of(
        some.tuples(some.just("put"), some.sampled_from(PRODUCTS), ATTRIBUTES),
        some.tuples(some.just("patch"), some.sampled_from(PRODUCTS[:4]), ATTRIBUTES),
        some.tuples(
            some.just("stock"),
            some.sampled_from(PRODUCTS),
            some.tuples(some.sampled_from(STORES), some.sampled_from([-1.0, 0.0, 1.0, 7.5])),
        ),
    ),
    max_size=12,
)


def products_of(bound: BoundRules) -> list[object]:
    """Return what rules bound to a catalogue act on, by outside ids."""
    ids = bound.catalogue.ids

    def named(rows: object) -> list[str]:
        return sorted(ids.id(row) for row in rows.tolist() if row >= 0)  # type: ignore[attr-defined]

    conditions = bound.conditions.targets.values()
    targets = [*bound.targets, *conditions, *bound.conditions.segments.targets.values()]
    order = [ids.id(row) for row in np.argsort(bound.id_rank).tolist()]
    sets = [None if one.rows is None else named(one.rows.listed()) for one in targets]
    return [sets, order, named(bound.gone.listed()), *(named(rows) for rows in bound.pinned)]


def known_shelves(snapshot: Snapshot, final: Snapshot) -> dict[tuple[str, str], float | None]:
    """Return the pieces in stores that ``final`` knows: one that was told of and ended is forgotten at the next start."""
    known = {name for name in STORES if not name or final.stores.row(name) != UNKNOWN}
    return {key: pieces for key, pieces in shelves(snapshot).items() if key[1] in known}


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_sequence_of_puts_and_patches_comes_to_one_load_of_the_final_table(
    ruled_engine: Engine, steps: list[tuple[str, str, object]]
) -> None:
    """Catalogue, stock, rules and what models know of content, whatever came in which order."""
    store, step_by_step = Told(), ruled_engine.snapshot
    for number, (what, name, value) in enumerate(steps):
        if what == "put":
            news = store.put(product(name, since=SINCE + number, **value))  # type: ignore[arg-type]
        elif what == "patch":
            news = store.patch(name, **value)  # type: ignore[arg-type]
        else:
            news = store.stock(name, *value)  # type: ignore[misc]
        step_by_step = tell(step_by_step, news, number + 1)
    at_once = tell(ruled_engine.snapshot, store.everything(), len(steps))
    assert says(step_by_step) == says(at_once)
    assert known_shelves(step_by_step, at_once) == known_shelves(at_once, at_once)
    ask = Ask(user_id="w0", store_id="north", product_id="00502", size=100)
    anew = bind(ruled_engine.snapshot.rules.ruleset, at_once.catalogue)
    assert products_of(step_by_step.rules) == products_of(at_once.rules) == products_of(anew)
    for name in ("bestsellers", "new-arrivals", "similar-items"):
        first, second = (Engine(one).carousel(name, ask) for one in (step_by_step, at_once))
        assert [(i.product_id, i.score) for i in first.items] == [(i.product_id, i.score) for i in second.items]
