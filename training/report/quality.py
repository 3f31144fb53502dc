"""How good the carousels are: against rows that are hard to beat, and for each group of shoppers."""

from itertools import groupby

from markupsafe import Markup
from matplotlib.axes import Axes

from training.baselines import BASELINE, BLEND, SHUFFLED, SIMPLE
from training.groups import GROUPS
from training.judge import Judgement, Result
from training.judge_new import NEW_DAYS
from training.judge_page import NEAR
from training.metrics.bootstrap import signed
from training.report.parts import Section, Table, missing, number, orders_text, share, verdict
from training.report.plots import Line, bars, lines, picture

NAMES = {BASELINE: "bestsellers", SIMPLE: "simple rule", BLEND: "blend without ranker", SHUFFLED: "context shuffled"}
METRIC = "ndcg@10"


def quality(judgement: Judgement) -> Section:
    """Return each task's carousel beside what it is compared with."""
    if not judgement.results:
        return missing("quality", "Quality", "The held-out part holds nothing that a task could ask for.")
    text = (
        "The days before the end of the data were held out, and asked for through the serving engine, rules left out. "
        "Bars are means over shoppers, the thin lines 95 % intervals. The differences are worked out shopper by shopper: "
        "an interval above 0 says that the carousel is really better than that row.",
    )
    tasks = [list(found) for _, found in groupby(judgement.results, key=lambda one: one.task)]
    return Section(
        "quality", "Quality", text, tuple(map(_picture, tasks)), (*map(_table, tasks), *_products(judgement))
    )


def _name(result: Result) -> str:
    return NAMES.get(result.row, result.row) if result.row else result.carousel


def _picture(rows: list[Result]) -> Markup:
    means = [row.measures[METRIC] for row in rows]
    alt = ", ".join(f"{_name(row)} {mean}" for row, mean in zip(rows, means, strict=True))
    return picture(
        f"{rows[0].task}: {rows[0].carousel}",
        f"NDCG@10 in the task {rows[0].task}: {alt}",
        bars(
            list(map(_name, rows)),
            [one.mean for one in means],
            [one.low for one in means],
            [one.high for one in means],
            "NDCG@10",
        ),
    )


def _table(rows: list[Result]) -> Table:
    head = ("row", "requests", "NDCG@10", "recall@10", "hit@10", "coverage@10", "carousel less this row (NDCG@10)", "so the carousel is")  # fmt: skip
    told = []
    for row in rows:
        gap = row.difference.get(METRIC)
        measures = [str(row.measures[name]) for name in (METRIC, "recall@10")]
        told.append(
            (
                _name(row),
                f"{row.requests:,}",
                *measures,
                number(row.measures["hit@10"].mean),
                share(row.coverage, 2),
                signed(gap) if gap else "",
                verdict(gap) if gap else "",
            )
        )
    return Table(f"{rows[0].task}, judged by {rows[0].users:,} shoppers", head, told)


def _products(judgement: Judgement) -> list[Table]:
    out: list[Table] = []
    if judgement.new is not None:
        new = judgement.new
        caption = (
            f"New products (first sold in the last {NEW_DAYS} days, or never before): {new.products:,}; {new.bought:,} of "
            f"them bought by those asked, {share(new.share)} of what they discovered"
        )
        head = ("carousel", "of these in its lists", "places that new products take")
        out.append(
            Table(
                caption,
                head,
                [(one.carousel, f"{one.found:,} of {new.bought:,}", share(one.slots)) for one in new.lists],
            )
        )
    if judgement.near:
        near = ("list", "pairs", "same kind", "same category", "price ratio (median)", f"price within x {NEAR}")
        pages = [
            (one.row, f"{one.pairs:,}", share(one.kind), share(one.category), number(one.ratio, 2), share(one.near))
            for one in judgement.near
        ]
        out.append(Table("Products beside the product of a page: complements are other things, substitutes are like it", near, pages))  # fmt: skip
    return out


def groups(judgement: Judgement) -> Section:
    """Return how shoppers do by what is known of them."""
    own = [one for one in judgement.results if not one.row and one.groups]
    if not own:
        return missing("groups", "Groups of shoppers", "No group of shoppers is large enough for a mean of its own.")
    text = (
        "A mean over all hides that newcomers get little. Shoppers are grouped by their orders before the held-out days; "
        "the difference is to the simple rule of the task, shopper by shopper.",
    )
    head = ("task and carousel", "orders before", "shoppers", "NDCG@10", "less the simple rule", "so the carousel is")
    rows = [
        (f"{one.task}: {one.carousel}", orders_text(*GROUPS[name]), f"{group.users:,}", str(group.measures[METRIC]), signed(gap), verdict(gap))
        for one in own
        for name, group in one.groups.items()
        for gap in [group.difference[METRIC]]
    ]  # fmt: skip
    return Section("groups", "Groups of shoppers", text, (_by_group(own),), (Table("By orders before", head, rows),))


def _by_group(own: list[Result]) -> Markup:
    names = [name for name in GROUPS if any(name in one.groups for one in own)]
    found = []
    for one in own:
        there = [name for name in names if name in one.groups]
        means = [one.groups[name].measures[METRIC] for name in there]
        found.append(
            Line(
                one.task,
                [float(names.index(name)) for name in there],
                [mean.mean for mean in means],
                [mean.low for mean in means],
                [mean.high for mean in means],
            )
        )

    def draw(axes: Axes) -> None:
        lines(found, "orders before", "NDCG@10")(axes)
        axes.set_xticks(range(len(names)), [orders_text(*GROUPS[name]) for name in names])
        axes.set_ylim(bottom=0)

    alt = "; ".join(f"{line.name}: " + ", ".join(f"{v:.3f}" for v in line.y) for line in found)
    return picture("NDCG@10 by orders before", f"NDCG@10 by orders before, {alt}", draw, (5.4, 3.4))
