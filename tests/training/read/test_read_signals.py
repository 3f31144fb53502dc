"""Views, carts and clicks: read from files and the store alike, weighed, and learned from where nobody bought yet."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.base import Fitting
from models.errors import DataError
from models.interactions import Weighting, user_items
from models.popularity import Popularity
from models.shop import Shop, read_shop
from models.signals import Signals
from recsvc.asking import Ask
from recsvc.loading import load_engine
from recsvc.store.database import Store
from recsvc.store.event import Event
from recsvc.store.record import record
from recsvc.store.shoppers import allow, erase
from training.fit import fitting, trusted
from training.pipeline import Options, run
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

NOW = int(time.time())
ALONE = 'name = "New shop"\ntimezone = "UTC"\n[data]\nevents = "store"\n[training]\nranker = false\n'
FILES = """
name = "Old shop"
timezone = "UTC"
[data.purchases]
files = ["events.csv"]
columns = { user_id = "who", product_id = "what", time = "when", event = "how" }
[training]
refused_share = 0.5
"""
ROWS = (
    ("ann", "milk", 9, "purchase"), ("ann", "tea", 8, "view"), ("ann", "tea", 8, "view"), ("ben", "tea", 7, "Add-To-Cart"),
    ("ben", "milk", 6, "product clicked"), ("", "milk", 5, "view"), ("ben", "milk", 4, "search"),
    ("cat", "jam", 3, "view_item"), ("cat", "jam", -9, "view"),
)  # fmt: skip


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(Store(store_url)) as made:
        made.engine()
        yield made


def shop_in(folder: Path, text: str) -> Shop:
    (folder / "shop.toml").write_text(text)
    lines = [f"{who},{what},{NOW - 86_400 * days},{how}" for who, what, days, how in ROWS]
    (folder / "events.csv").write_text("\n".join(["who,what,when,how", *lines]))
    return read_shop(folder / "shop.toml")


def read(shop: Shop, store: Store | None = None, until: int | None = None) -> ShopData:
    url = None if store is None else store.url
    return read_shop_data(shop, until=until, now=NOW, rejects=None, progress=SILENT, store=url)


def told(data: ShopData) -> list[tuple[str, str, int, float]]:
    """Return (shopper, product, days ago, weight) of every signal."""
    signs = data.signals
    return [
        (data.users.id(int(u)), data.products.id(int(p)), round((NOW - int(t)) / 86_400), round(float(w), 3))
        for u, p, t, w in zip(signs.user, signs.product, signs.time, signs.weight, strict=True)
    ]


def test_files_give_signals_beside_purchases(tmp_path: Path) -> None:
    """One a kind, product and day; not of nobody, not of other events; the purchases are what they were."""
    data = read(shop_in(tmp_path, FILES))
    assert told(data) == [
        ("ann", "tea", 8, 0.1), ("ben", "tea", 7, 0.3), ("ben", "milk", 6, 0.1), ("cat", "jam", 3, 0.1),
    ]  # fmt: skip
    assert len(data.purchases) == 1 and data.products.row("jam") >= 0
    assert data.facts.tables["purchases"].set_aside["event is no purchase"] == 6
    assert "2 views, 1 carts, 1 clicks" in "".join(data.facts.tables["purchases"].notes)


def test_weights_are_configuration_and_until_cuts(tmp_path: Path) -> None:
    shop = shop_in(tmp_path, FILES + "[training.weights]\nview = 0\ncart = 0.5\nclick = 1\n")
    assert told(read(shop)) == [("ben", "tea", 7, 0.5), ("ben", "milk", 6, 1.0)]
    assert read(shop).products.row("jam") == -1
    assert told(read(shop, until=NOW - 6 * 86_400)) == [("ben", "tea", 7, 0.5)]


def test_what_is_learned_from_ends_before_the_moment_that_is_trained_for(tmp_path: Path) -> None:
    """A judgement fits on less than was read: no view of the days held out is in it."""
    shop = shop_in(tmp_path, FILES)
    data = read(shop)
    assert len(fitting(data, NOW, shop, 1).signals) == 4
    assert len(fitting(data, NOW - 6 * 86_400 - 60, shop, 1).signals) == 2


def test_a_view_counts_as_a_part_of_a_purchase(tmp_path: Path) -> None:
    """By hand: without fading ann has log(1 + 1) of milk and log(1 + 0.1) of tea; in a binary matrix 1 and 0.1."""
    data = read(shop_in(tmp_path, FILES))
    given = Fitting(data.purchases, data.catalogue, NOW, heavy=0, signals=data.signals)
    ann, milk, tea = data.users.row("ann"), data.products.row("milk"), data.products.row("tea")
    plain = user_items(given, Weighting(half_life=1e9)).toarray()
    assert plain[ann, [milk, tea]] == pytest.approx(np.log1p([1.0, 0.1]), rel=1e-4)
    assert user_items(given, Weighting(binary=True)).toarray()[ann, [milk, tea]] == pytest.approx([1.0, 0.1])
    scores = Popularity(half_life=1e9).fit(given).score(None, np.arange(len(data.products), dtype=np.int32))  # type: ignore[arg-type]
    sums = {"milk": 1 + 0.1, "tea": 0.1 + 0.3, "jam": 0.1}
    total = 1 + 0.1 + 0.3 + 0.1 + 0.1
    assert {name: round(float(scores[data.products.row(name)]), 4) for name in sums} == {
        name: round(value / total, 4) for name, value in sums.items()
    }


def looked(store: Store) -> None:
    """Let 300 visitors look at six products each: half of them at wines, half at teas."""
    events: list[Event] = []
    for user in range(300):
        kind: Any = "cart" if user % 5 == 0 else "view"
        products = [f"{'w' if user % 2 else 't'}{(user // 2 + step * 3) % 11}" for step in range(6)]
        events += [
            Event(
                f"{user}-{step}", kind, NOW - 600 * (step + user), NOW, None, f"visitor-{user:03}", product_id=product
            )
            for step, product in enumerate(products)
        ]
    with store.write() as connection:
        record(connection, [events])


def test_signals_count_for_more_while_little_was_bought() -> None:
    """The strongest kind from as much as a purchase down to its weight."""
    signs = Signals(
        *(np.zeros(2, np.int32), np.zeros(2, np.int32), np.zeros(2, np.int64)), np.array([0.1, 0.5], np.float32)
    )
    weights = [trusted(signs, n).weight.round(3).tolist() for n in (0, 1_000, 10**9)]
    assert np.allclose(weights, [[0.2, 1.0], [0.15, 0.75], [0.1, 0.5]])


def test_a_shop_in_which_nobody_bought_yet_learns_what_belongs_together(store: Store, tmp_path: Path) -> None:
    """From nothing but views in the service's store to a published version; an erased visitor is in no file of it."""
    shop = shop_in(tmp_path, ALONE)
    with pytest.raises(DataError, match="no purchase is left"):
        run(shop, Options(tmp_path / "artifacts", NOW, NOW, store=store.url), SILENT)
    looked(store)
    with store.write() as connection:
        erase(connection, "visitor-007", NOW)
        allow(connection, "visitor-009", False, None, NOW)
    report = run(shop, Options(tmp_path / "artifacts", NOW, NOW, store=store.url), SILENT)
    assert report.published
    engine = load_engine(shop, report.folder, None, lambda: NOW)
    for taste in "wt":
        answer = engine.carousel("you-may-also-like", Ask(recent=(f"{taste}1", f"{taste}2"), size=4))
        assert answer.personalised and [item.product_id[0] for item in answer.items].count(taste) >= 3
    assert engine.snapshot.users.row("visitor-008") >= 0
    assert engine.snapshot.users.row("visitor-007") == engine.snapshot.users.row("visitor-009") == -1
    files = [path.read_bytes() for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert any(b"visitor-008" in one for one in files)
    assert not any(b"visitor-007" in one or b"visitor-009" in one for one in files)
