"""What a process has live: one reference, swapped as a whole; whatever does not load leaves the last good one."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from models.registry import Registry
from models.shop import Shop
from recsvc.arms import left_behind, with_arms
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.erased import without_erased
from recsvc.following import CATALOGUE, followed, laid_over
from recsvc.gently import gently, gently_for
from recsvc.last_good import Good, LastGood
from recsvc.loading import load_engine
from recsvc.marks import ListsRead, Mark
from recsvc.rules.bind import bind
from recsvc.rules.rest import Rest, let_go, no_rest
from recsvc.rules.schema import NO_RULES, RuleSet
from recsvc.rules_file import facts_of, text_of
from recsvc.rules_reader import read_gently
from recsvc.snapshot import Snapshot
from recsvc.state import MOST_TROUBLES, Look
from recsvc.state import State as State  # views and commands take it from here
from recsvc.store.database import Store
from recsvc.store.refusals import Refusals
from recsvc.telemetry import log_crash, write_line
from recsvc.troubles import Trouble, since

Clock = Callable[[], int]
AHEAD = 5
"""Seconds before a window of rules opens or closes that it is made ready for."""
NO_VERSION = "no trained version is published: run `recsvc-train run`"


class Live:
    """The state of this process, and how it is renewed. Views read ``state`` once a request."""

    def __init__(
        self,
        shop: Shop,
        artifacts: Path,
        rules: Path | None,
        clock: Clock,
        store: Store | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        self.shop, self.clock, self.rules, self.store = shop, clock, rules, store
        self.refusals = refusals
        self.turn = threading.Lock()  # of whoever makes another state live
        self.registry = Registry(artifacts)
        self.tried: tuple[Path | None, bytes] | None = None
        self.listed: ListsRead | None = None  # by the last reading of the rules
        self.keep: LastGood | None = None  # given by a server that forks workers
        self.heard: Callable[[State], None] = lambda _: None  # told of what goes live
        self.state = State(load_engine(shop, None, None, clock))

    def refresh(self) -> None:
        """Load what is on the disk now, where it is something else than what was tried last; look ahead in time."""
        look = self.look()
        if look.key != self.tried or self.lists_moved():
            with gently_for(look.text):  # but without rests: nobody asks yet
                self.load(look)
        self.look_ahead()

    def renew(self, look: Look) -> None:
        """Make ``look`` live beside the requests, with rests where it has another version or many rules."""
        with gently_for(look.text) if look.folder == self.state.folder else gently() as rest:
            held = [piece for one in self.state.engine.snapshot.everything for piece in one.rules.pieces()]
            self.load(look, rest=rest)
            let_go(held, rest)

    def look_ahead(self) -> None:
        """Make ready what the rules come to in a few seconds, so that no request waits for it."""
        soon = self.clock() + AHEAD
        for one in self.state.engine.snapshot.everything:
            if not one.rules.timed.ready(soon):
                with gently_for(self.state.text) as rest:
                    one.rules.timed.stretch(soon, rest)

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

    def lists_now(self) -> dict[str, Mark | None]:
        """Return the marks of the lists of ids that the rules name, as they lie on the disk."""
        return self.listed.seen_now() if self.listed else {}

    def lists_moved(self) -> bool:
        """Return whether a list of ids changed since the rules were read."""
        return self.listed is not None and self.listed.marks != self.lists_now()

    def restore(self) -> None:
        """Make live what was the last good in any worker of this service, where that was kept."""
        good = self.keep.read() if self.keep else None
        if good is not None:
            self.load(Look(good.folder, good.text), good)
            self.tried = None  # the disk may hold something newer

    def load(self, look: Look, kept: Good | None = None, rest: Rest = no_rest) -> None:
        """Make ``look`` live, as far as it loads, by one assignment; the rest stays and is told as a trouble.

        Args:
            look: what to load.
            kept: where ``look`` is what was live before; its lists of ids stand for those on the disk.
            rest: called often.
        """
        last, troubles = self.state, [look.trouble] if look.trouble else []
        self.tried, self.listed = look.key, None
        engine, folder = self._engine(look.folder, last, troubles, rest) or (last.engine, last.folder)
        engine = with_arms(engine, last.engine, partial(self._arm, rest=rest), troubles)
        rules = self._rules(look.text, engine, troubles, kept, rest)
        for part, wanted in (("rules", rules), ("model", last.rules)):
            try:
                live = with_rules(engine, wanted, rest)
                canary(live, self.shop, rest)
                troubles += left_behind(engine, live)
                break
            except Exception as error:  # whatever it is, the last good one serves on
                troubles.append(Trouble(part, folder.name if folder else "", None, _cause(error)))
        else:
            live, folder, wanted = last.engine, last.folder, last.rules
        missing = ("rules",) if self.rules is not None and wanted is None else ()
        text, lists = (last.text, last.lists) if wanted is last.rules else (look.text, self._ids_read())
        told = since(troubles, last.troubles)
        with self.turn:
            told += tuple(one for one in self.state.troubles if one.part == CATALOGUE)
            self.state = followed(State(live, folder, wanted, told, missing, text, lists), self.store)
        _tell(self.state, last)
        self.heard(self.state)
        self._keep(last)

    def follow(self) -> None:
        """Lay what was told in the store since the last look over what is live, by one assignment."""
        with self.turn:
            last, self.state = self.state, followed(self.state, self.store)
        if self.state is not last:
            _tell(self.state, last)
            self.heard(self.state)

    def _engine(
        self, folder: Path | None, last: State, troubles: list[Trouble], rest: Rest
    ) -> tuple[Engine, Path] | None:
        """Return the engine of ``folder`` without rules, and ``folder``; None where the last one stays.

        Where nothing is live yet, as at the start, and ``folder`` does not open, it is the newest that was live before
        it and does.
        """
        if folder is not None and folder == last.folder:
            return None
        if folder is None:
            gone = "the pointer to the live version is gone: the last good one stays live"
            trouble = Trouble("model", "current", None, gone if last.folder else NO_VERSION)
        else:
            try:
                return self._opened(folder, rest)
            except Exception as error:  # a broken version may fail in any way
                trouble = Trouble("model", folder.name, None, _cause(error))
        earlier = None if last.folder else self._earlier(folder, rest)
        if earlier:
            trouble = replace(trouble, cause=f"{trouble.cause}; {earlier[1].name}, live before, is served instead")
        troubles.append(trouble)
        return earlier

    def _earlier(self, broken: Path | None, rest: Rest) -> tuple[Engine, Path] | None:
        """Return the newest version that was live once and opens, but ``broken``; None where there is none."""
        for folder in self.registry.history():
            with suppress(Exception):  # the next older one may open
                if folder != broken:
                    return self._opened(folder, rest)
        return None

    def _opened(self, folder: Path, rest: Rest) -> tuple[Engine, Path]:
        """Return the engine of ``folder`` without rules, after it answered once; raises whatever goes wrong."""
        loaded = load_engine(self.shop, folder, None, self.clock, None if rest is no_rest else rest)
        engine = laid_over(loaded, self.store, self.state.engine)
        if self.refusals is not None:
            engine = without_erased(engine, self.refusals.gone)
        canary(engine, self.shop, rest)
        return engine, folder

    def _arm(self, version: str, rest: Rest) -> Engine:
        """Return the engine of a version that an arm serves, without rules; raises whatever goes wrong."""
        return self._opened(self.registry.path(version), rest)[0]

    def _rules(
        self, text: bytes | None, engine: Engine, troubles: list[Trouble], kept: Good | None, rest: Rest
    ) -> RuleSet | None:
        """Return the rules in ``text``, or the last good ones."""
        last = self.state.rules
        if self.rules is None or text is None:
            return last
        if kept is None and not text.strip() and last and last.rules:
            cause = "is empty: the last good rules stay live; write `rules: []` to have none"
            troubles.append(Trouble("rules", self.rules.name, None, cause))
            return last
        facts = facts_of(engine.snapshot, self.rules.parent)
        self.listed = ListsRead(self.rules.parent, kept.lists.__getitem__ if kept else facts.lists)
        try:
            turn, products = self.keep.folder if self.keep else None, engine.snapshot.catalogue.ids
            reading = read_gently(text, facts, products, self.listed, self.rules.name, rest, turn)
        except Exception as error:  # a fault of the loader must not stop the watching
            troubles.append(Trouble("rules", self.rules.name, None, _cause(error)))
            return last
        faults = reading.faults[:MOST_TROUBLES]
        troubles += [Trouble("rules", fault.file, fault.line, str(fault)) for fault in faults]
        return reading.rules or last

    def _ids_read(self) -> Mapping[str, frozenset[str]]:
        return self.listed.ids if self.listed else {}

    def _keep(self, last: State) -> None:
        """Keep what is live for the worker after this one, where it is something else than before."""
        if self.keep is None or self.state.good == last.good:
            return
        try:
            self.keep.save(self.state.good)
        except OSError as error:  # a full disk must not stop the watching
            log_crash(error, "last-good")


def with_rules(engine: Engine, rules: RuleSet | None, rest: Rest = no_rest) -> Engine:
    """Return ``engine``, and those beside it that can, under other rules, made ready now; ``rest`` is called often."""
    others = {}
    for version, one in engine.snapshot.others.items():
        with suppress(Exception):  # the live version must not go without rules because another one does
            others[version] = _ruled(one, rules, rest)
    return Engine(replace(_ruled(engine.snapshot, rules, rest), others=others))


def _ruled(snapshot: Snapshot, rules: RuleSet | None, rest: Rest) -> Snapshot:
    bound = bind(rules or NO_RULES, snapshot.catalogue, snapshot.rules, rest)
    bound.timed.stretch(snapshot.clock(), rest)
    return snapshot.under(bound, rules.hash if rules else None)


def canary(engine: Engine, shop: Shop, rest: Rest = no_rest) -> None:
    """Ask every carousel once for nobody, with rests in between; raises whatever goes wrong."""
    for name in shop.carousels:
        engine.carousel(name, Ask())
        rest()


def _cause(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


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
