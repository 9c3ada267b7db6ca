"""A receiver tells whoever watches it that it is alive, whether it is ready, and why it is not."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest
from support.pace import wait_until
from support.receivers import SECRET, asker, body, deliver, new_inbox_url, request, serve_admin, watched
from support.receivers import RawConnection as Raw

from connector import Receiver, errors
from connector.runtime.webhooks.admin import health
from connector.runtime.webhooks.admin.health import Health, ReadinessLimits
from connector.runtime.webhooks.inbox import TABLE, Inbox
from connector.runtime.webhooks.server import Admin, parse_address


@pytest.fixture
def inbox(tmp_path):
    one = Inbox(new_inbox_url("sqlite", tmp_path))
    yield one
    one.close()


def reasons(ask):
    status, _, content = ask("/readyz")
    data = json.loads(content)
    assert (status == 200) == data["ready"] == (data["reasons"] == [])
    return [(reason["check"], reason["message"]) for reason in data["reasons"]]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(health, "_REUSE_SECONDS", 0.0)


def test_a_receiver_that_works_is_alive_and_ready(zoom, inbox):
    receiver = Receiver(zoom, SECRET, inbox=inbox)
    receiver.on()(lambda event: None)
    with watched(receiver) as (port, ask):
        wait_until(lambda: receiver.dispatcher.deliverer == "this process")
        deliver(port, 1)
        status, headers, content = ask("/healthz")
        assert (status, json.loads(content), headers["content-type"]) == (200, {"alive": True}, "application/json")
        assert reasons(ask) == []


def test_of_two_receivers_of_an_inbox_both_are_ready_and_one_delivers(zoom, inbox, tmp_path):
    one, two = (
        Receiver(zoom, SECRET, inbox=inbox),
        Receiver(zoom, SECRET, inbox=Inbox(f"sqlite:///{tmp_path}/place/inbox.db")),
    )
    for receiver in (one, two):
        receiver.on()(lambda event: None)
    with watched(one) as (_, ask_one):
        wait_until(lambda: one.dispatcher.deliverer == "this process")
        with watched(two) as (_, ask_two):
            wait_until(lambda: two.dispatcher.deliverer == "another process")
            assert reasons(ask_one) == reasons(ask_two) == []
    two.inbox.close()


def test_too_many_events_and_one_that_is_late_are_told_with_the_limits(zoom, inbox):
    receiver = Receiver(zoom, SECRET, inbox=inbox)  # without a handler: all events wait
    with watched(receiver, max_waiting=1, max_lateness=1) as (port, ask):
        deliver(port, 1)
        assert reasons(ask) == []
        deliver(port, 2)
        (backlog,) = reasons(ask)
        assert backlog == ("backlog", "2 events wait to be delivered; the limit is 1.")
        inbox._database.run(lambda line: line.execute(TABLE.update().values(due_at=time.time() - 100)))
        assert [check for check, _ in reasons(ask)] == ["backlog", "lateness"]
        assert reasons(ask)[1][1].startswith("An event is due since 1")


def test_an_inbox_that_cannot_be_written_is_a_reason_and_deliveries_are_alive_all_the_same(zoom, inbox, tmp_path):
    receiver = Receiver(zoom, SECRET, inbox=inbox)
    with watched(receiver) as (_, ask):
        assert reasons(ask) == []
        folder = tmp_path / "place"
        folder.rename(tmp_path / "away")
        folder.write_text("not a folder")
        ((check, message),) = reasons(ask)
        assert (check, ask("/healthz")[0]) == ("inbox", 200)
        assert "inbox.db" in message
        folder.unlink()
        (tmp_path / "away").rename(folder)
        assert reasons(ask) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of a file's size")
def test_a_full_disk_that_takes_a_note_and_no_event_is_a_reason_until_a_delivery_is_kept(zoom, inbox):
    import resource

    receiver = Receiver(zoom, SECRET, inbox=inbox)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    with watched(receiver) as (port, ask):
        deliver(port, 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, unlimited[1]))
        try:
            with Raw(port) as line:
                assert line.ask(request(body(2)))[0] == 503
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        ((check, message),) = reasons(ask)  # though by now the inbox takes a commit
        assert check == "inbox"
        assert message.startswith("The last delivery was not kept: ")
        deliver(port, 2)
        assert reasons(ask) == []
        receiver.last_failure = "the disk is full", inbox.clock.time() - health.FAILURE_SECONDS - 1
        assert reasons(ask) == []


def test_an_event_loop_that_is_stuck_is_not_alive_though_its_thread_is(zoom, inbox, monkeypatch):
    monkeypatch.setattr(health, "LOOP_TIMEOUT", 0.1)
    receiver = Receiver(zoom, SECRET, inbox=inbox)
    let_go = threading.Event()
    with watched(receiver) as (_, ask):
        ask.loop().call_soon_threadsafe(let_go.wait, 30)
        status, _, content = ask("/healthz")
        assert (status, json.loads(content)["alive"]) == (503, False)
        assert reasons(ask)[0][0] == "process"
        let_go.set()
        assert ask("/healthz")[0] == 200


def test_before_it_accepts_and_when_it_was_told_to_stop_it_is_alive_and_not_ready(zoom, inbox):
    receiver, is_stopping = Receiver(zoom, SECRET, inbox=inbox), []
    state = Health([receiver], ReadinessLimits(), lambda: bool(is_stopping))
    with serve_admin(Admin("127.0.0.1:0"), state) as url:
        ask = asker(url)
        assert ask("/healthz")[0] == 200
        assert reasons(ask) == [("process", "The receiver is starting.")]
        is_stopping.append(1)
        assert reasons(ask) == [("process", "The receiver is stopping.")]


def test_it_only_reads_and_knows_no_other_path(zoom, inbox):
    with watched(Receiver(zoom, SECRET, inbox=inbox)) as (_, ask):
        assert ask("/hook")[0] == ask("/")[0] == 404
        status, headers, _ = ask("/readyz", "POST")
        assert (status, headers["allow"]) == (405, "GET, HEAD")
        status, headers, content = ask("/readyz", "HEAD")
        assert (status, content) == (200, b"")
        assert headers["cache-control"] == "no-store"


def test_deliveries_are_not_taken_on_its_address_nor_health_told_on_that_of_deliveries(zoom, inbox):
    with watched(Receiver(zoom, SECRET, inbox=inbox)) as (port, _), Raw(port) as line:
        assert line.ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 404


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:9090", ("127.0.0.1", 9090)), ("9090", ("127.0.0.1", 9090)), ("[::1]:90", ("::1", 90))],
)
def test_an_address_is_host_and_port(text, expected):
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", ["", "localhost", "::1:90", "h:-1", "h:x", "h:"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(errors.UsageError, match="is not an address"):
        parse_address(text)


@pytest.mark.parametrize("name", ["max_waiting", "max_lateness"])
def test_a_limit_below_one_is_refused(name):
    with pytest.raises(errors.UsageError, match=name):
        ReadinessLimits(**{name: 0})
