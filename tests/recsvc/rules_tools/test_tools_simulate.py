"""`recsvc rules simulate --history`: past purchases asked of a version that has not seen them, with and without rules."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tools_kit import rules_file, told, tool

from models.catalogue import Catalogue
from models.columns import number_column
from models.schema import UNKNOWN
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.loading import load_engine
from recsvc.rules_file import read_file
from recsvc.rules_tools.replay import orders_of, with_purchases_of
from recsvc.rules_tools.simulate import simulate
from recsvc.rules_tools.simulate_report import as_text
from tiny_shop import RULES, TinyShop

SIX = (
    RULES
    + """  - {id: no-wine, do: hide, where: "category == 'wine'", carousels: [for-you]}
  - {id: one, do: keep, products: [t-1], carousels: [bestsellers]}
  - {id: phones, do: boost, factor: 2, where: "category == 'tea'", when: {device: mobile}}
  - {id: nothing, do: boost, factor: 1.1, where: "price > 1000"}
"""
)


def replayed(shop: TinyShop, text: str, *words: str) -> dict[str, Any]:
    words = ("--history", "--users", "12", "--json", *words)
    done = tool(shop, "simulate", rules_file(shop, text, "six.yaml"), *words)
    assert done.exit_code == 0, told(done)
    found: dict[str, Any] = json.loads(done.output)
    return found


def test_what_each_rule_costs_is_measured_with_intervals(two_versions: TinyShop) -> None:
    """Hiding the wine loses the wine drinkers' orders; a rule that holds and matches nothing loses nothing."""
    found = replayed(two_versions, SIX, "--carousel", "for-you", "--carousel", "bestsellers")
    effects = {one["rule"]: one for one in found["effects"]}
    assert found["shoppers"] == 12 and next(iter(effects)) == "all rules"
    wine = effects["no-wine"]["measures"]
    assert wine["recall@10"]["high"] < 0 and wine["revenue"]["high"] < 0 and wine["exposure"]["low"] > 0
    assert effects["one"]["measures"]["short"]["low"] > 0
    assert set(effects["nothing"]["measures"]["recall@10"].values()) == {0.0} and effects["nothing"]["held"]
    assert (effects["phones"]["held"], effects["phones"]["why_not"]) == (0, "when: device")
    assert all(m["low"] <= m["mean"] <= m["high"] for one in found["effects"] for m in one["measures"].values())


def test_the_table_names_every_rule_and_the_version(two_versions: TinyShop) -> None:
    """One row a rule, the one that never held with its reason; no column for margins that nobody knows."""
    words = ("--history", "--users", "5", "--carousel", "for-you", "--rule", "no-wine", "--rule", "phones")
    out = tool(two_versions, "simulate", rules_file(two_versions, SIX, "six.yaml"), *words).output
    assert out.startswith("version 2026-0") and "margin" not in out
    assert re.findall(r"^\| ([\w -]+) \|", out, re.M) == ["rule", "all rules", "no-wine", "phones"]
    assert "| phones | 0 | never held: when: device |" in out


def test_the_same_seed_gives_the_same_figures(two_versions: TinyShop) -> None:
    """Draw and resampling are seeded."""
    words = ("--carousel", "for-you", "--rule", "no-wine")
    assert replayed(two_versions, SIX, *words) == replayed(two_versions, SIX, *words)
    assert replayed(two_versions, SIX, *words) != replayed(two_versions, SIX, *words, "--seed", "2")


@pytest.fixture
def snapshots(two_versions: TinyShop) -> Callable[[str], Any]:
    folders = {folder.name[:7]: folder for folder in (two_versions.artifacts / "versions").iterdir()}
    early = min(folders.values())
    live = (two_versions.artifacts / "current").resolve()
    load = {"early": early, "live": live}
    return lambda name: load_engine(two_versions.shop, load[name], None, two_versions.clock).snapshot


