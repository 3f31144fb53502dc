"""The ``recsvc`` command: what it prints and how it ends."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from service_helpers import pin
from werkzeug.serving import make_server

from recsvc.cli import cli, main


def run(*words: str, **environ: str) -> Result:
    return CliRunner().invoke(cli, list(words), env=environ)


def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str]:
    """Run ``main`` as the shell does; return its exit code and standard error."""
    monkeypatch.setattr("sys.argv", ["recsvc", *words])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code, capsys.readouterr().err


def test_every_command_tells_its_settings_with_their_environment_names() -> None:
    told = run("serve", "--help").output
    for name in ("HOST", "PORT", "WORKERS", "THREADS", "ARTIFACTS", "RULES"):
        assert f"RECSVC_{name}" in told
    assert "every row is refused" in " ".join(run("batch", "--help").output.split())


def test_batch_answers_a_table_and_tells_what_was_refused(trained: Path) -> None:
    requests, out = trained / "requests.csv", trained / "answers.csv"
    requests.write_text("request_id,carousel\nr1,bestsellers\nr2,nope\n")
    done = run(
        "batch", str(trained / "shop.toml"), "--requests", str(requests), "--out", str(out), "--artifacts", str(trained / "artifacts")
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "line 3: refused: no carousel 'nope'" in done.stderr and "1 of 2 rows answered" in done.stderr
    assert out.read_text().startswith("request_id,position,product_id,score,source\nr1,1,p07,")
    run(
        "batch", str(trained / "shop.toml"), "--requests", str(requests), "--out", str(out), "--rules", "none",
        RECSVC_ARTIFACTS=str(trained / "artifacts"),
    )  # fmt: skip
    assert json.loads((trained / "answers.csv.manifest.json").read_text())["rules"] is None


def test_bad_input_ends_with_a_message_and_one(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, requests = str(trained / "shop.toml"), trained / "requests.csv"
    requests.write_text("carousel\nbestsellers\n")
    words = ["batch", shop, "--requests", str(requests), "--out", str(trained / "answers.csv")]
    code, told = ended(monkeypatch, capsys, *words, "--artifacts", str(trained / "nowhere"))
    assert code == 1 and "no trained version is published" in told and told.startswith("recsvc: ")
    code, told = ended(monkeypatch, capsys, *words, "--artifacts", str(trained / "artifacts"), "--rules", "gone.yaml")
    assert code == 1 and "gone.yaml: cannot be read" in told
    code, told = ended(monkeypatch, capsys, "serve", str(trained / "gone.toml"))
    assert code == 1 and "gone.toml: cannot be read" in told
    code, told = ended(monkeypatch, capsys, "serve", shop, "--port", "http")
    assert code == 1 and "--port: 'http'" in told
    assert ended(monkeypatch, capsys, "serve", "--nope")[0] == 2


@pytest.fixture
def broken(trained: Path) -> Path:
    """A rules file with two faults."""
    path = trained / "broken.yaml"
    path.write_text(pin("p03").replace("do: pin", "do: pinn").replace("bestsellers", "bestselers"))
    return path


def check(path: Path, *words: str) -> Result:
    folder = path.parent
    return run(
        "rules",
        "check",
        str(path),
        "--shop",
        str(folder / "shop.toml"),
        *words,
        RECSVC_ARTIFACTS=str(folder / "artifacts"),
    )


def test_rules_check_tells_all_faults_with_their_lines(broken: Path) -> None:
    done = check(broken)
    assert done.exit_code == 1 and "2 errors, 0 warnings" in done.output
    assert f"{broken}:4:9: unknown verb 'pinn'" in done.output and "        ^" in done.output


def test_rules_check_speaks_json_and_github(broken: Path) -> None:
    told = json.loads(check(broken, "--format", "json").output)
    assert (told["ok"], [fault["line"] for fault in told["errors"]]) == (False, [4, 7])
    lines = check(broken, "--format", "github").output.splitlines()
    assert len(lines) == 2 and lines[0].startswith("::error file=") and ",line=4,col=9::unknown verb" in lines[0]


def test_rules_check_passes_good_rules_and_warns_of_products_that_are_not_there(trained: Path) -> None:
    good = check(trained / "rules.yaml")
    assert good.exit_code == 0 and good.output == "1 rules, 0 errors, 0 warnings\n"
    (trained / "later.yaml").write_text(pin("not-yet"))
    warned = check(trained / "later.yaml", "--format", "json")
    told = json.loads(warned.output)
    assert warned.exit_code == 0 and told["ok"] and len(told["warnings"]) == 1 and told["hash"].startswith("sha256:")


def test_rules_check_knows_attributes_by_the_trained_version_and_lists_by_the_folder(trained: Path) -> None:
    text = (
        "version: 1\nsegments:\n  vip: {list: vip.csv}\n  away: {list: ../away.csv}\nrules:\n"
        "  - id: a\n    do: hide\n    where: colour == 'red'\n    when: {segment: vip}\n"
    )
    (trained / "vip.csv").write_text("u01\nu02\n")
    (trained / "lists.yaml").write_text(text)
    told = check(trained / "lists.yaml").output
    assert "2 errors" in told and "'colour'" in told and "lies outside of the folder" in told
    (trained / "artifacts" / "current").unlink()
    assert "1 errors" in check(trained / "lists.yaml").output


@pytest.fixture
def address(trained: Path, make_app: Callable[..., Flask]) -> Iterator[tuple[Path, int]]:
    """The trained shop, served by a thread of this process."""
    server = make_server("127.0.0.1", 0, make_app(trained, ACCESS_LOG="false"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield trained, server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_status_tells_what_is_live_and_what_is_not(address: tuple[Path, int]) -> None:
    _, port = address
    good = run("status", "--port", str(port))
    assert good.exit_code == 0 and good.output.startswith("status   ready\nshop     Corner shop\n")
    assert json.loads(run("status", "--json", RECSVC_PORT=str(port)).output)["status"] == "ready"


def test_status_of_a_service_without_a_version_is_one(
    bare_shop: object, tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    server = make_server("127.0.0.1", 0, make_app(tmp_path, ACCESS_LOG="false"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    done = run("status", "--port", str(server.server_port))
    server.shutdown()
    thread.join()
    server.server_close()
    assert done.exit_code == 1 and done.output.startswith("status   not ready\n") and "TROUBLE  model" in done.output


def test_status_of_nobody_is_one() -> None:
    done = run("status", "--port", "1")
    assert done.exit_code == 1 and "is it running" in done.stderr


def test_a_batch_needs_no_web_app() -> None:
    """Commands are imported when they are asked for, so that one that answers and ends starts soon."""
    asked = "import sys; from recsvc.cli import cli; cli(['batch', '--help'], standalone_mode=False); print('recsvc.app' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False" and "REQUESTS" in done.stdout
