"""The trained versions that arms of experiments serve, opened beside the live one."""

from collections.abc import Callable
from dataclasses import replace

from models.experiments import versions_tried
from recsvc.carousel import Engine
from recsvc.snapshot import Snapshot
from recsvc.troubles import Trouble

PART = "experiments"
"""The part under which a version is told of that is not there."""


def with_arms(engine: Engine, last: Engine, opened: Callable[[str], Engine], troubles: list[Trouble]) -> Engine:
    """Return ``engine`` with the versions beside it that arms name; one that does not open is told as a trouble.

    Args:
        engine: the live version.
        last: what was live before; what it has open is taken over.
        opened: opens a version, or raises whatever goes wrong.
        troubles: takes what did not open.
    """
    snapshot = engine.snapshot
    wanted = [version for version in versions_tried(snapshot.shop.experiments) if version != snapshot.version]
    if not wanted and not snapshot.others:
        return engine
    held = {one.version: replace(one, others={}) for one in last.snapshot.everything}
    others: dict[str, Snapshot] = {}
    for version in wanted:
        try:
            others[version] = held[version] if version in held else opened(version).snapshot
        except Exception as error:  # a broken version may fail in any way
            troubles.append(Trouble(PART, version, None, lost(error)))
    return Engine(replace(snapshot, others=others))


def left_behind(engine: Engine, ruled: Engine) -> list[Trouble]:
    """Return the versions beside ``engine`` that did not come under the rules of ``ruled``."""
    gone = engine.snapshot.others.keys() - ruled.snapshot.others.keys()
    return [Trouble(PART, version, None, lost("the rules do not hold for its products")) for version in sorted(gone)]


def lost(cause: Exception | str) -> str:
    """Return what a missing version means, and what to do."""
    told = f"{type(cause).__name__}: {cause}" if isinstance(cause, Exception) else cause
    return (
        f"{told}: shoppers of its arms get the live version and count nowhere; "
        "see `recsvc-train versions`, or take another in shop.toml"
    )
