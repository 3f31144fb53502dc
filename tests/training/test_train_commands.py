"""``recsvc-train`` as somebody types it: real processes, JSON for machines, exit codes that mean something."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from models.artifact import open_artifact
from models.errors import ConfigError
from models.registry import Registry
from running import train
from tiny_shop import SHOP, TinyShop, purchase_rows, write_rows
from training.cli import cli, main

HEADER = ["user", "sku", "basket", "store", "when", "n", "paid"]


def told(done: "subprocess.CompletedProcess[str] | Result", code: int = 0) -> Any:
    """Return the JSON of a command that ended with ``code`` and was silent about its progress."""
    assert (done.returncode if isinstance(done, subprocess.CompletedProcess) else done.exit_code) == code, done.stderr
    return json.loads(done.stdout)


def here(shop: TinyShop, *words: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(cli, [*words, "--artifacts", str(shop.artifacts)], catch_exceptions=False)


def live(shop: TinyShop) -> str | None:
    current = Registry(shop.artifacts).current()
    return current.name if current else None


def shuffle_labels(shop: TinyShop) -> None:
    """Shuffle the products among all lines: whoever bought what is chance, and everything else looks as before."""
    rows, chance = purchase_rows(), random.Random(3)
    products = [row[1] for row in rows]
    chance.shuffle(products)
    write_rows(
        shop.folder / "purchases.csv",
        HEADER,
        [[row[0], product, *row[2:]] for row, product in zip(rows, products, strict=True)],
    )


def test_a_model_of_shuffled_labels_is_refused_with_3_and_can_be_promoted_all_the_same(tiny_shop: TinyShop) -> None:
    """Written and not published; JSON and message name the losses; people have the last word; and back again."""
    shuffle_labels(tiny_shop)
    before = live(tiny_shop)
    refused = train(tiny_shop.folder, "run", "shop.toml", "--json")
    report = told(refused, code=3)
    fresh = report["version"]
    assert (report["published"], live(tiny_shop)) == (False, before)
    assert f"version {fresh} was written and not published: it loses to {before}" in report["refused"]
    assert "next-order: ndcg@10" in report["refused"]
    assert (
        f"recsvc-train:   next-order: ndcg@10 {report['metrics']['next-order']['ndcg@10'][0]:.4f} [" in refused.stderr
    )
    assert "Traceback" not in refused.stderr
    assert open_artifact(tiny_shop.artifacts / "versions" / fresh).manifest.version == fresh

    assert told(here(tiny_shop, "promote", fresh, "--json")) == {"live": fresh}
    assert live(tiny_shop) == fresh
    assert told(here(tiny_shop, "rollback", "--json")) == {"live": before}
    assert live(tiny_shop) == before


def test_a_run_tells_its_version_and_versions_lists_it(tiny_shop: TinyShop) -> None:
    """For machines; the same data does not lose to itself, so that it would be live, but for --no-publish."""
    report = told(here(tiny_shop, "run", str(tiny_shop.toml), "--fast", "--no-publish", "--json"))
    assert (report["published"], report["refused"], report["metrics"]) == (False, None, {})
    assert Path(report["folder"]).name == report["version"]
    listed = told(train(tiny_shop.folder, "versions", "--json"))
    assert [(one["version"], one["live"]) for one in listed] == [(live(tiny_shop), True), (report["version"], False)]
    assert listed[0]["metrics"]["next-order"]["carousel"] == "for-you"


def test_evaluate_measures_the_same_as_the_run_did_and_keeps_nothing(
    trained_shop: TinyShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same data and seed, same figures; no artifacts folder, no version, no refused rows."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["evaluate", str(trained_shop.toml), "--json"], catch_exceptions=False)
    assert told(done) == trained_shop.report.manifest.metrics
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


def test_evaluate_tells_what_context_is_worth(trained_shop: TinyShop) -> None:
    """One more row for each task, with the paired difference; the other figures stay."""
    words = ["evaluate", str(trained_shop.toml), "--shuffle-context", "--json"]
    figures = told(CliRunner().invoke(cli, words, catch_exceptions=False))
    shuffled = {name: figures.pop(name) for name in list(figures) if name.endswith("/shuffled")}
    assert figures == trained_shop.report.manifest.metrics
    assert list(shuffled) == [f"{task}/shuffled" for task in ("next-order", "complements", "completing")]
    for name, row in shuffled.items():
        own = figures[name.partition("/")[0]]
        gap = own["ndcg@10"][0] - row["ndcg@10"][0]
        assert row["difference"]["ndcg@10"][0] == pytest.approx(gap, abs=2e-5)


def test_people_get_a_table_progress_and_a_star(tiny_shop: TinyShop) -> None:
    """Without --json: steps on standard error, what came of it on standard output."""
    done = here(tiny_shop, "run", str(tiny_shop.toml), "--until", "2026-04-10", "--fast")
    assert done.exit_code == 0
    assert "fitting models: done in" in done.stderr and "writing the version: done in" in done.stderr
    judged, version, last = done.stdout.splitlines()
    assert judged == "not judged, nothing chosen: --fast"
    assert version.startswith("version 20") and last == "published: it is live"
    lines = here(tiny_shop, "versions").stdout.splitlines()
    assert [line[0] for line in lines] == [" ", "*"]
    assert "Tiny shop" in lines[0] and "ndcg@10: complements 0." in lines[0]
    assert here(tiny_shop, "rollback").stdout == f"live: {tiny_shop.report.manifest.version}\n"


def test_an_empty_folder_says_how_to_get_a_version(tmp_path: Path) -> None:
    """Nothing there is no error."""
    done = CliRunner().invoke(cli, ["versions", "--artifacts", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (0, f"no version in {tmp_path}: recsvc-train run shop.toml makes one\n")


def test_evaluate_says_where_there_is_nothing_to_judge(trained_shop: TinyShop) -> None:
    """Instead of an empty table."""
    done = CliRunner().invoke(cli, ["evaluate", str(trained_shop.toml), "--until", "2026-04-02"])
    assert done.exit_code == 0
    assert "nothing to judge" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "shop.toml"], "purchases.csv: the file is empty"),
        (["run", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["evaluate", "shop.toml", "--until", "soon"], "'soon' is no date or time"),
        (["promote", "v7"], "no version 'v7' in artifacts (there: none)"),
        (["promote", "../v7"], "'../v7' is no version name"),
        (["rollback"], "nothing was live in artifacts"),
        (["run", "shop.toml", "--artifacts", "shop.toml/artifacts"], "Not a directory"),
    ],
)
def test_wrong_input_ends_with_1_and_a_line(
    tmp_path: Path, words: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the thing and the next step."""
    (tmp_path / "shop.toml").write_text(SHOP)
    (tmp_path / "purchases.csv").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RECSVC_ARTIFACTS", raising=False)
    monkeypatch.setattr("sys.argv", ["recsvc-train", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err.splitlines()[-1]
    assert ended.value.code == 1
    assert told.startswith("recsvc-train: ") and message in told


READERS = ("check", "run", "evaluate", "trade-offs", "tune", "report", "compare")
"""Commands that read the service's store."""


@pytest.mark.parametrize("command", READERS)
def test_a_store_that_was_mistyped_stops_whatever_would_learn_without_it(
    trained_shop: TinyShop, tmp_path: Path, command: str
) -> None:
    """It passed for one that says nothing: who was erased was learned from."""
    url = f"sqlite:///{tmp_path}/new/typo.db"
    words = [command, *(["a", "b"] if command == "compare" else []), str(trained_shop.toml)]
    if command in ("run", "tune", "report", "compare"):
        words += ["--artifacts", str(trained_shop.artifacts)]
    done = CliRunner().invoke(cli, [*words, "--store", url])
    assert isinstance(done.exception, ConfigError)
    assert f"{tmp_path}/new/typo.db: there is no store: mistyped" in str(done.exception)
    assert not (tmp_path / "new").exists()


def test_a_store_that_the_environment_names_before_a_service_made_it_holds_nothing_up(
    trained_shop: TinyShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop trains before it serves, with one environment for both; it is told, and nothing is made."""
    monkeypatch.setenv("RECSVC_STORE", f"sqlite:///{tmp_path}/new/recsvc.db")
    done = CliRunner().invoke(cli, ["check", str(trained_shop.toml)])
    assert (done.exit_code, done.exception) == (0, None)
    assert f"{tmp_path}/new/recsvc.db: there is no store yet, so nobody was erased there" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_shop_that_has_nothing_but_its_store_and_never_served_is_told_so(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop.toml").write_text('name = "New"\n[data]\nevents = "store"\n')
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, [command, "shop.toml"])
    assert isinstance(done.exception, ConfigError)
    assert "store/recsvc.db: there is no store: this shop never served yet" in str(done.exception)


def test_empty_purchases_end_a_real_run_with_1(tmp_path: Path) -> None:
    """A header and no line: one sentence, no traceback, nothing on standard output."""
    (tmp_path / "shop.toml").write_text(SHOP)
    write_rows(tmp_path / "purchases.csv", HEADER, [])
    for name in ("products", "users", "stock", "promotions"):
        (tmp_path / f"{name}.csv").write_text(
            "sku,title,kind,maker,price,country,user,tier,store,n,since,until,shelf\n"
        )
    done = train(tmp_path, "run", "shop.toml", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"recsvc-train: {tmp_path.resolve()}/shop.toml: no purchase is left to learn from; "
        "see `recsvc-train check shop.toml`\n"
    )


def test_a_wrong_option_ends_with_2_and_the_right_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage is told apart from bad input."""
    monkeypatch.setattr("sys.argv", ["recsvc-train", "run", "shop.toml", "--fats"])
    with pytest.raises(SystemExit) as ended:
        main()
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert "No such option" in err and "--fast" in err


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_help_of_each_command_teaches_with_an_example(name: str) -> None:
    """A whole line to copy."""
    for flag in ("--help", "-h"):
        done = CliRunner().invoke(cli, [name, flag])
        assert done.exit_code == 0
        assert f"recsvc-train {name}" in done.stdout.replace("Usage: cli", "").partition("Example:")[2]


def test_the_first_help_shows_the_way_and_the_exit_codes() -> None:
    """What to type on a first day."""
    told = CliRunner().invoke(cli, ["--help"]).stdout
    assert "recsvc-train check shop.toml" in told and "recsvc-train run shop.toml" in told
    assert "0 done, 1 bad input, 2 usage, 3 the gate refused" in told
