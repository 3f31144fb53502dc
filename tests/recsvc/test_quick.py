"""Answers sent as bytes before anything else: the same as the first one, counted and logged, and never to a wrong asker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from service_helpers import ids, log_lines
from store_kit import closing

from recsvc import admission
from recsvc.service import service_of
from recsvc.traffic import Reading

BEST, MINE = "/v1/carousels/bestsellers?size=3", "/v1/carousels/you-may-also-like?size=3&user_id=u01&store_id=s1"


@pytest.fixture
def client(trained: Path, make_app: Callable[..., Flask]) -> Any:
    yield from closing(make_app(trained).test_client())


def through_flask(client: FlaskClient) -> list[str]:
    """Return the paths that reach a view from now on."""
    seen: list[str] = []
    client.application.before_request_funcs.setdefault(None, []).append(lambda: seen.append(request.full_path))
    return seen


def figure(client: FlaskClient, name: str, **labels: str) -> float:
    return Reading.of(client.get("/metrics").get_data(as_text=True)).total(name, **labels)


def test_the_second_answer_is_the_first_one_but_for_its_id_and_is_counted_and_logged_alike(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    reached = through_flask(client)
    first, second = client.get(BEST), client.get(BEST, headers={"X-Request-Id": "mine-4711"})
    assert len(reached) == 1
    alike = {name: value for name, value in first.headers.items() if name not in ("X-Request-Id", "Content-Length")}
    assert alike == {name: second.headers[name] for name in alike}
    assert {**first.get_json(), "request_id": "mine-4711"} == second.get_json()
    assert (
        second.headers["X-Request-Id"] == "mine-4711"
        and first.headers["X-Request-Id"] == first.get_json()["request_id"]
    )
    assert figure(client, "recsvc_requests_total", route="/v1/carousels/<carousel>", status="200") == 2
    assert figure(client, "recsvc_answers_total", carousel="bestsellers") == 2
    lines = [line for line in log_lines(capsys.readouterr().out) if line.get("route") == "/v1/carousels/<carousel>"]
    assert [line["carousel"] for line in lines] == ["bestsellers"] * 2 and lines[1]["request_id"] == "mine-4711"


def test_whoever_asks_in_another_way_reaches_the_view(client: FlaskClient) -> None:
    """Conditional requests, pages of browsers, HEAD and POST, another query, and every request of a shopper."""
    tag = client.get(BEST).headers["ETag"]
    reached = through_flask(client)
    assert client.get(BEST, headers={"If-None-Match": tag}).status_code == 304
    client.get(BEST, headers={"Origin": "https://shop.example"})
    client.head(BEST)
    client.post("/v1/carousels/bestsellers", json={"size": 3})
    client.get(BEST.replace("3", "2"))
    for _ in range(2):
        client.get(MINE)
    assert len(reached) == 7


def test_a_key_is_asked_for_each_time(trained: Path, make_app: Callable[..., Flask]) -> None:
    client = make_app(trained, KEYS="public:a-public-key-01").test_client()
    assert client.get(BEST, headers={"X-Api-Key": "a-public-key-01"}).status_code == 200
    assert client.get(BEST, headers={"Authorization": "Bearer a-public-key-01"}).status_code == 200
    assert client.get(BEST).status_code == 401
    assert client.get(BEST, headers={"X-Api-Key": "another-key"}).status_code == 401


def test_what_is_told_of_products_is_in_the_next_answer(client: FlaskClient) -> None:
    """Another state is live: what was kept is of the last one."""
    first = ids(client.get(BEST))
    client.put("/v1/stock", json={"stock": [{"product_id": first[1], "quantity": 0}]})
    service_of(client.application).live.follow()
    assert first[1] not in ids(client.get(BEST))


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request waited for an hour, which is long on any machine."""
    monkeypatch.setattr("recsvc.quick.waits", lambda: 3600.0)
    monkeypatch.setattr("recsvc.quick.waited", lambda: 3600.0)
    monkeypatch.setattr("recsvc.telemetry.waited", lambda: 3600.0)


