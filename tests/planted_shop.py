"""A grocer's half year with effects that were put there: what training must find, and serving must use.

Everybody has a taste (some of the kinds of staples) and a price band. Beside these, the moment decides: warm days sell
ice, Fridays sell more snacks and the cheap one, where other days sell the dear one, the days of a market sell lanterns,
and a coupon sells what is on it.
"""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

USERS, DAYS, EVERY = 120, 182, 5
FIRST = datetime(2025, 2, 3, 9, 0)  # a Monday
KINDS, SIZE = 8, 30
WARM = 24.0
FESTIVAL, EACH, LASTS = "market", 20, 4
"""What is on for so many days, each time so many days have gone: no weeks, so that no weekday can stand for it."""
COUPON = "SAVE"

TOML = """
name = "Planted"
timezone = "Europe/London"
currency = "GBP"
[data.purchases]
files = ["lines.csv"]
columns = { user_id = "user", product_id = "product", order_id = "order", store_id = "store", time = "time", price = "price", campaign = "campaign" }
[data.products]
files = ["products.csv"]
columns = { product_id = "product", category = "kind", price = "price" }
[context.weather]
files = ["weather.csv"]
keys = { store_id = "store", date = "day" }
fields = ["temperature"]
[context.calendar]
files = ["calendar.csv"]
keys = { date = "day" }
fields = ["festival"]
[context.coupons]
files = ["coupons.csv"]
keys = { product_id = "product", campaign = "campaign" }
[training]
windows = 3
threads = 1
[evaluation]
users = 120
rounds = 200
"""


def products() -> list[tuple[str, str, float]]:
    """Return product, kind, price: each kind has thirty, from cheap to dear; of ice, snacks and lanterns there are three."""
    staples = [
        (f"k{kind}-{place}", f"kind-{kind}", 1.5 * 1.08**place) for kind in range(KINDS) for place in range(SIZE)
    ]
    extras = [(f"{name}-{place}", name, 2.0 + place) for name in ("ice", "snack", "lantern") for place in range(3)]
    return staples + extras


def temperatures(rng: np.random.Generator) -> dict[tuple[str, int], float]:
    """Return the temperature by store and day: no season, so that only the day's own weather tells of it."""
    return {(store, day): float(rng.uniform(8, 32)) for store in ("north", "south") for day in range(DAYS)}


def festival_of(day: int) -> str:
    """Return the festival of a day, or ""."""
    return FESTIVAL if day % EACH < LASTS else ""


def band_of(user: int) -> float:
    """Return the place in a kind about which a shopper buys: cheap, middle or dear."""
    return 4.0 + 10.5 * (user % 3)


def basket(rng: np.random.Generator, user: int, day: int, temperature: float, coupon: bool) -> list[str]:
    """Return the distinct products of an order."""
    band = band_of(user)
    bought = [
        f"k{kind}-{place}"
        for kind in sorted({(user * 3) % KINDS, (user * 7 + 1) % KINDS, (user * 5 + 2) % KINDS})
        for place in range(SIZE)
        if rng.random() < 0.04 * np.exp(-((place - band) ** 2) / 18) + 0.3 * (abs(place - band) <= 1)
    ]
    friday = (FIRST + timedelta(days=day)).weekday() == 4
    chances = {
        "ice": 0.8 if temperature >= WARM else 0.02,
        "snack": 0.8 if friday else 0.12,
        "lantern": 0.8 if festival_of(day) else 0.02,
    }
    for name, chance in chances.items():
        if rng.random() < chance:
            snacks = (0.75, 0.2, 0.05) if friday else (0.05, 0.2, 0.75)  # on Fridays the cheap one
            places = snacks if name == "snack" else (0.4, 0.3, 0.3)
            bought.append(f"{name}-{rng.choice(3, p=places)}")
    if coupon and rng.random() < 0.8:
        bought.append(f"k{(user * 3 + 5) % KINDS}-0")
    return bought or [f"k{user % KINDS}-0"]


def write_planted_shop(folder: Path, seed: int = 3) -> Path:
    """Write the shop into ``folder``; return its shop.toml."""
    rng = np.random.default_rng(seed)
    weather, prices = temperatures(rng), {product: price for product, _, price in products()}
    lines, number = [], 0
    for user in range(USERS):
        day = int(rng.integers(0, EVERY))
        while day < DAYS:
            store = ("north", "south")[user % 2]
            coupon, number = bool(rng.random() < 0.15), number + 1
            when = FIRST + timedelta(days=day, minutes=int(rng.integers(0, 600)))
            for product in basket(rng, user, day, weather[store, day], coupon):
                said = COUPON if coupon else ""
                lines.append(
                    (f"u{user}", product, str(number), store, when.isoformat(), f"{prices[product]:.2f}", said)
                )
            day += int(rng.integers(1, 2 * EVERY))
    first = FIRST.date()
    days = [(first + timedelta(days=day)).isoformat() for day in range(DAYS)]
    _write(folder / "lines.csv", ("user", "product", "order", "store", "time", "price", "campaign"), lines)
    _write(
        folder / "products.csv", ("product", "kind", "price"), [(p, k, f"{price:.2f}") for p, k, price in products()]
    )
    told = [(store, days[day], f"{degrees:.1f}") for (store, day), degrees in weather.items()]
    _write(folder / "weather.csv", ("store", "day", "temperature"), told)
    _write(
        folder / "calendar.csv",
        ("day", "festival"),
        [(days[day], festival_of(day)) for day in range(DAYS) if festival_of(day)],
    )
    _write(folder / "coupons.csv", ("product", "campaign"), [(f"k{kind}-0", COUPON) for kind in range(KINDS)])
    path = folder / "shop.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
