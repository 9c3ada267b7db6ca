"""Metrics of receivers for Prometheus; what an inbox holds is read when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from connector._version import __version__
from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric

    from connector.runtime.webhooks.admin.health import Health
    from connector.runtime.webhooks.inbox import Backlog
    from connector.runtime.webhooks.receiver import Receiver

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_PREFIX = "connector_webhook"
_SECONDS_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class ReceiverMetrics:
    """The metrics of the receivers of a process, and what else the process counts in Prometheus' default registry."""

    def __init__(self, health: Health) -> None:
        self._receivers = health.receivers
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._durations = Histogram(
            f"{_PREFIX}_handler_seconds",
            "Time that the handlers of an event took, by how it ended",
            ["source", "result"],
            buckets=_SECONDS_BUCKETS,
            registry=self._registry,
        )
        for receiver in self._receivers:
            receiver.handlers.observers.append(self._make_observer(receiver.source.name))

    def render(self) -> bytes:
        """Return all metrics in the text format 0.0.4."""
        return generate_latest(self._registry) + generate_latest(REGISTRY)

    def collect(self) -> Iterator[Metric]:
        """Yield what is read from the receivers and their inboxes."""
        build = GaugeMetricFamily("connector_build_info", "The version of the package", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        deliveries = CounterMetricFamily(
            f"{_PREFIX}_deliveries", "Requests that were answered, by what came of them", labels=["source", "outcome"]
        )
        for receiver in self._receivers:
            for outcome, count in sorted(dict(receiver.counts).items()):
                deliveries.add_metric([receiver.source.name, outcome], count)
        yield deliveries
        yield from self._collect_inboxes()

    def _collect_inboxes(self) -> Iterator[Metric]:
        gauges = {
            name: GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=["source"])
            for name, text in (
                ("delivers", "Whether this process is the one that delivers the events"),
                ("inbox_up", "Whether the inbox could be read"),
                ("events_waiting", "Events to deliver, with those that wait after a failure"),
                ("events_due", "Events whose delivery should have begun"),
                ("events_dead", "Events that no attempt will be made for, until they are replayed"),
                ("oldest_event_age_seconds", "Time since the oldest event to deliver came"),
                ("lateness_seconds", "Time since the first due event should have been delivered"),
            )
        }
        for receiver in self._receivers:
            for name, value in _read_gauges(receiver).items():
                gauges[name].add_metric([receiver.source.name], value)
        yield from gauges.values()

    def _make_observer(self, source: str) -> Callable[[float, str], None]:
        done, failed = (self._durations.labels(source, result) for result in ("done", "failed"))

        def observe(seconds: float, reason: str) -> None:
            (failed if reason else done).observe(seconds)

        return observe


def _read_gauges(receiver: Receiver) -> dict[str, float]:
    """Return the gauges of a receiver; of an inbox that cannot be read, nothing is known."""
    dispatcher = receiver.dispatcher
    gauges: dict[str, float] = {"delivers": bool(dispatcher and dispatcher.deliverer == "this process")}
    try:
        backlog = receiver.inbox.read_backlog(receiver.source.name)
    except StoreError:
        return {**gauges, "inbox_up": 0}
    return {**gauges, "inbox_up": 1, **_measure(backlog, receiver.inbox.clock.time())}


def _measure(backlog: Backlog, now: float) -> dict[str, float]:
    return {
        "events_waiting": backlog.pending,
        "events_due": backlog.due,
        "events_dead": backlog.dead,
        "oldest_event_age_seconds": max(0.0, now - (backlog.oldest_at or now)),
        "lateness_seconds": max(0.0, now - (backlog.due_since or now)),
    }
