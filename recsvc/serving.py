"""What a process has live: one reference, swapped as a whole; whatever does not load leaves the last good one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from models.errors import NoArtifactError
from models.registry import Registry
from models.shop import Shop
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.loading import load_engine
from recsvc.rules.bind import bind
from recsvc.rules.parse import read
from recsvc.rules.schema import NO_RULES, RuleSet
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules_file import facts_of, read_file, text_of
from recsvc.telemetry import write_line

Clock = Callable[[], int]
AHEAD = 5
"""Seconds before a window of rules opens or closes that it is made ready for."""
MOST_TROUBLES = 20
"""Faults of one rules file that are told; `recsvc rules check` tells all."""
NO_VERSION = "no trained version is published: run `recsvc-train run`"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that did not load."""

    part: str
    """"model" or "rules"."""
    file: str
    line: int | None
    cause: str
    since: str = ""
    """ISO time, UTC."""


@dataclass(frozen=True, slots=True)
class State:
    """What is live, made once and never changed."""

    engine: Engine
    folder: Path | None = None
    """Of the trained version."""
    rules: RuleSet | None = None
    troubles: tuple[Trouble, ...] = ()
    missing: tuple[str, ...] = ()
    """Parts that ought to be there and never loaded."""

    @property
    def model(self) -> str | None:
        """The trained version, or None."""
        return self.engine.snapshot.version

    @property
    def rules_hash(self) -> str | None:
        """The hash of the rules file, or None."""
        return self.rules.hash if self.rules else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the rules file would be better without."""
        return tuple(str(warning) for warning in self.rules.warnings[:MOST_TROUBLES]) if self.rules else ()


@dataclass(frozen=True, slots=True)
class Look:
    """What was on the disk at one look."""

    folder: Path | None
    text: bytes | None
    """Of the rules file; None where it cannot be read, or where the service has none."""
    trouble: Trouble | None = None
    """Why the rules file cannot be read."""

    @property
    def key(self) -> tuple[Path | None, bytes]:
        """Changes whenever something else is to be loaded."""
        return self.folder, sha256(self.text).digest() if self.text is not None else b""


class Live:
    """The state of this process, and how it is renewed. Views read ``state`` once a request."""

    def __init__(self, shop: Shop, artifacts: Path, rules: Path | None, clock: Clock) -> None:
        self.shop, self.clock, self.rules = shop, clock, rules
        self.registry = Registry(artifacts)
        self.tried: tuple[Path | None, bytes] | None = None
        self.state = State(load_engine(shop, None, None, clock))

    def refresh(self) -> None:
        """Load what is on the disk now, where it is something else than what was tried last; look ahead in time."""
        look = self.look()
        if look.key != self.tried:
            self.load(look)
        self.state.engine.snapshot.rules.timed.stretch(self.clock() + AHEAD)

    def look(self) -> Look:
        """Return what is on the disk."""
        folder = self.registry.current()
        if self.rules is None:
            return Look(folder, None)
        try:
            return Look(folder, text_of(self.rules))
        except OSError as error:
            cause = f"cannot be read ({error.strerror}): the last good rules stay live"
            return Look(folder, None, Trouble("rules", self.rules.name, None, cause))

    def load(self, look: Look) -> None:
        """Make ``look`` live, as far as it loads, by one assignment; the rest stays and is told as a trouble."""
        last, troubles = self.state, [look.trouble] if look.trouble else []
        self.tried = look.key
        fresh = self._engine(look.folder, last, troubles)
        engine, folder = (fresh, look.folder) if fresh else (last.engine, last.folder)
        rules = self._rules(look.text, engine, last, troubles)
        for part, wanted in (("rules", rules), ("model", last.rules)):
            try:
                live = with_rules(engine, wanted)
                canary(live, self.shop)
                break
            except Exception as error:  # whatever it is, the last good one serves on
                troubles.append(Trouble(part, folder.name if folder else "", None, _cause(error)))
        else:
            live, folder, wanted = last.engine, last.folder, last.rules
        missing = ("rules",) if self.rules is not None and wanted is None else ()
        self.state = State(live, folder, wanted, _since(troubles, last.troubles), missing)
        _tell(self.state, last)

    def _engine(self, folder: Path | None, last: State, troubles: list[Trouble]) -> Engine | None:
        """Return the engine of ``folder`` without rules, or None where the last one stays."""
        if folder is None:
            gone = "the pointer to the live version is gone: the last good one stays live"
            troubles.append(Trouble("model", "current", None, gone if last.folder else NO_VERSION))
            return None
        if folder == last.folder:
            return None
        try:
            return load_engine(self.shop, folder, None, self.clock)
        except Exception as error:  # a broken version may fail in any way
            troubles.append(Trouble("model", folder.name, None, _cause(error)))
            return None

    def _rules(self, text: bytes | None, engine: Engine, last: State, troubles: list[Trouble]) -> RuleSet | None:
        """Return the rules in ``text``, or the last good ones."""
        if self.rules is None or text is None:
            return last.rules
        if not text.strip() and last.rules and last.rules.rules:
            cause = "is empty: the last good rules stay live; write `rules: []` to have none"
            troubles.append(Trouble("rules", self.rules.name, None, cause))
            return last.rules
        try:
            reading = read(text, facts_of(engine.snapshot, self.rules.parent), self.rules.name)
        except Exception as error:  # a fault of the loader must not stop the watching
            troubles.append(Trouble("rules", self.rules.name, None, _cause(error)))
            return last.rules
        faults = reading.faults[:MOST_TROUBLES]
        troubles += [Trouble("rules", fault.file, fault.line, str(fault)) for fault in faults]
        return reading.rules or last.rules


def with_rules(engine: Engine, rules: RuleSet | None) -> Engine:
    """Return ``engine`` under other rules."""
    snapshot = engine.snapshot
    bound = bind(rules or NO_RULES, snapshot.catalogue, snapshot.rules)
    return Engine(snapshot.under(bound, rules.hash if rules else None))


def canary(engine: Engine, shop: Shop) -> None:
    """Ask every carousel once for nobody; raises whatever goes wrong."""
    for name in shop.carousels:
        engine.carousel(name, Ask())


def open_state(shop: Shop, artifacts: Path, rules: Path | None, clock: Clock) -> State:
    """Return the live version under the rules, for commands that have nothing to fall back on.

    Raises:
        NoArtifactError: nothing is published.
        ArtifactError: the version is broken.
        RulesError: the rules do not load.
    """
    folder = Registry(artifacts).current()
    if folder is None:
        raise NoArtifactError(f"{artifacts}: {NO_VERSION}, or name the folder with --artifacts")
    engine = load_engine(shop, folder, None, clock)
    ruleset = read_file(rules, engine.snapshot) if rules else None
    return State(with_rules(engine, ruleset), folder, ruleset)


def facts_now(shop: Shop, artifacts: Path, clock: Clock, folder: Path) -> ShopFacts:
    """Return what a rules file in ``folder`` is checked against, with the catalogue where a version is live.

    Raises:
        ArtifactError: the live version is broken.
    """
    return facts_of(load_engine(shop, Registry(artifacts).current(), None, clock).snapshot, folder)


def _cause(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _since(troubles: list[Trouble], before: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """Return ``troubles`` with the time at which each was first seen."""
    known = {(one.part, one.file, one.cause): one.since for one in before}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return tuple(replace(one, since=known.get((one.part, one.file, one.cause), now)) for one in troubles)


def _tell(state: State, last: State) -> None:
    """Log what is new."""
    if (state.model, state.rules_hash) != (last.model, last.rules_hash):
        write_line({"event": "live", "model": state.model, "rules": state.rules_hash})
    for trouble in state.troubles:
        if trouble not in last.troubles:
            write_line(
                {
                    "event": "trouble",
                    "part": trouble.part,
                    "file": trouble.file,
                    "line": trouble.line,
                    "cause": trouble.cause,
                }
            )
