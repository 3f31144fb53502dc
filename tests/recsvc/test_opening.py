"""A store that is not there is no empty store: commands that read one say so, and make none."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from models.errors import RecsvcError
from models.shop import read_shop
from recsvc.cli import cli
from recsvc.store.database import Store


def words_of(command: str, folder: Path) -> list[str]:
    """Return a whole command, but for its store."""
    shop, rules = str(folder / "shop.toml"), str(folder / "rules.yaml")
    known = ["--artifacts", str(folder / "artifacts")]
    (folder / "asked.csv").write_text("carousel\nbestsellers\n")
    return {
        "results report": ["results", "report", shop, *known],
        "experiments report": ["experiments", "report", shop, "tried", *known],
        "store prune": ["store", "prune", shop],
        "rules explain": ["rules", "explain", rules, "--shop", shop, "--carousel", "bestsellers", *known],
        "rules diff": ["rules", "diff", rules, rules, "--shop", shop, "--sample", "5", *known],
        "batch": ["batch", shop, "--requests", str(folder / "asked.csv"), "--out", str(folder / "out.csv"), *known],
    }[command]


def run(words: list[str]) -> Result:
    return CliRunner().invoke(cli, words)


def refusal(words: list[str]) -> str:
    """Return what a command says that ends with an error of ours, and so with exit code 1."""
    done = run(words)
    assert isinstance(done.exception, RecsvcError), done.output
    return str(done.exception)


@pytest.fixture
def folder(trained: Path) -> Path:
    with (trained / "shop.toml").open("a") as shop:
        shop.write(
            '\n[experiments.tried]\ncarousels = ["cheese"]\narms = { plain = {}, short = { changes = { size = 2 } } }\n'
        )
    read_shop(trained / "shop.toml")
    return trained


@pytest.mark.parametrize("command", ["results report", "experiments report", "store prune", "rules diff", "batch"])
def test_a_store_that_was_mistyped_is_named_and_not_made(folder: Path, command: str) -> None:
    """An empty table and exit code 0 looked like a shop where nothing was shown."""
    said = refusal([*words_of(command, folder), "--store", f"sqlite:///{folder}/new/typo.db"])
    assert f"{folder}/new/typo.db: there is no store: mistyped" in said and "--store or RECSVC_STORE" in said
    assert not (folder / "new").exists()


@pytest.mark.parametrize("command", ["results report", "rules explain", "batch"])
def test_a_mistyped_store_of_the_environment_is_no_empty_store_either(
    folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSVC_STORE", f"sqlite:///{folder}/typo.db")
    assert "typo.db: there is no store: mistyped" in refusal(words_of(command, folder))
    assert not (folder / "typo.db").exists()


@pytest.mark.parametrize("command", ["results report", "experiments report"])
def test_a_shop_that_never_served_has_no_store_yet(folder: Path, command: str) -> None:
    said = refusal(words_of(command, folder))
    assert f"{folder}/store/recsvc.db: there is no store: this shop never served yet" in said
    assert "`recsvc serve` makes it" in said and not (folder / "store").exists()


@pytest.mark.parametrize("command", ["rules explain", "rules diff", "batch"])
def test_what_can_do_without_a_store_does_where_nobody_named_one(folder: Path, command: str) -> None:
    done = run(words_of(command, folder))
    assert done.exit_code == 0, done.output
    assert not (folder / "store").exists()


@pytest.mark.parametrize("content", ["", "create table meta_of_others (a)"])
def test_another_database_is_no_store_and_stays_what_it_is(folder: Path, content: str) -> None:
    """Reading made the tables of a store in whatever database was named."""
    file = folder / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.executescript(content)
    file.touch()
    before = file.read_bytes()
    assert "other.db: there is no store" in refusal(
        [*words_of("results report", folder), "--store", f"sqlite:///{file}"]
    )
    assert file.read_bytes() == before and {one.name for one in folder.glob("other.db*")} == {"other.db"}


def test_a_store_that_a_service_made_is_read(folder: Path, store_url: str) -> None:
    words = [*words_of("results report", folder), "--store", store_url]
    if store_url.startswith("postgresql"):
        assert "there is no store" in refusal(words)  # the database is there, and no service ever served with it
    with closing(Store(store_url)) as store:
        assert not store.made()
        store.engine()
        assert store.made()
    assert run(words).exit_code == 0
