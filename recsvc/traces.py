"""Traces for OpenTelemetry: a span a request and one a stage, sent by OTLP; nothing at all unless it is asked for.

The standard ``OTEL_`` variables ask for it, and the extra ``recsvc[otel]`` brings the libraries. Spans are made when the
answer is there, from times that were kept anyway: a request that nobody traces pays nothing. The instrumentation that
OpenTelemetry has for Flask would put addresses with shoppers' ids into spans; these hold no id, key or body.
"""

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from recsvc.telemetry import Done, write_line

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
FAULT = 500
"""From this status on an answer is a fault of the service, and its span an error: collectors count and keep these."""
STOP_MS = 2_000
"""What is left to send gets this long when the worker ends."""


def asked_for(environ: Mapping[str, str]) -> bool:
    """Return whether the environment asks for traces: it names where to send them, or the exporter ``otlp``."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip()
    return exporter == "otlp" or (not exporter and any(environ.get(name) for name in ENDPOINTS))


def protocol_of(environ: Mapping[str, str]) -> str:
    """Return the protocol that the environment asks for."""
    return next((environ[name] for name in PROTOCOLS if environ.get(name)), PROTOCOL)


class Traces:
    """The traces of one process; silent until ``start``."""

    def __init__(self) -> None:
        self._provider: TracerProvider | None = None

    def start(self, environ: Mapping[str, str] = os.environ) -> None:
        """Begin to send where the environment asks for it; called in a worker, since its thread lives through no fork."""
        if not asked_for(environ):
            return
        if (asked := protocol_of(environ)) != PROTOCOL:
            _tell(f"OTLP by {asked!r} is not spoken here: set OTEL_EXPORTER_OTLP_PROTOCOL={PROTOCOL}")
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            _tell(f"{error}: pip install 'recsvc[otel]', or unset the OTEL_ variables")
            return

        named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        provider = TracerProvider(resource=Resource.create({} if named else {"service.name": "recsvc"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._provider = provider

    def stop(self) -> None:
        """Send what is left, for a moment."""
        if self._provider is not None:
            self._provider.force_flush(STOP_MS)
            self._provider.shutdown()

    def record(self, done: Done) -> str | None:
        """Make the spans of a request; return its trace's id, 32 hex digits, or None where it is not traced."""
        if self._provider is None or done.route is None or not done.route.startswith("/v1/"):
            return None
        from opentelemetry.trace import SpanKind, StatusCode, format_trace_id, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        shift = time.time_ns() - int(time.perf_counter() * 1e9)
        tracer = self._provider.get_tracer("recsvc")
        span = tracer.start_span(
            f"{done.method} {done.route}",
            context=TraceContextTextMapPropagator().extract(dict(done.trace_headers)),
            kind=SpanKind.SERVER,
            attributes=_attributes(done),
            start_time=shift + int(done.arrived * 1e9),
        )
        if not span.is_recording():
            return None
        if done.status >= FAULT:
            span.set_status(StatusCode.ERROR)
        inside = set_span_in_context(span)
        for one in done.spent:
            stage = tracer.start_span(
                one.stage,
                context=inside,
                attributes={"recsvc.carousel": one.carousel},
                start_time=shift + int(one.began * 1e9),
            )
            stage.end(shift + int(one.ended * 1e9))
        span.end(shift + int(done.ended * 1e9))
        return format_trace_id(span.get_span_context().trace_id)


def _tell(cause: str) -> None:
    write_line({"event": "trouble", "part": "traces", "cause": cause})


def _attributes(done: Done) -> dict[str, str | int | list[str]]:
    out: dict[str, str | int | list[str]] = {
        "http.request.method": done.method,
        "http.route": done.route or "",
        "http.response.status_code": done.status,
        "recsvc.request_id": done.request_id,
    }
    seen = {f"recsvc.{name}": done.seen.get(name) for name in ("carousel", "model", "fallback", "degraded")}
    if done.status >= FAULT:
        out["error.type"] = str(done.status)
    return out | {name: value for name, value in seen.items() if value}
