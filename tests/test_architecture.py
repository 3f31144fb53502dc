"""The arrows between the rooms of the house, read from the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
PACKAGES = ("models", "recsvc", "training")
FILES = sorted(path for package in PACKAGES for path in (HOME / package).rglob("*.py"))
LONGEST = 300

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HOME).as_posix())


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of whatever a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide the arrows"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reaches(path: Path, *packages: str) -> list[str]:
    """Return what ``path`` imports from any of ``packages``."""
    return [name for name in imported(path) if any(f"{name}.".startswith(f"{package}.") for package in packages)]


def calls(path: Path) -> Iterator[str]:
    """Yield the dotted text of whatever a file calls."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_the_rooms_are_there() -> None:
    """The tests below look at something."""
    assert {path.relative_to(HOME).parts[0] for path in FILES} == set(PACKAGES)


@each_file
def test_arrows_point_to_models_only(path: Path) -> None:
    """``models`` knows neither sibling; ``recsvc`` and ``training`` do not know each other."""
    room = path.relative_to(HOME).parts[0]
    forbidden = {"models": ["recsvc", "training"], "recsvc": ["training"], "training": ["recsvc"]}[room]
    assert not reaches(path, *forbidden)


@each_file
def test_a_file_is_one_idea(path: Path) -> None:
    """No file is longer than 300 lines."""
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


@each_file
def test_no_product_code_leans_on_tests(path: Path) -> None:
    """Tests, and the tools of tests, stay outside."""
    assert not reaches(path, "tests", "pytest", "hypothesis", "unittest")


RULES = sorted((HOME / "recsvc" / "rules").rglob("*.py"))
PURE = (
    "flask",
    "werkzeug",
    "time",
    "os",
    "io",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "duckdb",
    "logging",
)
YAML_FILES = {"yaml_nodes.py"}


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_are_pure(path: Path) -> None:
    """No Flask, no clock, no disk, no chance; YAML in the parser's file only."""
    assert not reaches(path, *PURE)
    assert path.name in YAML_FILES or not reaches(path, "yaml")
    forbidden = {"open", "input", "print"} & set(calls(path))
    clocks = {name for name in calls(path) if name.split(".")[-1] in ("now", "utcnow", "today")}
    assert not forbidden | clocks


@pytest.mark.parametrize(
    "name",
    [
        "carousel.py",
        "context.py",
        "asking.py",
        "snapshot.py",
        "pace.py",
        "asked.py",
        "prepared.py",
        "wanted.py",
        "desk.py",
    ],
)
def test_the_request_path_knows_no_flask(name: str) -> None:
    """The batch command asks the same engine without any web server."""
    path = HOME / "recsvc" / name
    assert not reaches(path, "flask", "werkzeug", "gunicorn")


IMPURE = ("time", "random", "secrets", "uuid")
CLOCKS_AND_DICE = {"now", "utcnow", "today", "default_rng", "seed", "urandom"}


@pytest.mark.parametrize("path", sorted((HOME / "models").glob("*.py")), ids=lambda path: path.name)
def test_models_take_time_and_chance_as_arguments(path: Path) -> None:
    """No clock and no global random state anywhere in ``models``."""
    assert not reaches(path, *IMPURE)
    assert not [name for name in calls(path) if name.split(".")[-1] in CLOCKS_AND_DICE or "np.random" in name]


def test_serving_needs_no_training_library() -> None:
    """Whoever only serves never pays for ``implicit``: no module of ``models`` imports it at the top."""
    for path in sorted((HOME / "models").glob("*.py")):
        tops = [
            node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert not [node for node in tops if "implicit" in ast.unparse(node)], path.name
