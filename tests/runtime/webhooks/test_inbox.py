"""A stored event survives any crash, once, for at least a day; a failure is reported and undoes nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import stat
import threading
from concurrent.futures import wait
from pathlib import Path

import pytest
from support import private_postgres
from support.pace import PATIENCE
from support.processes.forked import Sibling
from support.receivers import SECRET, body, sign
from support.servers import GivenClock

from connector import errors, verify_webhook
from connector.runtime.database import group_commit
from connector.runtime.webhooks import inbox as inboxes
from connector.runtime.webhooks.inbox import TABLE, Inbox

C = TABLE.c
SOURCE = "meetings"


@pytest.fixture
def open_inbox(clock):
    inboxes = []

    def make(url, **options):
        inboxes.append(Inbox(url, **{"clock": clock, **options}))
        return inboxes[-1]

    yield make
    for one in inboxes:
        one.close()


def event(zoom, number, **how):
    content = body(number, **how)
    return verify_webhook(zoom, SECRET, sign(content, at=1000), content, now=1000.0)


def put_events(inbox, *events, source=SOURCE):
    futures = [inbox.put(one, source) for one in events]
    for one in futures:
        one.result(PATIENCE)


def all_events(inbox):
    return inbox.find(C.id > 0, 1000)


def update_event(inbox, one, state="delivered", **how):
    from dataclasses import replace

    inbox.update_state(replace(one, state=state, attempts=one.attempts + 1, **how)).result(PATIENCE)


def test_what_is_kept_is_there_for_others_whole(open_inbox, url, zoom, clock):
    one = event(zoom, 7)
    put_events(open_inbox(url), one)
    (found,) = all_events(open_inbox(url))
    assert (found.key, found.body, found.name, found.subject) == (one.key, one.raw, "meeting.started", "7")
    assert (found.source, found.trigger, found.state, found.attempts) == (SOURCE, one.trigger, "pending", 0)
    assert found.received_at == found.due_at == clock.time()


def test_a_copy_is_kept_once_and_another_source_keeps_its_own(open_inbox, url, zoom):
    inbox = open_inbox(url)
    put_events(inbox, event(zoom, 1), event(zoom, 1), event(zoom, 2))
    put_events(inbox, event(zoom, 1))
    put_events(inbox, event(zoom, 1), source="other")
    assert [(one.source, one.subject) for one in all_events(inbox)] == [(SOURCE, "1"), (SOURCE, "2"), ("other", "1")]


def test_many_that_come_during_a_commit_share_the_next(open_inbox, url, zoom, monkeypatch):
    inbox, commits, go = open_inbox(url), [], threading.Event()
    inbox.open()
    write = inboxes._write

    def slow(things, connection):
        commits.append(len(things))
        go.wait(PATIENCE)
        write(things, connection)

    monkeypatch.setattr(inboxes, "_write", slow)
    monkeypatch.setattr(inboxes, "MAX_COMMIT_EVENTS", 50)
    futures = [inbox.put(event(zoom, 0), SOURCE)]
    while not commits:
        pass
    futures += [inbox.put(event(zoom, number), SOURCE) for number in range(1, 121)]
    assert not any(one.done() for one in futures), "done before it was durable"
    go.set()
    assert not wait(futures, PATIENCE).not_done
    assert commits == [1, 50, 50, 20]
    assert len(all_events(inbox)) == 121


def test_a_database_that_fails_is_told_and_the_next_commit_may_succeed(open_inbox, url, zoom, monkeypatch):
    inbox, fail = open_inbox(url), [True]
    write = inboxes._write

    def failing(things, connection):
        write(things, connection)
        if fail:
            fail.pop()
            raise ValueError("a mistake of our own")

    monkeypatch.setattr(inboxes, "_write", failing)
    with pytest.raises(errors.StoreError, match="ValueError"):
        put_events(inbox, event(zoom, 1))
    assert all_events(inbox) == [], "half of a failed commit is there"
    put_events(inbox, event(zoom, 2))
    assert [one.subject for one in all_events(inbox)] == ["2"]


def test_a_lost_connection_fails_what_was_under_way_and_a_new_one_goes_on(open_inbox, zoom):
    url = private_postgres.fresh()
    inbox = open_inbox(url)
    put_events(inbox, event(zoom, 1))
    private_postgres.execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    with pytest.raises(errors.StoreError) as caught:
        put_events(inbox, event(zoom, 2))
    assert private_postgres.PASSWORD not in str(caught.value)
    put_events(inbox, event(zoom, 2))
    assert [one.subject for one in all_events(inbox)] == ["1", "2"]


def test_a_database_that_is_not_there_at_first_is_told_and_used_once_it_is(open_inbox, tmp_path, zoom):
    (tmp_path / "place").write_text("no folder")
    inbox = open_inbox(f"sqlite:///{tmp_path}/place/inbox.db")
    with pytest.raises(errors.StoreError):
        inbox.open()
    with pytest.raises(errors.StoreError):
        put_events(inbox, event(zoom, 1))
    (tmp_path / "place").unlink()
    put_events(inbox, event(zoom, 1))
    assert len(all_events(inbox)) == 1


def fill(pipe, url, zoom_size):
    """Store events while files cannot grow, and again when they can; report what happened."""
    from connector import Connector

    zoom, inbox, told = Connector.open(), Inbox(url), []
    put_events(inbox, event(zoom, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (zoom_size, hard))
    for number in range(1, 41):
        try:
            put_events(inbox, event(zoom, number, topic="t" * 10_000))
            told.append(number)
        except errors.StoreError as error:
            told.append(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    put_events(inbox, event(zoom, 99))
    inbox.close()
    return told


def test_a_full_disk_is_told_each_time_and_what_was_answered_is_there(open_inbox, sqlite):
    told = Sibling(fill, sqlite, 200_000).end()
    refused = [one for one in told if isinstance(one, errors.StoreError)]
    answered = [one for one in told if not isinstance(one, errors.StoreError)]
    assert refused
    assert answered
    assert all("space" in str(one) or "full" in str(one) for one in refused), refused
    assert {one.subject for one in all_events(open_inbox(sqlite))} == {"0", *map(str, answered), "99"}


def test_more_than_memory_holds_is_refused_at_once(open_inbox, sqlite, zoom, monkeypatch):
    inbox, begun, go = open_inbox(sqlite), threading.Event(), threading.Event()
    write = inboxes._write

    def slow(things, connection):
        begun.set()
        go.wait(PATIENCE)
        write(things, connection)

    monkeypatch.setattr(inboxes, "_write", slow)
    monkeypatch.setattr(group_commit, "MAX_PENDING_BYTES", 100_000)
    big = [event(zoom, number, topic="t" * 20_000) for number in range(6)]
    futures = [inbox.put(one, SOURCE) for one in big]
    begun.wait(PATIENCE)
    refused = [one for one in futures if one.done()]
    assert refused == futures[4:], "what is under way counts too"
    assert refused[0].exception().retryable
    go.set()
    wait(futures, PATIENCE)
    put_events(inbox, big[5])
    assert [one.subject for one in all_events(inbox)] == ["0", "1", "2", "3", "5"]


def test_a_closed_inbox_has_written_all_and_takes_no_more(open_inbox, url, zoom):
    inbox = open_inbox(url)
    futures = [inbox.put(event(zoom, number), SOURCE) for number in range(50)]
    inbox.close()
    assert all(one.done() and one.exception() is None for one in futures)
    with pytest.raises(errors.StoreError, match="closed"):
        put_events(inbox, event(zoom, 50))
    assert len(all_events(inbox)) == 50
    inbox.close()


def test_a_forked_child_keeps_events_too(open_inbox, url, zoom):
    inbox = open_inbox(url)
    put_events(inbox, event(zoom, 1))
    child = multiprocessing.get_context("fork").Process(target=lambda: put_events(inbox, event(zoom, 2)))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == 0
    put_events(inbox, event(zoom, 3))
    assert sorted(one.subject for one in all_events(inbox)) == ["1", "2", "3"]


def test_what_is_due_comes_longest_due_first_and_without_what_is_under_way(open_inbox, url, zoom, clock):
    inbox = open_inbox(url)
    for number in (1, 2, 3):
        clock.passed += 1
        put_events(inbox, event(zoom, number))
    put_events(inbox, event(zoom, 4), source="other")
    one, two, three = inbox.read_due(SOURCE, 10)
    assert [one.subject, two.subject, three.subject] == ["1", "2", "3"]
    assert [found.subject for found in inbox.read_due(SOURCE, 1)] == ["1"]
    assert [found.subject for found in inbox.read_due(SOURCE, 10, [one.id])] == ["2", "3"]
    update_event(inbox, one, "pending", due_at=clock.time() + 5)
    assert [found.subject for found in inbox.read_due(SOURCE, 10)] == ["2", "3"]
    clock.passed += 5
    assert [found.subject for found in inbox.read_due(SOURCE, 10)] == ["2", "3", "1"]


def test_in_order_an_event_waits_for_the_older_ones_of_its_subject_and_no_other(open_inbox, url, zoom, clock):
    inbox = open_inbox(url)
    put_events(inbox, *(event(zoom, number, about=about) for number, about in enumerate("aabb")))
    put_events(inbox, event(zoom, 9, about="b"), source="other")
    first_a, second_a, first_b, second_b = inbox.read_due(SOURCE, 10)
    due = lambda: [one.id for one in inbox.read_due(SOURCE, 10, ordered=True)]  # noqa: E731
    assert due() == [first_a.id, first_b.id]
    update_event(inbox, first_a, "pending", due_at=clock.time() + 100)
    assert due() == [first_b.id], "it waits for the one that failed"
    update_event(inbox, first_b)
    assert due() == [second_b.id]
    clock.passed += 100
    assert sorted(due()) == [first_a.id, second_b.id]
    update_event(inbox, first_a, "dead")
    assert second_a.id in due(), "a dead one holds nobody up"


def test_what_one_has_settled_stays_when_another_is_late(open_inbox, url, zoom):
    inbox = open_inbox(url)
    put_events(inbox, event(zoom, 1))
    (one,) = inbox.read_due(SOURCE, 1)
    update_event(inbox, one)
    update_event(inbox, one, "pending", due_at=0.0, error="late")
    (found,) = all_events(inbox)
    assert (found.state, found.error, found.attempts) == ("delivered", "", 1)


def test_replayed_events_are_due_again_from_the_first_attempt(open_inbox, url, zoom, clock):
    inbox = open_inbox(url)
    put_events(inbox, event(zoom, 1), event(zoom, 2))
    one, two = inbox.read_due(SOURCE, 2)
    update_event(inbox, one)
    update_event(inbox, two, "dead", error="broken")
    assert inbox.counts() == {"delivered": 1, "dead": 1}
    assert inbox.read_due(SOURCE, 2) == []
    assert inbox.replay(C.state == "dead") == 1
    (again,) = inbox.read_due(SOURCE, 2)
    assert (again.subject, again.attempts, again.error) == ("2", 0, "")
    assert inbox.counts() == {"delivered": 1, "pending": 1}


def test_a_copy_is_known_for_the_window_and_the_table_stays_bounded(open_inbox, url, zoom, clock, monkeypatch):
    monkeypatch.setattr(inboxes, "PURGE_BATCH", 2)
    inbox = open_inbox(url, window=86_400.0)
    put_events(inbox, *(event(zoom, number) for number in range(5)))
    for one in inbox.read_due(SOURCE, 4):
        update_event(inbox, one, "dead" if one.subject == "3" else "delivered", due_at=clock.time())
    clock.passed += 86_400.0
    assert inbox.purge(SOURCE) == 0
    put_events(inbox, event(zoom, 0))
    assert len(all_events(inbox)) == 5
    clock.passed += 1.0
    assert inbox.purge("other") == 0
    assert [inbox.purge(SOURCE) for _ in range(3)] == [2, 1, 0]
    assert [(one.subject, one.state) for one in all_events(inbox)] == [("3", "dead"), ("4", "pending")], (
        "what waits was forgotten"
    )


def test_a_window_shorter_than_a_day_is_refused(sqlite):
    for window in (0.0, 86_399.0, float("nan")):
        with pytest.raises(errors.UsageError, match="window"):
            Inbox(sqlite, window=window)


def deliver_until_stopped(pipe, url):
    with Inbox(url).delivery_lock(SOURCE, 5.0):
        pipe.send("delivering")
        pipe.recv()


def test_one_process_delivers_a_source_until_it_ends_however_it_does(open_inbox, url):
    inbox = open_inbox(url, clock=None)
    other = Sibling(deliver_until_stopped, url)
    assert other.hear() == "delivering"
    with pytest.raises(errors.StoreError) as caught, inbox.delivery_lock(SOURCE, 0.05):
        pass
    assert caught.value.retryable
    with inbox.delivery_lock("other", 5.0):
        pass
    other.kill()
    with inbox.delivery_lock(SOURCE, PATIENCE):
        pass


def test_the_file_of_an_inbox_is_its_owners_alone_and_a_password_does_not_show(open_inbox, sqlite, zoom):
    put_events(open_inbox(sqlite), event(zoom, 1))
    path = Path(sqlite.removeprefix("sqlite:///"))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    shown = repr(Inbox("postgresql://me:canary-pass@127.0.0.1:1/db?sslpassword=canary-more"))
    assert "canary" not in shown
    with pytest.raises(errors.StoreError) as caught:
        Inbox("postgresql://me:canary-pass@127.0.0.1:1/db", clock=GivenClock()).open()
    assert "canary" not in str(caught.value)


def test_a_look_for_what_is_due_does_not_read_what_was_delivered(open_inbox, sqlite, zoom):
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    inbox = open_inbox(sqlite)
    put_events(inbox, event(zoom, 1))
    asked = []
    run = inbox._database.run

    def noting(work, safe=""):
        def explained(connection):
            from sqlalchemy import event as hooks

            hooks.listen(connection, "before_cursor_execute", lambda *it: asked.append((it[2], it[3])))
            return work(connection)

        return run(explained)

    inbox._database.run = noting
    inbox.read_due(SOURCE, 16, [1, 2], ordered=True)
    inbox.purge(SOURCE)
    with create_engine(sqlite, poolclass=NullPool).connect() as connection:
        plans = [
            " ".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given))
            for text, given in asked
        ]
    assert len(plans) == 2
    assert "connector_inbox_order" in plans[0]
    assert all("connector_inbox_due" in plan and "SCAN" not in plan and "TEMP" not in plan for plan in plans), plans


def test_what_came_in_headers_is_kept_with_the_event(zoom, open_inbox, url):
    from dataclasses import replace

    inbox, headers = open_inbox(url), {"x-shop": "a.example", "x-odd": "\x00\xff\ud83d"}
    put_events(inbox, replace(event(zoom, 1), headers=headers), event(zoom, 2))
    assert [json.loads(one.headers) for one in all_events(inbox)] == [headers, {}]


def test_an_inbox_of_an_older_version_gets_what_it_lacks_and_keeps_its_events(zoom, open_inbox, url):
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    put_events(open_inbox(url), event(zoom, 1))
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE connector_inbox DROP COLUMN headers"))
        connection.execute(text("DROP TABLE connector_versions"))
    fresh = [open_inbox(url) for _ in range(4)]
    gate, threads = threading.Barrier(4), []
    for number, one in enumerate(fresh, 2):  # all of them find that it is missing

        def write(number=number, one=one):
            gate.wait()
            put_events(one, event(zoom, number))

        threads.append(threading.Thread(target=write))
        threads[-1].start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted((one.subject, one.headers) for one in all_events(fresh[0])) == [(str(n), "{}") for n in range(1, 6)]
