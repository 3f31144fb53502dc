"""The ids of users without those who were erased: nothing trained of them is found any more."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from models.ids import IdIndex
from models.schema import UNKNOWN
from recsvc.carousel import Engine
from recsvc.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class LivingUsers(IdIndex):
    """An index that does not know erased users."""

    erased: Callable[[str], bool] = lambda _: False
    """Asked at each look, so that an erasure holds at once."""

    def row(self, outside: str | None) -> int:
        """Return the row of an id, or ``UNKNOWN``: of an erased one too."""
        if outside and self.erased(outside):
            return UNKNOWN
        return IdIndex.row(self, outside)


def without_erased(engine: Engine, erased: Callable[[str], bool]) -> Engine:
    """Return ``engine`` with every user unknown for whom ``erased`` holds."""
    return Engine(_living(engine.snapshot, erased))


def _living(snapshot: Snapshot, erased: Callable[[str], bool]) -> Snapshot:
    users = snapshot.users
    living = LivingUsers(users.texts, users.hashes, users.rows_by_hash, erased)
    others = {version: _living(one, erased) for version, one in snapshot.others.items()}
    return replace(snapshot, users=living, others=others)
