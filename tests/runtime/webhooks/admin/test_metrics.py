"""The metrics of a receiver say what came in, what waits and how handlers do, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import REGISTRY, Counter
from prometheus_client.parser import text_string_to_metric_families
from support.pace import wait_until
from support.receivers import SECRET, RawConnection, body, deliver, request, watched

from connector import Receiver
from connector.runtime.webhooks.admin.metrics import CONTENT_TYPE
from connector.runtime.webhooks.inbox import Inbox

SOURCE = "zoom.webhookReceiver"


def read(ask):
    status, headers, content = ask("/metrics")
    assert (status, headers["content-type"]) == (200, CONTENT_TYPE) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = (sample for family in text_string_to_metric_families(content.decode()) for sample in family.samples)
    return {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}


def test_what_came_in_what_waits_and_what_handlers_did_is_counted(zoom, tmp_path):
    receiver = Receiver(zoom, SECRET, inbox=f"sqlite:///{tmp_path}/place/inbox.db")

    @receiver.on()
    def handle(event):
        if event.subject == "2":
            raise ValueError("no")

    with watched(receiver) as (port, ask):
        deliver(port, 1)
        deliver(port, 2)
        with RawConnection(port) as line:
            forged = {"x-zm-signature": "v0=00", "x-zm-request-timestamp": "1"}
            assert line.ask(request(body(3), forged))[0] == 401
        wait_until(lambda: read(ask).get(("connector_webhook_handler_seconds_count", "failed", SOURCE)))
        wait_until(lambda: read(ask).get(("connector_webhook_handler_seconds_count", "done", SOURCE)))
        seen = read(ask)
    receiver.inbox.close()
    assert seen["connector_webhook_deliveries_total", "kept", SOURCE] == 2
    assert seen["connector_webhook_deliveries_total", "unsigned", SOURCE] == 1
    assert seen["connector_webhook_events_waiting", SOURCE] == 1  # the failed one
    assert seen["connector_webhook_events_due", SOURCE] == seen["connector_webhook_events_dead", SOURCE] == 0
    assert 0 < seen["connector_webhook_oldest_event_age_seconds", SOURCE] < 60
    assert seen["connector_webhook_delivers", SOURCE] == seen["connector_webhook_inbox_up", SOURCE] == 1
    assert seen[("process_start_time_seconds",)] > 0


def test_what_a_program_counts_itself_is_there_too(zoom, tmp_path):
    receiver = Receiver(zoom, SECRET, inbox=f"sqlite:///{tmp_path}/place/inbox.db")
    own = Counter("orders", "What a handler of this test counts")
    own.inc(3)
    with watched(receiver) as (_, ask):
        assert read(ask)[("orders_total",)] == 3
    REGISTRY.unregister(own)
    receiver.inbox.close()


def test_of_an_inbox_that_is_away_only_that_is_told(zoom, tmp_path):
    receiver = Receiver(zoom, SECRET, inbox=f"sqlite:///{tmp_path}/place/inbox.db")
    with watched(receiver) as (_, ask):
        (tmp_path / "place").rename(tmp_path / "away")
        (tmp_path / "place").write_text("not a folder")
        seen = read(ask)
        (tmp_path / "place").unlink()
        (tmp_path / "away").rename(tmp_path / "place")
    receiver.inbox.close()
    assert seen["connector_webhook_inbox_up", SOURCE] == 0
    assert ("connector_webhook_events_waiting", SOURCE) not in seen


def test_the_backlog_is_what_is_left_to_do(zoom, tmp_path):
    inbox = Inbox(f"sqlite:///{tmp_path}/inbox.db")
    backlog = inbox.read_backlog(SOURCE)
    assert (backlog.pending, backlog.due, backlog.dead, backlog.oldest_at, backlog.due_since) == (0, 0, 0, None, None)
    inbox.close()
