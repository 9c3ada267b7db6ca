"""The copy has what calls told, never mixes accounts, keeps no secret, and answers reads that allow it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import private_postgres
from support.servers import GivenClock

from connector import AsyncClient, Client, Connector, errors
from connector.core.records.record import Sight
from connector.runtime.records import answers
from connector.runtime.records.records import Records
from connector.runtime.records.tables import ReadList
from connector.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
SECRET = "canary-passcode"
PERSON = {"action": "create", "userType": 1, "firstName": "Ada", "lastName": "Byron"}


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return (
        f"sqlite:///{tmp_path / 'copy' / 'records.sqlite'}" if request.param == "sqlite" else private_postgres.fresh()
    )


@pytest.fixture
def records(url):
    with Records(url) as opened:
        yield opened


@pytest.fixture
def sandbox():
    return Sandbox(Connector.open())


def open_client(sandbox, records, **options):
    return Client(sandbox.connector, sandbox.connection, http=sandbox.http, records=records, **options)


def create_meeting(client, **inputs):
    return client.run("createMeeting", {"userId": "me", "topic": "Standup", **inputs}).data


def list_changes(records):
    return [(change.change, change.resource, change.id) for change in records.read_changes("zoom")]


def test_what_calls_tell_is_kept_by_resource_and_id(sandbox, records):
    client = open_client(sandbox, records)
    meeting = create_meeting(client)
    user = client.run("getUser", {"userId": "me"}).data
    kept = records.get("zoom", None, "meetings", str(meeting["id"]))
    assert (kept.data["topic"], kept.parent, kept.source) == ("Standup", user["id"], "write")
    assert records.get("zoom", None, "users", user["id"]).source == "get"
    assert records.count("zoom") == {"meetings": 1, "users": 1}


def test_a_listing_keeps_each_of_its_items(sandbox, records):
    client = open_client(sandbox, None)
    made = {str(create_meeting(client, topic=f"n {number}")["id"]) for number in range(5)}
    assert list(open_client(sandbox, records).items("listMeetings", {"userId": "me"}, page_size=2))
    assert {record.id for record in records.find("zoom", "meetings")} == made


def test_a_delete_and_a_missing_record_are_gone(sandbox, records):
    client = open_client(sandbox, records)
    first = client.run("createUser", {**PERSON, "email": "a@example.com"}).data["id"]
    second = client.run("createUser", {**PERSON, "email": "b@example.com"}).data["id"]
    client.run("deleteUser", {"userId": first})
    open_client(sandbox, None).run("deleteUser", {"userId": second})
    with pytest.raises(errors.NotFound):
        client.run("getUser", {"userId": second})
    assert records.find("zoom", "users") == []
    assert [change for change in list_changes(records) if change[0] == "gone"] == [
        ("gone", "users", first), ("gone", "users", second),
    ]  # fmt: skip


def test_no_secret_is_kept(sandbox, records, url):
    meeting = create_meeting(open_client(sandbox, records), password=SECRET[:10])
    kept = records.get("zoom", None, "meetings", str(meeting["id"]))
    assert SECRET[:10] not in str(kept.data)
    assert meeting["start_url"] not in str(kept.data)
    assert all(SECRET[:10] not in change.data for change in records.read_changes("zoom"))


def test_texts_are_kept_as_they_came(sandbox, records):
    agenda = "Zwölf Uhr:\n\t1\u00a0% \u200dé 👩\u200d💻 \\n"
    client = open_client(sandbox, records)
    meeting = create_meeting(client, agenda=agenda)
    assert client.run("getMeeting", {"meetingId": meeting["id"]}).data["agenda"] == agenda
    kept = client.run("getMeeting", {"meetingId": meeting["id"]}, max_age="5m")
    assert (kept.from_records, kept.data["agenda"]) == (True, agenda)


def test_what_a_database_cannot_hold_keeps_nothing_else_out(records):
    records.create_views(Connector.open())
    told = [Sight(resource="users", id=str(number), source="list", data={"email": text})
            for number, text in enumerate(("a\0b", "a\ud800b", "\\u0000", "😀" * 300_000))]  # fmt: skip
    records.keep("zoom", "work", told, time.time()).result(30)
    rows = records.query("SELECT email FROM zoom_users ORDER BY id")[1]
    assert [text for (text,) in rows] == ["a\ufffdb", "a\ufffdb", "\\u0000", "😀" * 300_000]


def test_changes_are_kept_for_a_while_and_who_missed_some_can_know(url):
    clock = GivenClock()
    told = [[Sight(resource="users", id=name, source="list", data={"id": name})] for name in ("ada", "bob")]
    with Records(url, keep_days=2, clock=clock) as records:
        records.keep("zoom", "work", told[0], clock.time()).result(30)
        assert (records.find_purged_seq(), len(records.read_changes("zoom"))) == (0, 1)
        clock.passed += 3 * 86_400
        records.keep("zoom", "work", told[1], clock.time()).result(30)
        [kept] = records.read_changes("zoom")
        assert (kept.id, records.find_purged_seq()) == ("bob", kept.seq - 1)
        assert len(records.find("zoom", "users")) == 2, "records stay"


def test_a_copy_of_the_future_answers_nothing_that_asks_for_an_age(sandbox, url):
    with Records(url) as records:
        client = open_client(sandbox, records)
        meeting = create_meeting(client)
        seen = Sight(resource="meetings", id=str(meeting["id"]), source="get", data={"topic": "old"}, is_whole=True)
        records.keep("zoom", "sandbox", [seen], time.time() + 86_400).result(30)
        read = client.run("getMeeting", {"meetingId": meeting["id"]}, max_age="5m")
        assert (read.from_records, read.data["topic"]) == (False, "Standup")
        kept = client.run("getMeeting", {"meetingId": meeting["id"]}, max_age="5m")
        assert (kept.from_records, kept.data["topic"]) == (True, "Standup")


def test_several_processes_may_make_the_views_at_once(url):
    zoom = Connector.open()
    with ThreadPoolExecutor(6) as pool, ExitStack() as stack:
        copies = [stack.enter_context(Records(url)) for _ in range(6)]
        list(pool.map(lambda records: records.create_views(zoom), copies))
    with Records(url) as records:
        assert records.query("SELECT id FROM zoom_users")[1] == []


def test_accounts_do_not_mix(sandbox, url):
    with Records(url, account="acme") as acme, Records(url, account="globex") as globex:
        meeting = create_meeting(open_client(sandbox, acme))
        acme.flush()
        assert globex.get("zoom", "globex", "meetings", str(meeting["id"])) is None
        reader = open_client(sandbox, globex)
        reader.run("getMeeting", {"meetingId": meeting["id"]})
        globex.flush()
        assert {record.id for record in acme.find("zoom", "meetings", account="acme")} == {str(meeting["id"])}
        assert acme.get("zoom", None, "meetings", str(meeting["id"])) is None  # two have one


def test_a_young_copy_answers_a_read(sandbox, records):
    client = open_client(sandbox, records)
    meeting = create_meeting(client)
    given = {"meetingId": meeting["id"]}
    asked = client.run("getMeeting", given, max_age="5m")
    kept = client.run("getMeeting", given, max_age="5m")
    assert (asked.from_records, kept.from_records) == (False, True)
    assert {**kept.data, "start_url": 0} == {**asked.data, "start_url": 0}
    assert 0 <= kept.age < 300
    assert kept.to_dict()["from_records"]
    assert "start_url" in kept.warnings[0]
    assert not client.run("getMeeting", given, max_age=0).from_records


def test_a_copy_does_not_answer_after_a_write(sandbox, records):
    client = open_client(sandbox, records)
    given = {"meetingId": create_meeting(client)["id"]}
    client.run("getMeeting", given)
    client.run("updateMeeting", {**given, "topic": "Other"})
    asked = client.run("getMeeting", given, max_age="5m")
    assert (asked.from_records, asked.data["topic"]) == (False, "Other")


def test_a_copy_answers_where_the_service_does_not(sandbox, records):
    client = open_client(sandbox, records)
    given = {"meetingId": create_meeting(client)["id"]}
    client.run("getMeeting", given)
    with pytest.raises(errors.NotFound):
        client.run("getMeeting", {"meetingId": 99}, stale_if_error=True)
    sandbox.add_fault("500:20")
    stale = client.run("getMeeting", given, stale_if_error=True, retry="engine")
    assert stale.from_records
    assert "did not answer" in stale.warnings[0]


def test_an_async_client_keeps_and_answers_alike(sandbox, records):
    async def read():
        async with AsyncClient(sandbox.connector, sandbox.connection, http=sandbox.http, records=records) as client:
            meeting = (await client.run("createMeeting", {"userId": "me", "topic": "Standup"})).data
            await client.run("getMeeting", {"meetingId": meeting["id"]})
            return await client.run("getMeeting", {"meetingId": meeting["id"]}, max_age="5m")

    assert asyncio.run(read()).from_records


def test_calls_of_a_loop_wait_for_a_slow_copy_but_not_for_one_that_hangs(sandbox, records, monkeypatch):
    stuck = Future()
    monkeypatch.setattr(records, "find_backlog", lambda: stuck)
    monkeypatch.setattr(answers, "_WAIT_SECONDS", 0.2)

    async def call():
        async with AsyncClient(sandbox.connector, sandbox.connection, http=sandbox.http, records=records) as client:
            began = time.monotonic()
            await asyncio.gather(*(client.run("listUsers") for _ in range(3)))
            return time.monotonic() - began

    assert 0.2 <= asyncio.run(call()) < 10


def test_max_age_needs_a_copy(sandbox):
    with pytest.raises(errors.UsageError, match="records="):
        open_client(sandbox, None).run("getMeeting", {"meetingId": 1}, max_age="5m")


def test_a_list_that_broke_off_marks_nothing(sandbox, records):
    client = open_client(sandbox, records)
    for number in range(3):
        create_meeting(open_client(sandbox, None), topic=f"n {number}")
    with client.items("listMeetings", {"userId": "me"}, page_size=1) as items:
        next(items)
    assert all(change != "gone" for change, _, _ in list_changes(records))
    assert records.find_complete_at("zoom", "sandbox", "/users/me/meetings?type=scheduled") is None


def test_a_list_whose_pages_were_not_written_is_not_complete(records):
    failed: Future[None] = Future()
    failed.set_exception(errors.StoreError("full"))
    records.finish_list(ReadList("zoom", "a", "users", "/users", [], 1.0, 2.0, [failed])).result(10)
    assert records.find_complete_at("zoom", "a", "/users") is None


def test_numbers_of_changes_grow_and_are_read_from_any_on(records):
    for number in range(4):
        sight = Sight(resource="users", id=str(number), source="list", data={"id": number})
        records.keep("zoom", "a", [sight], time.time()).result(10)
    changes = records.read_changes("zoom")
    assert [change.seq for change in changes] == sorted({change.seq for change in changes})
    assert records.read_changes("zoom", changes[1].seq) == changes[2:]


_WRITER = """
import sys, time
from connector.core.records.record import Sight
from connector.runtime.records import answers
from connector.runtime.records.records import Records
with Records(sys.argv[1]) as records:
    for start in range(0, 3000, 100):
        ids = range(start, start + 100)
        sights = [Sight(resource="users", id=str(n), source="list", data={"id": n}) for n in ids]
        records.keep("zoom", "a", sights, time.time()).result(10)
        print(start, flush=True)