def test_a_crowded_worker_answers_shoppers_with_what_is_nobodys_and_says_so(client: FlaskClient, crowded: None) -> None:
    """One prepared list a second for each context, whoever asks; it is private, and counts as refused."""
    reached = through_flask(client)
    answers = [client.get(MINE.replace("u01", user)) for user in ("u01", "u02", "u03")]
    assert len(reached) == 1 and "u01" not in reached[0]
    told = [one.get_json() for one in answers]
    assert all(one["items"] and one["degraded"] == ["load"] and not one["personalised"] for one in told)
    assert {one.headers["Cache-Control"] for one in answers} == {"private, no-store"}
    assert len({one["request_id"] for one in told}) == 3
    assert figure(client, "recsvc_admission_refused_total") == 3
    client.get(MINE.replace("s1", "s0"))
    assert len(reached) == 3, "another store is another context (and /metrics was one)"


@pytest.mark.parametrize("path", ["/v1/pages/home", "/v1/carousels/bestsellers"])
def test_a_crowded_worker_answers_a_post_of_shoppers_with_what_is_nobodys_too(
    client: FlaskClient, crowded: None, path: str
) -> None:
    """Who asks stands in the body; what else it says is another answer, and so is the page of another origin."""
    reached = through_flask(client)
    bodies = [
        {"user_id": user, "recent": ["p03"], "store_id": "s1", "exclude": ["p01"]} for user in ("u01", "u02", "u03")
    ]
    answers = [client.post(path, json=body) for body in bodies]
    assert len(reached) == 1
    for one in answers:
        told = one.get_json()
        for carousel in told.get("carousels", [told]):
            assert carousel["degraded"] == ["load"] and not carousel["personalised"] and "p01" not in ids_of(carousel)
    assert {one.headers["Cache-Control"] for one in answers} == {"private, no-store"}
    assert len({one.get_json()["request_id"] for one in answers}) == 3
    client.post(path, json={**bodies[0], "store_id": "s0"})
    client.post(path, json=bodies[0], headers={"Origin": "https://shop.example"})
    assert len(reached) == 3
    assert figure(client, "recsvc_admission_refused_total") == 5


def test_a_body_that_does_not_hold_is_refused_however_crowded_the_worker_is(
    trained: Path, make_app: Callable[..., Flask], crowded: None
) -> None:
    """Nothing of it is lost on the way; who looks into an answer waits for it; a key is asked for."""
    client = make_app(trained, MAX_BODY_BYTES="2000").test_client()
    for body, status in (
        (b"{", 400), (b"[1]", 422), (b'{"size": 0}', 422), (b'{"cart": [5]}', 422), (b'{"product_id": {}}', 422),
        (b'{"size": ' + b" " * 3_000 + b"3}", 413), (b"", 200),
    ):  # fmt: skip
        assert client.post("/v1/pages/home", data=body, content_type="application/json").status_code == status
    assert client.post("/v1/pages/home", data=b"{}", content_type="text/plain").status_code == 415
    told = client.post("/v1/pages/home", json={"user_id": "u01", "explain": True}).get_json()
    assert any(one["personalised"] for one in told["carousels"])
    guarded = make_app(trained, KEYS="public:a-public-key-01").test_client()
    given = {"X-Api-Key": "a-public-key-01"}
    assert guarded.post("/v1/pages/home", json={"user_id": "u01"}, headers=given).status_code == 200
    assert guarded.post("/v1/pages/home", json={"user_id": "u01"}).status_code == 401


def ids_of(carousel: dict[str, Any]) -> list[str]:
    return [item["product_id"] for item in carousel["items"]]


def test_who_looks_into_an_answer_waits_for_it(client: FlaskClient, crowded: None) -> None:
    answer = client.get(f"{MINE}&explain=true").get_json()
    assert answer["personalised"] and not answer.get("degraded")


def test_nobodys_answer_never_stands_where_rules_hide_for_some(
    trained: Path, make_app: Callable[..., Flask], crowded: None
) -> None:
    """A product that is hidden from a segment stays hidden from it, however crowded the worker is."""
    best = ids(make_app(trained, RULES="none").test_client().get(BEST))[0]
    (trained / "rules.yaml").write_text(
        "version: 1\nsegments: {buyers: {bought: {at_least: 1}}}\nrules:\n"
        f"  - {{id: not-for-buyers, do: hide, product: {best}, when: {{segment: buyers}}}}\n"
    )
    client = make_app(trained).test_client()
    for _ in range(2):
        answer = client.get("/v1/carousels/bestsellers?size=3&user_id=u01").get_json()
        assert best not in [item["product_id"] for item in answer["items"]] and answer["degraded"] == ["load"]
    assert best in ids(client.get(BEST))


