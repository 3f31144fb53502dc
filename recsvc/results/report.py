"""Reports on experiments, and on carousels outside of them. READ FIRST: ``experiment_report``."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import numpy as np
import orjson

from models.experiments import Results
from models.schema import DAY, Doubles
from recsvc.results.attribution import attribute
from recsvc.results.estimates import SEED, SUSPICIOUS, Drawn, Estimate, differences, estimates, resample, sample_ratio
from recsvc.results.read import read_into
from recsvc.results.tried import Tried
from recsvc.store.database import Store

BY_SHOPPER = """
with seen as (
    select arm, shopper, sum(products - case when $all then 0 else pins end) as impressions
    from scope join answers using (seq) group by all
),
did as (
    select arm, scope.shopper,
           count(distinct (seq, product)) filter (kind = 'click') as clicks,
           count(*) filter (kind = 'purchase') as purchases,
           sum(revenue) as revenue
    from scope join credited using (seq) where $all or not pinned group by all
)
select arm, impressions::double as impressions, coalesce(clicks, 0)::double as clicks,
       (coalesce(purchases, 0) > 0)::double as buyers, coalesce(revenue, 0)::double as revenue
from seen left join did using (arm, shopper) order by arm, shopper
"""
PINNED = """
select arm, any_value(impressions),
       count(distinct (seq, product)) filter (kind = 'click'), count(*) filter (kind = 'purchase'),
       coalesce(sum(revenue), 0)
from (select arm, sum(pins)::bigint as impressions from scope join answers using (seq) group by arm) left join
     (select scope.arm, seq, product, kind, revenue from scope join credited using (seq) where pinned) using (arm)
group by arm
"""
MADE_BY = """
select arm, model, count(*) from scope join answers using (seq) where model is not null group by all order by arm, model
"""


SHOWN_ARMS = """
create table shown_arms as select seq, time, shopper, drawn.arm from exposures join drawn on text = exposures.arm
"""
BY_FIRST_ARM = """
create table scope as
select seq, shopper, first_value(arm) over (partition by shopper order by time, seq) as arm from shown_arms
"""
"""Every shopper in one arm. To leave out those who were shown two would take more from a small arm than from a large
one: who is seen on two devices, drawn apart, is in the same arm twice by chance more often where it is large."""
MIXED = """
select count(*) from (select shopper from shown_arms group by shopper having count(distinct arm) > 1)
"""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What pins were shown and what came of them."""

    impressions: int = 0
    clicks: int = 0
    purchases: int = 0
    revenue: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """An arm, or a carousel outside of experiments."""

    name: str
    exposures: int
    """Answers."""
    shoppers: int
    impressions: int
    """Products shown that count."""
    rates: Mapping[str, Estimate | None]
    pinned: Pinned
    difference: Mapping[str, Estimate | None] | None = None
    """Less the first arm; None for that one."""
    models: Mapping[str, int] = field(default_factory=dict)
    """Trained version -> answers that it made, the newest name last."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an experiment."""

    arms: Sequence[Group]
    mixed_shoppers: int
    """Shoppers who were shown more than one arm; they count in the first, with all that they were shown and did."""
    sample_ratio_p: float | None
    """Of so uneven a split of shoppers, if all is well."""

    @property
    def mismatch(self) -> bool:
        """Whether shoppers were not drawn as they should have been, so that the rest is not to be trusted."""
        return self.sample_ratio_p is not None and self.sample_ratio_p < SUSPICIOUS


def experiment_report(store: Store, tried: Tried, results: Results, since: int = 0) -> Report:
    """Return what came of an experiment since a moment (Unix seconds).

    Pinned products count in experiments on rules, which are about them; elsewhere they are told apart only.

    Raises:
        StoreError: the store cannot be read.
    """
    with _credited(store, results.days, since) as con:
        texts = [row[0] for row in con.execute("select distinct arm from exposures where arm is not null").fetchall()]
        drawn = {text: orjson.loads(text).get(tried.name) for text in texts}
        known = {text: arm for text, arm in drawn.items() if arm in tried.arms}
        con.register("drawn", {name: np.array(list(column), np.object_) for name, column in _columns(known).items()})
        con.execute(SHOWN_ARMS)
        con.execute(BY_FIRST_ARM)
        groups = _groups(con, list(tried.arms), pins_count=tried.kind == "rules")
        mixed = con.execute(MIXED).fetchall()[0][0]
    arms, resampled = [group for group, _ in groups], [one for _, one in groups]
    counts = np.array([arm.shoppers for arm in arms], np.float64)
    return Report(
        arms=[_against(arm, one, resampled[0]) if place else arm for place, (arm, one) in enumerate(groups)],
        mixed_shoppers=int(mixed),
        sample_ratio_p=sample_ratio(counts, np.array(list(tried.arms.values()), np.float64)),
    )


def carousel_report(store: Store, carousels: Sequence[str], results: Results, since: int = 0) -> list[Group]:
    """Return what came of each carousel where the answer was in no experiment, since a moment (Unix seconds).

    Raises:
        StoreError: the store cannot be read.
    """
    with _credited(store, results.days, since) as con:
        con.execute("create table scope as select seq, shopper, carousel as arm from exposures where arm is null")
        return [group for group, _ in _groups(con, carousels, pins_count=False)]


def since_of(results: Results, now: int, days: int | None) -> int:
    """Return the moment from which a report counts: ``days`` ago, or as far back as answers are kept."""
    return now - (results.keep_days if days is None else days) * DAY


@contextmanager
def _credited(store: Store, days: int, since: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give duckdb with ``exposures``, ``answers``, ``shown`` and ``credited``; on one thread, beside requests."""
    with duckdb.connect(config={"threads": 1}) as con:
        read_into(con, store, since)
        attribute(con, days)
        yield con


def _columns(drawn: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    return {"text": list(drawn), "arm": list(drawn.values())}


def _groups(con: duckdb.DuckDBPyConnection, names: Sequence[str], *, pins_count: bool) -> list[tuple[Group, Drawn]]:
    """Return each of the groups in ``scope`` that has a name, with its resampled rates."""
    answers = dict(con.execute("select arm, count(*) from scope group by arm").fetchall())
    pinned = {arm: Pinned(*told) for arm, *told in con.execute(PINNED).fetchall()}
    made = con.execute(MADE_BY).fetchall()
    found = con.execute(BY_SHOPPER, {"all": pins_count}).fetchnumpy()
    values = np.stack(
        [np.asarray(found[name], np.float64) for name in ("impressions", "clicks", "buyers", "revenue")], 1
    )
    arm_of = np.asarray(found["arm"], np.object_)
    out = []
    for place, name in enumerate(names):
        mine: Doubles = values[arm_of == name]
        drawn = resample(mine, SEED + place)
        impressions = int(mine[:, 0].sum())
        group = Group(
            name, answers.get(name, 0), len(mine), impressions, estimates(drawn), pinned.get(name, Pinned()),
            models={model: count for arm, model, count in made if arm == name},
        )  # fmt: skip
        out.append((group, drawn))
    return out


def _against(arm: Group, drawn: Drawn, first: Drawn) -> Group:
    return replace(arm, difference=differences(drawn, first))
