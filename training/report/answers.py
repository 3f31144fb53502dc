"""Answers with their sources and reasons, as shoppers get them."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from models.schema import Longs
from training.judge_ask import batch, write_requests
from training.progress import Progress
from training.read.shop_data import ShopData
from training.split import Requests


@dataclass(frozen=True, slots=True)
class Item:
    """One product of an answer."""

    product: int
    """Its row."""
    source: str
    """``model``, or the fallback that it came from."""
    reason: str


Asked = tuple[Requests, str]
"""Requests, and the carousel that they are for."""
Lists = list[list[Item]]
"""A list for each request, best first."""


def first(task: Requests, most: int) -> Requests:
    """Return at most ``most`` requests of ``task``."""
    return taken(task, np.arange(min(most, len(task))))


def taken(task: Requests, rows: Sequence[int] | Longs) -> Requests:
    """Return the requests ``rows`` of ``task``."""
    places = np.asarray(rows, np.int64)
    return Requests(
        task.task, task.user[places], task.known, task.page[places], task.store[places], task.at[places],
        tuple(task.truth[place] for place in places), {name: one.take(places) for name, one in task.fields.items()},
        tuple(task.recent[place] for place in places) if task.recent else (),
    )  # fmt: skip


def answers(toml: Path, artifacts: Path, known: ShopData, asked: Sequence[Asked], progress: Progress) -> list[Lists]:
    """Return for each of ``asked`` its lists, with as many products as the carousel shows."""
    with tempfile.TemporaryDirectory(prefix="recsvc-report-") as folder, progress.step("asking for examples"):
        requests, out = Path(folder) / "requests.parquet", Path(folder) / "answers.parquet"
        write_requests(requests, known, asked, None)
        batch(toml, artifacts, requests, out, "--reasons")
        with duckdb.connect() as con:
            query = "select request_id::bigint, product_id, source, reason from read_parquet($path) order by request_id::bigint, position"
            found = con.execute(query, {"path": str(out)}).fetchall()
    rows = known.products.rows([str(product) for _, product, _, _ in found]).tolist()
    flat: list[list[Item]] = [[] for task, _ in asked for _ in range(len(task))]
    for (request, _, source, reason), row in zip(found, rows, strict=True):
        flat[request].append(Item(row, source, reason or ""))
    ends = np.cumsum([len(task) for task, _ in asked]).tolist()
    return [flat[end - len(task) : end] for (task, _), end in zip(asked, ends, strict=True)]