@pytest.mark.parametrize("when", ["where: bought()", "product: {best}, when: {{campaign: wine}}"])
def test_a_crowded_worker_still_hides_what_was_bought_or_what_a_coupon_hides(
    trained: Path, make_app: Callable[..., Flask], crowded: None, when: str
) -> None:
    """What the events of the shopper decide, without a user id or a word in the request."""
    best = ids(make_app(trained, RULES="none").test_client().get(BEST))[0]
    (trained / "rules.yaml").write_text(f"version: 1\nrules:\n  - {{id: gone, do: hide, {when.format(best=best)}}}\n")
    client = make_app(trained).test_client()
    told = [
        {"event_id": "1", "event": "purchase", "visitor_id": "v", "product_id": best},
        {"event_id": "2", "event": "coupon", "visitor_id": "v", "campaign": "wine"},
    ]
    assert client.post("/v1/events", json={"events": told}).status_code == 202
    for _ in range(2):
        assert best not in ids(client.get(f"{BEST}&visitor_id=v"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_worker_that_falls_behind_answers_all_pages_and_carts_with_one_list(
    client: FlaskClient, crowded: None, method: str
) -> None:
    """What the page shows, what lies in the cart and what the request excludes is taken out of each answer."""
    best = ids(client.get(BEST))
    reached = through_flask(client)
    own: list[dict[str, Any]] = [{"product_id": best[0]}, {"cart": best[:2]}, {"exclude": best[1:]}, {}]
    for asked in own:
        if method == "GET":
            query = "".join(f"&{name}={one if isinstance(one, str) else ','.join(one)}" for name, one in asked.items())
            answer = client.get(f"/v1/carousels/bestsellers?size=4{query}&user_id=u01")
        else:
            answer = client.post("/v1/carousels/bestsellers", json={"size": 4, "user_id": "u01", **asked})
        gone = {one for value in asked.values() for one in ([value] if isinstance(value, str) else value)}
        assert answer.status_code == 200 and answer.get_json()["degraded"] == ["load"]
        assert [one for one in best if one not in gone] == [one for one in ids(answer) if one in best]
        assert not gone & set(ids(answer))
    assert len(reached) == 1


def test_a_worker_that_is_crowded_and_not_behind_still_knows_the_page(
    client: FlaskClient, crowded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsvc.quick.waits", lambda: 2.5 * service_of(client.application).desk.wait)
    reached = through_flask(client)
    for user in ("u01", "u02"):
        for page in ("p01", "p02"):
            client.get(f"/v1/carousels/similar-items?product_id={page}&user_id={user}")
    assert len(reached) == 2 and all("product_id" in path for path in reached)


@pytest.mark.parametrize(
    "rule",
    ["hide, product: {best}, when: {{page_item: {{product: {page}}}}}", "hide, where: price >= 0.01 * page.price"],
)
def test_a_list_of_no_page_never_stands_where_rules_read_the_page(
    trained: Path, make_app: Callable[..., Flask], crowded: None, rule: str
) -> None:
    best, page = ids(make_app(trained, RULES="none").test_client().get(BEST))[:2]
    (trained / "rules.yaml").write_text(
        f"version: 1\nrules:\n  - {{id: gone, do: {rule.format(best=best, page=page)}}}\n"
    )
    client = make_app(trained).test_client()
    plain = ids(client.get(f"{BEST}&user_id=u01"))
    for _ in range(2):
        assert best in plain and best not in ids(client.get(f"{BEST}&user_id=u01&product_id={page}"))


def test_how_long_a_request_waited_is_known_before_it_is_told() -> None:
    with admission.TimedPool(1, 0) as pool:
        pool.submit(lambda: None).result()
        assert pool.submit(lambda: (admission.waits() == admission.waited(), admission.waits())).result() == (True, 0.0)
