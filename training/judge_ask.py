"""Ask the serving engine what versions are judged by: requests as a table through ``recsvc batch``, lists of rows back."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np

from models.errors import RecsvcError
from models.schema import UNKNOWN, Longs
from training.progress import Progress
from training.read.shop_data import ShopData
from training.split import Requests

DEPTH = 10
"""Products of a list that count."""


def batch(toml: Path, artifacts: Path, requests: Path, answers: Path, *more: str) -> None:
    """Have the serving engine answer the table ``requests``, without rules and experiments.

    Raises:
        RecsvcError: the engine did not answer.
    """
    command = [sys.executable, "-P", "-m", "recsvc", "batch", str(toml)]  # -P: ours only
    command += ["--rules", "none", "--no-experiments", *more]
    command += ["--requests", str(requests), "--out", str(answers), "--artifacts", str(artifacts)]
    alone = {name: value for name, value in os.environ.items() if name != "RECSVC_STORE"}  # models, not today's stock
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=alone)
    if done.returncode:
        raise RecsvcError(f"recsvc batch failed ({done.returncode}): {done.stderr.strip()[-2000:]}")


def ask(
    toml: Path, artifacts: Path, data: ShopData, asked: Sequence[tuple[Requests, str]], progress: Progress
) -> list[Longs]:
    """Return (n_requests, ``DEPTH``) product rows for each of ``asked``, best first; ``UNKNOWN`` where a list ended.

    Args:
        toml: the shop.toml with the carousels that are asked for; its rules and experiments are left out, so that models
            are judged and not merchandisers.
        artifacts: the folder whose live version answers; a product of it that ``data`` does not have is ``UNKNOWN``.
        data: what the rows of the requests mean.
        asked: requests, and the carousel that they are for.
        progress: tells how far it is.

    Raises:
        RecsvcError: the engine did not answer.
    """
    with tempfile.TemporaryDirectory(prefix="recsvc-judge-") as folder, progress.step("asking the serving engine"):
        requests, answers = Path(folder) / "requests.parquet", Path(folder) / "answers.parquet"
        write_requests(requests, data, asked)
        batch(toml, artifacts, requests, answers)
        request, position, product = _read(answers, data)
    sizes = [len(task) for task, _ in asked]
    shown = np.full((sum(sizes), DEPTH), UNKNOWN, np.int64)
    inside = position <= DEPTH
    shown[request[inside], position[inside] - 1] = product[inside]
    return np.split(shown, np.cumsum(sizes)[:-1])


def write_requests(path: Path, data: ShopData, asked: Sequence[tuple[Requests, str]], size: int | None = DEPTH) -> None:
    """Write the requests of each task for its carousel as a Parquet table that ``recsvc batch`` takes; all texts.

    ``size``: products that are asked for; None = as many as the carousel shows.
    """
    rows: list[tuple[str, ...]] = []
    fields = sorted({name for task, _ in asked for name in task.fields})
    for task, carousel in asked:
        for number, (user, page, store, at) in enumerate(zip(task.user, task.page, task.store, task.at, strict=True)):
            context = task.fields_of(number)
            rows.append(
                (
                    str(len(rows)),
                    carousel,
                    data.users.id(int(user)) if task.known else "",
                    data.products.id(int(page)) if page != UNKNOWN else "",
                    data.stores.id(int(store)) if store != UNKNOWN else "",
                    datetime.fromtimestamp(int(at), UTC).isoformat() if at else "",  # without times: now
                    "" if size is None else str(size),
                    "|".join(data.products.id(int(row)) for row in task.recent[number]) if task.recent else "",
                    *(str(context.get(name, "")) for name in fields),
                )
            )
    names = ("request_id", "carousel", "user_id", "product_id", "store_id", "at", "size", "recent", *fields)
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
