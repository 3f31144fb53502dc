"""Arms of experiments that are served by trained versions of their own, beside the live one."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from service_helpers import pin
from sqlalchemy import select
from store_kit import closing, told

from models.errors import ConfigError
from models.registry import Registry
from models.shop import read_shop
from recsvc.batch import manifest_of, run_batch
from recsvc.opening import open_state
from recsvc.overlay.told import Product
from recsvc.service import service_of
from recsvc.serving import State
from recsvc.store.catalogue import add_products
from recsvc.store.database import Store
from recsvc.store.tables import exposures

TRY = """
[experiments.newer]
carousels = ["bestsellers", "new-arrivals"]
[experiments.newer.arms]
now = {}
next = { model = "%s", changes = { size = 4 } }
"""
SHOPPERS = [f"u{number:02}" for number in range(20)]


def versions(folder: Path) -> tuple[str, str]:
    """Return the live version and the one that was trained after it and not published."""
    live, newer = Registry(folder / "artifacts").versions()
    return live.version, newer.version


def trying(folder: Path, version: str | None = None) -> Path:
    with (folder / "shop.toml").open("a") as file:
        file.write(TRY % (version or versions(folder)[1]))
    return folder


@pytest.fixture
def client(trained: Path, make_app: Callable[..., Flask], store_url: str) -> Iterator[FlaskClient]:
    yield from closing(make_app(trying(trained), STORE=store_url).test_client())


def arm(answer: dict[str, Any]) -> str:
    (one,) = [one["arm"] for one in answer["experiments"] if one["name"] == "newer"]
    return str(one)


def state(client: FlaskClient) -> State:
    return service_of(client.application).live.state


def test_answers_explanations_and_what_is_kept_name_the_version_of_the_arm(client: FlaskClient, trained: Path) -> None:
    """Its settings hold too; both arms have somebody, and who is in none gets the live version."""
    live, newer = versions(trained)
    expected = {"now": (live, 12), "next": (newer, 4)}
    seen = set()
    for user in SHOPPERS:
        for explain in ("false", "true"):
            answer = told(client, "bestsellers", user_id=user, explain=explain)
            assert (answer["model"], len(answer["items"])) == expected[arm(answer)]
        seen.add((arm(answer), answer["model"]))
        assert told(client, "trending", user_id=user)["model"] == live
    assert seen == {("now", live), ("next", newer)}
    assert told(client, "bestsellers")["model"] == live
    here = service_of(client.application)
    here.exposer.log.stop()
    with here.store.read() as connection:
        rows = connection.execute(select(exposures.c.arm, exposures.c.products)).all()
    kept = {(json.loads(one)["newer"], json.loads(products)["model"]) for one, products in rows if one}
    assert kept == seen
    ready = client.get("/readyz").get_json()
    assert ready["status"] == "ready" and ready["model"] == live and ready["models"] == [live, newer]
    (listed,) = client.get("/v1/experiments").get_json()["experiments"]
    assert [one["model"] for one in listed["arms"]] == [None, newer]


def test_a_page_of_two_versions_shows_no_product_twice_and_each_carousel_names_its_own(
    client: FlaskClient, trained: Path
) -> None:
    live, newer = versions(trained)
    user = next(one for one in SHOPPERS if arm(told(client, "bestsellers", user_id=one)) == "next")
    page = client.post("/v1/pages/home", json={"user_id": user}).get_json()["carousels"]
    shown = [item["product_id"] for one in page for item in one["items"]]
    assert len(shown) == len(set(shown)) > 0
    assert {one["carousel"]: one["model"] for one in page} == {
        one["carousel"]: newer if one["carousel"] in ("bestsellers", "new-arrivals") else live for one in page
    }


def test_a_pin_of_a_later_carousel_wins_over_what_another_version_would_show_before_it(
    client: FlaskClient, trained: Path
) -> None:
    """Step 10 holds between versions: the pin stands in its carousel, the other one refills, and says where it is."""
    user = next(one for one in SHOPPERS if arm(told(client, "bestsellers", user_id=one)) == "next")
    page = client.post("/v1/pages/home", json={"user_id": user}).get_json()["carousels"]
    places = {one["carousel"]: place for place, one in enumerate(page)}
    before, after = sorted(("bestsellers", "trending"), key=lambda name: places[name])
    assert page[places[before]]["model"] != page[places[after]]["model"]
    wanted = page[places[before]]["items"][0]["product_id"]
    (trained / "rules.yaml").write_text(pin(wanted).replace("bestsellers", after))
    service_of(client.application).live.refresh()
    again = client.post("/v1/pages/home", json={"user_id": user, "explain": True}).get_json()["carousels"]
    first = again[places[after]]["items"][0]
    assert (first["product_id"], first["source"]) == (wanted, "pin")
    shown = [item["product_id"] for one in again for item in one["items"]]
    assert len(shown) == len(set(shown)) and shown.count(wanted) == 1
    assert len(shown) == sum(len(one["items"]) for one in page), "whoever loses a product refills"
    told_of = {one["product_id"]: one["why"] for one in again[places[before]]["notes"]["left_out"]}
    assert told_of.get(wanted, [f"duplicate: {after}"])[0] == f"duplicate: {after}"


def test_rules_and_what_the_store_tells_hold_for_every_version(client: FlaskClient, trained: Path) -> None:
    """From the start on, and when they change."""
    here = service_of(client.application)
    (trained / "rules.yaml").write_text(pin("p03"))
    with here.store.write() as connection:
        add_products(connection, [Product("p05", {"available": 0.0}, False, 0)])
    here.live.refresh()
    here.live.follow()
    answers = [told(client, "bestsellers", user_id=user) for user in SHOPPERS]
    assert {arm(one) for one in answers} == {"now", "next"} and len({one["model"] for one in answers}) == 2
    assert all(one["items"][0]["product_id"] == "p03" and one["rules"] == here.live.state.rules_hash for one in answers)
    assert not any(item["product_id"] == "p05" for one in answers for item in one["items"])
    client.delete("/v1/users/u01")
    here.live.refusals.follow()  # type: ignore[union-attr]
    assert all(one.users.row("u01") == -1 for one in state(client).engine.snapshot.everything)


def test_a_version_that_is_not_there_is_told_and_its_shoppers_get_the_live_one_and_count_nowhere(
    trained: Path, make_app: Callable[..., Flask], store_url: str
) -> None:
    """Until it comes; a promote of the version of an arm leaves both to one version."""
    live, newer = versions(trained)
    registry = Registry(trained / "artifacts")
    shutil.move(registry.path(newer), trained / "away")
    app = make_app(trying(trained, newer), STORE=store_url)
    with contextlib.contextmanager(closing)(app.test_client()) as client:
        here = service_of(client.application)
        ready = client.get("/readyz").get_json()
        (trouble,) = ready["troubles"]
        assert ready["status"] == "degraded" and (trouble["part"], trouble["file"]) == ("experiments", newer)
        answers = [told(client, "bestsellers", user_id=user) for user in SHOPPERS]
        lost = [one for one in answers if not one["experiments"]]
        assert {one["model"] for one in answers} == {live} and 0 < len(lost) < len(answers)
        assert all(one["degraded"] == ["experiments"] and len(one["items"]) == 12 for one in lost)
        shutil.move(trained / "away", registry.path(newer))
        here.live.load(here.live.look())
        assert state(client).models == (live, newer) and state(client).troubles == ()
        registry.promote(newer)
        here.live.refresh()
        assert state(client).models == (newer,)
        assert {arm(told(client, "bestsellers", user_id=user)) for user in SHOPPERS} == {"now", "next"}


def test_batch_tells_how_many_rows_each_version_answered(trained: Path, store_url: str) -> None:
    """What the store tells of products holds for each of them."""
    folder = trying(trained)
    shop = read_shop(folder / "shop.toml")
    with contextlib.closing(Store(store_url)) as store:
        with store.write() as connection:
            add_products(connection, [Product("p05", {"available": 0.0}, False, 0)])
        found = open_state(shop, folder / "artifacts", folder / "rules.yaml", lambda: 1_774_526_400, store)
    requests = folder / "requests.csv"
    requests.write_text("carousel,user_id\n" + "".join(f"bestsellers,{user}\n" for user in SHOPPERS))
    run_batch(found, shop, requests, folder / "out.csv", lambda _done, _rows: None)
    counts = json.loads(manifest_of(folder / "out.csv").read_text())["models"]
    assert counts.keys() == set(versions(folder)) and sum(counts.values()) == len(SHOPPERS)
    shown = (folder / "out.csv").read_text()
    assert ",p03," in shown and ",p05," not in shown


def test_versions_of_arms_are_not_cleaned_away(trained: Path) -> None:
    registry = Registry(trained / "artifacts")
    live, newer = versions(trained)
    shutil.copytree(registry.path(newer), registry.path("zz"))
    assert registry.clean(1, also=[newer]) == [] or registry.path(newer).is_dir()
    assert registry.path(live).is_dir()


def test_two_experiments_that_both_choose_the_version_of_a_carousel_need_one_layer(trained: Path) -> None:
    with (trying(trained) / "shop.toml").open("a") as file:
        file.write('[experiments.other]\ncarousels = ["bestsellers"]\narms = { a = {}, b = { model = "x" } }\n')
    with pytest.raises(ConfigError, match="other: changes model of bestsellers, as newer does"):
        read_shop(trained / "shop.toml")
