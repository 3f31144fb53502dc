"""Experiments over HTTP: arms in answers, what is kept of them, reports; commands; a real server."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing as finally_closed
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from service_helpers import NOW
from sqlalchemy import select
from store_kit import closing, event, send, told

from models.shop import read_shop
from recsvc.cli import cli
from recsvc.service import service_of
from recsvc.store.database import Store
from recsvc.store.exposures import Exposure, record_exposures
from recsvc.store.shoppers import link
from recsvc.store.tables import exposures
from recsvc.trials import arm_of
from running import serving, wait_until

EXPERIMENT = """
[experiments.short]
carousels = ["cheese"]
arms = { long = { changes = { size = 5 } }, short = { changes = { size = 2 } } }

[results]
share = %s
"""
RULES = """version: 1
rules:
  - {id: one, do: pin, product: p07, position: 1, carousels: [trending], experiment: {name: pinned, arms: [b]}}
"""
SHOPPERS = [f"u{number:02}" for number in range(20)]


def trying(folder: Path, share: float = 0.0) -> Path:
    with (folder / "shop.toml").open("a") as file:
        file.write(EXPERIMENT % share)
    (folder / "rules.yaml").write_text(RULES)
    return folder


@pytest.fixture
def client(trained: Path, make_app: Callable[..., Flask], store_url: str) -> Any:
    app = make_app(trying(trained), STORE=store_url)
    service_of(app).store.engine()  # made before requests come, as by a service that runs: they go without it meanwhile
    yield from closing(app.test_client())


def kept(client: FlaskClient) -> list[Any]:
    """Return the exposures in the store, after whatever waits is there."""
    here = service_of(client.application)
    here.exposer.log.stop()
    with here.store.read() as connection:
        return list(connection.execute(select(exposures).order_by(exposures.c.seq)).all())


def test_every_shopper_gets_the_carousel_of_the_arm_that_the_answer_names(client: FlaskClient) -> None:
    """Again and again the same; both arms have somebody."""
    arms = {}
    for user in SHOPPERS * 2:
        answer = told(client, "cheese", user_id=user)
        (one,) = [one for one in answer["experiments"] if one["name"] == "short"]
        assert arms.setdefault(user, one["arm"]) == one["arm"]
        assert len(answer["items"]) == {"long": 5, "short": 2}[one["arm"]]
    assert set(arms.values()) == {"long", "short"}


def test_nobody_and_who_refused_get_the_shops_own_carousel_and_leave_nothing(client: FlaskClient) -> None:
    client.put("/v1/users/u02/consent", json={"personalisation": False})
    for query in ({}, {"user_id": "u01", "consent": "false"}, {"user_id": "u02"}):
        answer = told(client, "cheese", **query)
        assert answer["experiments"] == [] and len(answer["items"]) == 3
    assert kept(client) == []


def arms_of(client: FlaskClient, **who: str) -> dict[str, str]:
    """Return the arms of a shopper: of the experiment of the shop, and of that of the rules."""
    answers = (told(client, "cheese", **who), told(client, "trending", **who))
    return {one["name"]: one["arm"] for answer in answers for one in answer["experiments"]}


def test_no_arm_changes_at_sign_in_on_any_device(client: FlaskClient) -> None:
    """Of experiments on carousels and on rules; before, as the user, on the second device, and in a preview."""
    seen = set()
    for number in range(8):
        user, laptop, phone = f"u{number}", f"laptop-{number}", f"phone-{number}"
        before = arms_of(client, visitor_id=laptop)
        for device in (laptop, phone):
            assert client.post(f"/v1/users/{user}/link", json={"visitor_id": device}).status_code == 200
        for who in (
            {"visitor_id": laptop},
            {"visitor_id": phone},
            {"user_id": user},
            {"user_id": user, "visitor_id": "v"},
        ):
            assert arms_of(client, **who) == before
            assert arms_of(client, **who, at="2026-03-27") == arms_of(client, **who, at="2026-03-01") == before
        seen.add(tuple(sorted(before.items())))
    assert len(seen) > 2
    assert {row.shopper for row in kept(client)} == {f"u:u{number}" for number in range(8)}


def test_a_shopper_who_signed_in_counts_once(client: FlaskClient) -> None:
    """What was shown before and after, with the click before and the purchase after."""
    for number in range(6):
        user, visitor = f"u{number}", f"v{number}"
        answer = told(client, "cheese", visitor_id=visitor)
        product = answer["items"][0]["product_id"]
        send(client, event("click", product, visitor_id=visitor, time=NOW, request_id=answer["request_id"]))
        client.post(f"/v1/users/{user}/link", json={"visitor_id": visitor})
        told(client, "cheese", user_id=user)
        send(client, event("purchase", product, user_id=user, time=NOW, price=2.0))
    assert len(kept(client)) == 12
    report = client.get("/v1/experiments/short").get_json()
    assert report["mixed_shoppers"] == 0 and sum(arm["shoppers"] for arm in report["results"]) == 6
    assert {arm["rates"]["conversion"]["value"] for arm in report["results"] if arm["shoppers"]} == {1.0}


def test_who_was_shown_an_arm_as_a_user_keeps_it_when_a_browser_signs_in(client: FlaskClient) -> None:
    before = {user: arms_of(client, user_id=user) for user in SHOPPERS[:8]}
    assert len(kept(client)) == 16
    for number, user in enumerate(before):
        client.post(f"/v1/users/{user}/link", json={"visitor_id": f"v{number}"})
        assert arms_of(client, user_id=user) == arms_of(client, visitor_id=f"v{number}") == before[user]


def test_where_the_store_does_not_tell_by_whose_id_a_shopper_is_drawn_it_is_the_own_one(client: FlaskClient) -> None:
    """Only the session is missing then, and what is kept names the arm that was shown."""
    here, tried = service_of(client.application), service_of(client.application).shop.experiments
    with here.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE units RENAME TO gone")
    answer = told(client, "cheese", user_id="u1")
    assert answer["degraded"] == ["sessions"]
    assert {"name": "short", "arm": arm_of("short", tried, "u1")} in answer["experiments"]
    (row,) = kept(client)
    assert json.loads(row.arm) == {"short": arm_of("short", tried, "u1")}


def test_what_is_kept_of_an_answer_is_what_was_shown(client: FlaskClient) -> None:
    """With the id of the request, positions and pins; an experiment on rules where its rules are, and nowhere else."""
    client.get("/v1/carousels/cheese?user_id=u01&offset=1", headers={"X-Request-Id": "request-77"})
    pinned = next(user for user in SHOPPERS if told(client, "trending", user_id=user)["items"][0]["source"] == "pin")
    cheese, *trending = kept(client)
    answer = told(client, "cheese", user_id="u01", offset=1)
    assert (cheese.request_id, cheese.carousel, cheese.shopper, cheese.time) == ("request-77", "cheese", "u:u01", NOW)
    assert json.loads(cheese.products) == {
        "ids": [one["product_id"] for one in answer["items"]], "first": 2, "pins": [],
        "model": answer["model"],
    }  # fmt: skip
    assert json.loads(cheese.arm).keys() == {"short"}
    last = trending[-1]
    assert (last.shopper, json.loads(last.arm), json.loads(last.products)["pins"]) == (
        f"u:{pinned}",
        {"pinned": "b"},
        [1],
    )


def test_each_carousel_of_a_page_is_kept_by_itself(trained: Path, make_app: Callable[..., Flask]) -> None:
    client = make_app(trying(trained, 1.0)).test_client()
    page = client.post("/v1/pages/cart", json={"user_id": "u01"}).get_json()
    shown = {
        one["carousel"]: [item["product_id"] for item in one["items"]] for one in page["carousels"] if one["items"]
    }
    rows = kept(client)
    assert {row.carousel: json.loads(row.products)["ids"] for row in rows} == shown and len(rows) == len(shown) > 1
    assert {row.request_id for row in rows} == {page["request_id"]}
    service_of(client.application).store.close()


def test_previews_and_explanations_leave_nothing(client: FlaskClient) -> None:
    told(client, "cheese", user_id="u01", at="2026-03-27")
    told(client, "cheese", user_id="u01", explain="true")
    assert kept(client) == []


def test_who_does_not_allow_storage_leaves_nothing(client: FlaskClient) -> None:
    client.put("/v1/users/u01/consent", json={"storage": False})
    assert told(client, "cheese", user_id="u01")["experiments"] != []
    assert kept(client) == []


@pytest.mark.parametrize(("share", "some"), [(0.0, 0), (0.5, 8), (1.0, 20)])
def test_answers_without_an_experiment_are_kept_of_a_share_of_the_shoppers(
    trained: Path, make_app: Callable[..., Flask], share: float, some: int
) -> None:
    """Of each of them all or none, so that what follows is told to the right answer."""
    with (trained / "shop.toml").open("a") as file:
        file.write(f"\n[results]\nshare = {share}\n")
    client = make_app(trained).test_client()
    for user in SHOPPERS * 2:
        told(client, "bestsellers", user_id=user)
    shoppers = [row.shopper for row in kept(client)]
    assert len(shoppers) == 2 * len(set(shoppers)) and abs(len(set(shoppers)) - some) <= (4 if 0 < share < 1 else 0)
    service_of(client.application).store.close()


def test_all_answers_of_who_is_in_an_experiment_are_kept(trained: Path, make_app: Callable[..., Flask]) -> None:
    """On other carousels too, without an arm there; nothing of the others, where the share is 0."""
    toml = trying(trained) / "shop.toml"
    toml.write_text(toml.read_text().replace('carousels = ["cheese"]\n', 'carousels = ["cheese"]\nshare = 0.5\n'))
    (trained / "rules.yaml").unlink()
    client = make_app(trained, RULES="none").test_client()
    inside = {f"u:{user}" for user in SHOPPERS if told(client, "cheese", user_id=user)["experiments"]}
    for user in SHOPPERS:
        assert told(client, "bestsellers", user_id=user)["experiments"] == []
    rows = [row for row in kept(client) if row.carousel == "bestsellers"]
    assert {row.shopper for row in rows} == inside and 0 < len(inside) < len(SHOPPERS)
    assert {row.arm for row in rows} == {None}
    service_of(client.application).store.close()


def test_the_list_tells_what_is_tried(client: FlaskClient) -> None:
    pinned, short = client.get("/v1/experiments").get_json()["experiments"]
    assert (pinned["name"], pinned["kind"], pinned["carousels"]) == ("pinned", "rules", ["trending"])
    assert (short["name"], short["kind"], short["share"], short["layer"]) == ("short", "carousels", 1, None)
    assert short["arms"] == [
        {"arm": "long", "weight": 1, "changes": {"size": 5}, "model": None},
        {"arm": "short", "weight": 1, "changes": {"size": 2}, "model": None},
    ]


def test_a_report_tells_what_came_of_it(client: FlaskClient) -> None:
    """Every shopper of one arm clicks and buys the first product that is shown."""
    buyers = 0
    for user in SHOPPERS:
        answer = told(client, "cheese", user_id=user)
        product = answer["items"][0]["product_id"]
        if {"name": "short", "arm": "short"} in answer["experiments"]:
            buyers += 1
            send(
                client,
                event("click", product, user_id=user, time=NOW, request_id=answer["request_id"]),
                event("purchase", product, user_id=user, time=NOW, price=2.0, quantity=2, order_id=f"o-{user}"),
            )
    assert len(kept(client)) == len(SHOPPERS)
    answer = client.get("/v1/experiments/short").get_json()
    long, short = answer["results"]
    assert (long["shoppers"], short["shoppers"]) == (len(SHOPPERS) - buyers, buyers)
    assert short["rates"]["click_rate"]["value"] == 0.5 and short["rates"]["conversion"]["value"] == 1
    assert short["difference"]["revenue_per_shopper"] == {"value": 4.0, "low": 4.0, "high": 4.0}
    assert long["difference"] is None and answer["sample_ratio"]["mismatch"] is False


def test_a_report_is_held_for_a_minute(client: FlaskClient) -> None:
    """Whoever loads a page again and again does not read the store each time."""
    before = client.get("/v1/experiments/short").get_json()["results"]
    told(client, "cheese", user_id="u01")
    assert kept(client) and client.get("/v1/experiments/short").get_json()["results"] == before


def test_an_unknown_experiment_is_told_with_a_suggestion(client: FlaskClient) -> None:
    answer = client.get("/v1/experiments/shrt")
    assert answer.status_code == 404 and "did you mean 'short'?" in answer.get_json()["detail"]


def test_reports_are_for_people_with_an_admin_key(trained: Path, make_app: Callable[..., Flask]) -> None:
    client = make_app(trying(trained), KEYS="public:a-public-key-01,admin:an-admin-key-123").test_client()
    for path in ("/v1/experiments", "/v1/experiments/short"):
        assert client.get(path, headers={"X-Api-Key": "a-public-key-01"}).status_code == 403
        assert client.get(path, headers={"X-Api-Key": "an-admin-key-123"}).status_code == 200
    service_of(client.application).store.close()


def command(folder: Path, store_url: str, *words: str) -> Any:
    return CliRunner().invoke(cli, [*words, "--store", store_url, "--artifacts", str(folder / "artifacts")])


def fill(store_url: str) -> None:
    with finally_closed(Store(store_url)) as store, store.write() as connection:
        for number in range(40):
            arm = {"short": "short" if number % 2 else "long"} if number < 30 else {}
            one = Exposure("request-1", NOW, "cheese", f"u{number}", None, ("p1", "p2"), pins=(2,), arms=arm)
            record_exposures(connection, [one])


def test_the_commands_tell_the_same_as_a_table_or_for_machines(trained: Path, store_url: str) -> None:
    fill(store_url)
    folder = trying(trained, 1.0)
    toml = str(folder / "shop.toml")
    table = command(folder, store_url, "experiments", "report", toml, "short")
    assert table.exit_code == 0, table.output
    lines = [line.split() for line in table.output.splitlines() if line]
    assert lines[2][:4] == ["long", "15", "15", "15"] and "0.00%" in table.output
    assert "split of the shoppers: as it should be (p = 1)" in table.output
    plain = json.loads(command(folder, store_url, "experiments", "report", toml, "short", "--json").output)
    assert [one["exposures"] for one in plain["results"]] == [15, 15]
    by_carousel = command(folder, store_url, "results", "report", toml)
    assert by_carousel.exit_code == 0 and ["cheese", "10", "10", "10"] in [
        line.split()[:4] for line in by_carousel.output.splitlines()
    ]
    plain = json.loads(command(folder, store_url, "results", "report", toml, "--days", "1", "--json").output)
    assert [one["exposures"] for one in plain["carousels"] if one["name"] == "cheese"] == [10]


def test_a_command_on_an_experiment_of_the_rules_reads_the_rules(trained: Path, store_url: str) -> None:
    fill(store_url)
    folder = trying(trained)
    toml = str(folder / "shop.toml")
    assert command(folder, store_url, "experiments", "report", toml, "pinned").output.startswith("pinned: on trending;")
    lost = command(folder, store_url, "experiments", "report", toml, "pined")
    assert lost.exit_code == 1 and "did you mean 'pinned'?" in str(lost.exception)


def test_a_batch_answers_by_arms_unless_told_not_to(trained: Path, store_url: str) -> None:
    """Who signed in is in the arm of the browser, in an e-mail too."""
    folder, tried = trying(trained), read_shop(trained / "shop.toml").experiments
    with finally_closed(Store(store_url)) as store, store.write() as connection:
        for user in SHOPPERS:
            link(connection, user, f"browser-{user}", NOW)
    (folder / "asked.csv").write_text("carousel,user_id\n" + "".join(f"cheese,{user}\n" for user in SHOPPERS))
    sizes = {}
    for flag in ("", "--no-experiments"):
        out = folder / f"out{flag}.csv"
        words = ["batch", str(folder / "shop.toml"), "--requests", str(folder / "asked.csv"), "--out", str(out)]
        assert command(folder, store_url, *words, *([flag] if flag else [])).exit_code == 0
        rows = Counter(line.split(",")[0] for line in out.read_text().splitlines()[1:])
        sizes[flag] = [rows[str(number + 1)] for number in range(len(SHOPPERS))]
    arms = [arm_of("short", tried, f"browser-{user}") for user in SHOPPERS]
    assert sizes == {"": [{"long": 5, "short": 2}[str(arm)] for arm in arms], "--no-experiments": [3] * len(SHOPPERS)}
    assert arms != [arm_of("short", tried, user) for user in SHOPPERS]


def test_a_running_service_keeps_what_it_shows_and_tells_what_came_of_it(trained: Path) -> None:
    """Two workers, each with its own queue; what waits when the service ends is stored too."""
    trying(trained)
    with serving(trained, "--workers", "2") as service:
        for user in SHOPPERS:
            answer = service.carousel(f"cheese?user_id={user}")
            product = answer["items"][0]["product_id"]
            clicked = {"event_id": f"c-{user}", "event": "click", "user_id": user, "product_id": product}
            assert service.ask("/v1/events", {"events": [clicked]})[0] == 202
        store = Store(f"sqlite:///{trained}/store/recsvc.db")

        def count() -> int:
            with store.read() as connection:
                return len(connection.execute(select(exposures.c.seq)).all())

        wait_until(lambda: count() == len(SHOPPERS))
        status, report = service.ask("/v1/experiments/short")
        assert status == 200 and sum(arm["exposures"] for arm in report["results"]) == len(SHOPPERS)
        assert all(arm["rates"]["click_rate"]["value"] > 0 for arm in report["results"])
        service.carousel("cheese?user_id=u01")
    assert count() == len(SHOPPERS) + 1
    store.close()
