"""What shoppers did a moment ago shows in their carousels: session, cart, purchases, coupons, links, consent."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from service_helpers import NOW
from store_kit import event, send, shown, told

from models.schema import DAY
from recsvc.cli import cli
from recsvc.service import service_of
from running import wait_until


def trained_history(client: FlaskClient, user: str) -> list[str]:
    """Return the products that the live version knows a user to have bought."""
    snapshot = service_of(client.application).live.state.engine.snapshot
    return [snapshot.catalogue.ids.id(row) for row in snapshot.histories.of_user(snapshot.users.row(user)).product]


def test_what_was_looked_at_is_recently_viewed_last_first_unless_the_caller_says_otherwise(
    storefront: FlaskClient,
) -> None:
    send(storefront, event("view", "p03", visitor_id="v1", time=NOW - 90), event("view", "p01", visitor_id="v1"))
    assert shown(storefront, "recently-viewed", visitor_id="v1")[:2] == ["p01", "p03"]
    assert shown(storefront, "recently-viewed", visitor_id="v1", recent="p05")[:1] == ["p05"]
    assert "p03" not in shown(storefront, "recently-viewed", visitor_id="v2", size=2)[:2]


def test_the_cart_is_what_was_put_in_and_neither_taken_out_nor_bought_since(storefront: FlaskClient) -> None:
    """A product in the cart is not offered."""
    events = [event("cart", f"p0{n}", user_id="new", time=NOW - 90) for n in (1, 2, 3)]
    send(storefront, *events, event("remove-from-cart", "p02", user_id="new"), event("purchase", "p03", user_id="new"))
    everything = shown(storefront, "bestsellers", user_id="new", size=100)
    assert "p01" not in everything and "p02" in everything
    assert "p01" in shown(storefront, "bestsellers", user_id="new", cart="p05", size=100)


def test_a_first_purchase_a_minute_ago_makes_carousels_personal_and_leaves_where_bought_is_excluded(
    storefront: FlaskClient,
) -> None:
    before = told(storefront, "you-may-also-like", user_id="new", size=100)
    bought = before["items"][0]["product_id"]
    assert before["personalised"] is False
    assert shown(storefront, "buy-again", user_id="new", size=100)[:1] != [bought]
    send(storefront, event("purchase", bought, user_id="new", order_id="o1", price=2.0, quantity=2))
    after = told(storefront, "you-may-also-like", user_id="new", size=100)
    assert after["personalised"] is True
    assert bought not in [item["product_id"] for item in after["items"]]


def test_what_a_visitor_bought_long_before_the_training_counts(storefront: FlaskClient) -> None:
    """No version knows visitors, so their events are all there is."""
    bought = shown(storefront, "you-may-also-like", visitor_id="v1")[0]
    long_ago = NOW - 40 * DAY
    assert long_ago < service_of(storefront.application).live.state.until
    send(storefront, event("purchase", bought, visitor_id="v1", time=long_ago, order_id="o1"))
    after = told(storefront, "you-may-also-like", visitor_id="v1", size=100)
    assert after["personalised"] is True and bought not in [item["product_id"] for item in after["items"]]


def test_a_purchase_in_this_very_second_counts(storefront: FlaskClient) -> None:
    bought = shown(storefront, "you-may-also-like", user_id="new")[0]
    send(storefront, event("purchase", bought, user_id="new", time=NOW))
    assert bought not in shown(storefront, "you-may-also-like", user_id="new", size=100)


def test_a_refund_takes_the_purchase_back(storefront: FlaskClient) -> None:
    bought = shown(storefront, "you-may-also-like", user_id="new")[0]
    send(storefront, event("purchase", bought, user_id="new", order_id="o1", time=NOW - 90))
    send(storefront, event("refund", bought, user_id="new", order_id="o1"))
    assert bought in shown(storefront, "you-may-also-like", user_id="new", size=100)


def test_a_purchase_that_the_version_has_learned_is_not_counted_twice(storefront: FlaskClient) -> None:
    """The shop's files and the events told of the same orders."""
    here = service_of(storefront.application)
    snapshot = here.live.state.engine.snapshot
    row = snapshot.users.row("u01")
    history = snapshot.histories.of_user(row)
    sent = [
        event("purchase", snapshot.catalogue.ids.id(product), user_id="u01", time=time, order_id=f"o{order}")
        for product, time, order in zip(
            history.product.tolist(), history.time.tolist(), history.order.tolist(), strict=True
        )
    ]
    from recsvc.asking import Ask
    from recsvc.context import understand

    send(storefront, *sent, event("purchase", "p01", user_id="u01"))
    ask = here.sessions.known(Ask(user_id="u01"), snapshot.until)
    assert len(understand(snapshot, ask).context.history) == len(history) + 1


def test_segments_of_the_rules_see_views_and_purchases_at_once(
    trained: Path, make_app: Callable[..., Flask], store_url: str
) -> None:
    (trained / "rules.yaml").write_text("""version: 1
segments:
  looked: {viewed: {products: [p03]}}
  buyers: {bought: {products: [p04], within_days: 2}}
rules:
  - {id: one, do: pin, product: p20, position: 1, carousels: [bestsellers], when: {segment: looked}}
  - {id: two, do: pin, product: p21, position: 2, carousels: [bestsellers], when: {segment: buyers}}
  - {id: three, do: pin, product: p22, position: 3, carousels: [bestsellers], when: {campaign: [SPRING]}}
""")
    client = make_app(trained, STORE=store_url).test_client()
    first = shown(client, "bestsellers", visitor_id="v1", size=3)
    assert not {"p20", "p21", "p22"} <= set(first)
    send(
        client,
        event("view", "p03", visitor_id="v1"),
        event("purchase", "p04", visitor_id="v1"),
        event("coupon", campaign="SPRING", visitor_id="v1"),
    )
    assert shown(client, "bestsellers", visitor_id="v1", size=3) == ["p20", "p21", "p22"]
    assert shown(client, "bestsellers", visitor_id="v1", campaign="OTHER", size=3)[2] != "p22"
    here = service_of(client.application)
    here.intake.stop()
    here.store.close()
    here.sessions.close()


