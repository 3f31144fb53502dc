"""`make demo` under keys."""

import pytest

from examples.demo import public_key


@pytest.mark.parametrize(
    ("keys", "taken"),
    [
        (None, None),
        ("public:the-storefront", "the-storefront"),
        ("admin:the-boss", "the-boss"),
        ("catalogue:the-feed, admin:the-boss", "the-feed"),
        (" admin : the-boss , public : the-storefront ", "the-storefront"),
        ("public:with:colons", "with:colons"),
    ],
)
def test_the_demo_asks_with_the_weakest_key_that_may_ask(keys: str | None, taken: str | None) -> None:
    """Any key opens what a storefront asks for; a public one is taken where there is one."""
    assert public_key({} if keys is None else {"RECSVC_KEYS": keys}) == taken
