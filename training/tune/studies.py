"""Searches that can be stopped and taken up again: optuna's studies in one SQLite file beside the artifacts."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from models.errors import ConfigError
from models.schema import Doubles

FILE = "tuning.db"
UNPRUNED = 10
"""Trials of a study that are worked out to their end, before any is given up half-way."""

Parts = Callable[[optuna.Trial], Iterable[Doubles]]
"""Suggests values, and yields what each past finds with them, shopper by shopper; one past after the other."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one study."""

    name: str
    values: Mapping[str, Any]
    """The best parameters."""
    found: float
    """Mean NDCG@10 with them, over the pasts."""
    before: float
    """With the parameters that the study began with."""
    trials: int
    pruned: int
    earlier: int
    """Of ``trials``, those of earlier calls."""

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "study": self.name, "ndcg@10": round(self.found, 5), "before": round(self.before, 5), "trials": self.trials,
            "pruned": self.pruned, "earlier": self.earlier, "values": dict(self.values),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Studies:
    """Where studies lie, and what they are about."""

    storage: optuna.storages.BaseStorage
    mark: str
    """Of the data, the days and the seed: a study of other ones is another study."""
    seed: int

    def search(
        self, name: str, parts: Parts, start: Mapping[str, Any], seconds: float, trials: int, say: Callable[[str], None]
    ) -> Tried:
        """Return the best that is found within ``seconds`` and ``trials`` more, beginning with ``start``.

        A trial whose pasts so far lie below the median of the others is given up (Golovin et al., Vizier, KDD 2017,
        section 3.2). What finds nothing in the first past as it stands has nothing to be tuned: it gets no further trial,
        in later calls neither; nor does what no time is left for. Source of the search: Bergstra et al., Algorithms for
        hyper-parameter optimization, NIPS 2011.
        """
        full = f"{name} {self.mark}"
        study = optuna.create_study(
            storage=self.storage, study_name=full, direction="maximize", load_if_exists=True,
            pruner=MedianPruner(n_startup_trials=UNPRUNED),
        )  # fmt: skip
        earlier = len(_ended(study))
        if not earlier and seconds <= 0:
            return Tried(name, dict(start), 0.0, 0.0, 0, 0, 0)
        study.sampler = TPESampler(seed=self.seed + earlier)
        if not earlier:
            study.enqueue_trial(dict(start))  # anew where Ctrl-C came into the first trial
        ends = time.monotonic() + seconds

        def objective(trial: optuna.Trial) -> float:
            found: list[float] = []
            first = not _ended(study)
            for step, values in enumerate(parts(trial)):
                found.append(float(values.mean()))
                trial.report(float(np.mean(found)), step)
                if first and not found[0]:
                    return 0.0
                if not first and trial.should_prune():
                    raise optuna.TrialPruned
            return float(np.mean(found))

        def tell(study: optuna.Study, _: optuna.trial.FrozenTrial) -> None:
            say(f"{name} {study.best_value:.4f}")
            if time.monotonic() > ends or study.best_value <= 0:
                study.stop()

        if trials > 0 and (not earlier or (seconds > 0 and study.best_value > 0)):
            study.optimize(objective, n_trials=trials, callbacks=[tell])
        return _told(study, name, earlier)


def _ended(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _told(study: optuna.Study, name: str, earlier: int) -> Tried:
    ended = _ended(study)
    done = [one for one in ended if one.state == TrialState.COMPLETE]
    first, best = done[0], max(done, key=lambda one: (one.value or 0.0, -one.number))
    return Tried(name, best.params, best.value or 0.0, first.value or 0.0, len(ended), len(ended) - len(done), earlier)


def open_studies(folder: Path, mark: str, seed: int) -> Studies:
    """Return the studies in ``folder``.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 30}})
    except Exception as error:  # of whatever is below: SQLAlchemy, alembic, the disk
        raise ConfigError(f"{path}: no file of studies ({error}): move it away, and the search begins anew") from error
    return Studies(storage, mark, seed)
