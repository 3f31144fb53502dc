"""A lock that is waited for, but not for ever."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from models import registry
from models.errors import ArtifactError, RulesError, StoreError
from models.registry import Registry
from models.turn import TurnError, turn
from recsvc.rules_tools import archive
from recsvc.store import database
from recsvc.store.database import Store


def test_who_waits_gets_the_turn_when_it_is_free(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with turn(tmp_path / "lock", 10):
            order.append("second")

    with turn(tmp_path / "lock", 1):
        waits = threading.Thread(target=second)
        waits.start()
        waits.join(0.05)
        order.append("first")
    waits.join()
    assert order == ["first", "second"]


def test_a_turn_that_never_comes_is_told_with_its_file(tmp_path: Path) -> None:
    with (
        turn(tmp_path / "lock", 1),
        pytest.raises(TurnError, match=r"held .*/lock for more than 0.02 s"),
        turn(tmp_path / "lock", 0.02),
    ):
        pass


def test_store_registry_and_rules_say_what_holds_them_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by an error of its own."""
    for module in (database, registry, archive):
        monkeypatch.setattr(module, "TURN_SECONDS", 0.02)
    with closing(Store(f"sqlite:///{tmp_path}/recsvc.db")) as store:
        store.engine()
        with turn(tmp_path / "recsvc.db.lock", 1), pytest.raises(StoreError, match=r"recsvc\.db\.lock"), store.write():
            pass
        with store.write():
            pass
    (tmp_path / "artifacts").mkdir()
    with turn(tmp_path / "artifacts" / ".lock", 1), pytest.raises(ArtifactError, match=r"artifacts/\.lock"):
        Registry(tmp_path / "artifacts").clean(1)
    rules = archive.Archive.of(tmp_path / "rules.yaml")
    rules.folder.mkdir(parents=True, exist_ok=True)
    with turn(rules.folder / ".lock", 1), pytest.raises(RulesError, match=r"\.lock"):
        rules.put(b"rules: []\n", "me", "because", 0, "now")
