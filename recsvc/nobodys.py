"""A request made that of nobody, or of nobody on no page: its answer is the same for all, and a crowded worker sends it again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

import orjson

from recsvc.forms import LISTS
from recsvc.rules.bind import BoundRules
from recsvc.rules.personal import nobody_stands_for_all
from recsvc.rules.schema import RuleSet
from recsvc.shared_answers import CROWDED

OWN = ("user_id", "visitor_id", "recent")
"""Parameters that a crowded worker leaves out."""
PLACE = ("product_id", "cart", "exclude")
"""Parameters that a worker which falls behind leaves out too: their products are taken out of the answer instead."""
PATIENT = ("at", "explain")
"""Parameters of people who look into an answer: they wait."""
JSON = "application/json"
BODY = "recsvc.body"
"""Key of the WSGI environment: the body without what was left out."""
LESS = "recsvc.less"
"""Key of the WSGI environment: the ids of products that are to be taken out of the answer."""

Environ: TypeAlias = dict[str, Any]


def make_nobodys(environ: Environ, most: int, left_out: Collection[str]) -> None:
    """Take the parameters ``left_out`` out of a request, which is that of a crowded worker from here on.

    It stays as it came where somebody looks into the answer, or where Flask has to say what is wrong with it.

    Args:
        environ: of the request; changed.
        most: bytes of a body that is looked at.
        left_out: ``OWN``, or that and ``PLACE``.
    """
    posted = environ["REQUEST_METHOD"] == "POST"
    told = _body(environ, most) if posted else {}
    try:
        pairs = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, errors="strict")
    except ValueError:
        return
    if (
        told is None
        or any(name in PATIENT for name, _ in pairs)
        or not all(_is_plain(told.get(one)) for one in left_out)
    ):
        return
    environ[CROWDED] = True
    environ[LESS] = frozenset(_products([*pairs, *told.items()], left_out))
    environ["QUERY_STRING"] = urlencode([pair for pair in pairs if pair[0] not in left_out])
    if posted:
        rest = {name: told[name] for name in told if name not in left_out}
        body = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)
        environ[BODY], environ["CONTENT_LENGTH"], environ["wsgi.input"] = body, str(len(body)), BytesIO(body)


def _body(environ: Environ, most: int) -> dict[str, Any] | None:
    """Return what a JSON body tells; None where Flask is to look at it as it came, which it can."""
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal() or int(length) > most or not environ.get("CONTENT_TYPE", "").startswith(JSON):
        return None
    raw = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(raw)
    try:
        told = orjson.loads(raw)
        orjson.dumps(told)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return told if isinstance(told, dict) and not any(told.get(name) for name in PATIENT) else None


def _is_plain(value: Any) -> bool:
    """Return whether a value that is left out may be one of ids; Flask says what is wrong with any other."""
    return (
        value is None or isinstance(value, str) or (isinstance(value, list) and all(isinstance(x, str) for x in value))
    )


def _products(told: Collection[tuple[str, Any]], left_out: Collection[str]) -> Iterator[str]:
    """Yield the ids of the products that the parameters ``left_out`` name, in a query or in a body."""
    for name, value in told:
        if name in PLACE and name in left_out:
            several = value.split(",") if name in LISTS and isinstance(value, str) else value
            yield from several if isinstance(several, list) else [several]


def without(body: bytes, ids: Collection[str]) -> bytes:
    """Return the JSON of a carousel or of a page without the products ``ids``."""
    told = orjson.loads(body)
    for carousel in told.get("carousels", [told]):
        items = [item for item in carousel["items"] if item["product_id"] not in ids]
        carousel["items"] = [{**item, "position": place} for place, item in enumerate(items, 1)]
    return orjson.dumps(told)


@dataclass(frozen=True, slots=True)
class Stands:
    """For whom nobody's answer may stand: no rule takes products off that it shows."""

    everybody: bool
    """For each shopper in the same place."""
    anywhere: bool
    """For each shopper on any page and with any cart."""


class Safe:
    """For whom nobody's answer may stand, by the rules that hold."""

    def __init__(self) -> None:
        self._last: tuple[RuleSet | None, Stands] = (None, Stands(False, False))

    def of(self, bound: BoundRules) -> Stands:
        """Return the answer for a set of rules, whatever the catalogue; that for the last one is kept."""
        last, stands = self._last
        if last is not bound.ruleset:
            stands = Stands(nobody_stands_for_all(bound), nobody_stands_for_all(bound, anywhere=True))
            self._last = (bound.ruleset, stands)
        return stands