def test_an_earlier_version_gets_the_later_purchases_and_each_request_only_those_before_it(
    two_versions: TinyShop, snapshots: Callable[[str], Any]
) -> None:
    """The joined table holds all that the live one knows of its users, oldest first."""
    early, live = snapshots("early"), snapshots("live")
    joined = with_purchases_of(early, live)
    for user in ("w0", "t1", "m2"):
        mine, theirs = (s.histories.of_user(s.users.row(user)) for s in (joined, live))
        names = [[s.catalogue.ids.id(int(row)) for row in h.product] for s, h in ((joined, mine), (live, theirs))]
        known = [name for name in names[1] if early.catalogue.ids.row(name) >= 0]
        assert names[0] == known and np.all(np.diff(mine.time) >= 0)
    start, end = two_versions.shop.moment("2026-09-01"), two_versions.shop.moment("2026-10-09")
    for one in orders_of(joined, ["for-you", "bought-together"], start, end, 10, 1):
        assert one.ask.at is not None and start <= one.ask.at < end and len(one.rows)
        assert (one.ask.product_id is not None) == (one.carousel == "bought-together")
        assert joined.catalogue.ids.row(one.ask.product_id) not in one.rows


def test_each_request_carries_the_store_and_the_context_of_its_order(told_shop: TinyShop) -> None:
    """As the purchases tell them, blanks left out; a store that the asked version does not know keeps its name."""
    early, live = (
        load_engine(told_shop.shop, folder, None, told_shop.clock).snapshot
        for folder in sorted((told_shop.artifacts / "versions").iterdir())
    )
    joined = with_purchases_of(early, live)
    with (told_shop.folder / "purchases.csv").open(newline="") as file:
        lines = {(row["user"], row["when"]): row for row in csv.DictReader(file)}
    start, end = told_shop.shop.moment("2026-09-01"), told_shop.shop.moment("2026-10-09")
    requests = orders_of(joined, ["for-you"], start, end, 60, 1)
    for one in requests:
        when = datetime.fromtimestamp(one.ask.at or 0, told_shop.shop.zone).replace(tzinfo=None)
        line = lines[str(one.ask.user_id), when.isoformat(sep=" ")]
        device = {"device": line["screen"]} if line["screen"] else {}
        assert (one.ask.store_id, one.ask.fields) == (line["store"], {**device, "loyalty_app": line["app"]})
    assert {one.ask.store_id for one in requests} == {"north", "south", "harbour"}
    assert early.stores.row("harbour") == UNKNOWN


def test_rules_and_stock_by_store_hold_as_they_did(told_shop: TinyShop) -> None:
    """Rules on a store, a device or a field of the shop hold in the orders that name it, and in no other."""
    text = RULES + "".join(
        f"  - {{id: {name}, do: boost, factor: 2, where: \"category == 'tea'\", when: {{{when}}}}}\n"
        for name, when in (
            ("north", "store: north"), ("harbour", "store: harbour"), ("any", "store: known"),
            ("phones", "device: mobile"), ("app", "loyalty_app: 'yes'"), ("rain", "weather: rain"),
        )
    ) + "  - {id: sold-out, do: hide, where: stock_in(context.store) <= 0, when: {store: known}}\n"  # fmt: skip
    early, live = sorted((told_shop.artifacts / "versions").iterdir())
    snapshots = [load_engine(told_shop.shop, folder, None, told_shop.clock).snapshot for folder in (early, live)]
    window = (told_shop.shop.moment("2026-09-01"), told_shop.clock())
    asks = [one.ask for one in orders_of(with_purchases_of(*snapshots), ["for-you"], *window, 60, 1)]
    found = replayed(told_shop, text, "--carousel", "for-you", "--users", "60")
    held = {one["rule"]: one["held"] for one in found["effects"]}
    wanted = {
        "north": sum(ask.store_id == "north" for ask in asks),
        "harbour": sum(ask.store_id == "harbour" for ask in asks),
        "any": len(asks),
        "sold-out": len(asks),
        "phones": sum(ask.fields.get("device") == "mobile" for ask in asks),
        "app": sum(ask.fields["loyalty_app"] == "yes" for ask in asks),
        "rain": 0,
    }
    assert {name: held[name] for name in wanted} == wanted and all(held[name] for name in wanted if name != "rain")
    engine, at = Engine(with_purchases_of(*snapshots)), asks[0].at
    shown = {
        store: [item.product_id for item in engine.carousel("bestsellers", Ask(store_id=store, at=at, size=50)).items]
        for store in ("north", "south")
    }
    assert "w-4" in shown["south"] and "w-4" not in shown["north"]


