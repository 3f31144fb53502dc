"""What several tests share: a tiny shop, trained once a session."""

import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from made_once import made_once
from models.shop import read_shop
from postgres import postgresql_server, postgresql_url, store_url  # noqa: F401  # fixtures
from recsvc.carousel import Engine
from recsvc.loading import load_engine
from recsvc.rules_file import read_file
from recsvc.serving import with_rules
from tiny_shop import TinyShop, write_tiny_shop
from training.pipeline import Options, run
from training.progress import SILENT

settings.register_profile(
    "suite",
    deadline=None,  # a busy machine is no failure
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize="RULES_CASES" not in os.environ,  # the same cases each time; `make cases` draws others
)
settings.load_profile("suite")


LONGEST = (
    "test_docs_run", "test_stand_ins", "test_compare", "test_http_catalogue", "test_events_live", "test_overload",
    "test_planted_context", "test_train_commands", "test_shopper_flow", "test_traces", "test_tune_command",
    "test_serve", "test_train_stopped", "test_faults", "test_flow", "test_incremental", "test_ranking", "test_init",
)  # fmt: skip
"""Files that take longest: where several processes run the tests these come first, so that all end at about the same time."""


def pytest_configure() -> None:
    """Take Ctrl-C where a script started the tests in the background, without it: commands that are tested inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the order within a file stays."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session")
def trained_shop(tmp_path_factory: pytest.TempPathFactory) -> TinyShop:
    """The tiny shop, trained and judged once; do not change it (take ``tiny_shop`` for that)."""
    once = made_once(tmp_path_factory, "tiny", _trained)
    folder = Path(shutil.copytree(once.folder, tmp_path_factory.mktemp("trained") / "tiny", symlinks=True))
    report = replace(once.report, folder=folder / once.report.folder.relative_to(once.folder))
    return TinyShop(folder, read_shop(folder / "shop.toml"), report)


def _trained(folder: Path) -> TinyShop:
    shop = read_shop(write_tiny_shop(folder))
    report = run(shop, Options(folder / "artifacts", int(time.time()), shop.moment("2026-10-09 18:00")), SILENT)
    return TinyShop(folder, shop, report)


@pytest.fixture
def tiny_shop(trained_shop: TinyShop, tmp_path: Path) -> TinyShop:
    """A copy of the trained tiny shop that a test may change."""
    folder = tmp_path / "tiny"
    shutil.copytree(trained_shop.folder, folder, symlinks=True)
    return TinyShop(folder, read_shop(folder / "shop.toml"), trained_shop.report)


@pytest.fixture(scope="session")
def tiny_engine(trained_shop: TinyShop) -> Engine:
    """The engine of the tiny shop, with its rules."""
    engine = load_engine(trained_shop.shop, trained_shop.report.folder, None, trained_shop.clock)
    return with_rules(engine, read_file(trained_shop.folder / "rules.yaml", engine.snapshot))
