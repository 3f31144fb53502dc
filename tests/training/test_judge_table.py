"""A judgement as text: aligned, on one screen, and honest about what it cannot tell."""

from dataclasses import replace

from training.judge import Group, Judgement, Result
from training.judge_candidates import Candidates, OfSource
from training.judge_new import NewInLists, NewProducts
from training.judge_page import NearPage
from training.judge_table import metrics_of, table
from training.metrics.bootstrap import Interval

MEASURES = dict.fromkeys(("recall@10", "ndcg@10", "hit@10"), Interval(0.5, 0.4, 0.6))
AHEAD = dict.fromkeys(MEASURES, Interval(0.1, 0.05, 0.15))
BEHIND = dict.fromkeys(MEASURES, Interval(-0.01, -0.02, 0.03))
GROUPS = {"new": Group(21, MEASURES, AHEAD), "many": Group(300, MEASURES, BEHIND)}
OWN = Result("discovery", "you-may-also-like", 500, 400, MEASURES, 0.25, groups=GROUPS)
SIMPLE = replace(OWN, carousel="recent popularity", row="simple", difference=AHEAD, groups={})
NEW = NewProducts(12, 40, 0.1, (NewInLists("you-may-also-like", 3, 0.05), NewInLists("new-arrivals", 8, 0.9)))
NEAR = (NearPage("similar-items", 70, 0.5, None, 1.234, 0.4),)
JUDGEMENT = Judgement((OWN, SIMPLE), NEW, NEAR)


def test_the_rows_of_a_task_stand_under_one_head() -> None:
    """The difference stands beside the other rows only."""
    head, own, simple, *_ = table(JUDGEMENT).splitlines()
    assert own.index("0.5000") == simple.index("0.5000") == head.index("recall@10")
    assert own.startswith("discovery ") and simple.startswith("             recent popularity")
    assert own.endswith("0.2500")
    assert simple.index("+0.1000 [+0.0500, +0.1500]") == head.index("ndcg@10 of the first row, less this one")


def test_groups_stand_side_by_side_with_a_star_beyond_the_interval() -> None:
    """A group that no task has has no column; one that a task lacks has a dash."""
    bare = replace(OWN, task="session", groups={"many": GROUPS["many"]})
    _, head, found, other = table(Judgement((OWN, bare))).split("\n\n")[1].splitlines()
    assert head.split() == ["task", "0", "11", "or", "more"]
    assert "0.5000 (21) +0.1000*" in found and found.endswith("0.5000 (300) -0.0100")
    assert found.index("0.5000 (300)") == head.index("11 or more") == other.index("0.5000 (300)")
    assert other.split()[:2] == ["session", "-"]


def test_new_products_and_the_page_have_a_line_each() -> None:
    """Shares as percent; what is not known is a dash."""
    told = table(JUDGEMENT)
    assert "12 products, 40 bought by those asked, 10.0% of what they discovered" in told
    assert "new-arrivals       found 8 of 40; new products take 90.0% of its places" in told
    head, line = told.splitlines()[-2:]
    assert line.split() == ["similar-items", "70", "50.0%", "-", "1.23", "40.0%"]
    assert len(head) == len(line)


def test_candidates_have_a_column_a_task() -> None:
    """What a task does not ask a source for is a dash; machines get the same."""
    asked = (
        Candidates("next-order", 210.4, 0.4, {"buy-again": OfSource(0.35, 0.2)}),
        Candidates("discovery", 400, 0.15, {"ease": OfSource(0.1, 0.05)}),
    )
    told = table(Judgement((OWN,), None, (), asked)).splitlines()
    at = next(place for place, line in enumerate(told) if line.startswith("source"))
    assert told[at + 1].split() == ["buy-again", "0.3500", "(+0.2000)", "-"]
    assert told[at + 2].split() == ["ease", "-", "0.1000", "(+0.0500)"]
    assert told[at + 3].split() == ["all", "together", "0.4000", "0.1500"]
    assert told[at + 4].split() == ["candidates", "210", "400"]
    assert metrics_of(Judgement((OWN,), None, (), asked))["products/candidates"] == {
        "next-order": {"candidates": 210.4, "recall": 0.4, "sources": {"buy-again": {"recall": 0.35, "alone": 0.2}}},
        "discovery": {"candidates": 400, "recall": 0.15, "sources": {"ease": {"recall": 0.1, "alone": 0.05}}},
    }


def test_it_says_why_new_products_are_not_judged() -> None:
    """Where discovery is asked for; a shop without it is not told of it."""
    assert "new products: not told, since nothing is known of sales more than 28 days before" in table(
        replace(JUDGEMENT, new=None)
    )
    assert "new products" not in table(Judgement((replace(OWN, task="next-order"),)))


def test_nothing_to_judge_is_a_sentence() -> None:
    """Instead of an empty table; machines get an empty object."""
    assert "nothing to judge" in table(Judgement())
    assert metrics_of(Judgement()) == {}


def test_a_whole_judgement_fits_on_a_screen() -> None:
    """Six tasks with all rows and groups: 24 lines of tasks, and no line wider than 160 signs."""
    groups = dict.fromkeys(("new", "one", "few", "many"), GROUPS["many"])
    tasks = ("next-order", "discovery", "complements", "completing", "session", "first-order")
    rows = [
        replace(OWN, task=task, row=row, difference=AHEAD if row else {}, groups={} if row else groups)
        for task in tasks
        for row in ("", "bestsellers", "simple", "shuffled")
    ]
    lines = table(Judgement(tuple(rows), NEW, NEAR)).splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 160


def test_machines_get_every_figure() -> None:
    """By task and row; means with their interval, rounded."""
    told = metrics_of(JUDGEMENT)
    assert list(told) == ["discovery", "discovery/simple", "products/new", "products/near the page"]
    own, simple = told["discovery"], told["discovery/simple"]
    assert own["groups"]["new"]["difference"]["ndcg@10"] == [0.1, 0.05, 0.15]  # type: ignore[index]
    assert own["groups"]["new"]["users"] == 21  # type: ignore[index]
    assert simple["difference"]["recall@10"] == [0.1, 0.05, 0.15]  # type: ignore[index]
    assert (simple["carousel"], "groups" in simple) == ("recent popularity", False)  # type: ignore[index, operator]
    assert told["products/new"]["bought"] == 40  # type: ignore[index]
    assert told["products/near the page"]["similar-items"]["price ratio"] == 1.234  # type: ignore[index]