"""


def test_a_writer_that_is_killed_leaves_nothing_lost_or_twice(url):
    acknowledged = 0
    for turn in range(3):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(3 + turn):
            line = writer.stdout.readline()
            acknowledged = max(acknowledged, int(line) + 100)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    with Records(url) as records:
        ids = {record.id for record in records.find("zoom", "users")}
        added = [change.id for change in records.read_changes("zoom", limit=10_000)]
    assert {str(number) for number in range(acknowledged)} <= ids
    assert sorted(added) == sorted(ids)


def test_a_list_that_was_read_whole_answers_until_something_is_written(sandbox, records):
    client = open_client(sandbox, records)
    made = {create_meeting(client, topic=f"n {number}")["id"] for number in range(3)}
    asked = client.run("listMeetings", {"userId": "me"}, max_age="5m")
    kept = client.run("listMeetings", {"userId": "me"}, max_age="5m")
    assert (asked.from_records, kept.from_records) == (False, True)
    assert {meeting["id"] for meeting in kept.data["meetings"]} == made
    other = client.run("listMeetings", {"userId": "me", "typeOfMeeting": "live"}, max_age="5m")
    assert not other.from_records
    create_meeting(client)
    asked = client.run("listMeetings", {"userId": "me"}, max_age="5m")
    assert (asked.from_records, len(asked.data["meetings"])) == (False, 4)


def test_a_write_that_failed_is_told_once_and_fails_no_call(sandbox, tmp_path, caplog):
    (tmp_path / "folder").mkdir()
    with Records(f"sqlite:///{tmp_path / 'folder'}") as records:
        client = open_client(sandbox, records)
        given = {"meetingId": create_meeting(client)["id"]}
        assert client.run("getMeeting", given, max_age="5m").status == 200
        with pytest.raises(errors.StoreError):
            records.flush()
        records.flush()
    assert "not written" in caplog.text
