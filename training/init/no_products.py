"""What is sold and is no product: postage, fees, vouchers, found by ids that are like no other and words that say so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from training.init.draft import Draft
from training.read.engine import Session, name

WORDS = (
    r"\b(postage|carriage|shipping|delivery|fee|fees|charges?|discount|manual|vouchers?|gift ?cards?|gift certificates?|samples?|"
    r"adjust\w*|commission|bad debt|donation|deposit|tip|test|versand|porto|rabatt|gutschein|surcharge|rounding)\b"
)
ALONE = r"(postage|shipping|delivery|carriage|versand\w*|porto|discount|gift card|gift voucher|service charge|bag charge)( .{0,20})?"
IDS = r"(post|dot|bank charges?|amazon ?fee|fee|fees|ship|shipping|delivery|gift.*|voucher.*|test\d*|adjust\w*|manual|discount|sample\w*|misc)"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An id that is likely no product."""

    id: str
    said: str
    lines: int


def find_no_products(session: Session, draft: Draft, named: str | None = None) -> list[Candidate]:
    """Return the ids of purchases that are likely no products, most lines first; ``named`` is the column of their names.

    An id of another shape than three in four, without digits enough for one, counts where its name or itself speaks of
    postage, fees and the like, or where it is a single letter; one of the usual shape only where its name says nothing else.
    """
    product = name(draft.columns["product_id"])
    described = named or next((one.name for one in draft.first.columns.values() if one.plain in _NAMES), None)
    said = f"coalesce(mode(trim({name(described)}::varchar)), '')" if described else "''"
    rows = session.rows(
        f"select trim({product}::varchar), {said}, count(*) from {draft.sql} where not blank({product}::varchar) group by 1"
    )
    odd_ones = _are_odd([row[0] for row in rows])
    found = [Candidate(*row) for row in rows if _is_none(str(row[0]), str(row[1]), odd_ones)]
    return sorted(found, key=lambda one: (-one.lines, one.id))


_NAMES = (
    "description",
    "name",
    "title",
    "product_name",
    "item_name",
    "product_title",
    "item_description",
    "product_description",
)


def _are_odd(ids: Sequence[str]) -> bool:
    """Tell whether an id without three digits in a row is an exception."""
    return sum(bool(re.search(r"\d{3}", one)) for one in ids) >= 0.75 * max(len(ids), 1)


def _is_none(product: str, said: str, odd_ones: bool) -> bool:
    if re.fullmatch(IDS, product, re.IGNORECASE) or re.fullmatch(ALONE, said, re.IGNORECASE):
        return True
    if (
        not odd_ones
        or re.match(r"\d{3}", product)
        or (re.search(r"\d{3}", product) and not re.match(r"[a-z]+_", product, re.I))
    ):
        return False
    return bool(re.search(WORDS, said, re.IGNORECASE)) or bool(re.fullmatch(r"[a-z]", product, re.IGNORECASE))


def patterns(found: Sequence[Candidate]) -> list[str]:
    """Return patterns for the ids: upper and lower case are the same, three of a series become one with ``*``."""
    out: dict[str, str] = {}
    heads = [_head(one.id) for one in found]
    for one, head in zip(found, heads, strict=True):
        pattern = f"{head}*" if len(head) > 3 and heads.count(head) >= 3 else re.sub(r"([*?])", "?", one.id)
        out.setdefault(pattern.lower(), pattern)
    return list(out.values())


def _head(product: str) -> str:
    return (re.match(r"[^\d]*", product) or [""])[0]
