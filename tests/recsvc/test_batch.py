"""Batch: a table of requests through the same engine as the HTTP route."""

import csv
import json
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from flask import Flask
from service_helpers import NOW, ids, pin

from models.errors import DataError
from models.shop import read_shop
from recsvc.batch import Tally, manifest_of, run_batch
from recsvc.batch_files import open_requests
from recsvc.opening import open_state
from recsvc.serving import State

HEADER = "request_id,carousel,user_id,product_id,cart,store_id,at,size,loyalty_app\n"


@pytest.fixture(scope="module")
def state(trained_once: Path) -> State:
    shop = read_shop(trained_once / "shop.toml")
    return open_state(shop, trained_once / "artifacts", trained_once / "rules.yaml", lambda: NOW)


def batch(state: State, folder: Path, text: str, out: str = "answers.csv", *, reasons: bool = False) -> Tally:
    """Answer the requests in ``text`` into ``folder``."""
    (folder / "requests.csv").write_text(text)
    shop = state.engine.snapshot.shop
    return run_batch(state, shop, folder / "requests.csv", folder / out, lambda done, rows: None, reasons=reasons)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_gets_what_the_http_route_answers(state: State, app: Flask, tmp_path: Path) -> None:
    tally = batch(
        state, tmp_path, HEADER + "r1,for-you,u01,,p01|p02,s1,,4,yes\nr2,bestsellers,,,,,2026-03-01T09:00,2,\n"
    )
    assert (tally.rows, tally.answered, tally.items, tally.n_refused) == (2, 2, 6, 0)
    rows = rows_of(tmp_path / "answers.csv")
    asked = app.test_client().get("/v1/carousels/for-you?user_id=u01&cart=p01,p02&store_id=s1&size=4&loyalty_app=yes")
    assert [row["product_id"] for row in rows if row["request_id"] == "r1"] == ids(asked)
    assert [(row["request_id"], row["position"], row["source"]) for row in rows[-2:]] == [
        ("r2", "1", "pin"),
        ("r2", "2", "model"),
    ]
    assert list(rows[0]) == ["request_id", "position", "product_id", "score", "source"]


def test_a_batch_is_answered_at_the_send_time_and_its_manifest_names_the_rules(
    trained_once: Path, tmp_path: Path
) -> None:
    """A dated pin stands in the rows that are sent inside of its window, whatever the clock shows while they are made."""
    (tmp_path / "rules.yaml").write_text(
        pin("p05").rstrip() + '\n    when: {active: {from: "2026-04-03", until: "2026-04-06 09:00"}}\n'
    )
    shop = read_shop(trained_once / "shop.toml")
    state = open_state(shop, trained_once / "artifacts", tmp_path / "rules.yaml", lambda: NOW)
    sent = {
        "2026-04-02T23:59": "model",
        "2026-04-03T00:00": "pin",
        "2026-04-06T08:59": "pin",
        "2026-04-06T09:00": "model",
        "": "model",
    }
    batch(state, tmp_path, HEADER + "".join(f"r{n},bestsellers,,,,,{at},1,\n" for n, at in enumerate(sent)))
    assert [row["source"] for row in rows_of(tmp_path / "answers.csv")] == list(sent.values())
    told = json.loads(manifest_of(tmp_path / "answers.csv").read_text())
    assert told["rules"] == state.rules_hash == f"sha256:{sha256((tmp_path / 'rules.yaml').read_bytes()).hexdigest()}"


def test_what_is_hidden_everywhere_is_in_no_batch_file(trained_once: Path, tmp_path: Path) -> None:
    """In no carousel and at no moment, dated hides in their window alone; not even where other rules pin it."""
    (tmp_path / "rules.yaml").write_text(
        pin("p05") + "  - {id: recall, do: hide, everywhere: true, product: p05}\n"
        '  - {id: later, do: hide, everywhere: true, product: p06, when: {active: {from: "2026-04-03"}}}\n'
    )
    shop = read_shop(trained_once / "shop.toml")
    state = open_state(shop, trained_once / "artifacts", tmp_path / "rules.yaml", lambda: NOW)
    rows = [f"{at}/{name},{name},u01,p02,,,{at},40,\n" for at in ("", "2026-04-03T00:00") for name in shop.carousels]
    batch(state, tmp_path, HEADER + "".join(rows))
    shown = {(row["request_id"].split("/")[0], row["product_id"]) for row in rows_of(tmp_path / "answers.csv")}
    assert {at for at, product in shown if product == "p06"} == {""}
    assert len(shown) > 20 and not any(product == "p05" for _, product in shown)


def test_reasons_are_what_the_http_route_says(state: State, app: Flask, tmp_path: Path) -> None:
    batch(state, tmp_path, HEADER + "r1,for-you,u01,,p01|p02,s1,,4,yes\n", reasons=True)
    batch(state, tmp_path, HEADER + "r1,for-you,u01,,p01|p02,s1,,4,yes\n", "answers.parquet", reasons=True)
    asked = app.test_client().get("/v1/carousels/for-you?user_id=u01&cart=p01,p02&store_id=s1&size=4&loyalty_app=yes")
    told = [item["reason"]["text"] for item in asked.get_json()["items"]]
    assert [row["reason"] for row in rows_of(tmp_path / "answers.csv")] == told
    with duckdb.connect() as db:
        assert [row[0] for row in db.execute(f"SELECT reason FROM '{tmp_path / 'answers.parquet'}'").fetchall()] == told


