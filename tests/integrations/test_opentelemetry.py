"""Spans and metrics of calls: complete, by the conventions, without a secret."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from support.canaries import COOKIES, ECHO, PASSWORD, SPELLED
from support.servers import TOKEN, hang_up, reply

from connector import AsyncClient, Client, errors
from connector.core.response.reply import Reply
from connector.integrations import opentelemetry

READ = ("getUser", {"userId": "me"})


class Telemetry:
    """What was exported."""

    def __init__(self):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracer_provider = TracerProvider()
        tracer_provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.observer = opentelemetry.instrument(tracer_provider, MeterProvider([self.reader]))

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    @property
    def call(self):
        (span,) = [span for span in self.spans if span.parent is None]
        return span

    @property
    def requests(self):
        return [span for span in self.spans if span.parent is not None]

    def points(self, name):
        """The points of a metric: their attributes, and a sum or a count."""
        data = self.reader.get_metrics_data()
        metrics = [
            one for resource in data.resource_metrics for scope in resource.scope_metrics for one in scope.metrics
        ]
        found = [point for metric in metrics if metric.name == name for point in metric.data.data_points]
        return [
            (dict(point.attributes), getattr(point, "value", None) or getattr(point, "count", None)) for point in found
        ]


@pytest.fixture
def telemetry():
    return Telemetry()


@pytest.fixture(params=["sync", "async"])
def run(request, zoom, token_connection, server, clock, telemetry):
    """Run a call with either client."""
    options = {"base_url": server.url, "clock": clock, "observe": telemetry.observer}

    async def run_async(args, keywords):
        async with AsyncClient(zoom, token_connection, **options) as client:
            return await client.run(*args, **keywords)

    def run_it(*args, **keywords):
        if request.param == "async":
            return asyncio.run(run_async(args, keywords))
        with Client(zoom, token_connection, **options) as client:
            return client.run(*args, **keywords)

    return run_it


def test_a_call_is_a_span_with_a_span_for_its_request(run, telemetry, server):
    server.always(reply(200, {"id": "u1"}))
    run(*READ)
    (request,) = telemetry.requests
    call = telemetry.call
    assert call.name == "connector.call getUser"
    assert dict(call.attributes) == {
        "connector.name": "zoom", "connector.action": "getUser", "connector.outcome": "done", "connector.attempts": 1,
    }  # fmt: skip
    assert call.status.status_code is StatusCode.UNSET
    assert (request.parent.span_id, request.name, request.kind) == (
        call.context.span_id,
        "GET /users/{userId}",
        SpanKind.CLIENT,
    )
    host, _, port = server.url.removeprefix("http://").partition("/")[0].partition(":")
    attributes = dict(request.attributes)
    assert attributes.pop("url.full").startswith(f"{server.url}/users/me")
    assert attributes == {
        "http.request.method": "GET", "url.template": "/users/{userId}", "server.address": host, "server.port": int(port),
        "network.protocol.version": "1.1", "http.response.status_code": 200,
    }  # fmt: skip


def test_repeats_are_spans_of_the_same_call_and_waits_are_told(run, telemetry, server):
    server.then(reply(429, headers=[("Retry-After", "3")]), hang_up())
    run(*READ)
    requests = telemetry.requests
    assert [span.attributes.get("http.request.resend_count") for span in requests] == [None, 1, 2]
    assert [span.attributes.get("http.response.status_code") for span in requests] == [429, None, 200]
    assert requests[0].attributes["error.type"] == "429"
    assert requests[1].attributes["error.type"] not in ("", "NoneType")
    assert [span.status.status_code for span in requests] == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]
    waits = [event for event in telemetry.call.events if event.attributes["connector.wait.reason"] == "retry"]
    assert len(waits) == 2
    assert waits[0].attributes["connector.wait.seconds"] == pytest.approx(3, abs=0.01)
    assert telemetry.call.attributes["connector.wait.seconds"] == pytest.approx(
        sum(event.attributes["connector.wait.seconds"] for event in telemetry.call.events)
    )
    assert telemetry.call.attributes["connector.attempts"] == 3


def test_an_error_marks_the_call_and_names_its_class(run, telemetry, server):
    server.always(reply(404, {"code": 1001, "message": "no"}))
    with pytest.raises(errors.NotFound):
        run(*READ)
    assert telemetry.call.status.status_code is StatusCode.ERROR
    assert telemetry.call.attributes["error.type"] == "NotFound"
    assert telemetry.call.attributes["connector.outcome"] == "rejected"
    assert telemetry.points("connector.calls") == [
        (
            {
                "connector.name": "zoom",
                "connector.action": "getUser",
                "connector.outcome": "rejected",
                "error.type": "NotFound",
            },
            1,
        )
    ]


def test_metrics_count_calls_attempts_and_waits(run, telemetry, server):
    server.then(reply(429, headers=[("Retry-After", "3")]))
    run(*READ)
    named = {"connector.name": "zoom", "connector.action": "getUser"}
    done = {**named, "connector.outcome": "done"}
    assert telemetry.points("connector.calls") == [(done, 1)]
    attempts = {
        point["http.response.status_code"]: (point, count) for point, count in telemetry.points("connector.attempts")
    }
    assert attempts[200] == ({**named, "http.response.status_code": 200}, 1)
    assert attempts[429] == ({**named, "http.response.status_code": 429, "error.type": "429"}, 1)
    assert ({**named, "connector.wait.reason": "retry"}, pytest.approx(3, abs=0.1)) in telemetry.points(
        "connector.wait"
    )
    assert telemetry.points("connector.call.duration") == [(done, 1)]
    requests = {
        point["http.response.status_code"]: point for point, _ in telemetry.points("http.client.request.duration")
    }
    place = {"server.address": "127.0.0.1", "server.port": urlsplit(server.url).port}
    usual = {
        "http.request.method": "GET",
        "url.template": "/users/{userId}",
        "network.protocol.version": "1.1",
        **place,
    }
    assert requests[200] == {**usual, "http.response.status_code": 200}
    assert requests[429] == {**usual, "http.response.status_code": 429, "error.type": "429"}


def test_every_page_is_a_request_of_one_call(run, telemetry, server):
    server.then(
        reply(200, {"users": [{"id": 1}], "next_page_token": "t"}),
        reply(200, {"users": [{"id": 2}], "next_page_token": ""}),
    )
    run("listUsers")
    assert len(telemetry.requests) == 2
    assert all("http.request.resend_count" not in span.attributes for span in telemetry.requests)
    assert len(telemetry.points("connector.calls")) == 1


@pytest.mark.parametrize("taken", [1, 3, None])
def test_a_stream_ends_its_span_when_it_ends_or_is_closed(zoom, token_connection, server, telemetry, taken):
    server.then(
        reply(200, {"users": [{"id": 1}, {"id": 2}], "next_page_token": "t"}),
        reply(200, {"users": [{"id": 3}], "next_page_token": ""}),
    )
    with (
        Client(zoom, token_connection, base_url=server.url, observe=telemetry.observer) as client,
        client.items("listUsers") as users,
    ):
        for count, _ in enumerate(users, 1):
            if count == taken:
                break
    assert telemetry.call.attributes["connector.outcome"] == "done"


def test_a_call_that_is_interrupted_ends_both_spans(zoom, token_connection, telemetry):
    class Interrupted:
        def send(self, request, credential, deadline, sink, cancel):
            raise KeyboardInterrupt

    with (
        Client(zoom, token_connection, http=Interrupted(), observe=telemetry.observer) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.run(*READ)
    assert telemetry.call.attributes["connector.outcome"] == "interrupted"
    assert [span.attributes["error.type"] for span in telemetry.requests] == ["KeyboardInterrupt"]


def test_a_stream_that_is_closed_while_it_reads_ahead_ends_both_spans(zoom, token_connection, telemetry):
    reads_ahead, may_answer = threading.Event(), threading.Event()

    class Pages:
        def send(self, request, credential, deadline, sink, cancel):
            if "next_page_token" in request.url:
                reads_ahead.set()
                may_answer.wait(20)
            return Reply(200, (), b'{"users": [{"id": 1}], "next_page_token": "t"}')

    with Client(zoom, token_connection, http=Pages(), observe=telemetry.observer) as client:
        users = client.items("listUsers")
        next(users)
        assert reads_ahead.wait(20)
        users.close()
        may_answer.set()
    assert telemetry.call.attributes["connector.outcome"] == "done"
    assert [span.attributes.get("error.type") for span in telemetry.requests] == [None, "closed"]


def test_no_span_and_no_metric_has_a_secret(run, telemetry, server, zoom, token_connection):
    server.always(reply(400, ECHO, headers=COOKIES))
    raw = {"method": "POST", "url": "/users", "data": {"password": PASSWORD}}
    raw["queryParams"] = {"access_token": TOKEN, "pwd": "joincanary"}
    for attempt in (
        lambda: run(*READ),
        lambda: run("createMeeting", {"userId": "me", "topic": TOKEN, "password": PASSWORD}),
        lambda: run("rawRequest", raw),
    ):
        with pytest.raises(errors.ConnectorError):
            attempt()
    shown = [span.to_json() for span in telemetry.spans]
    shown += [
        str(point)
        for name in ("connector.calls", "connector.attempts", "connector.wait")
        for point in telemetry.points(name)
    ]
    found = [(secret, text) for text in shown for secret in SPELLED if secret in text]
    assert len(telemetry.requests) == 3
    assert found == []
    assert base64.b64encode(TOKEN.encode()).decode() not in "".join(shown)


def test_the_global_providers_are_the_default(zoom, token_connection, server):
    with Client(zoom, token_connection, base_url=server.url, observe=opentelemetry.instrument()) as client:
        assert client.run(*READ).outcome == "done"


def test_without_the_package_the_extra_is_named():
    script = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'opentelemetry' else find(name, *rest)\n"
        "from connector.integrations.opentelemetry import instrument\n"
        "try: instrument()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("UsageError The package opentelemetry is not installed")
    assert "otel" in done.stdout
