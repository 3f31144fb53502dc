"""Runs the expectations that stand beside the rules, like unit tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import RulesError
from recsvc.asking import Answer, Ask
from recsvc.carousel import Engine
from recsvc.rules.expectation import Expectation, Given
from recsvc.rules.faults import Fault
from recsvc.rules.parse import parse_beside
from recsvc.rules.schema import RuleSet
from recsvc.rules_file import facts_of, text_of
from recsvc.rules_tools.explain import in_words
from recsvc.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one expectation."""

    expectation: Expectation
    failures: tuple[str, ...]
    """Empty: it holds."""
    shown: tuple[str, ...]
    """The products of the carousel, in order."""


def beside(file: Path) -> Path:
    """Return where the expectations of a rules file lie, if they have a file of their own: rules.expect.yaml."""
    return file.with_name(f"{file.stem}.expect{file.suffix}")


def expectations_of(
    file: Path, rules: RuleSet, snapshot: Snapshot
) -> tuple[tuple[Expectation, ...], tuple[Fault, ...]]:
    """Return the expectations inside a rules file and beside it, and the warnings of both files.

    Raises:
        RulesError: the file beside it does not load, or there is no expectation at all.
    """
    more: tuple[Expectation, ...] = ()
    warnings: tuple[Fault, ...] = ()
    if beside(file).exists():
        facts = facts_of(snapshot, file.parent)
        more, warnings = parse_beside(text_of(beside(file)), facts, rules, beside(file).name)
    if not rules.expectations and not more:
        raise RulesError([f"{file}: no expectations: write some under `expect:` there, or in {beside(file).name}"])
    return rules.expectations + more, rules.warnings + warnings


def run(engine: Engine, expectations: Sequence[Expectation]) -> list[Outcome]:
    """Return what came of each of ``expectations``."""
    return [_run(engine, one) for one in expectations]


def _run(engine: Engine, one: Expectation) -> Outcome:
    named = [*one.positions.values(), *one.shows, *one.hides, *one.pinned_by]
    ask = ask_of(one.given, tuple(dict.fromkeys(named)))
    answer = engine.carousel(one.given.carousel, ask)
    shown = tuple(item.product_id for item in answer.items)
    size = ask.size or engine.snapshot.shop.carousels[one.given.carousel].size
    return Outcome(one, tuple(_failures(one, answer, shown, size)), shown)


def ask_of(given: Given, why: tuple[str, ...] = ()) -> Ask:
    """Return the request that ``given`` describes, to be explained."""
    fields = dict(given.fields)
    store = fields.pop("store", None)
    return Ask(
        user_id=given.user, visitor_id=given.visitor, product_id=given.page_item, cart=given.cart, recent=given.recent,
        store_id=None if store is None else str(store), fields=fields, at=given.at, size=given.size,
        explain=True, why=why,
    )  # fmt: skip


def _failures(one: Expectation, answer: Answer, shown: tuple[str, ...], size: int) -> Iterator[str]:
    for position, product in sorted(one.positions.items()):
        there = shown[position - 1] if position <= len(shown) else "nothing"
        if there != product:
            yield f"position {position}: expected {product}, got {there}{_why(answer, product, shown)}"
    for product in one.shows:
        if product not in shown:
            yield f"shows: {product} is not there{_why(answer, product, shown)}"
    for product in one.hides:
        if product in shown:
            yield f"hides: {product} is there, at {shown.index(product) + 1}"
    for product, rule in one.pinned_by.items():
        pinned = {item.product_id: item.reason.text for item in answer.items if item.source == "pin"}
        got = pinned.get(product, "no pin of it")
        if got != f"Pinned: {rule}":
            yield f"pinned_by: expected {product} pinned by {rule}, got {got}{_why(answer, product, shown)}"
    short = len(shown) < size
    if one.short is not None and short != one.short:
        yield f"short: expected {str(one.short).lower()}, got {len(shown)} of {size} products"
    if answer.unknown:
        yield f"given: the version knows nothing of {', '.join(answer.unknown)}: name others"


def _why(answer: Answer, product: str, shown: tuple[str, ...]) -> str:
    if product in shown:
        return f" ({product} is at {shown.index(product) + 1})"
    left_out = (answer.notes or {}).get("left_out", ())
    reasons = next((one["why"] for one in left_out if one["product_id"] == product), ())
    return f" ({'; '.join(map(in_words, reasons))})" if reasons else ""


def as_text(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes for a terminal: failures in full, and a last line that sums up."""
    lines = []
    for outcome in outcomes:
        one = outcome.expectation
        lines.append(f"{'FAILED' if outcome.failures else 'ok    '} {one.name} (line {one.line})")
        lines += [f"       {failure}" for failure in outcome.failures]
        if outcome.failures:
            lines.append(f"       shown: {' '.join(outcome.shown) or 'nothing'}")
    failed = sum(bool(outcome.failures) for outcome in outcomes)
    return "\n".join([*lines, f"{len(outcomes) - failed} hold, {failed} failed"])
