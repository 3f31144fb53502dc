"""The figures of one process: what is counted, under which names, with how many series."""

from collections.abc import Callable
from pathlib import Path
from time import time

import pytest
from flask import Flask
from service_helpers import NOW

from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.desk import Served
from recsvc.metrics import Metrics, metric_labels
from recsvc.pace import STAGES, Pace
from recsvc.rule_hits import MOST_NAMED
from recsvc.rules.parse import read
from recsvc.rules_file import facts_of
from recsvc.service import service_of
from recsvc.serving import State, with_rules
from recsvc.traffic import Reading
from recsvc.troubles import Trouble
from tiny_shop import TinyShop


@pytest.fixture
def app(trained: Path, make_app: Callable[..., Flask]) -> Flask:
    """An app whose figures begin at nothing."""
    return make_app(trained, ACCESS_LOG="false", KEYS="public:the-storefronts-key,admin:the-operators-key")


KEY = {"X-Api-Key": "the-storefronts-key"}


def read_metrics(app: Flask) -> Reading:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    return Reading.of(answer.get_data(as_text=True))


def test_requests_answers_and_products_are_counted(app: Flask) -> None:
    client = app.test_client()
    for _ in range(3):
        client.get("/v1/carousels/bestsellers?size=4", headers=KEY)
    client.post("/v1/pages/cart", json={"size": 2}, headers=KEY)
    client.get("/v1/carousels/nope", headers=KEY)
    client.get("/nowhere", headers=KEY)
    told = read_metrics(app)
    route = "/v1/carousels/<carousel>"
    assert told.total("recsvc_requests_total", route=route, method="GET", status="200") == 3
    assert told.total("recsvc_requests_total", route=route, status="404") == 1
    assert told.total("recsvc_requests_total", route="none", status="404") == 1
    assert told.total("recsvc_request_seconds_count", route=route) == 4
    assert told.total("recsvc_answers_total", carousel="bestsellers", fallback="none", degraded="false") == 3
    assert told.total("recsvc_answers_total") == 6
    assert told.total("recsvc_items_total", carousel="bestsellers", source="pin") == 3
    assert told.total("recsvc_items_total", carousel="bestsellers", source="model") == 9
    assert told.total("recsvc_answers_empty_total", carousel="buy-again") == 1
    assert told.total("recsvc_rule_hits_total", rule="first") == 3


def test_each_stage_is_timed_for_each_carousel_and_what_a_page_shares_once(app: Flask) -> None:
    app.test_client().post("/v1/pages/cart", json={}, headers=KEY)
    told = read_metrics(app)
    for stage in ("rules", "candidates", "rank", "answer"):
        for carousel in ("bought-together", "buy-again", "you-may-also-like"):
            assert told.total("recsvc_stage_seconds_count", stage=stage, carousel=carousel) == 1
    for stage in ("wait", "understand", "arrange"):
        assert told.total("recsvc_stage_seconds_count", stage=stage) == 1
        assert told.total("recsvc_stage_seconds_count", stage=stage, carousel="page:cart") == 1
    assert {labels["stage"] for labels, _ in told.each("recsvc_stage_seconds_count")} == set(STAGES)


def test_what_is_live_and_how_old_it_is_is_told(app: Flask) -> None:
    told, live = read_metrics(app), service_of(app).live.state
    assert told.total("recsvc_model_info", version=live.model or "") == 1
    assert told.total("recsvc_rules_info", hash=live.rules_hash or "") == 1
    assert told.total("recsvc_model_created_timestamp_seconds") == NOW + 1, "the version was made a second later"
    assert told.total("recsvc_rules_live_timestamp_seconds") > 1_700_000_000
    assert told.total("recsvc_rules") == 1 and told.total("recsvc_troubles") == 0


def test_what_does_not_load_is_told_by_its_part(app: Flask) -> None:
    live = service_of(app).live
    assert live.rules is not None
    live.rules.write_text("rules: [")
    live.refresh()
    assert read_metrics(app).total("recsvc_troubles", part="rules") >= 1
    assert read_metrics(app).total("recsvc_troubles", part="model") == 0


def served(engine: Engine, pace: Pace) -> Served:
    return Served([engine.carousel("for-you", Ask(size=2), pace)], pace)


def test_refusals_and_parts_left_out_are_counted(tiny_engine: Engine) -> None:
    metrics, state = Metrics(), State(tiny_engine)
    for pace in (Pace(), Pace(prepared="load"), Pace(ends=0.0, tell=lambda part, error: None)):
        metrics.count_served(served(tiny_engine, pace), state)
    told = Reading.of(metrics.text().decode())
    assert told.total("recsvc_admission_refused_total") == 1
    assert (
        told.total("recsvc_degraded_total", part="load") == told.total("recsvc_degraded_total", part="candidates") == 1
    )
    assert told.total("recsvc_answers_total", degraded="true") == 2


