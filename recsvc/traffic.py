"""Traffic as /metrics tells it: what the time between two readings, or since the start, comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
API = "/v1/"
"""Routes that are traffic; the others are health checks and readings like this one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of /metrics."""

    values: Mapping[tuple[str, Labels], float] = field(default_factory=dict)
    """By name and labels."""

    @classmethod
    def of(cls, text: str) -> "Reading":
        """Return the reading in Prometheus's text format; raises ValueError where it is none."""
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return cls({(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples})

    def since(self, before: "Reading") -> "Reading":
        """Return what was added after ``before``; a counter that fell began anew in between."""
        gone = {key: value - before.values.get(key, 0.0) for key, value in self.values.items()}
        return Reading({key: max(value, 0.0) for key, value in gone.items()})

    def each(self, name: str) -> Iterable[tuple[dict[str, str], float]]:
        """Yield labels and value of every series called ``name``."""
        return ((dict(labels), value) for (one, labels), value in self.values.items() if one == name)

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the series called ``name`` that have these labels."""
        return sum(value for told, value in self.each(name) if labels.items() <= told.items())


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the storefront asked for and got; None: nothing to tell it from."""

    requests: int
    requests_per_second: float | None
    p50_ms: float | None
    p99_ms: float | None
    failed_share: float | None
    """5xx of the requests."""
    degraded_share: float | None
    """Carousels that went without a part."""
    fallback_share: float | None
    """Carousels that a fallback had to fill up."""
    refused: int
    """Calls that found no permit."""


def traffic(reading: Reading, seconds: float | None) -> Traffic:
    """Return what a reading comes to; ``seconds`` is the time that it covers, None where that is not known."""
    status = [(told["status"], n) for told, n in reading.each("recsvc_requests_total") if told["route"].startswith(API)]
    requests = sum(n for _, n in status)
    answers = reading.total("recsvc_answers_total")
    plain = reading.total("recsvc_answers_total", fallback="none")
    buckets = _buckets(reading)
    return Traffic(
        requests=int(requests),
        requests_per_second=None if not seconds else round(requests / seconds, 2),
        p50_ms=quantile(buckets, 0.5),
        p99_ms=quantile(buckets, 0.99),
        failed_share=_share(sum(n for code, n in status if code.startswith("5")), requests),
        degraded_share=_share(reading.total("recsvc_answers_total", degraded="true"), answers),
        fallback_share=_share(answers - plain, answers),
        refused=int(reading.total("recsvc_admission_refused_total")),
    )


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 5) if whole else None


def _buckets(reading: Reading) -> list[tuple[float, float]]:
    """Return (upper bound in seconds, requests up to it), ascending, over all routes of the API."""
    sums: dict[float, float] = {}
    for told, value in reading.each("recsvc_request_seconds_bucket"):
        if told["route"].startswith(API):
            bound = float(told["le"])
            sums[bound] = sums.get(bound, 0.0) + value
    return sorted(sums.items())


def quantile(buckets: list[tuple[float, float]], share: float) -> float | None:
    """Return the milliseconds that ``share`` of the requests stay below, by the straight line through their bucket.

    Beyond the last bound it is that bound, as Prometheus's ``histogram_quantile`` has it; None without requests.
    """
    if not buckets or not buckets[-1][1]:
        return None
    rank, low, below = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            inside = (rank - below) / (count - below) if count > below else 1.0
            return round(1000 * (low if bound == inf else low + (bound - low) * inside), 3)
        low, below = bound, count
    return None
