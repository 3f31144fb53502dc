"""A judgement for people, on one screen, and for machines."""

import json
from collections.abc import Iterator

from training.baselines import BASELINE, BLEND, SHUFFLED, SIMPLE
from training.groups import GROUPS
from training.judge import Group, Judgement, Result
from training.judge_candidates import Candidates
from training.judge_new import NEW_DAYS, NewProducts
from training.judge_page import NEAR, NearPage
from training.metrics.bootstrap import Interval, signed

NOTHING = "nothing to judge: the held-out window holds no order of two products by a known shopper"
MACHINE_ROWS = {"": "", BASELINE: f"/{BASELINE}", SIMPLE: f"/{SIMPLE}", BLEND: f"/{BLEND}", SHUFFLED: f"/{SHUFFLED}"}


def table(judgement: Judgement) -> str:
    """Return the judgement as tables for a terminal."""
    results = judgement.results
    if not results:
        return NOTHING
    found = any(r.task == "discovery" for r in results)
    parts = [
        _tasks(results),
        _candidates(judgement.candidates),
        _groups(results),
        _new(judgement.new) if found else [],
        _near(judgement.near),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def _tasks(results: tuple[Result, ...]) -> Iterator[str]:
    yield (
        f"{'task':<12} {'carousel':<24} {'requests':>8}  {'recall@10':<24} {'ndcg@10':<24} {'hit@10':<7} coverage@10"
        "  ndcg@10 of the first row, less this one"
    )
    for r in results:
        recall, gain = (str(r.measures[name]) for name in ("recall@10", "ndcg@10"))
        gap = f"  {signed(r.difference['ndcg@10'])}" if r.row else ""
        yield (
            f"{'' if r.row else r.task:<12} {r.carousel:<24} {r.requests:>8}  {recall:<24} {gain:<24} "
            f"{r.measures['hit@10'].mean:<7.4f} {r.coverage:<11.4f}{gap}"
        ).rstrip()


def _groups(results: tuple[Result, ...]) -> Iterator[str]:
    there = [name for name in GROUPS if any(name in r.groups for r in results)]
    if not there:
        return
    yield "ndcg@10 by the shopper's orders before (shoppers), and less the simple rule's; * = beyond the interval"
    yield f"{'task':<12}" + "".join(f" {_orders(*GROUPS[name]):<23}" for name in there).rstrip()
    for r in results:
        if not r.row:
            yield f"{r.task:<12}" + "".join(f" {_cell(r.groups.get(name)):<23}" for name in there).rstrip()


def _candidates(tasks: tuple[Candidates, ...]) -> Iterator[str]:
    if not tasks:
        return
    yield "share of what was bought that is among the candidates: the ceiling of every order; and by this source alone"
    yield f"{'source':<18}" + "".join(f" {one.task:<15}" for one in tasks).rstrip()
    for name in dict.fromkeys(name for one in tasks for name in one.sources):
        found = [one.sources.get(name) for one in tasks]
        cells = ("-" if one is None else f"{one.recall:.4f} (+{one.alone:.4f})" for one in found)
        yield f"{name:<18}" + "".join(f" {cell:<15}" for cell in cells).rstrip()
    yield f"{'all together':<18}" + "".join(f" {one.recall:<15.4f}" for one in tasks).rstrip()
    yield f"{'candidates':<18}" + "".join(f" {one.mean:<15.0f}" for one in tasks).rstrip()


def _orders(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"


def _cell(group: Group | None) -> str:
    if group is None:
        return "-"
    gap = group.difference["ndcg@10"]
    beyond = "*" if gap.low > 0 or gap.high < 0 else ""
    return f"{group.measures['ndcg@10'].mean:.4f} ({group.users}) {gap.mean:+.4f}{beyond}"


def _new(new: NewProducts | None) -> Iterator[str]:
    if new is None:
        yield f"new products: not told, since nothing is known of sales more than {NEW_DAYS} days before the judged ones"
        return
    yield (
        f"new products (first sold in the last {NEW_DAYS} days, or never): {new.products} products, "
        f"{new.bought} bought by those asked, {new.share:.1%} of what they discovered"
    )
    for one in new.lists:
        yield f"{one.carousel:<18} found {one.found} of {new.bought}; new products take {one.slots:.1%} of its places"


def _near(rows: tuple[NearPage, ...]) -> Iterator[str]:
    if not rows:
        return
    yield f"{'near the page':<18} {'pairs':>6} {'same kind':>10} {'same category':>14} {'price ratio':>12}  within {NEAR}"
    for row in rows:
        shares = [_share(one) for one in (row.kind, row.category, row.near)]
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        yield f"{row.row:<18} {row.pairs:>6} {shares[0]:>10} {shares[1]:>14} {ratio:>12}  {shares[2]:>11}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def metrics_of(judgement: Judgement) -> dict[str, object]:
    """Return the judgement as a manifest keeps it: by task, each with its other rows beside it, then the products."""
    out: dict[str, object] = {r.task + MACHINE_ROWS[r.row]: _result(r) for r in judgement.results}
    if judgement.new is not None:
        out["products/new"] = judgement.new.plain()
    if judgement.near:
        out["products/near the page"] = {row.row: row.plain() for row in judgement.near}
    if judgement.candidates:
        out["products/candidates"] = {row.task: row.plain() for row in judgement.candidates}
    return json.loads(json.dumps(out))  # type: ignore[no-any-return]


def _result(r: Result) -> dict[str, object]:
    out = {"carousel": r.carousel, "requests": r.requests, "users": r.users, "coverage@10": round(r.coverage, 5)}
    found = {**out, **rounded(r.measures)}
    if r.row:
        return {**found, "difference": rounded(r.difference)}
    groups = {
        name: {"users": one.users, **rounded(one.measures), "difference": rounded(one.difference)}
        for name, one in r.groups.items()
    }
    return {**found, "groups": groups}


def rounded(measures: dict[str, Interval]) -> dict[str, list[float]]:
    """Return mean, low and high of each measure."""
    return {name: [round(v, 5) for v in (one.mean, one.low, one.high)] for name, one in measures.items()}
