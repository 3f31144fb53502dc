"""Events, sessions and erasures of real services: kill -9, several workers, two services with one PostgreSQL."""

import http.client
import json
import os
import shutil
import signal
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from postgres import hold_events
from recsvc.store.database import Store
from recsvc.store.tables import events
from running import COMES_WITHIN, Service, serving, wait_until
from workers import all_there, everywhere, figures


def view(name: str, user: str, product: str = "p03", kind: str = "view") -> dict[str, Any]:
    return {"event_id": name, "event": kind, "user_id": user, "product_id": product}


def send(service: Service, told: list[dict[str, Any]]) -> dict[str, Any]:
    status, answer = service.ask("/v1/events", {"events": told})
    assert status == 202, answer
    return answer


def call(service: Service, method: str, path: str, body: Any = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
    raw = None if body is None else json.dumps(body)
    connection.request(method, path, raw, {"Content-Type": "application/json"} if raw else {})
    answer = connection.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, told
    return told


def ids_in(url: str) -> set[str]:
    """Return the ids of the events in a store."""
    with closing(Store(url)) as store, store.read() as connection:
        return set(connection.scalars(select(events.c.event_id)))


def pour(service: Service, prefix: str, acknowledged: set[str], over: threading.Event) -> None:
    """Send events in batches of five until it is ``over``; keep the ids of those that were acknowledged."""
    turn = 0
    while not over.is_set():
        names = [f"{prefix}-{turn}-{part}" for part in range(5)]
        turn += 1
        try:
            status, answer = service.ask("/v1/events", {"events": [view(name, "u01") for name in names]})
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.01)  # the worker is gone, the next one is coming
            continue
        if status == 202 and answer["accepted"] == len(names):
            acknowledged.update(names)


def test_what_was_acknowledged_is_stored_whichever_process_is_killed(trained: Path, store_url: str) -> None:
    """Workers, then the master, over and over, while events pour in; on both databases."""
    acknowledged: set[str] = set()
    for turn in range(2):
        over = threading.Event()
        with serving(trained, "--workers", "2", RECSVC_STORE=store_url) as service:
            pours = [threading.Thread(target=pour, args=(service, f"{turn}{n}", acknowledged, over)) for n in range(3)]
            for one in pours:
                one.start()
            for kill in range(3):
                enough = len(acknowledged) + 50
                wait_until(lambda enough=enough: len(acknowledged) >= enough)
                workers = service.workers()
                os.kill(workers[kill % len(workers)], signal.SIGKILL)
                wait_until(lambda: len(service.workers()) == 2)
            os.kill(service.process.pid, signal.SIGKILL)
            over.set()
            for one in pours:
                one.join()
    found = ids_in(store_url)
    assert len(acknowledged) >= 300
    assert acknowledged <= found


def test_every_worker_of_two_services_with_one_postgresql_sees_sessions_consent_and_erasures(
    trained: Path, tmp_path: Path, postgresql_url: str
) -> None:
    other = Path(shutil.copytree(trained, tmp_path / "other", symlinks=True))
    with ExitStack() as stack:
        options = {"RECSVC_STORE": postgresql_url}
        one = stack.enter_context(serving(trained, "--workers", "2", **options))
        two = stack.enter_context(serving(other, **options))

        both = (one, two)
        all_there(one, 2)

        def shown(service: Service, query: str) -> list[str]:
            return [item["product_id"] for item in service.carousel(query)["items"]]

        def first(service: Service) -> str | None:
            items = service.carousel("recently-viewed?user_id=u01")["items"]
            return items[0]["product_id"] if items else None

        def personal(service: Service) -> bool:
            return bool(service.carousel("you-may-also-like?user_id=u01")["personalised"])

        send(one, [view("a", "u01", "p05")])
        everywhere(both, lambda service: first(service) == "p05")
        assert personal(one) and personal(two)
        call(two, "PUT", "/v1/users/u01/consent", {"personalisation": False})
        everywhere(both, lambda service: not personal(service))
        call(one, "PUT", "/v1/users/u01/consent", {"personalisation": True})
        everywhere(both, personal)
        call(one, "PUT", "/v1/stock", {"stock": [{"product_id": "p09", "quantity": 0}]})
        everywhere(both, lambda service: "p09" not in shown(service, "bestsellers?size=25"))
        call(two, "POST", "/v1/users/u01/link", {"visitor_id": "browser"})
        everywhere(both, lambda service: shown(service, "recently-viewed?visitor_id=browser&size=1") == ["p05"])
        assert call(two, "DELETE", "/v1/users/u01")["deleted"]["events"] == 1
        everywhere(both, lambda service: not personal(service) and first(service) is None)


def test_a_locked_store_holds_up_events_alone_and_is_told(trained: Path, store_url: str) -> None:
    """Events get 503 with Retry-After within seconds, carousels answer at once, and all goes on when it is free."""
    with serving(trained, "--threads", "2", RECSVC_STORE=store_url) as service:
        send(service, [view("a", "u01")])
        holder = hold_events(store_url)
        refused: list[tuple[int, dict[str, Any]]] = []
        calls = [
            threading.Thread(
                target=lambda n=n: refused.append(service.ask("/v1/events", {"events": [view(f"b{n}", "u01")]}))
            )
            for n in range(4)
        ]
        for one in calls:
            one.start()
        answers = [service.carousel("for-you?user_id=u01") for _ in range(10)]
        for one in calls:
            one.join()
        holder.execute("ROLLBACK")
        holder.close()
        assert f'recsvc_events_total{{outcome="unavailable"}} {len(calls)}.0' in figures(service)
        assert all(answer["items"] for answer in answers)
        assert {status for status, _ in refused} == {503}
        wait_until(lambda: service.ask("/v1/events", {"events": [view("c", "u01")]})[0] == 202, pause=0.1)


def test_a_folder_that_cannot_be_written_is_told_on_readyz_and_carousels_go_on(trained: Path) -> None:
    (trained / "store").write_text("in the way")
    with serving(trained) as service:
        wait_until(lambda: "store" in {one["part"] for one in service.ready()["troubles"]})
        assert service.ready()["status"] == "degraded"
        answer = service.carousel("you-may-also-like?user_id=u01")
        assert answer["items"] and service.ask("/v1/events", {"events": [view("a", "u01")]})[0] == 503
        (trained / "store").unlink()
        wait_until(lambda: service.ready()["status"] == "ready")
        send(service, [view("a", "u01", "p05")])
        assert service.carousel("recently-viewed?user_id=u01")["items"][0]["product_id"] == "p05"
