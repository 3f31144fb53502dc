"""Consent, links and erasure over HTTP; an erased id is in no file of the store."""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from service_helpers import NOW
from store_kit import event, send, shown, told

from markdown import blocks
from recsvc.opening import open_state
from recsvc.service import service_of
from running import wait_until

KEYS = "public:a-public-key-01,catalogue:a-catalogue-key,admin:an-admin-key-123"


def fill(client: FlaskClient, user: str, visitor: str) -> None:
    """Let a user and a visitor of hers do something of everything."""
    send(
        client,
        event("purchase", "p01", user_id=user, note=f"for {user}"),
        event("view", "p02", visitor_id=visitor, event_id=f"e-{visitor}-1"),
        event("view", "p03", user_id=user, visitor_id=visitor),
        event("view", "p04", user_id="other", visitor_id=visitor),
    )
    client.post(f"/v1/users/{user}/link", json={"visitor_id": visitor})
    client.put(f"/v1/users/{user}/consent", json={"personalisation": True})


def test_a_dry_run_counts_and_changes_nothing(storefront: FlaskClient) -> None:
    fill(storefront, "u01", "v-77")
    for _ in range(2):
        answer = storefront.delete("/v1/users/u01?dry_run=true").get_json()
        assert answer["deleted"] == {"events": 3, "exposures": 0, "links": 1, "consent": 2, "units": 1, "visitors": 1}
        assert answer["dry_run"] is True and answer["files_clean"] is None
        assert answer["trained"]["purchases"] > 0
    assert told(storefront, "you-may-also-like", user_id="u01")["personalised"] is True


def test_an_erased_shopper_is_nobody_to_the_live_version_at_once(storefront: FlaskClient) -> None:
    """No history, no attributes, no membership; others keep theirs, also those who shared a browser."""
    fill(storefront, "u01", "v-77")
    nobody = shown(storefront, "you-may-also-like", size=100)
    assert shown(storefront, "you-may-also-like", user_id="u01", size=100) != nobody
    answer = storefront.delete("/v1/users/u01").get_json()
    assert answer["deleted"]["events"] == 3 and answer["dry_run"] is False
    snapshot = service_of(storefront.application).live.state.engine.snapshot
    assert snapshot.users.row("u01") == -1 and snapshot.users.row("u02") != -1
    assert shown(storefront, "you-may-also-like", user_id="u01", size=100) == nobody
    assert told(storefront, "you-may-also-like", user_id="u01")["personalised"] is False
    assert shown(storefront, "recently-viewed", user_id="other")[:1] == ["p04"]
    again = storefront.delete("/v1/users/u01").get_json()
    assert again["deleted"]["events"] == 0 and again["trained"] is None


def test_a_linked_visitor_whom_the_training_calls_a_user_is_nobody_either(storefront: FlaskClient) -> None:
    """The shop's files may have known the visitor first; commands leave both alone as the service does."""
    here = service_of(storefront.application)
    storefront.post("/v1/users/new/link", json={"visitor_id": "u02"})
    assert told(storefront, "you-may-also-like", user_id="u02")["personalised"] is True
    storefront.delete("/v1/users/new")
    assert told(storefront, "you-may-also-like", user_id="u02")["personalised"] is False
    opened = open_state(here.shop, here.settings.artifacts, None, lambda: NOW, here.store)
    for state in (here.live.state, opened):
        assert state.engine.snapshot.users.row("u02") == -1 and state.engine.snapshot.users.row("u01") != -1


def test_events_from_before_an_erasure_that_arrive_after_it_are_not_stored(storefront: FlaskClient) -> None:
    storefront.delete("/v1/users/u01")
    told = send(storefront, event("view", "p01", user_id="u01", time=NOW - 5), event("view", "p01", user_id="u02"))
    assert (told["accepted"], told["not_stored"]) == (1, 1)


def test_a_refusal_outlives_an_erasure(storefront: FlaskClient) -> None:
    storefront.put("/v1/users/u01/consent", json={"personalisation": False, "storage": False})
    storefront.delete("/v1/users/u01")
    storefront.delete("/v1/users/u01")
    here = service_of(storefront.application)
    assert here.sessions.refusals.refuses("u01", None)
    with here.store.read() as connection:
        from recsvc.store.refusals import _everything

        assert len(_everything(connection).refused) == 2
    after = storefront.put("/v1/users/u01/consent", json={"storage": True}).get_json()
    assert after["storage"] is True


def test_an_id_with_a_slash_or_any_script_can_be_erased(storefront: FlaskClient) -> None:
    for name in ("a/b c", "Zoë-用户", "100%"):
        send(storefront, event("view", "p01", user_id=name))
        from urllib.parse import quote

        answer = storefront.delete(f"/v1/users/{quote(name, safe='')}").get_json()
        assert (answer["user_id"], answer["deleted"]["events"]) == (name, 1)


