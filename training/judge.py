"""Judge a version through the serving engine: write requests, let ``recsvc batch`` answer them, compare with what was bought."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np

from models.errors import RecsvcError
from models.schema import UNKNOWN, Doubles, Longs
from models.shop import Shop
from training.metrics.bootstrap import Interval, mean_interval
from training.metrics.ranking import Lists, hit_rate, ndcg, recall
from training.progress import Progress
from training.read.shop_data import ShopData
from training.split import TASKS, Requests

DEPTH = 10
BASELINE = "bestsellers"


@dataclass(frozen=True, slots=True)
class Result:
    """How one carousel did in one task."""

    task: str
    carousel: str
    requests: int
    users: int
    measures: dict[str, Interval]
    """recall@10, ndcg@10 and hit@10: means over users with 95 % intervals."""
    coverage: float
    """Share of the catalogue's products that some answer showed."""

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        measures = {name: [round(v, 5) for v in (i.mean, i.low, i.high)] for name, i in self.measures.items()}
        counts = {"carousel": self.carousel, "requests": self.requests, "users": self.users}
        return {**counts, "coverage@10": round(self.coverage, 5), **measures}


def judge(
    shop: Shop, artifacts: Path, data: ShopData, tasks: list[Requests], seed: int, progress: Progress
) -> list[Result]:
    """Return a result for each task, and one for each task answered by the bestsellers.

    Args:
        shop: the settings; its rules are left out, so that models are judged and not merchandisers.
        artifacts: the folder whose live version is judged.
        data: what the ids of the requests mean.
        tasks: requests with the truth.
        seed: of the bootstrap.
        progress: tells how far it is.

    Raises:
        RecsvcError: the engine did not answer.
    """
    asked = [(task, carousel) for task in tasks for carousel in (TASKS[task.task], BASELINE)]
    with tempfile.TemporaryDirectory(prefix="recsvc-judge-") as folder, progress.step("asking the serving engine"):
        requests, answers = Path(folder) / "requests.parquet", Path(folder) / "answers.parquet"
        _write(requests, data, asked)
        command = [sys.executable, "-P", "-m", "recsvc", "batch", str(shop.file), "--rules", "none"]  # -P: ours only
        command += ["--requests", str(requests), "--out", str(answers), "--artifacts", str(artifacts)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RecsvcError(f"recsvc batch failed ({done.returncode}): {done.stderr.strip()[-2000:]}")
        request, position, product = _read(answers, data)
    out, start = [], 0
    for task, carousel in asked:
        mine = (request >= start) & (request < start + len(task)) & (position <= DEPTH)
        out.append(_result(task, carousel, request[mine] - start, position[mine], product[mine], data, shop, seed))
        start += len(task)
    return out


def _write(path: Path, data: ShopData, asked: list[tuple[Requests, str]]) -> None:
    rows: list[tuple[str, ...]] = []
    for task, carousel in asked:
        for user, page, store, at in zip(task.user, task.page, task.store, task.at, strict=True):
            rows.append(
                (
                    str(len(rows)),
                    carousel,
                    data.users.id(int(user)) if task.known else "",
                    data.products.id(int(page)) if page != UNKNOWN else "",
                    data.stores.id(int(store)) if store != UNKNOWN else "",
                    datetime.fromtimestamp(int(at), UTC).isoformat(),
                    str(DEPTH),
                )
            )
    names = ("request_id", "carousel", "user_id", "product_id", "store_id", "at", "size")
    columns = {name: np.array([row[place] for row in rows], np.object_) for place, name in enumerate(names)}
    with duckdb.connect() as con:
        con.register("requests", columns)
        con.execute("copy (select * from requests) to $path (format parquet)", {"path": str(path)})


def _read(path: Path, data: ShopData) -> tuple[Longs, Longs, Longs]:
    """Return request number, position and product row of every answer."""
    with duckdb.connect() as con:
        found = con.execute(
            "select request_id::bigint as request, position::bigint as position, product_id from read_parquet($path)",
            {"path": str(path)},
        ).fetchnumpy()
    products = data.products.rows([str(one) for one in found["product_id"]]).astype(np.int64)
    return np.asarray(found["request"], np.int64), np.asarray(found["position"], np.int64), products


def _result(
    task: Requests,
    carousel: str,
    request: Longs,
    position: Longs,
    product: Longs,
    data: ShopData,
    shop: Shop,
    seed: int,
) -> Result:
    n = len(data.products)
    bought = np.concatenate([row * n + found.astype(np.int64) for row, found in enumerate(task.truth)])
    hits = np.zeros((len(task), DEPTH), np.bool_)
    hits[request, position - 1] = np.isin(request * n + product, bought)
    lists = Lists(hits, np.array([len(found) for found in task.truth], np.int32))
    measures = {"recall@10": recall(lists, DEPTH), "ndcg@10": ndcg(lists, DEPTH), "hit@10": hit_rate(lists, DEPTH)}
    users = np.unique(task.user)
    intervals = {
        name: mean_interval(_by_user(values, task), shop.evaluation.rounds, seed) for name, values in measures.items()
    }
    return Result(task.task, carousel, len(task), len(users), intervals, len(np.unique(product)) / max(n, 1))


def _by_user(values: Doubles, task: Requests) -> Doubles:
    """Return (n_users,) the mean of (n_requests,) ``values`` of each user."""
    _, places = np.unique(task.user, return_inverse=True)
    means: Doubles = np.bincount(places, values) / np.bincount(places)
    return means


def table(results: list[Result]) -> str:
    """Return the results as a table for a terminal."""
    if not results:
        return "nothing to judge: the held-out window holds no order of two products by a known shopper"
    head = (
        f"{'task':<12} {'carousel':<20} {'requests':>8}  {'recall@10':<24} {'ndcg@10':<24} {'hit@10':<24} coverage@10"
    )
    lines = [
        f"{r.task:<12} {r.carousel:<20} {r.requests:>8}  "
        + " ".join(f"{r.measures[name]!s:<24}" for name in ("recall@10", "ndcg@10", "hit@10"))
        + f" {r.coverage:.4f}"
        for r in results
    ]
    return "\n".join([head, *lines])


def metrics_of(results: list[Result]) -> dict[str, object]:
    """Return the results as a manifest keeps them: by task, the baseline beside each."""
    out: dict[str, object] = {}
    for result in results:
        name = result.task if result.carousel != BASELINE else f"{result.task}/{BASELINE}"
        out[name] = result.plain()
    return json.loads(json.dumps(out))  # type: ignore[no-any-return]
