"""Where files lie: globs, folders, packages, and what is said when they are not there."""

from pathlib import Path

import pytest

from models.errors import ConfigError, DataError
from training.read.sources import resolve, resolve_all


def test_globs_are_sorted_and_relative_to_the_folder(tmp_path: Path) -> None:
    """The order of files is that of their names; a file named twice is read once."""
    for name in ("b.csv", "a.csv", "sub/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [one.name for one in resolve("**/*.csv", tmp_path)] == ["a.csv", "b.csv", "c.csv"]
    assert len(resolve_all(("*.csv", "a.csv"), tmp_path)) == 2
    assert resolve(str(tmp_path / "a.csv"), Path("elsewhere")) == [tmp_path / "a.csv"]


def test_a_file_inside_a_package_is_found_without_importing_it() -> None:
    """package:// looks where the package lies."""
    (found,) = resolve("package://models/errors.py", Path())
    assert found.name == "errors.py"


def test_a_missing_file_is_told_with_the_nearest(tmp_path: Path) -> None:
    """A slip of the pen is named."""
    (tmp_path / "orders.csv").touch()
    with pytest.raises(DataError, match=r"order\.csv: no such file: did you mean 'orders\.csv'"):
        resolve("order.csv", tmp_path)
    with pytest.raises(DataError, match="check the path in shop"):
        resolve("nothing/*.zzz", tmp_path)


@pytest.mark.parametrize("package", ["no_such_package_here", "no-such/..", ""])
def test_a_missing_package_says_how_to_install_it(package: str) -> None:
    """The next step is in the message."""
    with pytest.raises(ConfigError, match="is not installed: pip install"):
        resolve(f"package://{package}/x.csv", Path())
