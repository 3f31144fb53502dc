"""Which trained version may be asked about past purchases: one that ended before they were made."""

from datetime import datetime

from models.artifact import Manifest, read_manifest
from models.errors import ConfigError, NoArtifactError
from models.registry import Registry
from models.shop import Shop


def earlier_version(registry: Registry, shop: Shop, wanted: str | None, start: int | None) -> tuple[Manifest, Manifest]:
    """Return the version to ask and the live one, whose purchases are replayed.

    Args:
        registry: the artifacts folder.
        shop: whose clock messages use.
        wanted: the version to ask; None = the latest one that ended before the window.
        start: of the window, Unix seconds; None = where the version ended.

    Raises:
        NoArtifactError: nothing is live.
        ConfigError: no version ended before the window, or the wanted one did not.
    """
    folder = registry.current()
    if folder is None:
        raise NoArtifactError(f"{registry.folder}: no trained version is published: run `recsvc-train run`")
    live = read_manifest(folder)
    limit = live.until if start is None else start
    if wanted is None:
        early = [one for one in registry.versions() if one.until < live.until and one.until <= limit]
        if not early:
            raise ConfigError(
                f"no version in {registry.folder} ended before {_day(limit, shop)}, so each has seen the purchases to "
                "replay: train one with `recsvc-train run SHOP --until TIME --no-publish`"
            )
        return max(early, key=lambda one: one.until), live
    found = read_manifest(registry.path(wanted))
    if found.until > limit or found.until >= live.until:
        raise ConfigError(
            f"version {wanted} has seen purchases until {_day(found.until, shop)}, and the window starts "
            f"{_day(min(limit, live.until), shop)}: its answers would know what was bought; take a later --from or an earlier --version"
        )
    return found, live


def _day(moment: int, shop: Shop) -> str:
    return datetime.fromtimestamp(moment, shop.zone).isoformat(sep=" ", timespec="minutes")
