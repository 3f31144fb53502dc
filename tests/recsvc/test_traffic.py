"""Traffic from readings of /metrics, on numbers small enough to check by hand."""

import pytest

from recsvc.traffic import Reading, quantile, traffic

FIRST = """
recsvc_requests_total{route="/v1/carousels/<carousel>",method="GET",status="200"} 10
recsvc_requests_total{route="/healthz",method="GET",status="200"} 500
recsvc_request_seconds_bucket{route="/v1/carousels/<carousel>",le="0.01"} 10
recsvc_request_seconds_bucket{route="/v1/carousels/<carousel>",le="+Inf"} 10
recsvc_request_seconds_bucket{route="/healthz",le="0.01"} 500
recsvc_request_seconds_bucket{route="/healthz",le="+Inf"} 500
recsvc_answers_total{carousel="for-you",fallback="none",degraded="false"} 10
recsvc_admission_refused_total 0
"""
SECOND = """
recsvc_requests_total{route="/v1/carousels/<carousel>",method="GET",status="200"} 28
recsvc_requests_total{route="/v1/carousels/<carousel>",method="GET",status="500"} 2
recsvc_requests_total{route="/healthz",method="GET",status="200"} 900
recsvc_request_seconds_bucket{route="/v1/carousels/<carousel>",le="0.01"} 20
recsvc_request_seconds_bucket{route="/v1/carousels/<carousel>",le="0.02"} 30
recsvc_request_seconds_bucket{route="/v1/carousels/<carousel>",le="+Inf"} 30
recsvc_answers_total{carousel="for-you",fallback="none",degraded="false"} 25
recsvc_answers_total{carousel="for-you",fallback="bestsellers",degraded="true"} 5
recsvc_admission_refused_total 4
"""


def test_between_two_readings_only_what_came_in_between_counts() -> None:
    """Twenty requests in four seconds, two of them failed, a quarter of the carousels degraded; health checks are none."""
    told = traffic(Reading.of(SECOND).since(Reading.of(FIRST)), 4)
    assert (told.requests, told.requests_per_second) == (20, 5.0)
    assert (told.failed_share, told.degraded_share, told.fallback_share) == (0.1, 0.25, 0.25)
    assert told.refused == 4
    assert told.p50_ms == 10.0


def test_a_counter_that_fell_began_anew_and_nothing_is_below_zero() -> None:
    told = traffic(Reading.of(FIRST).since(Reading.of(SECOND)), 1)
    assert told.requests == 0 and told.p50_ms is None and told.degraded_share is None


def test_without_a_time_there_is_no_rate() -> None:
    assert traffic(Reading.of(FIRST), None).requests_per_second is None


@pytest.mark.parametrize(("share", "ms"), [(0.25, 5.0), (0.5, 10.0), (0.75, 15.0), (0.9, 18.0), (0.99, 19.8)])
def test_a_quantile_lies_on_the_line_through_its_bucket(share: float, ms: float) -> None:
    """Of a hundred requests, half up to 10 ms and half from there to 20."""
    assert quantile([(0.01, 50.0), (0.02, 100.0), (float("inf"), 100.0)], share) == pytest.approx(ms)


def test_beyond_the_last_bound_a_quantile_is_that_bound() -> None:
    assert quantile([(0.5, 1.0), (float("inf"), 10.0)], 0.9) == 500.0
    assert quantile([], 0.5) is None


def test_what_is_no_reading_is_refused() -> None:
    with pytest.raises(ValueError):
        Reading.of("<html>not ours</html>")
