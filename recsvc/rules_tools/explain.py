"""What ``recsvc rules explain`` prints: an answer with its notes, in words."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from recsvc.asking import Answer, Item
from recsvc.rules.rank import LEAST_FACTOR, MOST_FACTOR

WORDS = {
    "hidden": "a rule hides it",
    "not_kept": "a keep leaves it out",
    "over_limit": "a limit passed it over",
    "not_sellable": "it is not on sale at this moment",
    "page": "it is the page's own product",
    "seed": "it is in the cart that this carousel completes",
    "in_cart": "it is in the cart",
    "purchased": "this shopper has bought it, and the carousel leaves that out",
    "out_of_stock": "it is out of stock",
    "excluded": "the request, or the carousel's policy on what was bought, leaves it out",
    "duplicate": "it stands elsewhere already",
    "ranked_below": "it is a candidate, and others rank above it",
    "behind": "models offer it far down only: it stands behind the first candidates, and no boost lifts it above them: pin it",
    "no_candidate": "no model offers it here, and a boost adds nothing: pin it",
    "unknown_product": "it is not in the catalogue",
    "past_end": "the position is past the end",
    "conflict": "another pin has the position, and none after it is free",
    "no_match": "no further product matches",
}
"""Reasons in words; what a rule or a carousel is the reason of names it after a colon."""


def in_words(reason: str) -> str:
    """Return a reason such as ``hidden: recall-milk`` in words."""
    name, _, what = reason.partition(": ")
    return WORDS.get(name, name) + (f" ({what})" if what else "")


def as_text(answers: Sequence[Answer], why: Sequence[str]) -> str:
    """Return explained answers for a terminal.

    Args:
        answers: of a request with ``explain``.
        why: the products that were asked about.
    """
    return "\n\n".join("\n".join(_lines(answer, why)) for answer in answers)


def _lines(answer: Answer, why: Sequence[str]) -> Iterator[str]:
    notes: Mapping[str, Any] = answer.notes or {}
    yield f"{answer.carousel}: {answer.title}"
    yield f"  model {answer.model}, rules {answer.rules or 'none'}"
    if told := notes.get("snapshot"):
        yield f"  catalogue {told['catalogue']}, at {told['at']}, store {told['store'] or 'none'}"
        yield f"  segments: {', '.join(told['segments']) or 'none'}"
    if answer.unknown:
        yield f"  nobody knows what was given as {', '.join(answer.unknown)}"
    yield from (_item(item) for item in answer.items)
    yield f"  holds: {', '.join(notes.get('rules', ())) or 'no rule'}"
    for rule, reason in notes.get("rules_not_active", {}).items():
        yield f"  does not hold: {rule} ({reason})"
    for pin in notes.get("dropped_pins", ()):
        wanted = f"{pin['product_id'] or 'its best match'} at {pin['position']}"
        stand_in = f"; {pin['instead']} stands in" if pin["instead"] else ""
        yield f"  dropped pin: {pin['rule']} wants {wanted}: {in_words(pin['why'])}{stand_in}"
    for rule in notes.get("skipped_keeps", ()):
        yield f"  skipped keep: {rule} would leave fewer than its min_results"
    yield from _absent(answer, notes, why)


def _item(item: Item) -> str:
    told = item.explain or {}
    name = str(item.product.get("name") or "")[:40]
    factors: Sequence[Mapping[str, Any]] = told.get("factors", ())
    whole = min(max(prod(one["factor"] for one in factors), LEAST_FACTOR), MOST_FACTOR)
    score = f"{item.score:.4f}"
    if factors:
        score += f" = {item.score / whole:.4f}" + "".join(f" x {one['factor']:g} ({one['rule']})" for one in factors)
    traded = "".join(f" x {one['factor']:.4g} ({one['name']})" for one in told.get("trade_offs", ()))
    sources = ", ".join(f"{source} {part:.4f}" for source, part in told.get("sources", {}).items() if part)
    return f"  {item.position:>3}  {item.product_id:<12} {name:<40} {item.source:<8} {item.reason.text}\n" + (
        f"       score {score}; models {told.get('model_score', 0):.4f}{traded}{f' ({sources})' if sources else ''}"
    )


def _absent(answer: Answer, notes: Mapping[str, Any], why: Sequence[str]) -> Iterator[str]:
    """Yield why products are not there: those that were asked about, else those that something stands against."""
    places = {item.product_id: item.position for item in answer.items}
    for product in dict.fromkeys(why):
        if product in places:
            yield f"  {product} is there, at {places[product]}"
    for one in notes.get("left_out", ()):
        if not why or one["product_id"] in why:
            yield f"  not there: {one['product_id']}: {'; '.join(map(in_words, one['why']))}"
