"""OpenTelemetry: a span for each call and each of its requests, and metrics, through the API package alone."""

from __future__ import annotations

from dataclasses import field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector._version import __version__
from connector.core.exchange.asks import GetToken, SendRequest, Sleep, YieldPage
from connector.core.http_semantics import DEFAULT_PORTS
from connector.core.response.reply import Reply
from connector.first_use import dataclass
from connector.runtime.calls.observer import Observer
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from connector.core.exchange.asks import Ask
    from connector.core.response.result import Result
    from connector.runtime.calls.observer import ObservedCall

_NAME = "connector"
_REQUEST_BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)  # of the conventions
_REQUEST_LABELS = ("http.request.method", "server.address", "server.port", "url.template", "network.protocol.version")
_MAX_URL = 2_048  # characters
_SHORTEST_WAIT = 0.001  # seconds; a token at hand takes less


def instrument(tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None) -> Observer:
    """Return the observer that reports calls: `Client(..., observe=instrument())`.

    The providers are the program's global ones by default. Raises UsageError when the extra `otel` is not installed.
    """
    require("otel", "opentelemetry")
    from opentelemetry import metrics, trace

    return TelemetryObserver(
        trace.get_tracer(_NAME, __version__, tracer_provider), metrics.get_meter(_NAME, __version__, meter_provider)
    )


@dataclass(slots=True)
class _CallSpans:
    """The span of a call, the span of the request under way, and how often the request was sent before."""

    call: Span
    request: Span | None = None
    request_labels: dict[str, Any] = field(default_factory=dict)
    resend_count: int = 0
    wait_seconds: float = 0.0


class TelemetryObserver(Observer):
    """Reports calls as spans and metrics; no attribute has a secret."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._calls = meter.create_counter("connector.calls", "{call}", "Calls by action and outcome.")
        self._attempts = meter.create_counter("connector.attempts", "{request}", "Requests sent, repeats included.")
        self._requests = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_REQUEST_BOUNDARIES,
        )
        self._waits = meter.create_counter("connector.wait", "s", "Time that calls waited, by reason.")
        self._durations = meter.create_histogram("connector.call.duration", "s", "Duration of calls, waits included.")

    def begin(self, call: ObservedCall) -> None:
        """Start the span of the call."""
        call.notes[self] = _CallSpans(
            self._tracer.start_span(f"connector.call {call.action}", attributes=_describe_call(call))
        )

    def before(self, call: ObservedCall, ask: Ask) -> None:
        """Start the span of a request."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        spans = self._find_spans(call)
        if spans is None or not isinstance(ask, SendRequest):
            return
        template = call.compiled.action.path
        attributes = _describe_request(ask, template, spans.resend_count)
        spans.request_labels = {name: attributes[name] for name in _REQUEST_LABELS if name in attributes}
        spans.request = self._tracer.start_span(
            f"{ask.request.method} {template}".strip(),
            set_span_in_context(spans.call),
            SpanKind.CLIENT,
            attributes,
        )
        spans.resend_count += 1

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:
        """End the span of a request, and count a wait."""
        spans, seconds = self._find_spans(call), times[1] - times[0]
        if spans is None:
            return
        if isinstance(ask, SendRequest):
            self._end_request(call, spans, answer, seconds)
        elif isinstance(ask, Sleep):
            self._count_wait(call, spans, ask.reason, seconds)
        elif isinstance(ask, GetToken) and seconds >= _SHORTEST_WAIT:
            self._count_wait(call, spans, "token", seconds)
        elif isinstance(ask, YieldPage):
            spans.resend_count = 0  # the next page is another request

    def end(self, call: ObservedCall, outcome: Result | BaseException) -> None:
        """End the span of the call, and count it."""
        spans: _CallSpans | None = call.notes.pop(self, None)
        if spans is None:
            return
        failure = type(outcome).__name__ if isinstance(outcome, BaseException) else None
        if spans.request is not None:  # it was cut short
            _mark_as_failed(spans.request, failure or "closed")
            spans.request.end()
        labels = {**_describe_call(call), "connector.outcome": getattr(outcome, "outcome", "interrupted")}
        if failure is not None:
            labels["error.type"] = failure
            _mark_as_failed(spans.call, failure)
        spans.call.set_attributes({**labels, "connector.attempts": getattr(outcome, "attempts", 0)})
        if spans.wait_seconds:
            spans.call.set_attribute("connector.wait.seconds", spans.wait_seconds)
        spans.call.end()
        self._calls.add(1, labels)
        self._durations.record(call.measure_elapsed(), labels)

    def _find_spans(self, call: ObservedCall) -> _CallSpans | None:
        """Return what was begun; None for a call that another observer ended before its begin was seen."""
        spans: _CallSpans | None = call.notes.get(self)
        return spans

    def _end_request(self, call: ObservedCall, spans: _CallSpans, answer: Any, seconds: float) -> None:
        result: dict[str, Any] = {}
        if isinstance(answer, Reply):
            result["http.response.status_code"] = answer.status
        error_type = _find_error_type(answer)
        if spans.request is not None:
            spans.request.set_attributes(result)
            if error_type is not None:
                _mark_as_failed(spans.request, error_type)
            spans.request.end()
        spans.request = None
        if error_type is not None:
            result["error.type"] = error_type
        self._attempts.add(1, {**_describe_call(call), **result})
        self._requests.record(seconds, {**spans.request_labels, **result})

    def _count_wait(self, call: ObservedCall, spans: _CallSpans, reason: str, seconds: float) -> None:
        spans.wait_seconds += seconds
        spans.call.add_event("wait", {"connector.wait.reason": reason, "connector.wait.seconds": seconds})
        self._waits.add(seconds, {**_describe_call(call), "connector.wait.reason": reason})


def _describe_call(call: ObservedCall) -> dict[str, Any]:
    return {"connector.name": call.compiled.connector.name, "connector.action": call.action}


def _describe_request(ask: SendRequest, template: str, resend_count: int) -> dict[str, Any]:
    """Return the attributes of a request, by OpenTelemetry's semantic conventions for HTTP clients."""
    url = ask.request.full_redactor.with_secrets([ask.credential.secret]).redact_url(ask.request.url)
    parts = urlsplit(ask.request.url)
    attributes: dict[str, Any] = {
        "http.request.method": ask.request.method,
        "url.full": url[:_MAX_URL],
        "server.address": parts.hostname or "",
        "server.port": parts.port or DEFAULT_PORTS.get(parts.scheme, 0),
        "network.protocol.version": "1.1",
    }
    if template:
        attributes["url.template"] = template
    if resend_count:
        attributes["http.request.resend_count"] = resend_count
    return attributes


def _find_error_type(answer: Any) -> str | None:
    """Return what failed of a request: the status as a text, or the kind of failure; None if it succeeded."""
    if isinstance(answer, Reply):
        return str(answer.status) if answer.status >= HTTPStatus.BAD_REQUEST else None
    return str(getattr(answer, "kind", type(answer).__name__))


def _mark_as_failed(span: Span, error_type: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", error_type)
    span.set_status(Status(StatusCode.ERROR, error_type))
