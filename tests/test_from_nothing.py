"""A shop that begins with nothing but the service: its own events, and a training that runs beside it now and then."""

import http.client
import json
from pathlib import Path
from typing import Any

from models.registry import Registry
from running import COMES_WITHIN, Service, serving, train, wait_until
from workers import all_there, of_each

SHOP = """
name = "New shop"
timezone = "UTC"
[data]
events = "store"
[training]
ranker = false
"""
SECRET = "shopper-secret-4711"
PRODUCTS = 11


def send(service: Service, events: list[dict[str, Any]]) -> None:
    for start in range(0, len(events), 1_000):
        status, answer = service.ask("/v1/events", {"events": events[start : start + 1_000]})
        assert status == 202 and answer["rejected"] == [], answer


def looks(visitor: str, taste: str, first: int) -> list[dict[str, Any]]:
    """Return the views of six products of one taste."""
    return [
        {"event_id": f"{visitor}-{step}", "event": "view", "visitor_id": visitor, "product_id": f"{taste}{(first + step * 3) % PRODUCTS}"}
        for step in range(6)
    ]  # fmt: skip


def published(folder: Path, service: Service, store: str) -> str:
    """Run `recsvc-train run` beside the service; return the version, once every worker has it live."""
    done = train(folder, "run", "shop.toml", "--fast", "--json", RECSVC_STORE=store)
    assert done.returncode == 0, done.stderr
    version: str = json.loads(done.stdout)["version"]
    wait_until(lambda: set(of_each(service, lambda one: one.ready().get("model"))) == {version})
    return version


def shown(service: Service, query: str) -> list[str]:
    answers = of_each(service, lambda one: [item["product_id"] for item in one.carousel(query)["items"]])
    assert all(one == answers[0] for one in answers)
    return answers[0]


def holding(folder: Path) -> list[str]:
    """Return the files below ``folder`` that hold the secret id."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path.relative_to(folder).as_posix() for path in files if SECRET.encode() in path.read_bytes()]


def test_a_shop_gets_better_by_itself_and_forgets_whom_it_must(tmp_path: Path, store_url: str) -> None:
    """Nothing, then likeness out of views, then what was bought; an erased shopper is in no file but the old versions."""
    (tmp_path / "shop.toml").write_text(SHOP)
    on_disk = {"store"} if store_url.startswith("sqlite") else set()
    with serving(tmp_path, "--workers", "2", RECSVC_STORE=store_url) as service:
        all_there(service, 2)
        assert service.ask("/readyz")[0] == 503 and service.carousel("you-may-also-like")["items"] == []
        views = [one for n in range(300) for one in looks(f"visitor-{n}", "wt"[n % 2], n // 2)]
        send(service, views + [{**one, "user_id": SECRET} for one in looks("hers", "w", 2)])
        send(service, [{"event_id": "new", "event": "view", "visitor_id": "somebody", "product_id": "w1"}])

        first = published(tmp_path, service, store_url)
        likes = shown(service, "you-may-also-like?visitor_id=somebody&size=4")
        assert [product[0] for product in likes].count("w") >= 3
        assert shown(service, "buy-again?visitor_id=somebody") == []

        orders = [
            {"event_id": f"o-{n}-{turn}", "event": "purchase", "user_id": f"u{n}", "product_id": product, "order_id": f"o-{n}", "price": 2.0}
            for n in range(120) for turn, product in enumerate((f"w{n % PRODUCTS}", "opener"))
        ]  # fmt: skip
        send(service, orders)
        assert "opener" not in shown(service, "bought-together?product_id=w1&size=3")
        second = published(tmp_path, service, store_url)
        assert second != first and shown(service, "bought-together?product_id=w1&size=3")[0] == "opener"
        assert shown(service, "bestsellers?size=1") == ["opener"]

        assert {path.split("/")[0] for path in holding(tmp_path)} == {*on_disk, "artifacts"}
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
        connection.request("DELETE", f"/v1/users/{SECRET}")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer["files_clean"] is (True if on_disk else None) and answer["deleted"]["events"] == 6
        third = published(tmp_path, service, store_url)
        assert not service.carousel(f"for-you?user_id={SECRET}")["personalised"]
    old = tuple(f"artifacts/versions/{version}/" for version in (first, second))
    left = holding(tmp_path)
    assert left and all(path.startswith(old) for path in left), left
    assert len(Registry(tmp_path / "artifacts").versions()) == 3 and third not in (first, second)
