"""Every setting of the service: its default, one sentence of help, and its name in the environment.

A flag beats the environment, the environment beats ``shop.toml``; what is unknown or does not parse stops the start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from models.errors import ConfigError
from models.shop import Shop, suggest
from models.shoppers import default_store
from recsvc.keys import Keys, parse_keys
from recsvc.store.database import check_url
from recsvc.store.prompt import ANSWER_MS

PREFIX = "RECSVC_"
PERMITS = 2
"""Requests on the expensive path of a worker: one computes while the other waits for the store or the network."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is told to people, and how its text is read."""

    name: str
    default: Any
    help: str
    parse: Callable[[str], Any]
    """Raises ValueError with what is wrong and what to write instead."""

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one start, read and checked."""

    shop: Path
    artifacts: Path
    rules: Path | None
    """None: serve without rules."""
    store: str
    """URL."""
    store_wait_ms: int
    host: str
    port: int
    workers: int
    threads: int
    permits: int
    """Requests of a worker on the expensive path at once; 0: see ``permits_a_worker``."""
    permit_wait_ms: int
    request_budget_ms: int
    """0: no limit."""
    keys: Keys
    cors_origins: tuple[str, ...]
    max_body_bytes: int
    poll_seconds: float
    cache_seconds: int
    events_window_days: int
    access_log: bool

    @property
    def permits_a_worker(self) -> int:
        """Requests on the expensive path at once.

        By default ``PERMITS``, and half of the threads at most: they work in turn anyway, and the others answer cheaply.
        """
        return self.permits or max(1, min(PERMITS, self.threads // 2))


def _whole(text: str, *, low: int, high: int) -> int:
    if not text.strip().isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"write a whole number from {low} to {high}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.05 <= value <= 60:
        raise ValueError("write seconds from 0.05 to 60")
    return value


def _switch(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("write true or false")
    return text.lower() == "true"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _rules(text: str) -> Path | None:
    return None if text == "none" else Path(text)


SETTINGS = (
    Setting("shop", Path("shop.toml"), "The shop.toml that describes the shop.", Path),
    Setting("artifacts", Path("artifacts"), "Folder with the trained versions.", Path),
    Setting("rules", None, 'The rules file, or "none"; default: what shop.toml names under [rules].', _rules),
    Setting(
        "store",
        None,
        "Where events, consent and stock lie, sqlite:///FILE or postgresql://…; default: store/recsvc.db beside the artifacts.",
        check_url,
    ),
    Setting(
        "store_wait_ms",
        ANSWER_MS,
        "Milliseconds that a request waits for an answer of PostgreSQL, or for a connection; then it goes without.",
        partial(_whole, low=1, high=10_000),
    ),
    Setting("host", "127.0.0.1", "Address to listen on; without keys always a loopback one.", str),
    Setting("port", 8000, "Port to listen on; 0 takes a free one.", partial(_whole, low=0, high=65_535)),
    Setting("workers", 1, "Processes; they share the artifact's pages.", partial(_whole, low=1, high=256)),
    Setting("threads", 4, "Threads a process.", partial(_whole, low=1, high=256)),
    Setting(
        "permits",
        0,
        "Carousels and pages that a process works out in full at once, the others wait; 0 = 2, and half of the threads at most.",
        partial(_whole, low=0, high=256),
    ),
    Setting(
        "permit_wait_ms",
        100,
        "Milliseconds from its arrival that a request waits to be worked out in full; then it gets prepared lists.",
        partial(_whole, low=1, high=10_000),
    ),
    Setting(
        "request_budget_ms",
        500,
        "Milliseconds from its arrival after which a request goes without what can be left out; 0 = no limit.",
        partial(_whole, low=0, high=60_000),
    ),
    Setting("keys", Keys(()), 'Keys as "scope:key,…" with the scopes public, catalogue, admin.', parse_keys),
    Setting("cors_origins", (), 'Origins whose pages may call the API, separated by commas; "*" for any.', _words),
    Setting(
        "max_body_bytes", 1_048_576, "Largest request body in bytes.", partial(_whole, low=1_024, high=1_073_741_824)
    ),
    Setting("poll_seconds", 0.5, "Pause between two looks at the live version and the rules file.", _seconds),
    Setting(
        "cache_seconds",
        0,
        "How long caches may keep an answer that is the same for everybody; 0 = they ask each time.",
        partial(_whole, low=0, high=86_400),
    ),
    Setting(
        "events_window_days",
        30,
        "Days for which the id of an event is remembered at least: within them a replay counts once.",
        partial(_whole, low=1, high=3_650),
    ),
    Setting("access_log", True, "One JSON line a request on standard output.", _switch),
)
"""The whole list; ``read_settings`` makes ``Settings`` of it."""


def read_settings(shop: Shop | None, environ: Mapping[str, str], flags: Mapping[str, str | None]) -> Settings:
    """Return the settings of a start.

    Args:
        shop: gives the defaults that its ``[service]`` and ``[rules]`` name; None where no shop is needed.
        environ: the environment; every ``RECSVC_…`` in it must be a setting.
        flags: texts of the command line by setting, None where a flag was not given.

    Raises:
        ConfigError: a variable is unknown, or a text does not parse; all faults at once, never with the value of a key.
    """
    known = {setting.variable for setting in SETTINGS}
    faults = [
        f"{name}: no such setting{suggest(name, known)}"
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known
    ]
    values = {setting.name: setting.default for setting in SETTINGS} | _from_shop(shop)
    for setting in SETTINGS:
        origins = ((setting.variable, environ.get(setting.variable)), (_flag(setting.name), flags.get(setting.name)))
        for origin, text in origins:
            if text is None or not text.strip():
                continue
            try:
                values[setting.name] = setting.parse(text)
            except ValueError as error:
                shown = "" if setting.name == "keys" else f" {text!r}:"
                faults.append(f"{origin}:{shown} {error}")
    if faults:
        raise ConfigError("\n".join(faults))
    if values["store"] is None:
        values["store"] = default_store(values["artifacts"])
    return Settings(**values)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _from_shop(shop: Shop | None) -> dict[str, Any]:
    if shop is None:
        return {}
    service = {name: getattr(shop.service, name) for name in ("host", "port", "workers", "threads", "cors_origins")}
    return service | ({"rules": shop.folder / shop.rules.file} if shop.rules.file else {})


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
