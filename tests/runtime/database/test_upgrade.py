"""What an older program left is all there for this one: connections, events, runs, records, rows and journals."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import select
from support import private_postgres
from support.pace import wait_until
from support.processes.left_data import KEY, KINDS, load_folder, load_postgres, load_sqlite
from support.receivers import SECRET, ServedReceiver

from connector import Connection, Receiver, __version__
from connector.runtime.backup.places import load_schema
from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_results import count_rows
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.rate_budget import sql_table
from connector.runtime.rate_budget.sql_table import LedgerTable, load_state
from connector.runtime.records.records import Records
from connector.runtime.run_log.run_log import RunLog
from connector.runtime.storage.encryption import Keyring
from connector.runtime.storage.open import open_store
from connector.runtime.webhooks.inbox import Inbox


@pytest.fixture(params=["sqlite", "postgres"])
def places(request, tmp_path):
    return load_postgres(private_postgres.fresh()) if request.param == "postgres" else load_sqlite(tmp_path)


def check_connections(zoom, url):
    store = open_store(url, keys=Keyring.from_texts([KEY]))
    assert store.keys() == ["connection:zoom:a b/c", "connection:zoom:work"]
    loaded = {name: Connection.load(zoom, name, store=store) for name in ("work", "a b/c")}
    tokens = {name: dict(one.credential(None, 0.0).headers)["Authorization"] for name, one in loaded.items()}
    assert tokens == {"work": "Bearer token-of-work", "a b/c": "Bearer token-of-another"}
    assert store.read("connection:zoom:work").version == 1


def test_connections_work(zoom, places):
    check_connections(zoom, places["store"])


def test_connections_in_a_folder_work(zoom, tmp_path):
    check_connections(zoom, load_folder(tmp_path / "store"))


def test_events_that_waited_are_delivered_once(zoom, places):
    heard = []
    inbox = Inbox(places["inbox"])
    assert inbox.counts() == {"delivered": 1, "pending": 2}
    receiver = Receiver(zoom, SECRET, inbox=inbox)
    receiver.on("*")(lambda event: heard.append(event.subject))
    with ServedReceiver(receiver):
        wait_until(lambda: inbox.counts() == {"delivered": 3})
    inbox.close()
    assert sorted(heard) == ["2", "3"]


def test_runs_are_listed(places):
    with RunLog(places["runs"], keep_days=1e6) as log:
        runs = {(run.action, run.outcome) for run in log.find()}
    assert runs == {("createMeeting", "done"), ("getMeeting", "rejected")}


def test_records_and_their_changes_are_listed(zoom, places):
    with Records(places["records"]) as records:
        assert records.count("zoom") == {"users": 1, "meetings": 1}
        assert [change.change for change in records.read_changes("zoom")] == ["added", "added"]
        [record] = records.find("zoom", "meetings")
        columns, rows = records.query("SELECT id, topic FROM zoom_meetings")
    assert (columns, rows) == (["id", "topic"], [(record.id, record.data["topic"])])


def test_rows_of_a_bulk_run_wait_to_be_sent(places):
    with SharedJournal(places["bulk"]) as journal:
        run = journal.choose_run("people")
        assert (run.is_running, run.count, run.loaded) == (True, 3, 3)
        assert count_rows(journal, run).by_state["waiting"] == 3


def test_a_rate_budget_goes_on(places):
    table = LedgerTable(open_database(places["budget"], sql_table.SCHEMA, SystemClock()), SystemClock())
    rows = table.database.run(lambda connection: connection.execute(select(sql_table.TABLE)).all())
    assert sorted(row.key.partition(":")[0] for row in rows) == ["zoom/sandbox/light", "zoom/sandbox/meetings-per-host"]
    assert all(load_state(row.line) for row in rows)


def test_each_table_has_its_version_afterwards(zoom, places):
    open_store(places["store"], keys=Keyring.from_texts([KEY])).keys()
    with (
        Records(places["records"]) as records,
        RunLog(places["runs"], keep_days=1e6) as log,
        SharedJournal(places["bulk"]),
    ):
        assert records.count("zoom")
        assert log.find()
    Inbox(places["inbox"]).open()
    written = {row for url in set(places.values()) for row in read_versions(url)}
    assert written == {(name, load_schema(name).version, __version__) for name in KINDS if name != "budget"}


def read_versions(url):
    if url.startswith("postgresql"):
        return private_postgres.execute(url, "SELECT name, version, program FROM connector_versions")
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return connection.execute("SELECT name, version, program FROM connector_versions").fetchall()
    except sqlite3.OperationalError:  # a file that was not opened
        return []
    finally:
        connection.close()
