"""What the service counts and times for Prometheus. Names here are the contract: dashboards and alarms are built on them.

Every label comes from the configuration, the route table or the rules file, never from a request, so that nobody can
make series without end.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from models.artifact import read_manifest
from models.errors import ArtifactError
from recsvc.asking import Answer
from recsvc.desk import Served
from recsvc.metrics_files import MetricsFiles, use_files
from recsvc.pace import Spent
from recsvc.rule_hits import RuleHits
from recsvc.serving import State
from recsvc.telemetry import Done
from recsvc.troubles import Trouble

SECONDS = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the buckets for whole requests."""
STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Those for stages."""
STORE_PARTS = ("catalogue", "store")
PARTS = ("model", "experiments", "rules", *STORE_PARTS)
"""What may not load."""
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
"""Type of metric -> what its names end in."""


class Metrics:
    """The figures of one process; with files, of all workers of the service together."""

    def __init__(self) -> None:
        self.files: MetricsFiles | None = None
        self._make()

    def share(self, files: MetricsFiles) -> None:
        """Begin anew with figures that all workers share; called in a worker, before its first request."""
        self.files = files
        use_files(files)
        self._make()

    def _make(self) -> None:
        own = self.registry = CollectorRegistry()

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"recsvc_{name}", told, labels, registry=own)

        def latest(name: str, told: str, mode: str, *labels: str) -> Gauge:
            return Gauge(f"recsvc_{name}", told, labels, registry=own, multiprocess_mode=mode)  # type: ignore[arg-type]

        self.requests = counter("requests", "Requests answered.", "route", "method", "status")
        self.seconds = Histogram(
            "recsvc_request_seconds",
            "Time from a request's arrival to its answer.",
            ("route",),
            registry=own,
            buckets=SECONDS,
        )
        self.stages = Histogram(
            "recsvc_stage_seconds", "Time of one stage of a call for carousels.", ("stage", "carousel"), registry=own,
            buckets=STAGE_SECONDS,
        )  # fmt: skip
        self.answers = counter("answers", "Carousels answered.", "carousel", "fallback", "degraded")
        self.empty = counter("answers_empty", "Carousels answered without any product.", "carousel")
        self.items = counter(
            "items", "Products answered: of the models, pinned, or of a fallback.", "carousel", "source"
        )
        self.degraded = counter("degraded", "Carousels answered without a part.", "part")
        self.refused = counter("admission_refused", "Calls that found no permit in time and got prepared lists.")
        self.rule_hits = RuleHits(
            counter("rule_hits", "Carousels that a rule held for; rules beyond the first hundred are other.", "rule")
        )
        self.events = counter(
            "events", "Events by what became of them: accepted, duplicate, refused, unavailable.", "outcome"
        )
        self.exposures = counter("exposures", "Carousels kept for results: stored, not_stored, dropped.", "outcome")
        self.followed = latest(
            "store_followed_timestamp_seconds", "When the worker furthest behind had all of the store live.", "livemin"
        )
        self.models = latest("model_info", "Workers that serve a trained version.", "livesum", "version")
        self.rules = latest("rules_info", "Workers that serve a set of rules.", "livesum", "hash")
        self.trained = latest(
            "model_created_timestamp_seconds", "When the oldest version that is live was trained.", "livemin"
        )
        self.ruled = latest(
            "rules_live_timestamp_seconds", "When the oldest set of rules that is live went live.", "livemin"
        )
        self.n_rules = latest("rules", "Rules that are live and enabled.", "livemax")
        self.troubles = latest("troubles", "Things that did not load.", "livemax", "part")
        self.workers = latest("workers", "Workers that live.", "livesum")
        self._live: State | None = None

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        if self.files is None:
            return generate_latest(self.registry)
        shared = CollectorRegistry()
        shared.register(self.files)
        return generate_latest(shared)

    def count_request(self, done: Done) -> None:
        """Count an answered request; what no route fits is told as "none"."""
        route = done.route or "none"
        self.requests.labels(route, done.method, str(done.status)).inc()
        self.seconds.labels(route).observe(done.ended - done.arrived)

    def count_served(self, served: Served, state: State) -> None:
        """Count what a call for carousels was answered."""
        for one in served.pace.spent:
            self._time(one)
        for places in served.pace.held:
            self.rule_hits.count(places, state.engine.snapshot.rules)
        for answer in served.answers:
            self._count_answer(answer)
        if served.refused:
            self.refused.inc()

    def _time(self, spent: Spent) -> None:
        self.stages.labels(spent.stage, spent.carousel).observe(spent.ended - spent.began)

    def _count_answer(self, answer: Answer) -> None:
        name = answer.carousel
        self.answers.labels(name, answer.fallback or "none", "true" if answer.degraded else "false").inc()
        if not answer.items:
            self.empty.labels(name).inc()
        sources: dict[str, int] = {}
        for item in answer.items:
            sources[item.source] = sources.get(item.source, 0) + 1
        for source, count in sources.items():
            self.items.labels(name, source).inc(count)
        for part in answer.degraded:
            self.degraded.labels(part).inc()

    def count_events(self, **outcomes: int) -> None:
        """Count the events of one call by what became of them: ``accepted``, ``duplicate``, ``refused``, ``unavailable``."""
        for outcome, count in outcomes.items():
            if count:
                self.events.labels(outcome).inc(count)

    def count_exposures(self, outcome: str, count: int) -> None:
        """Count what became of answers that were to be kept."""
        if count:
            self.exposures.labels(outcome).inc(count)

    def tell_followed(self, troubles: Sequence[Trouble]) -> None:
        """Take over that a worker looked at the store, and every trouble that it has now, with the store or not."""
        self._tell_troubles(troubles)
        if not any(one.part in STORE_PARTS for one in troubles):
            self.followed.set(time())

    def _tell_troubles(self, troubles: Sequence[Trouble]) -> None:
        for part in PARTS:
            self.troubles.labels(part).set(sum(one.part == part for one in troubles))

    def tell_live(self, state: State) -> None:
        """Take over what a worker has live now; called off the request path, after each load."""
        last, self._live = self._live, state
        for gone in set(last.models if last else ()) - set(state.models):
            _move(self.models, None, gone)
        for version in state.models:
            _move(self.models, version, None)
        _move(self.rules, state.rules_hash, last.rules_hash if last else None)
        self._tell_troubles(state.troubles)
        if last is None or state.folder != last.folder:
            self.trained.set(_created(state.folder))
        if last is None or state.rules_hash != last.rules_hash:
            self.ruled.set(time())
            self.n_rules.set(len(state.engine.snapshot.rules.rules))
            self.rule_hits.name(state.engine.snapshot.rules)
        self.workers.set(1)  # last: who is counted has told the rest


def _move(gauge: Gauge, now: str | None, before: str | None) -> None:
    """Let this process count for ``now`` and no more for ``before``."""
    if before is not None and before != now:
        gauge.labels(before).set(0)
    if now is not None:
        gauge.labels(now).set(1)


def _created(folder: Path | None) -> float:
    """Return when a version was trained, Unix seconds; 0 where there is none."""
    try:
        created = read_manifest(folder).created if folder else ""
        return datetime.fromisoformat(created).replace(tzinfo=UTC).timestamp() if created else 0.0
    except (ArtifactError, ValueError):  # deleted meanwhile, or written by hand
        return 0.0


def metric_labels(metrics: Metrics) -> dict[str, set[str]]:
    """Return the names under which the figures are exported, those of a histogram's parts too, with their labels."""
    out: dict[str, set[str]] = {}
    for one in vars(metrics).values():
        metric = one.counter if isinstance(one, RuleHits) else one
        if isinstance(metric, Counter | Gauge | Histogram):
            (family,) = metric.describe()
            for end in ENDINGS[family.type]:
                out[family.name + end] = set(metric._labelnames)
    return out
