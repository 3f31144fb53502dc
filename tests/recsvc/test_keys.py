"""Keys: scoped, revocable, compared as digests, never shown."""

import pytest

from recsvc.keys import Keys, parse_keys

TEXT = "public:storefront-one-key, public:storefront-two-key,catalogue:back-office-key-1,admin:the-boss-of-it-all"


def test_several_keys_of_one_scope_open_the_same() -> None:
    keys = parse_keys(TEXT)
    assert keys.opens("storefront-one-key") == keys.opens("storefront-two-key") == ("open", "public")


def test_a_stronger_key_opens_what_weaker_ones_do() -> None:
    keys = parse_keys(TEXT)
    assert keys.opens("back-office-key-1") == ("open", "public", "catalogue")
    assert keys.opens("the-boss-of-it-all") == ("open", "public", "catalogue", "admin")


def test_no_key_opens_only_what_is_open_and_a_wrong_one_is_told_apart() -> None:
    keys = parse_keys(TEXT)
    assert keys.opens(None) == ("open",)
    assert keys.opens("storefront-one-kez") is None


def test_a_key_that_is_left_out_is_revoked() -> None:
    assert parse_keys("public:storefront-one-key").opens("storefront-two-key") is None


def test_without_keys_everything_is_open() -> None:
    assert Keys(()).opens(None) == ("open", "public", "catalogue", "admin")


def test_keys_are_not_shown_by_repr_and_short_ones_are_counted() -> None:
    keys = parse_keys("public:short,admin:a-long-enough-key")
    assert "short" not in repr(keys) and "held" not in repr(keys)
    assert keys.easy == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("public", "key 1: write scope:key"),
        ("public:a,admin:", "key 2: write scope:key"),
        ("publik:a", "did you mean 'public'"),
        ("public:a,admin:a", "key 2: the same key"),
        ("public:käse", "printable ASCII"),
    ],
)
def test_a_part_that_is_wrong_is_named_by_its_place(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_keys(text)