def test_a_linked_visitor_is_the_user_before_and_after(storefront: FlaskClient) -> None:
    """What the visitor did is the user's; what the visitor does next is; a second link takes nothing of the first."""
    send(storefront, event("view", "p03", visitor_id="v1"))
    answer = storefront.post("/v1/users/new/link", json={"visitor_id": "v1"}).get_json()
    assert answer["events"] == 1
    assert shown(storefront, "recently-viewed", user_id="new")[:1] == ["p03"]
    send(storefront, event("view", "p04", visitor_id="v1", time=NOW - 10))
    assert shown(storefront, "recently-viewed", user_id="new")[:2] == ["p04", "p03"]
    assert shown(storefront, "recently-viewed", visitor_id="v1")[:2] == ["p04", "p03"]
    storefront.post("/v1/users/other/link", json={"visitor_id": "v1"})
    assert not {"p03", "p04"} & set(shown(storefront, "recently-viewed", user_id="other", size=2))
    assert shown(storefront, "recently-viewed", user_id="new")[:2] == ["p04", "p03"]


def test_who_refuses_personalisation_gets_no_personal_model_no_history_and_no_session(storefront: FlaskClient) -> None:
    bought = set(trained_history(storefront, "u01"))
    assert not bought & set(shown(storefront, "you-may-also-like", user_id="u01", size=100))
    send(storefront, event("view", "p03", user_id="u01"))
    storefront.put("/v1/users/u01/consent", json={"personalisation": False})
    answer = told(storefront, "you-may-also-like", user_id="u01", size=100)
    assert answer["personalised"] is False
    nobody = told(storefront, "you-may-also-like", size=100)
    assert [one["product_id"] for one in answer["items"]] == [one["product_id"] for one in nobody["items"]]
    assert shown(storefront, "recently-viewed", user_id="u01")[:1] != ["p03"]
    storefront.put("/v1/users/u01/consent", json={"personalisation": True})
    assert told(storefront, "you-may-also-like", user_id="u01")["personalised"] is True


def test_a_request_for_another_moment_reads_no_session(storefront: FlaskClient) -> None:
    send(storefront, event("purchase", "p01", user_id="new"), event("view", "p03", user_id="new"))
    then = told(storefront, "recently-viewed", user_id="new", at="2026-03-27")
    assert then["items"] == [] and not then.get("degraded")
    assert then["personalised"] is False


def test_a_linked_visitor_is_the_user_at_another_moment_too(storefront: FlaskClient) -> None:
    storefront.post("/v1/users/u01/link", json={"visitor_id": "v1"})
    then = told(storefront, "buy-again", visitor_id="v1", at="2026-03-20")
    assert then["items"] and then["personalised"] is True
    assert [one["product_id"] for one in then["items"]] == shown(
        storefront, "buy-again", user_id="u01", at="2026-03-20"
    )


def test_views_of_a_month_ago_and_a_cart_of_a_week_ago_are_over(storefront: FlaskClient) -> None:
    old = [
        event("view", "p03", user_id="new", time=NOW - 31 * DAY),
        event("cart", "p01", user_id="new", time=NOW - 8 * DAY),
    ]
    send(storefront, *old)
    assert shown(storefront, "recently-viewed", user_id="new") == []
    assert "p01" in shown(storefront, "bestsellers", user_id="new", size=100)


def test_a_store_that_breaks_degrades_the_answer_and_never_fails_it(storefront: FlaskClient) -> None:
    """It comes back by itself."""
    here = service_of(storefront.application)
    send(storefront, event("view", "p03", user_id="u01"))
    assert shown(storefront, "recently-viewed", user_id="u01")[:1] == ["p03"]
    with here.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO gone")
    for _ in range(2):
        answer = told(storefront, "for-you", user_id="u01")
        assert answer["degraded"] == ["sessions"] and answer["items"] and answer["personalised"]
    with here.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO events")
    wait_until(lambda: shown(storefront, "recently-viewed", user_id="u01")[:1] == ["p03"])


def batch(folder: Path, user: str) -> list[str]:
    """Return what `recsvc batch` answers a user with in two carousels, as ``carousel product``; ask in ``folder``."""
    (folder / "requests.csv").write_text(
        f"request_id,carousel,user_id\nmine,you-may-also-like,{user}\nseen,recently-viewed,{user}\n"
    )
    words = ["batch", "shop.toml", "--requests", "requests.csv", "--out", "out.csv"]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    rows = [line.split(",") for line in (folder / "out.csv").read_text().splitlines()[1:]]
    return [f"{row[0]} {row[2]}" for row in rows]


def test_batch_knows_sessions_consent_and_erasures_as_the_service_does(
    trained: Path, storefront: FlaskClient, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the storefront tells is in the next mail."""
    monkeypatch.chdir(trained)
    monkeypatch.setenv("RECSVC_STORE", store_url)
    send(storefront, event("view", "p05", user_id="u01"))
    nobody = batch(trained, "nobody")
    assert "seen p05" in batch(trained, "u01")
    storefront.put("/v1/users/u01/consent", json={"personalisation": False})
    assert batch(trained, "u01") == nobody
    storefront.put("/v1/users/u01/consent", json={"personalisation": True})
    storefront.delete("/v1/users/u01")
    assert batch(trained, "u01") == nobody
