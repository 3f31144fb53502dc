"""``recsvc-train check``: a page for people, JSON for machines, exit codes that mean something."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from training.cli import cli, main

SHOP = """name = "Corner"
timezone = "Europe/London"
clock_starts = "2021-01-01 12:00"
[data.purchases]
files = ["p.csv"]
columns = { user_id = "user", product_id = "product", time = "time" }
[training]
refused_share = 0.5
"""
ROWS = "user,product,time\na,x,2020-01-01\na,x,2020-01-20\nb,,2020-01-20\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "p.csv").write_text(ROWS)
    (tmp_path / "shop.toml").write_text(SHOP)
    return tmp_path / "shop.toml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments], catch_exceptions=False)


def test_the_page_says_what_is_there_and_what_to_fix(shop: Path, tmp_path: Path) -> None:
    """Mapping, counts, an example with its line, the figures, and advice."""
    done = run(str(shop), "--rejects", str(tmp_path / "out"))
    assert done.exit_code == 0
    for said in (
        "user_id          = user",
        "3 rows read: 2 kept, 1 refused, 0 set aside",
        "refused 1: no product_id",
        "p.csv, line 4:",
        "from 2020-01-01 00:00 to 2020-01-20 00:00 (Europe/London), 20 days",
        "no purchase from 2020-01-02 to 2020-01-19",
        "50.0% of lines are repeat purchases",
        "1 row of data.purchases is refused (no product_id)",
        "Map an order_id",
        "is a file missing?",
    ):
        assert said in done.stdout
    assert "no product_id" in (tmp_path / "out" / "rejects.csv").read_text()


def test_json_is_one_object_and_silent(shop: Path) -> None:
    """Machines get the facts alone."""
    done = run(str(shop), "--json", "--until", "2020-01-10")
    told = json.loads(done.stdout)
    assert done.stderr == ""
    assert (told["lines"], told["users"], told["without_catalogue_row"]) == (1, 1, 0)
    assert told["tables"]["purchases"]["set_aside"] == {"at or after --until": 1}
    assert told["tables"]["purchases"]["kept"] == 1


def test_a_wrong_moment_or_option_is_refused(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input ends with 1 and a message, a wrong option with 2."""
    monkeypatch.setattr(sys, "argv", ["recsvc-train", "check", str(shop), "--until", "soon"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "recsvc-train: 'soon' is no date or time" in capsys.readouterr().err
    assert run(str(shop), "--wat").exit_code == 2


def test_python_m_training_is_the_same_command(shop: Path) -> None:
    """A missing file ends with 1, one line, and no traceback."""
    (shop.parent / "p.csv").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "training", "check", str(shop)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == f"recsvc-train: p.csv: no such file under {shop.parent}: check the path in shop.toml\n"


def test_help_teaches_with_an_example() -> None:
    """--help shows a whole command line."""
    assert "recsvc-train check examples/complete-journey/shop.toml" in run("--help").stdout


def test_a_shop_in_good_order_is_told_so(shop: Path) -> None:
    """Nothing to fix is said in a sentence."""
    (shop.parent / "p.csv").write_text(
        "user,product,time,o,c\n" + "".join(f"u{i},x{i % 20},2020-01-01,{i},1\n" for i in range(60))
    )
    (shop.parent / "q.csv").write_text("p,n,g\n" + "".join(f"x{i},Tea {i},hot\n" for i in range(20)))
    text = SHOP.replace('time = "time" }', 'time = "time", order_id = "o", price = "c" }')
    shop.write_text(
        text + '[data.products]\nfiles = ["q.csv"]\ncolumns = { product_id = "p", name = "n", category = "g" }\n'
    )
    assert "1. Nothing: the files are in good order." in run(str(shop)).stdout


def test_a_bent_shop_is_told_what_hurts(shop: Path) -> None:
    """No lines, no times, unlisted products, one huge user, missing prices, lost returns: each has its sentence."""
    (shop.parent / "p.csv").write_text("user,product,n,c\na,x,1,\na,y,1,\na,z,-1,\n")
    (shop.parent / "q.csv").write_text("p\nx\n")
    text = SHOP.replace('time = "time" }', 'quantity = "n", price = "c" }')
    shop.write_text(text + '[data.products]\nfiles = ["q.csv"]\ncolumns = { product_id = "p" }\n')
    page = run(str(shop)).stdout
    for said in ("Map a time column", "1 product was bought but is not listed", "2 lines have no price", "1 return finds no purchase",
                 "One user has 100% of all lines"):  # fmt: skip
        assert said in page
    (shop.parent / "p.csv").write_text("user,product,n,c\n")
    empty = run(str(shop))
    assert "No purchase line is left" in empty.stdout
    assert (empty.exit_code, "no purchase is left to learn from" in empty.stderr) == (1, True)
