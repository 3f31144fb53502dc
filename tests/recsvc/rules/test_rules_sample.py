"""The merchandiser's sample file, with every verb: it loads, and each of its rules does what its line says."""

import numpy as np
import pytest
from rules_kit import alone

from models.catalogue import Catalogue
from models.columns import number_column, tags_column, text_column
from models.ids import IdIndex
from models.schema import History
from recsvc.rules.arrange import Shelf
from recsvc.rules.bind import bind
from recsvc.rules.match import select
from recsvc.rules.parse import parse
from recsvc.rules.pool import Pool
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.situation import Shopper, Situation
from recsvc.rules.times import start_of

SAMPLE = """\
version: 1
timezone: Europe/London            # the zone of every date and clock in this file
calendar:                          # named windows, reused by rules
  black-friday: {from: "2026-11-27 00:00", until: "2026-12-01 00:00"}
segments:                          # who a rule is for; recomputed from purchase history and live events
  wine-lovers: {bought: {where: "category == 'wine'", at_least: 2, within_days: 180}}
  members:     {attribute: "tier in ['gold', 'vip']"}
  big-baskets: {spend: {at_least: 400, within_days: 90}}
rules:
  - id: chianti-wine-lovers
    why: Autumn wine fair, owner trading@
    do: pin
    product: "SKU-00501"
    position: 1                    # 1 = first
    carousels: [you-may-also-like]
    when: {segment: wine-lovers, active: {from: "2026-10-01", until: "2026-10-31"}}
  - id: hide-oos-nearest-store
    do: hide
    where: stock_in(context.store) <= 0
    when: {store: known}           # no store in the request: the rule does not apply
  - id: boost-margin
    do: boost
    factor: 1.3
    where: margin > 0.30           # a product without a margin does not match
    carousels: [you-may-also-like, trending]
  - id: max-two-per-brand
    do: limit
    per: brand
    max: 2
  - id: recall-2026-118
    why: Glass fragments, recall notice 2026-118
    do: hide
    everywhere: true               # every carousel, experiment arm, cache and batch file; cannot be lifted
    products: ["SKU-77812", "SKU-77813"]
  - id: weekend-lower-price
    do: boost
    factor: 1.2
    where: price <= 15
    when: {weekly: {days: [fri, sat, sun]}}
  - id: early-access-members-only
    do: hide
    where: "'early-access' in tags"
    unless: {segment: members}
  - id: black-friday-deals         # pin by attribute: this shopper's best eligible deals
    do: pin
    where: "'bf-deal' in tags"
    positions: [1, 2]
    carousels: [trending]
    when: {active: black-friday}
  - id: pair-within-department
    do: keep
    where: department == page.department
    carousels: [bought-together]
    when: {page_item: "department == 'wine'"}
    min_results: 4                 # if fewer would survive, this keep is skipped and says so
  - id: bury-clearance-on-mobile
    do: bury
    factor: 0.5
    where: "'clearance' in tags"
    when: {device: mobile, weather: [rain, snow]}
"""
LONDON = "Europe/London"
IDS = ("SKU-77812", "SKU-77813", "plain", "rich", "cheap", "clear", "early", "wine-2", "wine-3", "wine-4", "deal-1", "deal-2",
       "SKU-00501")  # fmt: skip
BASE = {product: 1 - 0.05 * place for place, product in enumerate(IDS)}
CAROUSELS = ("you-may-also-like", "trending", "bought-together")


@pytest.fixture(scope="module")
def sample():
    brands = [*"abcdefg", *"wwvv", "x", "w"]
    tags = {"deal-1": ["bf-deal"], "deal-2": ["bf-deal"], "early": ["early-access"], "clear": ["clearance"]}
    columns = {
        "category": text_column(["wine" if one.startswith(("wine", "SKU-005")) else "other" for one in IDS]),
        "department": text_column(["wine" if one.startswith(("wine", "SKU-005")) else "food" for one in IDS]),
        "brand": text_column(brands),
        "price": number_column([10.0 if one == "cheap" else 30.0 for one in IDS]),
        "cost": number_column([5.0 if one == "rich" else None for one in IDS]),
        "tags": tags_column([tags.get(one, []) for one in IDS]),
    }
    catalogue = Catalogue.of(IdIndex.of(IDS), columns, "1")
    shop = ShopFacts(
        carousels=dict.fromkeys(CAROUSELS, 12),
        columns={name: column.kind for name, column in catalogue.columns.items()},
        user_columns={"tier": "text"},
        product_ids=set(IDS).__contains__,
    )
    ruleset = parse(SAMPLE, shop)
    assert not ruleset.warnings
    return bind(ruleset, catalogue)


