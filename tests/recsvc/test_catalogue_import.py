"""``recsvc catalogue import``: files into the store, each refused row with its line, and what the service makes of it."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from service_helpers import NOW

from models.shop import read_shop
from recsvc.asking import Ask
from recsvc.cli import cli
from recsvc.opening import open_state
from recsvc.serving import State
from recsvc.store.catalogue import look
from recsvc.store.database import Store

PRODUCTS = "product_id,name,category,price,tags,available,colour\n"


def run(folder: Path, url: str, *words: str) -> Result:
    known = ("--shop", str(folder / "shop.toml"), "--artifacts", str(folder / "artifacts"), "--store", url)
    return CliRunner().invoke(cli, ["catalogue", "import", *words, *known])


def save(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return str(path)


def held(url: str) -> dict[str, object]:
    """Return what the store holds: attributes by product, and pieces by product and store."""
    store, out = Store(url), {}
    with store.read() as connection:
        for news in look(connection, 0).news:
            out |= {one.product_id: dict(one.attributes) for one in news.products}
            out |= {(one.product_id, one.store_id): one.quantity for one in news.pieces}
    store.close()
    return out  # type: ignore[return-value]


def live(folder: Path, url: str) -> State:
    store = Store(url)
    state = open_state(read_shop(folder / "shop.toml"), folder / "artifacts", None, lambda: NOW, store)
    store.close()
    return state


def test_products_of_a_csv_are_stored_and_live(trained: Path, store_url: str) -> None:
    """Numbers, tags and switches are read; a column that means nothing is named; a blank cell takes a value away."""
    file = save(trained, "new.csv", PRODUCTS + "n1,New wine,wine,3.5,red|dry,true,blue\np01,,,2,,no,\n")
    done = run(trained, store_url, file)
    assert done.exit_code == 0, done.stderr
    assert "2 of 2 rows of products stored" in done.stderr and "left out: colour" in done.stderr
    assert held(store_url) == {
        "n1": {"name": "New wine", "category": "wine", "price": 3.5, "tags": ["dry", "red"], "available": 1.0},
        "p01": {"name": None, "category": None, "price": 2.0, "tags": None, "available": 0.0},
    }
    engine = live(trained, store_url).engine
    assert "n1" in [item.product_id for item in engine.carousel("new-arrivals", Ask(size=50)).items]
    assert "p01" not in [item.product_id for item in engine.carousel("bestsellers", Ask(size=50)).items]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.ndjson.gz"])
def test_json_lines_packed_or_not_carry_their_types(trained: Path, tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    rows = [{"product_id": "n1", "price": 3, "tags": ["a"]}, {"product_id": "p01", "available": False}]
    assert run(trained, url, save(trained, name, "\n".join(map(json.dumps, rows)))).exit_code == 0
    assert held(url) == {"n1": {"price": 3.0, "tags": ["a"]}, "p01": {"available": 0.0}}


def test_bad_rows_are_refused_with_their_lines_and_the_rest_is_stored(trained: Path, tmp_path: Path) -> None:
    """Exit code 3; lines count as in an editor, line breaks inside of cells too."""
    url = f"sqlite:///{tmp_path}/store.db"
    text = 'product_id,name,price\nn1,"two\nlines",1\n,nobody,2\nn2,N2,cheap\nn3,N3,-1\nn4,N4\nn5,N5,5\n'
    done = run(trained, url, save(trained, "some.csv", text))
    assert done.exit_code == 3
    told = [line.split("line ")[1] for line in done.stderr.splitlines() if ": refused: " in line]
    assert [line.split(":")[0] for line in told] == ["4", "5", "6", "7"]
    assert "'cheap' is no number" in told[1] and "below 0" in told[2] and "has 2 cells, the header 3" in told[3]
    assert "2 of 6 rows" in done.stderr and held(url).keys() == {"n1", "n5"}


def test_a_file_of_refused_rows_alone_or_of_none_is_exit_code_1(trained: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    assert run(trained, url, save(trained, "bad.jsonl", '{"product_id": 1}\nno json\n[]\n')).exit_code == 1
    without = run(trained, url, save(trained, "other.csv", "sku,price\na,1\n"))
    assert without.exit_code == 1 and "no column 'product_id' among 'sku', 'price'" in str(without.exception)
    assert run(trained, url, save(trained, "empty.csv", "")).exit_code == 1
    assert run(trained, url, str(trained / "none.csv")).exit_code == 2


def test_a_dry_run_stores_nothing_and_makes_no_store(trained: Path, tmp_path: Path) -> None:
    done = run(trained, f"sqlite:///{tmp_path}/store.db", save(trained, "new.csv", "product_id\nn1\n"), "--dry-run")
    assert done.exit_code == 0 and "would be stored, nothing was" in done.stderr
    assert not (tmp_path / "store.db").exists()


def test_a_price_list_leaves_all_else_and_makes_no_products_where_it_must_not(trained: Path, store_url: str) -> None:
    """What the store has stays, and what it lacks stays as it was trained; ``--only-known`` refuses what nobody knows."""
    run(trained, store_url, save(trained, "one.csv", "product_id,name\nn1,New\n"))
    file = save(trained, "prices.csv", "product_id,price\nn1,2\np01,3\nwho,4\n")
    done = run(trained, store_url, file, "--only-known")
    assert done.exit_code == 3 and "line 4: refused: product_id: nobody told of 'who' yet" in done.stderr
    assert held(store_url) == {"n1": {"name": "New", "price": 2.0}, "p01": {"price": 3.0}}
    catalogue = live(trained, store_url).engine.snapshot.catalogue
    assert catalogue.value("name", catalogue.ids.row("p01")) == "Product 1"


def test_stock_is_stored_in_the_order_of_the_file(trained: Path, store_url: str) -> None:
    """A row without a store counts for the whole shop and ends what was told of its stores before."""
    text = "product_id,store_id,quantity\np01,s0,3\np02,s0,0\np01,,5\np03,s1,some\n"
    done = run(trained, store_url, save(trained, "stock.csv", text), "--stock")
    assert done.exit_code == 3 and "line 5: refused: quantity: 'some' is no number" in done.stderr
    assert held(store_url) == {("p01", ""): 5.0, ("p02", "s0"): 0.0}


def test_replace_forgets_what_the_files_do_not_tell(trained: Path, store_url: str) -> None:
    """But nothing where a row was refused; a service that runs sees products go, and its trained values come back."""
    run(trained, store_url, save(trained, "old.csv", "product_id,price\nn1,1\np01,9\n"))
    state = live(trained, store_url)
    refused = run(trained, store_url, save(trained, "half.csv", "product_id,price\nn2,1\n,2\n"), "--replace")
    assert refused.exit_code == 3 and "nothing was forgotten" in refused.stderr and len(held(store_url)) == 3
    done = run(trained, store_url, save(trained, "whole.csv", "product_id,name\nn2,Two\n"), "--replace")
    assert done.exit_code == 0 and "2 rows told before were forgotten" in done.stderr
    assert held(store_url) == {"n2": {"name": "Two"}}
    from recsvc.following import caught_up

    store = Store(store_url)
    snapshot = caught_up(state.engine.snapshot, store)
    store.close()
    assert len(snapshot.catalogue) == 26 and snapshot.catalogue.ids.row("n1") == -1
    assert snapshot.catalogue.value("price", snapshot.catalogue.ids.row("p01")) == 2.0


def test_files_are_read_in_the_shops_own_words(tiny_shop: object, tmp_path: Path) -> None:
    """The columns that [data.products] and [data.stock] name are ours under their own names."""
    folder: Path = tiny_shop.folder  # type: ignore[attr-defined]
    url = f"sqlite:///{tmp_path}/store.db"
    assert run(folder, url, str(folder / "products.csv")).exit_code == 0
    assert run(folder, url, str(folder / "stock.csv"), "--stock").exit_code == 0
    found = held(url)
    assert found["00501"] == {
        "name": "Wine 0",
        "category": "wine",
        "brand": "maker-0",
        "country": "Italy",
        "price": 9.0,
    }
    assert found["w-4", "north"] == 0.0
