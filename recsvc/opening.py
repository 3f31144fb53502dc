"""What is live now, opened once for a command that answers and ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import ConfigError, NoArtifactError
from models.registry import Registry
from models.shop import Shop
from models.shoppers import default_store, no_store
from recsvc.arms import left_behind, with_arms
from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.erased import without_erased
from recsvc.following import caught_up
from recsvc.loading import load_engine
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules_file import read_file, strict_facts_of
from recsvc.serving import NO_VERSION, State, with_rules
from recsvc.sessions import Sessions
from recsvc.settings import Settings
from recsvc.store.database import Store
from recsvc.store.prompt import PATIENT_MS
from recsvc.store.refusals import Refusals
from recsvc.troubles import Trouble

Clock = Callable[[], int]


def open_state(shop: Shop, artifacts: Path, rules: Path | None, clock: Clock, store: Store | None = None) -> State:
    """Return the live version under the rules, for commands that have nothing to fall back on but for arms.

    Raises:
        NoArtifactError: nothing is published.
        ArtifactError: the version is broken.
        RulesError: the rules do not load.
        StoreError: the store cannot be read.
    """
    folder = Registry(artifacts).current()
    if folder is None:
        raise NoArtifactError(f"{artifacts}: {NO_VERSION}, or name the folder with --artifacts")
    registry, troubles = Registry(artifacts), list[Trouble]()
    engine = load_engine(shop, folder, None, clock)
    engine = with_arms(engine, engine, lambda version: load_engine(shop, registry.path(version), None, clock), troubles)
    if store is not None:
        engine = Engine(caught_up(engine.snapshot, store))
        refusals = Refusals(store)
        refusals.follow()
        engine = without_erased(engine, refusals.gone)
    ruleset = read_file(rules, engine.snapshot) if rules else None
    ruled = with_rules(engine, ruleset)
    return State(ruled, folder, ruleset, (*troubles, *left_behind(engine, ruled)))


def facts_now(shop: Shop, artifacts: Path, clock: Clock, folder: Path) -> ShopFacts:
    """Return what a rules file in ``folder`` is checked against, with the catalogue where a version is live.

    Raises:
        ArtifactError: the live version is broken.
    """
    return strict_facts_of(load_engine(shop, Registry(artifacts).current(), None, clock).snapshot, folder)


@contextmanager
def store_of(settings: Settings) -> Iterator[Store | None]:
    """Give the service's store to a command that can do without; None where nobody named one and there is none yet.

    Raises:
        ConfigError: the one that was named is not there.
    """
    store = Store(settings.store)
    there = is_there(store, settings)
    try:
        yield store if there else None
    finally:
        store.close()


@contextmanager
def store_needed(settings: Settings) -> Iterator[Store]:
    """Give the service's store to a command that has nothing to tell without it.

    Raises:
        ConfigError: it is not there.
    """
    with store_of(settings) as store:
        if store is None:
            raise ConfigError(no_store(Store(settings.store).name, default=True))
        yield store


def is_there(store: Store, settings: Settings) -> bool:
    """Return whether the service's store is there; no reading makes it.

    Raises:
        ConfigError: it is not, and somebody named it: who mistypes a name must not read of an empty store.
        StoreError: it cannot be reached.
    """
    if store.made():
        return True
    if settings.store != default_store(settings.artifacts):
        raise ConfigError(no_store(store.name, default=False))
    return False


def with_shopper(ask: Ask, state: State, store: Store | None, clock: Clock) -> Ask:
    """Return ``ask`` with what ``store`` knows of its shopper, as the service does; without a store as it is.

    Raises:
        StoreError: it cannot be read.
    """
    if store is None:
        return ask
    refusals = Refusals(store)
    refusals.follow()
    sessions = Sessions(store, refusals, clock, PATIENT_MS)
    try:
        return sessions.known(ask, state.until)
    finally:
        sessions.close()
