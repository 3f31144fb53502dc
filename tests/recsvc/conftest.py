"""Shops and apps for the tests of the service."""

from pathlib import Path

import pytest

from models.shop import Shop, read_shop

BARE = """
name = "Corner shop"
timezone = "Europe/London"

[data.purchases]
files = ["purchases.csv"]

[context.fields]
loyalty_app = "categorical"
basket_value = "numeric"

[carousels.cheese]
title = "Cheese"
size = 3
sources = { popularity = 1.0 }
"""


@pytest.fixture
def bare_shop(tmp_path: Path) -> Shop:
    """A shop without any trained version, with two declared context fields and a carousel of its own."""
    (tmp_path / "shop.toml").write_text(BARE)
    return read_shop(tmp_path / "shop.toml")
