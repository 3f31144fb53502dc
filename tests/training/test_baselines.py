"""The rows beside a task: simple rules for every task, and contexts given to other requests."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_data import UNTIL, Order, purchases_of
from models.columns import text_column
from models.schema import DAY
from models.shop import read_shop
from tiny_shop import TinyShop
from training.baselines import BASELINE, RULES, SHUFFLED, SIMPLE, rows_of, shuffled, with_rules_of_thumb
from training.shop_toml import shop_toml
from training.split import TASKS, Requests, make_requests


@pytest.fixture
def task() -> Requests:
    """Thirty next orders; store, age and place of each say whose it is."""
    orders = [Order(user, [1, 2 + user % 3], age=1 + user / 10, store=user) for user in range(30)]
    purchases = purchases_of(orders, 6, n_stores=30)
    places = text_column([f"place {user}" for user in purchases.user])
    return make_requests(replace(purchases, fields={"place": places}), UNTIL - 14 * DAY, UNTIL, 30, 1)[0]


def test_every_task_has_a_rule_that_the_engine_can_answer(trained_shop: TinyShop, tmp_path: Path) -> None:
    """Written as a shop.toml and read again, beside the shop's own carousels; the merchandiser's rules are left out."""
    told = with_rules_of_thumb(trained_shop.shop)
    path = tmp_path / "shop.toml"
    path.write_text(shop_toml(told), "utf-8")
    read = read_shop(path)
    assert set(RULES) == set(TASKS)
    assert {name: read.carousels[name] for name, _ in RULES.values()} == dict(RULES.values())
    assert {name: read.carousels[name] for name in trained_shop.shop.carousels} == trained_shop.shop.carousels
    assert read.rules.file is None


def test_discoveries_are_compared_with_what_the_shopper_does_not_have_yet() -> None:
    """A rule that shows what was bought before would be no rival."""
    assert {task for task, (_, rule) in RULES.items() if rule.bought == "exclude"} == {"discovery", "session"}


def test_the_rows_of_a_task_are_its_carousel_the_bestsellers_and_the_rule(task: Requests) -> None:
    """The same requests; shuffled ones where that is asked for."""
    rows = rows_of(task, 1, False)
    assert {row: carousel for row, (_, carousel) in rows.items()} == {
        "": "for-you",
        BASELINE: "bestsellers",
        SIMPLE: "own frequency",
    }
    assert all(asked is task for asked, _ in rows.values())
    asked, carousel = rows_of(task, 1, True)[SHUFFLED]
    assert carousel == "for-you" and asked.at.tolist() != task.at.tolist()


def test_shuffling_gives_each_context_to_another_request_and_keeps_the_rest(task: Requests) -> None:
    """Store, moment and place go together; shoppers and what they bought stay."""
    other = shuffled(task, 1)
    assert other.user.tolist() == task.user.tolist() and other.truth is task.truth
    assert other.store.tolist() != task.store.tolist()
    assert sorted(other.store.tolist()) == sorted(task.store.tolist())
    for row, store in enumerate(other.store.tolist()):
        was = int(np.flatnonzero(task.store == store)[0])
        assert (other.at[row], other.fields_of(row)) == (task.at[was], task.fields_of(was))


def test_the_seed_decides_how_contexts_are_shuffled(task: Requests) -> None:
    """The same seed, the same requests."""
    assert shuffled(task, 1).store.tolist() == shuffled(task, 1).store.tolist() != shuffled(task, 2).store.tolist()
