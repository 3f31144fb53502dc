"""What another rules file would change: the same drawn requests under both."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recsvc.asking import Answer, Ask
from recsvc.carousel import Engine
from recsvc.rules_tools.unheld import never_held

MOST_PRODUCTS = 20
MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Change:
    """One request that is answered differently."""

    carousel: str
    ask: Ask
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(slots=True)
class Diff:
    """What changes from the old rules to the new ones."""

    asked: Counter[str] = field(default_factory=Counter)
    """By carousel."""
    changed: Counter[str] = field(default_factory=Counter)
    gains: Counter[str] = field(default_factory=Counter)
    """Product -> answers that show it now and did not."""
    losses: Counter[str] = field(default_factory=Counter)
    went_short: Counter[str] = field(default_factory=Counter)
    """Carousel -> answers with fewer products than its size that were full."""
    examples: list[Change] = field(default_factory=list)
    never_held: dict[str, str] = field(default_factory=dict)
    """Changed rule that held in no request -> what mostly stood against it."""


def compare(old: Engine, new: Engine, requests: Sequence[tuple[str, Ask]], step: Callable[[], None]) -> Diff:
    """Return how the answers to ``requests`` differ; ``step`` is called after each."""
    out = Diff()
    for carousel, ask in requests:
        _take(out, carousel, ask, old.carousel(carousel, ask), new.carousel(carousel, ask), old)
        step()
    out.never_held = never_held(old, new, requests)
    return out


def _take(out: Diff, carousel: str, ask: Ask, before: Answer, after: Answer, engine: Engine) -> None:
    first, second = ids_of(before), ids_of(after)
    out.asked[carousel] += 1
    size = ask.size or engine.snapshot.shop.carousels[carousel].size
    if len(second) < min(size, len(first)) or len(second) < size == len(first):
        out.went_short[carousel] += 1
    if first == second:
        return
    out.changed[carousel] += 1
    out.gains.update(set(second) - set(first))
    out.losses.update(set(first) - set(second))
    if len(out.examples) < MOST_EXAMPLES:
        out.examples.append(Change(carousel, ask, first, second))


def ids_of(answer: Answer) -> tuple[str, ...]:
    """Return the products of an answer in order."""
    return tuple(item.product_id for item in answer.items)


def as_json(diff: Diff) -> dict[str, Any]:
    """Return a diff as plain values."""
    return {
        "asked": diff.asked.total(),
        "changed": diff.changed.total(),
        "by_carousel": {name: {"asked": diff.asked[name], "changed": diff.changed[name]} for name in diff.asked},
        "gains": dict(diff.gains.most_common()),
        "losses": dict(diff.losses.most_common()),
        "went_short": dict(diff.went_short),
        "never_held": diff.never_held,
    }


def as_text(diff: Diff, names: Mapping[str, str]) -> str:
    """Return a diff for a terminal.

    Args:
        diff: what changes.
        names: product -> its name.
    """
    return "\n".join(_lines(diff, names))


def _lines(diff: Diff, names: Mapping[str, str]) -> Iterator[str]:
    yield f"{diff.changed.total()} of {diff.asked.total()} carousels change"
    if diff.never_held:
        yield f"changed rules that held in none of them, so that nothing is told of these: {len(diff.never_held)}"
        for rule, why in list(diff.never_held.items())[:MOST_PRODUCTS]:
            yield f"  {rule}: {why}"
        yield "  ask at another moment with --at, ask more with --sample, or one request with `recsvc rules explain`"
    for carousel, count in diff.changed.most_common():
        yield f"  {carousel}: {count} of {diff.asked[carousel]}"
    for sign, word, counts in (("+", "gain", diff.gains), ("-", "lose", diff.losses)):
        if counts:
            yield f"{len(counts)} products {word}"
        for product, count in counts.most_common(MOST_PRODUCTS):
            yield f"  {sign}{count:<4} {product:<12} {names.get(product, '')}"
    for carousel, count in diff.went_short.items():
        yield f"goes short: {carousel}, {count} of {diff.asked[carousel]} times"
    for one in diff.examples:
        yield f"for example {one.carousel} for {one.ask.user_id or 'nobody known'}" + (
            f" on the page of {one.ask.product_id}" if one.ask.product_id else ""
        )
        yield f"  before {' '.join(one.before) or 'nothing'}"
        yield f"  after  {' '.join(one.after) or 'nothing'}"
