"""Shops, trained versions and apps for the tests of the service."""

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sentences import HELD
from service_helpers import NOW, pin
from store_kit import closing

from made_once import made_once
from models.shop import Shop, read_shop
from recsvc.app import create_app
from recsvc.settings import read_settings
from sample_shop import PATIENT
from training.pipeline import Options, run
from training.progress import Progress

HERE = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that holds sentences of the rules once under each of them: the sentence is its id."""
    name = f"{metafunc.module.__file__}::{metafunc.function.__name__}"
    sentences = HELD.get(name.removeprefix(f"{HERE}/"))
    if sentences:
        metafunc.fixturenames.append("sentence")
        metafunc.parametrize("sentence", sentences, ids=sentences)


BARE = """
name = "Corner shop"
timezone = "Europe/London"
clock_starts = "2026-03-26 12:00"

[data.purchases]
files = ["purchases.csv"]
columns = { user_id = "user_id", product_id = "product_id", time = "time", order_id = "order_id", store_id = "store_id", price = "price" }

[data.products]
files = ["products.csv"]
columns = { product_id = "product_id", name = "name", category = "category", price = "price" }

[context.fields]
loyalty_app = "categorical"
basket_value = "numeric"

[carousels.cheese]
title = "Cheese"
size = 3
sources = { popularity = 1.0 }

[rules]
file = "rules.yaml"
"""


@pytest.fixture
def bare_shop(tmp_path: Path) -> Shop:
    """A shop without any trained version, with two declared context fields and a carousel of its own."""
    (tmp_path / "shop.toml").write_text(BARE.replace('[rules]\nfile = "rules.yaml"\n', ""))
    return read_shop(tmp_path / "shop.toml")


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shop and two trained versions, the older one live; not to be changed."""
    once = made_once(tmp_path_factory, "two-versions", _two_versions)
    return Path(shutil.copytree(once, tmp_path_factory.mktemp("trained") / "shop", symlinks=True))


def _two_versions(folder: Path) -> Path:
    (folder / "shop.toml").write_text(BARE)
    (folder / "rules.yaml").write_text(pin("p07"))
    chance, began = random.Random(1), datetime(2026, 1, 1)
    lines = ["user_id,product_id,time,order_id,store_id,price"]
    for order in range(300):
        user, time = chance.randrange(20), (began + timedelta(hours=order * 6)).isoformat() + "Z"
        lines += [f"u{user:02},p{p:02},{time},o{order},s{user % 2},{p + 1}" for p in chance.sample(range(25), 3)]
    (folder / "purchases.csv").write_text("\n".join(lines))
    products = [f"p{p:02},Product {p},{('wine', 'cheese', 'bread')[p % 3]},{p + 1}" for p in range(25)]
    (folder / "products.csv").write_text("\n".join(["product_id,name,category,price", *products]))
    shop = read_shop(folder / "shop.toml")
    for seed, publish in ((1, True), (2, False)):
        run(shop, Options(folder / "artifacts", NOW + seed, NOW, seed=seed, fast=True, publish=publish), Progress())
    return folder


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Path:
    """A copy of the trained shop, to be changed at will."""
    return Path(shutil.copytree(trained_once, tmp_path / "shop", symlinks=True))


@pytest.fixture(scope="session")
def make_app() -> Callable[..., Flask]:
    """A function that makes the app of a folder with a shop, under environment variables without their prefix."""

    def make(folder: Path, **environ: str) -> Flask:
        shop = read_shop(folder / "shop.toml")
        told = {f"RECSVC_{name}": value for name, value in environ.items()}
        given = {"RECSVC_ARTIFACTS": str(folder / "artifacts"), **PATIENT, **told}
        return create_app(shop, read_settings(shop, given, {}), lambda: NOW)

    return make


@pytest.fixture(scope="session")
def app(trained_once: Path, make_app: Callable[..., Flask]) -> Flask:
    """The app of the trained shop, open and with one origin for CORS; not to be changed."""
    return make_app(trained_once, CORS_ORIGINS="https://shop.example")


@pytest.fixture
def storefront(trained: Path, make_app: Callable[..., Flask], store_url: str) -> Iterator[FlaskClient]:
    """A client of the trained shop with an empty store, on both databases."""
    yield from closing(make_app(trained, STORE=store_url).test_client())
