"""What each carousel can do with this data: who gets a full one, and how much of it is a fallback."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.schema import UNKNOWN, Ints
from models.shop import Shop
from training.held_out import Split
from training.read.shop_data import ShopData
from training.report.answers import Asked, Lists, first
from training.report.parts import Section, Table, share
from training.split import Requests

MOST = 100
"""Requests for each carousel, once with a name and once without."""
SESSION = {"recently-viewed"}
"""Sources that say nothing before something was looked at."""


def plan(shop: Shop, known: ShopData, split: Split, seed: int) -> list[Asked]:
    """Return what is asked: each carousel for shoppers of the held-out days, and then for strangers in their place."""
    base = first(next((one for one in split.requests if one.known), split.requests[0]), MOST)
    base = replace(base, page=np.full(len(base), UNKNOWN, np.int32), recent=())
    pages = _pages(known, len(base), seed)
    return [(one, name) for name in shop.carousels for one in _asked(shop, name, base, pages)]


def readiness(shop: Shop, asked: Sequence[Asked], found: Sequence[Lists]) -> Section:
    """Return for each carousel of the shop how many of those who were ``asked`` get a full one."""
    rows = []
    for place, name in enumerate(shop.carousels):
        named, strange = found[2 * place : 2 * place + 2]
        size = shop.carousels[name].size
        rows.append((name, f"{size}", *_figures(named, size), *_figures(strange, size), _where(shop, name)))
    text = (
        f"Each carousel was asked {len(asked[0][0])} times for shoppers of the held-out days and as often for strangers. Full means "
        "as many products as it shows; places filled by fallbacks (bestsellers of the category, the store, the shop) are "
        "not the carousel's own.",
    )
    head = (
        "carousel",
        "shows",
        "full: known shoppers",
        "own places",
        "full: strangers",
        "own places of strangers",
        "asked with",
    )
    return Section(
        "readiness", "Readiness of the carousels", text, (), (Table("Who gets a full carousel", head, rows),)
    )


def _where(shop: Shop, name: str) -> str:
    if set(shop.carousels[name].sources) <= SESSION:
        return "a product looked at"
    return "a product page" if _on_page(shop, name) else "shopper and moment"


def _on_page(shop: Shop, name: str) -> bool:
    return name in shop.pages.get("product", ())


def _asked(shop: Shop, name: str, base: Requests, pages: Ints) -> tuple[Requests, Requests]:
    if set(shop.carousels[name].sources) <= SESSION:
        base = replace(base, recent=tuple(pages[:, None]))
    elif _on_page(shop, name):
        base = replace(base, page=pages)
    return base, replace(base, known=False)


def _pages(known: ShopData, count: int, seed: int) -> Ints:
    """Return (count,) products, drawn as often as they are bought."""
    return np.random.default_rng([seed, 3]).choice(known.purchases.product, count).astype(np.int32)


def _figures(lists: Lists, size: int) -> tuple[str, str]:
    full = sum(len(one) >= size for one in lists) / max(len(lists), 1)
    places = [item.source for one in lists for item in one]
    own = sum(source == "model" for source in places) / len(places) if places else None
    return share(full, 0), share(own, 0)