def test_money_and_margin_of_what_was_shown_and_bought(two_versions: TinyShop, snapshots: Callable[[str], Any]) -> None:
    """By hand: what the shown list of one request shares with its order, times pieces and price; no costs, no margin."""
    joined = with_purchases_of(snapshots("early"), snapshots("live"))
    start, end = two_versions.shop.moment("2026-09-01"), two_versions.shop.moment("2026-10-09")
    one = orders_of(joined, ["for-you"], start, end, 1, 1)[0]
    rules = read_file(two_versions.folder / "rules.yaml", joined)
    found = simulate(Engine(joined), rules, [one], (), 1, lambda: None)
    shown = {item.product_id for item in Engine(joined).carousel("for-you", one.ask).items} - {"m-4"}
    lines = joined.histories.of_user(one.user)
    order = [
        (joined.catalogue.ids.id(int(p)), float(q) * float(m))
        for p, t, q, m in zip(lines.product, lines.time, lines.quantity, lines.price, strict=True)
        if int(t) == one.ask.at
    ]
    wanted = sum(money for product, money in order if product in shown)
    assert found.totals["revenue"].mean == pytest.approx(wanted) and found.totals["margin"].mean == 0
    assert wanted > 0


def test_margin_is_the_share_of_the_money_that_the_costs_leave(
    two_versions: TinyShop, snapshots: Callable[[str], Any]
) -> None:
    """Each product costs three quarters of its price: a quarter of what was shown and bought is margin, rule by rule."""
    joined = with_purchases_of(snapshots("early"), snapshots("live"))
    price = joined.catalogue.columns["price"].values
    costs = {**joined.catalogue.columns, "cost": number_column(price * 0.75)}
    priced = replace(joined, catalogue=Catalogue.of(joined.catalogue.ids, costs, "with costs"))
    start, end = two_versions.shop.moment("2026-09-01"), two_versions.shop.moment("2026-10-09")
    requests = orders_of(priced, ["for-you"], start, end, 6, 1)
    rules = read_file(Path(rules_file(two_versions, SIX, "six.yaml")), priced)
    found = simulate(Engine(priced), rules, requests, ["no-wine"], 1, lambda: None)
    assert found.totals["margin"].mean == pytest.approx(found.totals["revenue"].mean / 4, rel=1e-4)
    for effect in found.effects:
        money, margin = effect.measures["revenue"], effect.measures["margin"]
        assert margin.mean == pytest.approx(money.mean / 4, rel=1e-4, abs=1e-9)
    assert found.effects[1].measures["margin"].mean < 0, "no wine, no margin on wine"
    assert "margin / 1,000" in as_text(found, margins=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what to replay"),
        (("--history", "--from", "2026-08-01"), "no version in"),
        (("--history", "--carousel", "for-yu"), "did you mean 'for-you'"),
        (("--history", "--rule", "no-win"), "did you mean 'no-wine'"),
        (("--history", "--from", "2026-09-02", "--until", "2026-09-02"), "widen --from and --until"),
        (("--history", "--version", "nope"), "nope"),
    ],
)
def test_what_cannot_be_replayed_is_told(two_versions: TinyShop, words: tuple[str, ...], said: str) -> None:
    """With what to do instead."""
    done = tool(two_versions, "simulate", rules_file(two_versions, SIX, "six.yaml"), *words)
    assert done.exit_code != 0 and said in told(done)


def test_a_version_that_has_seen_the_window_is_refused(two_versions: TinyShop, trained_shop: TinyShop) -> None:
    """The live one has seen all; the early one has seen what came before its last day; a lone version has no earlier one."""
    live, early = (two_versions.artifacts / "current").resolve().name, two_versions.artifacts / "versions"
    old = min(folder.name for folder in early.iterdir())
    file = rules_file(two_versions, SIX, "six.yaml")
    assert "would know what was bought" in told(tool(two_versions, "simulate", file, "--history", "--version", live))
    words = ("--history", "--version", old, "--from", "2026-08-31")
    assert "would know what was bought" in told(tool(two_versions, "simulate", file, *words))
    alone = tool(trained_shop, "simulate", trained_shop.folder / "rules.yaml", "--history")
    assert "--until TIME --no-publish" in told(alone)
