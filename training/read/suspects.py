"""What is likely no product: postage, fees and vouchers, by ids that are like no other and by names that say so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.read.shop_data import ShopData

WORDS = re.compile(
    r"\b(postage|carriage|shipping|delivery|fees?|charges?|discount|manual|vouchers?|gift ?cards?|samples?|adjust\w*|commission|"
    r"bad debt|donation|deposit|tip|test|versand|porto|rabatt|gutschein|surcharge|rounding)\b",
    re.IGNORECASE,
)
ALONE = re.compile(
    r"(postage|shipping|delivery|carriage|versand\w*|porto|discount|gift ?card|gift voucher|service charge|bag charge)( .{0,20})?",
    re.IGNORECASE,
)
IDS = re.compile(
    r"(post|dot|bank charges?|amazon ?fee|fees?|ship|shipping|delivery|gift.*|voucher.*|test\d*|adjust\w*|manual|discount|"
    r"sample\w*|misc)",
    re.IGNORECASE,
)
NOBODY = (
    "na",
    "n/a",
    "#n/a",
    "nil",
    "\\n",
    "-",
    "?",
    "0",
    "-1",
    "unknown",
    "guest",
    "anonymous",
    "not set",
    "missing",
    "(none)",
)
"""Ids that stand for nobody, in small letters, beside those that the reading takes for empty."""
MOST = 8
"""Suspects that are named."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A product that is likely none."""

    product_id: str
    name: str
    """Empty where the catalogue has none."""
    lines: int


def suspects(data: ShopData) -> tuple[Suspect, ...]:
    """Return the likely ones among the bought products, most lines first, at most ``MOST``."""
    lines = np.bincount(data.purchases.product, minlength=len(data.products))
    rows = np.flatnonzero(lines > 0)
    ids = [data.products.id(int(row)) for row in rows]
    odd = are_odd(ids)
    found = []
    for row, one in zip(rows.tolist(), ids, strict=True):
        name = data.catalogue.value("name", row)
        said = name if isinstance(name, str) else ""
        if is_none(one, said, odd):
            found.append(Suspect(one, said, int(lines[row])))
    return tuple(sorted(found, key=lambda one: (-one.lines, one.product_id))[:MOST])


def are_odd(ids: Sequence[str]) -> bool:
    """Return whether an id without three digits in a row is an exception: nine in ten have them."""
    return sum(bool(re.search(r"\d{3}", one)) for one in ids) >= 0.9 * max(len(ids), 1)


def is_none(product: str, said: str, odd: bool) -> bool:
    """Return whether a product is likely none, by its id and what is said of it.

    Where ``odd`` ids are exceptions, one without digits enough counts if its name speaks of postage and the like, or if it is
    a single letter; any other only where id or name are nothing else.
    """
    if IDS.fullmatch(product) or ALONE.fullmatch(said):
        return True
    if not odd or re.search(r"\d{3}", product):
        return False
    return bool(WORDS.search(said)) or bool(re.fullmatch(r"[A-Za-z]", product))
