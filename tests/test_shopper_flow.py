"""A shopper's two days, over HTTP against four real workers and both databases: every carousel at every step."""

import http.client
import json
from itertools import count
from typing import Any

from running import COMES_WITHIN, Service, serving
from tiny_shop import TEAS, WINES, TinyShop
from workers import all_there, everywhere, of_each

CHIANTI, OTHER, OPENER, MAILED = "00501", "w-3", "corkscrew", "w-8"
BROWSER, PHONE, SHOPPER = "browser-1", "phone-1", "eve"
EXPERIMENT = """
[experiments.deeper]
carousels = ["bestsellers"]
[experiments.deeper.arms]
plain = {}
short = { changes = { size = 5 } }
"""
RULES = """version: 1
timezone: Europe/London
segments:
  wine-lookers: {viewed: {where: "category == 'wine'", at_least: 1}}
rules:
  - {id: from-the-mail, do: pin, product: w-8, position: 1, carousels: [for-you], when: {campaign: AUTUMN-WINE}}
  - {id: no-tea-for-them, do: hide, where: "category == 'tea'", carousels: [trending], when: {segment: wine-lookers}}
"""
NUMBERS = count(1)


def call(service: Service, method: str, path: str, body: Any) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
    finally:
        connection.close()
    assert answer.status in (200, 202), told
    return told


def tell(service: Service, kind: str, **fields: Any) -> None:
    """Tell what the shopper does; it is durable when this returns."""
    event = {"event_id": f"e-{next(NUMBERS)}", "event": kind, **fields}
    assert call(service, "POST", "/v1/events", {"events": [event]})["accepted"] == 1


class Seen:
    """What a shopper sees on whichever worker: all of them say the same, at once."""

    def __init__(self, service: Service, who: str) -> None:
        self.service, self.who = service, who

    def answer(self, carousel: str, more: str = "") -> dict[str, Any]:
        path = f"{carousel}?size=30&store_id=south&{self.who}{more}"
        answers = of_each(self.service, lambda service: service.carousel(path))
        assert len(answers) == 4
        seen = [[(item["product_id"], item["source"]) for item in one["items"]] for one in answers]
        assert all(one == seen[0] for one in seen), f"workers differ on {carousel}"
        assert (
            len({(one["personalised"], one["model"], one["rules"], *map(str, one["experiments"])) for one in answers})
            == 1
        )
        return answers[0]

    def arm(self, more: str = "") -> str:
        """Return the arm of the experiment on bestsellers."""
        (one,) = self.answer("bestsellers", more)["experiments"]
        return str(one["arm"])

    def ids(self, carousel: str, more: str = "") -> list[str]:
        return [item["product_id"] for item in self.answer(carousel, more)["items"]]