def shown(sample, carousel="trending", at="2026-09-01 12:00", page=-1, stock=None, fields=None, **shopper):
    here = Situation(start_of(at, LONDON), carousel, page, fields=fields or {}, shopper=Shopper(**shopper), stock=stock)
    rows = np.arange(len(IDS), dtype=np.int32)
    pool = Pool(rows, np.array(list(BASE.values())), np.ones(len(IDS), np.bool_))
    out = alone(Shelf(select(sample, here), pool, 12, 12, lambda some: np.zeros(len(some), np.uint8)))
    return [IDS[row] for row in out.rows.tolist()], dict(zip([IDS[row] for row in out.rows], out.scores, strict=True))


def history(at, *lines):
    now = start_of(at, LONDON)
    times = np.array([now - days * 86_400 for _, days in lines], np.int64)
    rows = np.array([IDS.index(one) for one, _ in lines], np.int32)
    ones = np.ones(len(lines), np.float32)
    return History(rows, times, np.arange(len(lines), dtype=np.int32), ones, ones, np.full(len(lines), -1, np.int32))


def test_the_wine_is_first_for_wine_lovers_in_october_on_one_carousel(sample):
    lover = {"history": history("2026-10-10", ("wine-2", 90), ("wine-3", 3))}
    here = {"carousel": "you-may-also-like", "at": "2026-10-31 23:59"}
    assert shown(sample, **here, **lover)[0][0] == "SKU-00501"
    assert shown(sample, **here)[0][0] == "rich"
    assert shown(sample, **{**here, "at": "2026-11-01 00:00"}, **lover)[0][0] == "rich"
    assert shown(sample, **{**here, "carousel": "trending"}, **lover)[0][0] == "rich"


def test_what_the_nearest_store_lacks_is_hidden_and_without_a_store_nothing_is(sample):
    def stock(rows, store):
        return np.where(rows == IDS.index("plain"), 0.0, 5.0)

    assert "plain" not in shown(sample, stock=stock, fields={"store": "S1"})[0]
    assert "plain" in shown(sample, stock=stock)[0]


def test_margin_is_boosted_and_a_product_without_one_is_not(sample):
    scores = shown(sample)[1]
    assert scores["rich"] == pytest.approx(BASE["rich"] * 1.3) and scores["plain"] == pytest.approx(BASE["plain"])


def test_at_most_two_of_a_brand_come_before_the_rest(sample):
    order = shown(sample)[0]
    assert order[-1] == "SKU-00501" and order.index("deal-1") < order.index("deal-2") < order.index("SKU-00501")


def test_recalled_products_are_nowhere(sample):
    for carousel in CAROUSELS:
        assert not {"SKU-77812", "SKU-77813"} & set(shown(sample, carousel)[0])


def test_low_prices_are_boosted_on_weekend_days_alone(sample):
    assert shown(sample, at="2026-09-04 00:00")[1]["cheap"] == pytest.approx(BASE["cheap"] * 1.2)  # a Friday
    assert shown(sample, at="2026-09-07 00:00")[1]["cheap"] == pytest.approx(BASE["cheap"])


def test_early_access_is_for_members(sample):
    assert "early" in shown(sample, attributes={"tier": "gold"})[0]
    assert "early" not in shown(sample)[0]


def test_on_black_friday_the_best_deals_come_first_on_trending(sample):
    assert shown(sample, at="2026-11-27 00:00")[0][:2] == ["deal-1", "deal-2"]
    assert shown(sample, at="2026-12-01 00:00")[0][:2] != ["deal-1", "deal-2"]
    assert shown(sample, "bought-together", at="2026-11-27 00:00")[0][:2] != ["deal-1", "deal-2"]


def test_a_wine_page_pairs_within_the_department_only_where_four_are_left(sample):
    wine = IDS.index("SKU-00501")

    def stock(rows, store):
        return np.where(rows == IDS.index("wine-3"), 0.0, 5.0)

    assert shown(sample, "bought-together", page=wine)[0] == ["wine-2", "wine-3", "wine-4", "SKU-00501"]
    assert "plain" in shown(sample, "bought-together", page=wine, stock=stock, fields={"store": "S1"})[0]
    assert "plain" in shown(sample, "bought-together", page=IDS.index("cheap"))[0]


def test_clearance_is_buried_on_mobile_in_bad_weather(sample):
    assert shown(sample, fields={"device": "mobile", "weather": "snow"})[1]["clear"] == pytest.approx(BASE["clear"] / 2)
    assert shown(sample, fields={"device": "mobile", "weather": "sun"})[1]["clear"] == pytest.approx(BASE["clear"])
