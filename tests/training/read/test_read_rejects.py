"""The file of refused rows has a bound, and tells what it leaves out; too many refused rows stop a run before it learns."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_shop import COLUMNS, Read

from models.errors import DataError
from training.cli import cli

TEXT = "user,product,time\n" + "a,x,2020-01-01\n" * 4 + "a,,2020-01-01\n" * 5 + "a,x,never\n" * 2 + "a,x\n" * 4


def rows(path: Path) -> list[list[str]]:
    with path.open() as file:
        return list(csv.reader(file))[1:]


def test_each_reason_has_room_for_its_first_rows(read: Read, tmp_path: Path) -> None:
    """Three of each, over all files; a row without a line says how many more there are, and the counts are whole."""
    rejects = tmp_path / "rejects.csv"
    more = "[training]\nrefused_share = 1\nrejects_rows = 3"
    data = read(files={"1.csv": TEXT, "2.csv": TEXT}, toml=f'files = ["?.csv"]\n{COLUMNS}', more=more, share=None, rejects=rejects)  # fmt: skip
    assert data.facts.tables["purchases"].refused == {
        "no product_id": 10,
        "time cannot be read": 4,
        "missing columns": 8,
    }
    assert [(file, line, reason) for _, file, line, reason, _ in rows(rejects)] == [
        *(("1.csv", str(line), "no product_id") for line in (6, 7, 8)),
        *(("1.csv", str(line), "time cannot be read") for line in (11, 12)),
        *(("1.csv", str(line), "missing columns") for line in (13, 14, 15)),
        ("2.csv", "11", "time cannot be read"),
        *(("", "", reason) for reason in ("missing columns", "no product_id", "time cannot be read")),
    ]
    assert [row[-1] for row in rows(rejects)[-3:]] == [
        f"and {count} more rows, counted and not kept: training.rejects_rows" for count in (5, 7, 1)
    ]


def test_a_row_of_any_length_is_cut(read: Read, tmp_path: Path) -> None:
    """A value of a megabyte is no megabyte of rejects."""
    rejects = tmp_path / "rejects.csv"
    read(f"user,product,time\n{'a' * 100_000},,2020-01-01\n", rejects=rejects)
    assert rejects.stat().st_size < 3000


def test_a_stop_keeps_what_was_refused(read: Read, tmp_path: Path) -> None:
    """The rejects of a reading that stops are there, with what was left out."""
    rejects = tmp_path / "rejects.csv"
    more = "[training]\nrefused_share = 0.1\nrejects_rows = 1"
    with pytest.raises(DataError, match="11 of 15 rows are refused"):
        read(TEXT, more=more, share=None, rejects=rejects)
    assert len(rows(rejects)) == 6


def test_too_many_refused_rows_stop_a_run_before_any_model(tmp_path: Path) -> None:
    """Exit code 1, no version, nothing live; `check` tells the same after its page."""
    (tmp_path / "p.csv").write_text(TEXT)
    (tmp_path / "shop.toml").write_text(f'name = "Corner"\n[data.purchases]\nfiles = ["p.csv"]\n{COLUMNS}\n')
    with pytest.raises(DataError, match=r"data\.purchases: 11 of 15 rows are refused \(73\.3%, allowed 10\.0%\)"):
        CliRunner().invoke(
            cli, ["run", str(tmp_path / "shop.toml"), "--artifacts", str(tmp_path / "out")], catch_exceptions=False
        )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rejects.csv"]
    checked = CliRunner().invoke(cli, ["check", str(tmp_path / "shop.toml")])
    assert "5: no product_id" in checked.stdout and "What to fix first" in checked.stdout
    assert isinstance(checked.exception, DataError)
