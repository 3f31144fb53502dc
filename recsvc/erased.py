"""The ids of users without those who were erased: nothing trained of them is found any more."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from models.ids import IdIndex
from models.schema import UNKNOWN
from recsvc.carousel import Engine


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
    users = engine.snapshot.users
    living = LivingUsers(users.texts, users.hashes, users.rows_by_hash, erased)
    return Engine(replace(engine.snapshot, users=living))
