"""The request context: wrong is told with its path, unknown never is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ConfigError
from models.shop import Shop
from recsvc.asking import Ask
from recsvc.forms import FormError, check, form_for, to_ask
from recsvc.problems import Fault

SHOP = Shop.model_validate(
    {
        "name": "Corner shop",
        "timezone": "Europe/London",
        "data": {"purchases": {"files": ["p.csv"]}},
        "context": {"fields": {"loyalty_app": "categorical", "basket_value": "numeric"}},
    }
)
FORM = form_for(SHOP)


def ask(values: dict[str, Any], *, typed: bool = True) -> Ask:
    return to_ask(check(FORM, values, typed=typed), SHOP)


def faults(values: dict[str, Any], *, typed: bool = True) -> list[Fault]:
    with pytest.raises(FormError) as caught:
        ask(values, typed=typed)
    return list(caught.value.faults)


def test_nothing_given_asks_for_the_defaults() -> None:
    assert ask({}) == Ask()


def test_every_field_reaches_the_engine() -> None:
    got = ask(
        {
            "user_id": "u", "visitor_id": "v", "product_id": "p", "store_id": "s", "cart": ["a", "b"], "recent": ["c"],
            "exclude": ["d"], "candidates": ["e"], "device": "mobile", "weather": "rain", "loyalty_app": "yes",
            "basket_value": 12, "at": "2026-11-27T09:00", "size": 5, "offset": 10, "filter": "price < 3",
            "consent": False, "explain": True,
        }
    )  # fmt: skip
    assert got == Ask(
        user_id="u", visitor_id="v", product_id="p", store_id="s", cart=("a", "b"), recent=("c",), exclude=("d",),
        candidates=("e",), at=1_795_770_000, size=5, offset=10, filter="price < 3", consent=False, explain=True,
        fields={"device": "mobile", "weather": "rain", "loyalty_app": "yes", "basket_value": 12.0},
    )  # fmt: skip


def test_texts_of_a_query_become_what_they_mean() -> None:
    got = ask({"size": "5", "consent": "false", "basket_value": "1.5", "cart": ["a"]}, typed=False)
    assert (got.size, got.consent, got.fields, got.cart) == (5, False, {"basket_value": 1.5}, ("a",))


def test_blank_and_null_are_left_out() -> None:
    assert ask({"user_id": "", "size": None, "cart": ["", "a"], "candidates": None}) == Ask(cart=("a",))


def test_an_empty_list_of_candidates_is_no_candidate_at_all() -> None:
    assert ask({"candidates": []}).candidates == ()


def test_a_moment_without_zone_is_on_the_shops_clock() -> None:
    assert ask({"at": "2026-07-01T12:00"}).at == ask({"at": "2026-07-01T11:00+00:00"}).at


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "0001-01-01", "9999-12-31T23:59", "0001-01-01T00:00+14:00"])
def test_a_moment_that_is_none_is_told_at_its_path(text: str) -> None:
    assert [fault.path for fault in faults({"at": text})] == ["at"]


@pytest.mark.parametrize(
    ("values", "path", "told"),
    [
        ({"usr_id": "a"}, "usr_id", "did you mean 'user_id'"),
        ({"loyalty_ap": "a"}, "loyalty_ap", "did you mean 'loyalty_app'"),
        ({"user_id": 1023}, "user_id", "must be text"),
        ({"cart": ["a", 1]}, "cart.1", "must be text"),
        ({"cart": "a"}, "cart", "valid list"),
        ({"size": 0}, "size", "greater than or equal to 1"),
        ({"size": 101}, "size", "less than or equal to 100"),
        ({"size": "5"}, "size", "valid integer"),
        ({"size": True}, "size", "valid integer"),
        ({"offset": 1001}, "offset", "less than or equal to 1000"),
        ({"user_id": "x" * 257}, "user_id", "at most 256"),
        ({"cart": ["a"] * 501}, "cart", "at most 500"),
        ({"user_id": "a\x00b"}, "user_id", "NUL"),
        ({"cart": ["\x00"]}, "cart.0", "NUL"),
        ({"filter": "x" * 2501}, "filter", "at most 2500"),
        ({"consent": 1}, "consent", "valid boolean"),
        ({"basket_value": "12"}, "basket_value", "valid number"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(values: dict[str, Any], path: str, told: str) -> None:
    (fault,) = faults(values)
    assert fault.path == path and told in fault.message


def test_numbers_in_a_query_are_finite() -> None:
    assert [fault.path for fault in faults({"basket_value": "nan"}, typed=False)] == ["basket_value"]
    assert [fault.path for fault in faults({"basket_value": "inf"}, typed=False)] == ["basket_value"]


def test_all_faults_are_told_at_once_but_not_thousands() -> None:
    assert len(faults({"size": 0, "offset": -1, "nope": 1})) == 3
    assert len(faults({f"k{i}": 1 for i in range(150)})) == 20
    assert "too many" in faults({f"k{i}": 1 for i in range(201)})[0].message


def test_a_declared_field_cannot_take_a_built_in_name() -> None:
    shop = SHOP.model_copy(update={"context": SHOP.context.model_copy(update={"fields": {"cart": "categorical"}})})
    with pytest.raises(ConfigError, match=r"context\.fields\.cart"):
        form_for(shop)


def test_a_shop_may_make_a_built_in_field_numeric() -> None:
    shop = SHOP.model_copy(update={"context": SHOP.context.model_copy(update={"fields": {"weather": "numeric"}})})
    assert to_ask(check(form_for(shop), {"weather": 21.5}, typed=True), shop).fields == {"weather": 21.5}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(FORM.model_fields)) | st.text(max_size=8), JSON, max_size=8), st.booleans()
)
def test_whatever_comes_is_either_an_ask_or_told_with_paths(values: dict[str, Any], typed: bool) -> None:
    try:
        assert isinstance(ask(values, typed=typed), Ask)
    except FormError as error:
        assert error.faults