def test_parquet_in_and_out_says_the_same_as_csv(state: State, tmp_path: Path) -> None:
    batch(state, tmp_path, HEADER + "r1,for-you,u01,,p01|p02,,,5,\n")
    with duckdb.connect() as db:
        db.execute(
            "COPY (SELECT 'r1' AS request_id, 'for-you' AS carousel, 'u01' AS user_id, ['p01', 'p02'] AS cart, 5 AS size) "
            f"TO '{tmp_path / 'in.parquet'}' (FORMAT parquet)"
        )
        shop = state.engine.snapshot.shop
        run_batch(state, shop, tmp_path / "in.parquet", tmp_path / "out.parquet", lambda done, rows: None)
        described = db.execute(f"DESCRIBE SELECT * FROM '{tmp_path / 'out.parquet'}'").fetchall()
        found = db.execute(f"SELECT product_id FROM '{tmp_path / 'out.parquet'}' ORDER BY position").fetchall()
    assert [kind for _, kind, *_ in described] == ["VARCHAR", "INTEGER", "VARCHAR", "DOUBLE", "VARCHAR"]
    assert [one for (one,) in found] == [row["product_id"] for row in rows_of(tmp_path / "answers.csv")]


def test_the_manifest_names_versions_and_counts(state: State, tmp_path: Path) -> None:
    batch(state, tmp_path, HEADER + "r1,bestsellers,,,,,,3,\nr2,nope,,,,,,,\nr3,bestsellers,,,,,soon,,\n")
    told = json.loads(manifest_of(tmp_path / "answers.csv").read_text())
    assert (told["model"], told["rules"]) == (state.model, state.rules_hash)
    assert (told["rows"], told["answered"], told["items"], told["n_refused"]) == (3, 1, 3, 2)
    assert [one["line"] for one in told["refused"]] == [3, 4]
    assert "no carousel 'nope'" in told["refused"][0]["reason"] and told["refused"][1]["reason"].startswith("at: ")
    assert len(told["requests"]["sha256"]) == 64


@pytest.mark.parametrize(
    "row", ["r1,,,,,,,,", "r1,for-you,,,,,,0,", "r1,for-you,,,,,,5,yes,more", "r1,for-you," + "x" * 257 + ",,,,,,"]
)
def test_a_row_that_does_not_hold_is_refused_with_its_line(state: State, tmp_path: Path, row: str) -> None:
    tally = batch(state, tmp_path, HEADER + row + "\nr2,bestsellers,,,,,,1,\n")
    assert (tally.answered, [one.line for one in tally.refused]) == (1, [2])


def test_where_every_row_is_refused_nothing_is_written(state: State, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every row was refused; the first, line 2: no carousel"):
        batch(state, tmp_path, HEADER + "r1,nope,,,,,,,\n")
    assert [path.name for path in tmp_path.iterdir()] == ["requests.csv"]


def test_a_table_without_rows_gives_answers_without_rows(state: State, tmp_path: Path) -> None:
    assert batch(state, tmp_path, HEADER).rows == 0
    assert rows_of(tmp_path / "answers.csv") == []


def test_a_row_without_request_id_is_named_by_its_number(state: State, tmp_path: Path) -> None:
    batch(state, tmp_path, "carousel,size\nbestsellers,1\nbestsellers,1\n")
    assert [row["request_id"] for row in rows_of(tmp_path / "answers.csv")] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("carousel,usr_id\n", "unknown column 'usr_id': did you mean 'user_id'"),
        ("user_id\n", "no column 'carousel'"),
        ("carousel,size,size\n", "'size' is given twice"),
        ("carousel,explain\n", "unknown column 'explain'"),
        ('carousel\n"for-you\n', "no CSV"),
    ],
)
def test_a_table_that_cannot_be_asked_stops_the_run(state: State, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        batch(state, tmp_path, text)


def test_a_table_that_is_not_what_its_name_says_is_told(state: State, tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"carousel\nk\xe4se\n")
    (tmp_path / "no.parquet").write_bytes(b"PAR1")
    for name, told in (("latin.csv", "no UTF-8"), ("no.parquet", "no Parquet"), ("gone.csv", "no such file")):
        with pytest.raises(DataError, match=told):
            list(open_requests(tmp_path / name).rows())


def test_nowhere_to_write_is_told(state: State, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        batch(state, tmp_path, HEADER + "r1,bestsellers,,,,,,1,\n", out="gone/answers.csv")


def test_a_byte_order_mark_and_quoted_line_breaks_are_fine(state: State, tmp_path: Path) -> None:
    tally = batch(state, tmp_path, "\ufeffcarousel,user_id\n" + 'bestsellers,"u\n01"\nbestsellers,u02\nnope,\n')
    assert (tally.answered, [one.line for one in tally.refused]) == (2, [5])


def test_the_table_of_requests_is_never_overwritten(state: State, tmp_path: Path) -> None:
    """The same file for requests and answers is refused, and stays."""
    text = HEADER + "r1,bestsellers,,,,,,3,\n"
    with pytest.raises(DataError, match="is the table of requests too"):
        batch(state, tmp_path, text, out="requests.csv")
    assert (tmp_path / "requests.csv").read_text() == text


def test_a_request_id_is_answered_once(state: State, tmp_path: Path) -> None:
    """The second row of one id is refused with its line."""
    tally = batch(state, tmp_path, HEADER + "r1,bestsellers,,,,,,3,\nr1,bestsellers,,,,,,2,\n")
    assert [(one.line, "given before" in one.reason) for one in tally.refused] == [(3, True)]
    assert [row["request_id"] for row in rows_of(tmp_path / "answers.csv")] == ["r1"] * 3
