"""What was put into a shop, training finds and serving uses: weather, weekday, festival, coupon, price band."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.registry import Registry
from models.shop import Shop, read_shop
from planted_shop import COUPON, DAYS, FIRST, KINDS, USERS, band_of, festival_of, temperatures, write_planted_shop
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.loading import load_engine
from training.baselines import BLEND, SHUFFLED
from training.held_out import Split
from training.judge import Judgement, judge
from training.pipeline import Options, end_of, learn_rankers, read
from training.progress import SILENT, Progress
from training.read.shop_data import ShopData
from training.rehearsal import rehearse

Shown = list[dict[str, float]]
"""Products of a carousel with their scores, the best first, by shopper."""
HELD_OUT = range(DAYS - 14, DAYS)


def moment(day: int) -> int:
    """Return noon of a day, Unix seconds."""
    return int((FIRST + timedelta(days=day, hours=3)).replace(tzinfo=ZoneInfo("Europe/London")).timestamp())


def shown(engine: Engine, carousel: str, day: int, store: str = "north", **fields: str) -> Shown:
    asks = [
        Ask(user_id=f"u{user}", store_id=store, at=moment(day), size=20, fields=fields) for user in range(0, USERS, 2)
    ]
    return [{item.product_id: item.score for item in engine.carousel(carousel, ask).items} for ask in asks]


def score(lists: Shown, head: str) -> float:
    """Return what the products whose ids begin so score together in a list, on the average."""
    return float(np.mean([sum(one[product] for product in one if product.startswith(head)) for one in lists]))


def asked(
    shop: Shop, artifacts: Path, known: ShopData, split: Split, seed: int, progress: Progress
) -> tuple[Judgement, Mapping[str, Shown]]:
    """Judge with and without shuffled context, and ask the engine at moments that differ in one thing."""
    engine = load_engine(shop, Registry(artifacts).current(), None, lambda: moment(DAYS))
    weather = temperatures(np.random.default_rng(3))
    plain = [day for day in HELD_OUT if not festival_of(day)]
    warmth = sorted(plain, key=lambda day: weather["north", day])
    monday, friday = (next(day for day in plain if (FIRST + timedelta(days=day)).weekday() == one) for one in (0, 4))
    festival = next(day for day in HELD_OUT if festival_of(day) and day - 7 in plain)
    for_you: Callable[..., Shown] = partial(shown, engine, "for-you")
    return judge(shop, artifacts, known, split, seed, progress, shuffle=True), {
        "warm": for_you(warmth[-1]), "cold": for_you(warmth[0]), "friday": for_you(friday), "monday": for_you(monday),
        "festival": for_you(festival), "no festival": for_you(festival - 7), "coupon": for_you(monday, campaign=COUPON),
        "new": shown(engine, "you-may-also-like", monday),
    }  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Judgement, Mapping[str, Shown]]:
    folder = tmp_path_factory.mktemp("planted")
    shop = read_shop(write_planted_shop(folder))
    options = Options(folder / "artifacts", moment(DAYS), moment(DAYS))
    data = read(shop, options, None, SILENT)
    until = end_of(data, None)
    rankers = learn_rankers(shop, data, until, 1, SILENT)
    return rehearse(shop, data, until, rankers, 1, options.now, SILENT, asked, (Judgement(), {}))


def test_context_wins_and_shuffled_context_loses_the_gain(found: tuple[Judgement, Mapping[str, Shown]]) -> None:
    """The next order is found better than by the blend; asked in another's moment, a fifth of the gain is left at most."""
    rows = {result.row: result for result in found[0].results if result.task == "next-order"}
    assert rows[BLEND].difference["ndcg@10"].low > 0
    assert rows[SHUFFLED].difference["ndcg@10"].low > 0
    gain, lost = (rows[name].difference["ndcg@10"].mean for name in (BLEND, SHUFFLED))
    assert gain - lost < 0.2 * gain


@pytest.mark.parametrize(
    ("kind", "now", "otherwise"),
    [("ice", "warm", "cold"), ("snack", "friday", "monday"), ("lantern", "festival", "no festival")],
)
def test_a_moment_sells_what_it_sold_before(
    found: tuple[Judgement, Mapping[str, Shown]], kind: str, now: str, otherwise: str
) -> None:
    """Ice on a warm day, snacks on a Friday, lanterns on the days of a market: twice as likely as otherwise, at least."""
    assert score(found[1][now], f"{kind}-") > 2 * score(found[1][otherwise], f"{kind}-")


def test_fridays_sell_the_cheap_snack_and_other_days_the_dear_one(
    found: tuple[Judgement, Mapping[str, Shown]],
) -> None:
    """Over all days both sell alike, so only who knows the day tells them apart."""
    assert score(found[1]["friday"], "snack-0") > 2 * score(found[1]["friday"], "snack-2")
    assert score(found[1]["monday"], "snack-2") > 2 * score(found[1]["monday"], "snack-0")


def test_a_coupon_sells_what_is_on_it(found: tuple[Judgement, Mapping[str, Shown]]) -> None:
    """What this shopper takes with the coupon stands among the ten of most lists, and in few without it."""
    wanted = [f"k{(user * 3 + 5) % KINDS}-0" for user in range(0, USERS, 2)]
    with_it, without = (
        np.mean([product in list(row)[:10] for product, row in zip(wanted, found[1][name], strict=True)])
        for name in ("coupon", "monday")
    )
    assert with_it > 2 * without


def test_a_shopper_is_shown_new_products_of_her_price_band(found: tuple[Judgement, Mapping[str, Shown]]) -> None:
    """Of her kinds, never bought before: nearer to her band than to the bands of the others."""
    places = {band: [] for band in (4.0, 14.5, 25.0)}  # type: dict[float, list[int]]
    for user, row in zip(range(0, USERS, 2), found[1]["new"], strict=True):
        places[band_of(user)] += [int(one.split("-")[1]) for one in list(row)[:10] if one.startswith("k")]
    means = [float(np.mean(one)) for one in places.values()]
    assert means[0] + 3 < means[1] < means[2] - 3
