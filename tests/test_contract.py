"""Every model of ``models.sources`` under every promise of ``models.base.Model``; a new model is found by itself."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_data import UNTIL, Order, SmallShop, random_shop, shop_of
from models.artifact import Manifest, open_artifact, write_artifact
from models.base import Model
from models.carousels import FALLBACKS, SOURCES
from models.errors import NotFittedError
from models.schema import DAY, NO_ROWS, UNKNOWN, Context
from models.settings_of import settings_of, with_settings
from models.sources import MODELS, new_models

EACH = pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.source)

SHOPS: dict[str, Callable[[], SmallShop]] = {
    "everything": random_shop,
    "bare": lambda: shop_of([Order(user, [user, (user * 3 + 1) % 8], age=user + 1) for user in range(8)], 8),
    "one-user": lambda: shop_of([Order(0, [0, 1]), Order(0, [1, 2], age=9)], 3),
    "one-product": lambda: shop_of([Order(user, [0], age=user + 1) for user in range(4)], 1),
    "anonymous": lambda: shop_of([Order(UNKNOWN, [0, 1], age=age) for age in (1, 2, 3, 30)], 3, n_users=0),
    "no-purchases": lambda: shop_of([], 3),
    "no-products": lambda: shop_of([], 0),
    "no-times": lambda: shop_of([Order(user, [user, 3], age=0) for user in range(3)], 4, until=0),
    "repeated-lines": lambda: shop_of([Order(0, [0, 0, 1]), Order(1, [0, 0, 0], age=3), Order(2, [1, 0])], 2),
}


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest) -> SmallShop:
    return SHOPS[request.param]()


@pytest.fixture(scope="module")
def fitted(shop: SmallShop) -> dict[str, Model]:
    return {kind.source: kind().fit(shop.data) for kind in MODELS}


def contexts(shop: SmallShop) -> Iterator[Context]:
    """Yield requests of each kind: nobody, shoppers, pages, carts, sessions, stores, the past and the future."""
    lines = shop.data.purchases
    yield shop.context()
    for user in range(min(lines.n_users, 4)):
        yield shop.context(user)
    yield shop.context(lines.n_users + 7, store=99)
    if not lines.n_products:
        return
    last = lines.n_products - 1
    for page in (0, last):
        yield shop.context(page=page)
    yield shop.context(0, page=last, cart=[0, last, 0], recent=[last, 0, last], store=0)
    yield shop.context(UNKNOWN, cart=[0], store=1)
    yield shop.context(UNKNOWN, recent=[last])
    for at in (0, UNTIL - 100 * DAY, UNTIL + 5 * DAY, UNTIL + 4000 * DAY):
        yield shop.context(0, page=0, recent=[last], store=0, at=at)


@EACH
def test_same_data_and_seed_give_byte_identical_arrays(kind: type[Model], shop: SmallShop) -> None:
    """Two fits agree in every byte, whatever Python's and numpy's global generators stand at."""
    random.seed(1)
    np.random.seed(1)
    one = kind().fit(shop.data).arrays()
    random.seed(2)
    np.random.seed(2)
    other = kind().fit(shop.data).arrays()
    assert list(one) == list(other)
    for name in one:
        assert one[name].dtype == other[name].dtype, name
        assert one[name].tobytes() == other[name].tobytes(), name


@EACH
def test_no_model_moves_the_global_generators(kind: type[Model], shop: SmallShop) -> None:
    """A fit and an answer leave both generators where they were."""
    before = random.getstate(), np.random.get_state()[1].tobytes()  # type: ignore[index]
    kind().fit(shop.data).candidates(shop.context(0), 5)
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before  # type: ignore[index]


@EACH
def test_a_saved_model_answers_like_the_fitted_one(kind: type[Model], tmp_path: Path) -> None:
    """Arrays go to disk and come back as read-only maps; candidates, scores and facts are the same."""
    shop = random_shop(5)
    model = kind().fit(shop.data)
    manifest = Manifest("v1", "s", "2026-01-01T00:00:00Z", UNTIL, 1, {}, {})
    write_artifact(tmp_path / "v1", manifest, {kind.source: model.arrays()})
    arrays = open_artifact(tmp_path / "v1").group(kind.source)
    assert not any(array.flags.writeable for array in arrays.values())
    loaded = with_settings(kind, settings_of(model)).load(arrays)
    rows = np.arange(len(shop.data.catalogue), dtype=np.int32)
    for context in contexts(shop):
        one, other = model.candidates(context, 12), loaded.candidates(context, 12)
        assert one.rows.tobytes() == other.rows.tobytes()
        assert one.scores.tobytes() == other.scores.tobytes()
        assert model.score(context, rows).tobytes() == loaded.score(context, rows).tobytes()
        assert [model.fact(context, row) for row in rows] == [loaded.fact(context, row) for row in rows]


@EACH
def test_who_will_be_asked_gets_the_same_answers_where_nobody_else_is_listed(kind: type[Model]) -> None:
    """A fit that knows who is asked answers these as any fit does, with and without a page, a session and a store."""
    shop, asked = random_shop(7, n_users=30), [3, 11, 12]
    every = kind().fit(shop.data)
    some = kind().fit(replace(shop.data, asked=np.array(asked, np.int32)))
    nobody = kind().fit(replace(shop.data, asked=NO_ROWS))
    rows = np.arange(len(shop.data.catalogue), dtype=np.int32)
    for user in asked:
        for context in (shop.context(user), shop.context(user, page=2, recent=[5, 9], cart=[1], store=0)):
            one, other = every.candidates(context, 50), some.candidates(context, 50)
            assert one.rows.tolist() == other.rows.tolist()
            np.testing.assert_allclose(one.scores, other.scores, rtol=1e-5)
            np.testing.assert_allclose(every.score(context, rows), some.score(context, rows), rtol=1e-5, atol=1e-7)
    new = shop.context(UNKNOWN, page=2, recent=[5, 9])
    assert nobody.candidates(new, 50).rows.tolist() == every.candidates(new, 50).rows.tolist()


@EACH
def test_candidates_are_distinct_products_with_positive_scores_highest_first(
    kind: type[Model], shop: SmallShop, fitted: dict[str, Model]
) -> None:
    """At most n, each once, in range; scores finite and above 0, ties by lower row."""
    n_products = shop.data.purchases.n_products
    for context in contexts(shop):
        for n in (0, 1, 5, n_products + 10):
            found = fitted[kind.source].candidates(context, n)
            assert len(found) == len(found.scores) <= n
            assert found.rows.dtype == np.int32
            assert found.scores.dtype == np.float32
            assert len(set(found.rows.tolist())) == len(found)
            assert all(0 <= row < n_products for row in found.rows)
            assert np.isfinite(found.scores).all()
            assert (found.scores > 0).all()
            pairs = list(zip((-found.scores).tolist(), found.rows.tolist(), strict=True))
            assert pairs == sorted(pairs)


@EACH
def test_fewer_candidates_are_the_first_of_more(kind: type[Model], shop: SmallShop, fitted: dict[str, Model]) -> None:
    """The answer to n is the head of the answer to n + k."""
    for context in contexts(shop):
        most = fitted[kind.source].candidates(context, 1000)
        for n in range(0, len(most) + 1, max(1, len(most) // 6)):
            few = fitted[kind.source].candidates(context, n)
            assert few.rows.tolist() == most.rows[:n].tolist()
            assert few.scores.tolist() == most.scores[:n].tolist()


@EACH
def test_score_agrees_with_candidates_and_is_never_negative(
    kind: type[Model], shop: SmallShop, fitted: dict[str, Model]
) -> None:
    """``score`` repeats the candidates' scores, in any order and number of rows, as float32."""
    everything = np.arange(shop.data.purchases.n_products, dtype=np.int32)
    for context in contexts(shop):
        model = fitted[kind.source]
        found = model.candidates(context, 1000)
        again = model.score(context, found.rows[::-1].copy())[::-1]
        np.testing.assert_allclose(again, found.scores, rtol=2e-5, atol=1e-7)
        scores = model.score(context, everything)
        assert scores.dtype == np.float32
        assert scores.shape == everything.shape
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()
        assert len(model.score(context, everything[:0])) == 0
        np.testing.assert_allclose(scores[found.rows], found.scores, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("source", ["bought-together", "similar", "item-neighbours"])
def test_what_is_being_looked_at_is_not_offered_for_itself(source: str) -> None:
    """A model that answers to a page leaves the page's own product out, in candidates and in scores."""
    shop = random_shop(7)
    model = new_models()[source].fit(shop.data)
    for page in range(6):
        context = shop.context(1, page=page)
        assert page not in model.candidates(context, 100).rows
        assert model.score(context, np.array([page], np.int32))[0] == 0


@EACH
def test_facts_never_raise_and_their_texts_take_their_values(
    kind: type[Model], shop: SmallShop, fitted: dict[str, Model]
) -> None:
    """Each fact has a code, and a sentence that its values fill; a product among them is a row."""
    for context in contexts(shop):
        for row in range(shop.data.purchases.n_products):
            fact = fitted[kind.source].fact(context, row)
            if fact is None:
                continue
            assert fact.code
            assert "{" not in fact.text.format(**fact.values)
            assert 0 <= fact.values.get("product", 0) < shop.data.purchases.n_products
            assert all(isinstance(value, int | float | str) for value in fact.values.values())


@EACH
def test_an_unfitted_model_says_so(kind: type[Model]) -> None:
    """Neither fitted nor loaded, a model that learns raises NotFittedError from each method, naming itself."""
    shop = random_shop()
    context, rows = shop.context(1, page=1, cart=[2], recent=[2], store=1), np.array([0], np.int32)
    if not kind().fit(shop.data).arrays():
        assert len(kind().candidates(context, 3))
        return
    for ask in (
        lambda model: model.candidates(context, 3),
        lambda model: model.score(context, rows),
        lambda model: model.arrays(),
    ):
        with pytest.raises(NotFittedError, match=kind.__name__):
            ask(kind())


@EACH
def test_settings_are_plain_and_fitting_leaves_them_alone(kind: type[Model]) -> None:
    """Settings survive a fit, and every learned attribute ends in an underscore."""
    model = kind()
    before = settings_of(model)
    model.fit(random_shop().data)
    assert settings_of(model) == before
    assert set(vars(model)) - set(before) == {name for name in vars(model) if name.endswith("_")}


def test_every_source_name_has_one_model() -> None:
    """The names that a carousel may blend are the models' names, each once."""
    assert sorted(SOURCES) == sorted(new_models())
    assert len(MODELS) == len(SOURCES)
    assert FALLBACKS


def test_more_threads_change_no_byte() -> None:
    """The number of threads is no part of the answer."""
    shop = random_shop(11)
    many = type(shop.data)(shop.data.purchases, shop.data.catalogue, UNTIL, shop.data.seed, threads=2)
    for kind in MODELS:
        one, other = kind().fit(shop.data).arrays(), kind().fit(many).arrays()
        assert all(one[name].tobytes() == other[name].tobytes() for name in one), kind.source