def test_a_shopper_comes_from_a_mail_looks_adds_signs_in_buys_and_comes_back(
    tiny_shop: TinyShop, store_url: str
) -> None:
    """Anonymous from a coupon, a Chianti viewed and added, signed in, bought, and back on the next day."""
    (tiny_shop.folder / "rules.yaml").write_text(RULES)
    with tiny_shop.toml.open("a") as file:
        file.write(EXPERIMENT)
    options = {"RECSVC_STORE": store_url}
    with serving(tiny_shop.folder, "--workers", "4", **options) as service:
        all_there(service, 4)
        anonymous, signed_in = Seen(service, f"visitor_id={BROWSER}"), Seen(service, f"user_id={SHOPPER}")

        # nobody is known, and nothing is personal
        before = anonymous.answer("for-you")
        assert not before["personalised"] and before["items"][0]["source"] == "model"
        assert anonymous.ids("recently-viewed") == anonymous.ids("buy-again") == []
        assert set(TEAS) & set(anonymous.ids("trending"))

        # an experiment draws her by her browser, which is all that is known
        arm = anonymous.arm()
        assert signed_in.arm("&explain=true") != arm  # which nobody is told of, and so it is no answer to her

        # the coupon of a mail: its product is first, on every worker, and still nothing is personal
        tell(service, "coupon", visitor_id=BROWSER, campaign="AUTUMN-WINE")
        mailed = anonymous.answer("for-you")
        assert (mailed["items"][0]["product_id"], mailed["items"][0]["source"]) == (MAILED, "pin")
        assert not mailed["personalised"]
        assert Seen(service, "visitor_id=other").ids("for-you") == [item["product_id"] for item in before["items"]]

        # a Chianti is viewed: the session, what is like it, and the segment
        likes = anonymous.ids("you-may-also-like")
        for product in (OTHER, CHIANTI):
            tell(service, "view", visitor_id=BROWSER, product_id=product)
        assert anonymous.ids("recently-viewed") == [CHIANTI, OTHER]
        viewed = anonymous.answer("you-may-also-like")
        shown = [item["product_id"] for item in viewed["items"]]
        assert viewed["personalised"] and shown != likes
        assert {shown[0], shown[1]} <= {*WINES, OPENER} and not {likes[0], likes[1]} <= {*WINES, OPENER}
        assert not set(TEAS) & set(anonymous.ids("trending"))
        assert set(TEAS) & set(Seen(service, "visitor_id=other").ids("trending"))

        # it goes into the cart: what goes with it comes, it leaves where it need not be
        tell(service, "cart", visitor_id=BROWSER, product_id=CHIANTI)
        assert anonymous.ids("recently-viewed") == [OTHER]
        assert CHIANTI not in anonymous.ids("for-you") and CHIANTI not in anonymous.ids("bought-together")
        with_it = anonymous.answer("bought-together")["items"]
        assert OPENER in [item["product_id"] for item in with_it[:5]]
        assert "Wine 0" in with_it[[i["product_id"] for i in with_it].index(OPENER)]["reason"]["text"], with_it[:6]

        # she signs in: the session goes with her, also to her other device
        assert call(service, "POST", f"/v1/users/{SHOPPER}/link", {"visitor_id": BROWSER})["events"] == 4
        assert call(service, "POST", f"/v1/users/{SHOPPER}/link", {"visitor_id": PHONE})["events"] == 0
        phone = Seen(service, f"visitor_id={PHONE}")
        for one in (signed_in, anonymous, phone):
            assert one.arm() == arm
            assert one.ids("recently-viewed") == [OTHER]
            assert one.answer("for-you")["items"][0]["product_id"] == MAILED
            assert [item["product_id"] for item in one.answer("bought-together")["items"]] == [
                item["product_id"] for item in with_it
            ]

        # she buys: the cart is empty, what is bought leaves where it should, and one purchase makes carousels personal
        tell(service, "purchase", user_id=SHOPPER, product_id=CHIANTI, order_id="o-1", quantity=1, price=9, store_id="south")  # fmt: skip
        assert signed_in.ids("recently-viewed") == [CHIANTI, OTHER]
        assert signed_in.ids("buy-again") == phone.ids("buy-again") == [CHIANTI]
        assert CHIANTI not in signed_in.ids("you-may-also-like") and CHIANTI in signed_in.ids("for-you")
        assert signed_in.answer("for-you")["personalised"] and signed_in.answer("you-may-also-like")["personalised"]
        assert [item["product_id"] for item in signed_in.answer("bought-together")["items"]] != [
            item["product_id"] for item in with_it
        ]

        # meanwhile the back office sells out the opener in her store, within a second everywhere
        call(service, "PUT", "/v1/stock", {"stock": [{"product_id": OPENER, "store_id": "south", "quantity": 0}]})
        everywhere(
            (service,), lambda one: OPENER not in [i["product_id"] for i in one.carousel("bestsellers?size=30&store_id=south")["items"]]
        )  # fmt: skip
        assert OPENER not in signed_in.ids("bought-together")

    # the next day, after a restart: the coupon is over, what she looked at and bought is not
    toml = tiny_shop.toml.read_text().replace('clock_starts = "2026-10-09 18:00"', 'clock_starts = "2026-10-10 18:30"')
    tiny_shop.toml.write_text(toml)
    with serving(tiny_shop.folder, "--workers", "4", **options) as service:
        all_there(service, 4)
        back = Seen(service, f"visitor_id={BROWSER}")
        assert back.arm() == arm
        assert back.answer("for-you")["items"][0]["source"] == "model" and back.answer("for-you")["personalised"]
        assert back.ids("recently-viewed") == [CHIANTI, OTHER] and back.ids("buy-again") == [CHIANTI]
        assert CHIANTI not in back.ids("you-may-also-like") and OPENER not in back.ids("you-may-also-like")
        assert back.ids("you-may-also-like")[0] in WINES

        # she takes it all back: nothing personal is left on any worker
        call(service, "PUT", f"/v1/users/{SHOPPER}/consent", {"personalisation": False, "storage": False})
        everywhere((service,), lambda one: not one.carousel(f"for-you?user_id={SHOPPER}")["personalised"])
        assert back.ids("buy-again") == back.ids("recently-viewed") == []
