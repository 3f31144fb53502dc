"""Traces: what a collector really receives over HTTP, and that nothing is sent unless it is asked for."""

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from service_helpers import log_lines

from recsvc.pace import STAGES
from recsvc.telemetry import Done
from recsvc.traces import Traces, asked_for, protocol_of
from running import COMES_WITHIN, serving, wait_until
from sample_shop import plain_environment
from tiny_shop import TinyShop

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@dataclass
class Collector:
    """An OTLP collector: it keeps the spans that are sent to it."""

    port: int = 0
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    raw: bytes = b""

    def take(self, body: bytes) -> None:
        """Keep what one call brings."""
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            told = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.services.add(told["service.name"])
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Span]:
        """Return the spans called ``name``."""
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens on a free port."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            kept.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def ask(port: int, path: str, **headers: str) -> None:
    """Ask once; header names with underscores for dashes."""
    connection = HTTPConnection("127.0.0.1", port, timeout=COMES_WITHIN)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    connection.getresponse().read()
    connection.close()


def attributes(span: Span) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


def test_a_collector_gets_a_span_a_request_and_one_a_stage_below_the_callers(
    tiny_shop: TinyShop, collector: Collector
) -> None:
    """W3C's traceparent is taken over, and the log line names the trace; no shopper, no key, no address is in a span."""
    given = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}", "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_SERVICE_NAME": "shop-window", "RECSVC_KEYS": "public:the-storefronts-key",
    }  # fmt: skip
    path = "/v1/carousels/for-you?user_id=w0&product_id=00502&visitor_id=secret-visitor"
    with serving(tiny_shop.folder, **given) as service:
        ask(service.port, path, traceparent=f"00-{TRACE}-{PARENT}-01", X_Api_Key="the-storefronts-key")
        wait_until(lambda: len(collector.spans) == 1 + len(STAGES))
        lines = log_lines("\n".join(one for one in service.log.read_text().splitlines() if one.startswith("{")))
    (whole,) = collector.named("GET /v1/carousels/<carousel>")
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, PARENT)
    told = attributes(whole)
    assert told["recsvc.carousel"] == "for-you" and told["recsvc.model"] and whole.kind == Span.SPAN_KIND_SERVER
    for stage in STAGES:
        (span,) = collector.named(stage)
        assert (span.trace_id.hex(), span.parent_span_id) == (TRACE, whole.span_id)
        assert (
            whole.start_time_unix_nano
            <= span.start_time_unix_nano
            <= span.end_time_unix_nano
            <= whole.end_time_unix_nano
        )
    assert abs(whole.end_time_unix_nano / 1e9 - time.time()) < 600
    assert collector.services == {"shop-window"}
    for secret in (b"w0", b"00502", b"secret-visitor", b"the-storefronts-key", b"user_id"):
        assert secret not in collector.raw
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["trace_id"] == TRACE


def test_what_the_caller_does_not_sample_and_what_is_no_traffic_is_not_sent(
    tiny_shop: TinyShop, collector: Collector
) -> None:
    """What is left at the end of the service is sent before it goes."""
    given = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://127.0.0.1:{collector.port}/v1/traces"}
    with serving(tiny_shop.folder, **given) as service:
        ask(service.port, "/v1/carousels/for-you", traceparent=f"00-{TRACE}-{PARENT}-00")
        ask(service.port, "/healthz")
        ask(service.port, "/metrics")
        ask(service.port, "/v1/carousels/bestsellers?size=2", traceparent="broken")
        assert service.stop() == 0
    assert {attributes(one).get("recsvc.carousel") for one in collector.spans} == {"bestsellers"}
    assert len(collector.spans) == 1 + len(STAGES) and collector.services == {"recsvc"}


def test_a_fault_of_the_service_is_an_error_and_a_wrong_request_is_none(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Collectors count errors by it, and keep their traces; a refused body is the caller's."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
    traces = Traces()
    traces.start()
    for status in (202, 422, 503):
        traces.record(Done("POST", "/v1/events", status, 1.0, 1.1, "a-request", {}, (), {}))
    traces.stop()
    told = [(one.status.code, attributes(one).get("error.type")) for one in collector.named("POST /v1/events")]
    assert told == [(Status.STATUS_CODE_UNSET, None)] * 2 + [(Status.STATUS_CODE_ERROR, "503")]


def test_a_collector_that_is_gone_costs_no_answer_and_no_end(tiny_shop: TinyShop) -> None:
    with serving(tiny_shop.folder, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as service:
        assert all(service.carousel("for-you")["items"] for _ in range(5))
        assert service.stop() == 0


def test_traces_that_cannot_be_made_are_told_and_the_service_serves(tiny_shop: TinyShop) -> None:
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with serving(tiny_shop.folder, **given) as service:
        assert service.carousel("for-you")["items"]
        assert "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in service.log.read_text()


def test_traces_without_the_extra_are_told_with_what_to_install(tiny_shop: TinyShop, tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text("import sys\nsys.modules['opentelemetry.sdk'] = None\n")
    given = {"OTEL_TRACES_EXPORTER": "otlp", "PYTHONPATH": str(tmp_path / "python")}
    with serving(tiny_shop.folder, **given) as service:
        assert service.carousel("for-you")["items"]
        assert "pip install 'recsvc[otel]'" in service.log.read_text()


def test_nothing_of_opentelemetry_is_loaded_unless_it_is_asked_for() -> None:
    code = "import recsvc.wsgi, recsvc.app, sys; sys.exit(any('opentelemetry' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=plain_environment()).returncode == 0


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, False),
        ({"OTEL_SERVICE_NAME": "shop"}, False),
    ],
)
def test_the_standard_variables_ask_for_traces(environ: dict[str, str], wanted: bool) -> None:
    assert asked_for(environ) is wanted


def test_the_protocol_of_traces_goes_before_that_of_all() -> None:
    assert protocol_of({}) == "http/protobuf"
    both = {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    assert protocol_of(both) == "http/protobuf"
    assert protocol_of({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) == "grpc"