def test_lists_of_the_rules_that_name_the_shopper_are_told_since_nobody_but_the_shop_may_edit_them(
    trained: Path, make_app: Callable[..., Flask]
) -> None:
    """The erased shopper belongs to none of them all the same."""
    (trained / "vips.csv").write_text("u01\nu02\n")
    (trained / "rules.yaml").write_text("""version: 1
segments:
  vips: { list: vips.csv }
rules:
  - { id: first, do: pin, product: p20, position: 1, carousels: [bestsellers], when: { segment: vips } }
""")
    client = make_app(trained).test_client()
    assert shown(client, "bestsellers", user_id="u01")[0] == "p20"
    assert client.delete("/v1/users/u01").get_json()["lists"] == ["vips.csv"]
    assert shown(client, "bestsellers", user_id="u01")[0] != "p20"
    assert shown(client, "bestsellers", user_id="u02")[0] == "p20"
    service_of(client.application).store.close()
    service_of(client.application).sessions.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/users/u/consent", {}),
        ("PUT", "/v1/users/u/consent", {"personalisation": "yes"}),
        ("PUT", "/v1/users/u/consent", {"storage": True, "more": 1}),
        ("PUT", f"/v1/users/{'u' * 300}/consent", {"storage": True}),
        ("PUT", "/v1/users/u%00/consent", {"storage": True}),
        ("POST", "/v1/users/u/link", {}),
        ("POST", "/v1/users/u/link", {"visitor_id": ""}),
        ("POST", "/v1/users/u/link", {"visitor_id": 7}),
        ("DELETE", "/v1/users/u?dry_run=maybe", None),
        ("DELETE", "/v1/users/u?dryrun=true", None),
    ],
)
def test_what_does_not_hold_is_refused_and_nothing_is_stored(
    storefront: FlaskClient, method: str, path: str, body: object
) -> None:
    answer = storefront.open(path, method=method, json=body)
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"


def test_consent_and_links_need_a_catalogue_key_and_erasure_an_admin_key(
    trained: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app(trained, KEYS=KEYS).test_client()
    calls = {
        "public": ("POST", "/v1/events", {"events": []}),
        "catalogue": ("PUT", "/v1/users/u/consent", {"storage": True}),
        "catalogue ": ("POST", "/v1/users/u/link", {"visitor_id": "v"}),
        "admin": ("DELETE", "/v1/users/u?dry_run=true", None),
    }
    order = ["public", "catalogue", "admin"]
    keys = dict(part.split(":") for part in KEYS.split(","))
    for needed, (method, path, body) in calls.items():
        for scope, key in keys.items():
            status = client.open(path, method=method, json=body, headers={"X-Api-Key": key}).status_code
            assert (status < 300) is (order.index(scope) >= order.index(needed.strip())), (needed, scope, status)
        assert client.open(path, method=method, json=body).status_code == 401
    service_of(client.application).store.close()


def test_an_erased_id_is_in_no_file_of_the_store(trained: Path, make_app: Callable[..., Flask]) -> None:
    """Nor in the logs of its writes: it was deleted, overwritten, and the log emptied."""
    client = make_app(trained).test_client()
    secret, visitor = "u-secret-4711", "v-secret-4711"
    for turn in range(30):
        fill(client, f"other-{turn}", f"v-{turn}")
        fill(client, secret, visitor)

    def holding() -> list[str]:
        return [
            path.name
            for path in sorted((trained / "store").iterdir())
            if any(one.encode() in path.read_bytes() for one in (secret, visitor))
        ]

    assert holding()
    answer = client.delete(f"/v1/users/{secret}").get_json()
    assert answer["deleted"]["events"] == 61 and answer["files_clean"] is True
    assert holding() == []
    assert shown(client, "for-you", user_id=secret)
    here = service_of(client.application)
    here.intake.stop()
    here.sessions.close()
    here.store.close()
    assert holding() == []


def test_postgresql_keeps_an_erased_id_in_its_files_as_the_answer_admits_and_the_documented_statements_clear_them(
    trained: Path, make_app: Callable[..., Flask], postgresql_url: str
) -> None:
    client = make_app(trained, STORE=postgresql_url).test_client()
    secret = "u-secret-4712"
    for turn in range(30):
        fill(client, f"other-{turn}", f"v-{turn}")
        fill(client, secret, "v-secret-4712")
    with psycopg.connect(postgresql_url, autocommit=True) as database:
        database.execute("ANALYZE")  # as PostgreSQL does by itself: frequent ids are statistics then
        (data,) = database.execute("SHOW data_directory").fetchone() or ("",)

        def holding() -> list[str]:
            files = (path for path in Path(data).rglob("*") if path.is_file())
            return [str(path) for path in files if secret.encode() in path.read_bytes()]

        answer = client.delete(f"/v1/users/{secret}").get_json()
        assert answer["deleted"]["events"] == 61 and answer["files_clean"] is None
        database.execute("CHECKPOINT")
        assert holding(), "else the answer may say more"
        (statements,) = [block.text for block in blocks("sql") if block.page == "docs/events.md"]

        def cleared() -> bool:
            for statement in filter(None, (one.strip() for one in statements.split(";"))):
                database.execute(statement.encode())
                time.sleep(0.2)  # a new setting reaches the process that writes checkpoints a little later
            return not holding()

        wait_until(cleared)
        database.execute("ALTER SYSTEM RESET wal_recycle")
        database.execute("SELECT pg_reload_conf()")
    assert shown(client, "for-you", user_id=secret)
    here = service_of(client.application)
    here.intake.stop()
    here.sessions.close()
    here.store.close()