def test_events_and_the_lag_of_the_store_are_told() -> None:
    metrics = Metrics()
    metrics.count_events(accepted=20, duplicate=3, refused=0)
    metrics.tell_followed(())
    told = Reading.of(metrics.text().decode())
    assert told.total("recsvc_events_total", outcome="accepted") == 20
    assert told.total("recsvc_events_total", outcome="duplicate") == 3
    followed = told.total("recsvc_store_followed_timestamp_seconds")
    assert 0 <= time() - followed < 600
    metrics.tell_followed((Trouble("store", "recsvc.db", None, "is locked"),))
    told = Reading.of(metrics.text().decode())
    assert told.total("recsvc_store_followed_timestamp_seconds") == followed, "it stays where it was: the lag grows"
    assert told.total("recsvc_troubles", part="store") == 1 and told.total("recsvc_troubles", part="model") == 0


def test_rules_beyond_the_first_hundred_have_one_series_over_all_files(
    tiny_engine: Engine, trained_shop: TinyShop
) -> None:
    """However many rules there are and however often they are renamed, and the sum is right."""
    metrics = Metrics()
    for round_ in range(3):
        lines = [
            f"  - {{id: r{round_}-{n}, do: hide, product: m-4, when: {{device: mobile}}}}\n"
            for n in range(MOST_NAMED + 30)
        ]
        found = read(
            "version: 1\nrules:\n" + "".join(lines), facts_of(tiny_engine.snapshot, trained_shop.folder), "rules"
        )
        assert found.rules is not None, found.faults[:1]
        engine = with_rules(tiny_engine, found.rules)
        state = State(engine, rules=found.rules)
        metrics.tell_live(state)
        pace = Pace()
        answer = engine.carousel("for-you", Ask(fields={"device": "mobile"}), pace)
        metrics.count_served(Served([answer], pace), state)
    told = list(Reading.of(metrics.text().decode()).each("recsvc_rule_hits_total"))
    assert len(told) == MOST_NAMED + 1
    assert sum(value for _, value in told) == 3 * (MOST_NAMED + 30)
    assert {labels["rule"]: value for labels, value in told}["other"] == 30 + 2 * (MOST_NAMED + 30)


def test_no_request_makes_a_series(app: Flask) -> None:
    """Names, addresses, methods and ids that nobody knows leave the number of series as it was."""

    def ask(number: int) -> None:
        client = app.test_client()
        client.get(f"/v1/carousels/c{number}?user_id=u{number}&store_id=s{number}", headers=KEY)
        client.open(f"/x{number}", method=f"M{number}", headers=KEY)
        client.get(f"/v1/carousels/cheese?user_id=u{number}", headers=KEY)
        client.get("/v1/carousels/cheese", headers={"X-Api-Key": f"k{number}"})

    ask(0)
    read_metrics(app)
    before = len(read_metrics(app).values)
    for number in range(1, 20):
        ask(number)
    assert len(read_metrics(app).values) == before


@pytest.mark.parametrize(
    ("headers", "peer", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "10.0.0.7", 401),
        ({"X-Api-Key": "the-operators-key"}, "10.0.0.7", 200),
        ({"X-Api-Key": "the-storefronts-key"}, "10.0.0.7", 403),
        ({"X-Forwarded-For": "10.0.0.7"}, "127.0.0.1", 401),
        ({"Forwarded": "for=10.0.0.7"}, "127.0.0.1", 401),
        ({"Origin": "https://shop.example"}, "127.0.0.1", 401),
    ],
)
def test_who_may_read_it(app: Flask, headers: dict[str, str], peer: str, status: int) -> None:
    """An admin key from anywhere, or a program on this machine that asks for itself; no proxy, no page in a browser."""
    asked = app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    assert asked.status_code == status


def test_a_caller_on_this_machine_gets_nothing_else_without_a_key(app: Flask) -> None:
    for path in ("/v1/carousels", "/v1/rules"):
        assert app.test_client().get(path).status_code == 401


def test_every_name_begins_alike_and_is_exported() -> None:
    metrics = Metrics()
    metrics.count_events(accepted=1, duplicate=1, refused=1, unavailable=1)
    assert all(name.startswith("recsvc_") for name in metric_labels(metrics))
    assert {"recsvc_requests_total", "recsvc_stage_seconds_bucket", "recsvc_workers"} <= set(metric_labels(metrics))
