"""What a command does with the rows of an earlier one."""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import closing

import pytest
from support.pace import wait_until
from support.processes.files import read_files
from support.servers import held, reply

from connector.runtime.bulk.shared_journal import SharedJournal

from .conftest import Commands, end

pytest.importorskip("dbos", reason="dbos is not installed: pip install '.[dbos]'")
from connector.integrations import dbos_bulk

SWITCH = """\
action: switch
label: Switch
summary: A lamp.
request: POST /switch
inputs:
  name: {label: Name, help: Its name., type: string, to: body.name}
"""


def change_rows(commands: Commands, statement: str, changed: int = 1) -> None:
    """Change the rows behind the journal's back."""
    with closing(sqlite3.connect(commands.folder / "rows.db")) as connection, connection:
        assert connection.execute(statement).rowcount == changed


def test_a_row_whose_key_the_service_has_forgotten_is_uncertain_and_can_be_resolved(on_sqlite, people, folder):
    lamp = folder("idempotency: {to: header.Idempotency-Key}\n", {"switch": SWITCH})
    (on_sqlite.folder / "lamps.csv").write_text("name\nhall\n", encoding="utf-8")
    switching = ("--connector", str(lamp.folder), "run", "switch", "-f", "lamps.csv", "--base-url", people.url)
    gate = threading.Event()
    people.always(held(gate, reply(200, {})))
    run = on_sqlite.start(*switching, LAMP_API_KEY="k")
    wait_until(lambda: people.count == 1)
    run.kill()
    end(run)
    gate.set()
    change_rows(on_sqlite, "update connector_bulk_row set sent_at = sent_at - 90000")  # more than a day
    done = end(on_sqlite.start(*switching, LAMP_API_KEY="k"))
    assert (done.code, done.outcomes) == (5, {1: "uncertain"}), done.err
    assert done.lines[0]["attempts"] == 1
    assert people.count == 1
    resolved = end(on_sqlite.start(*switching, "--resolve", "1=retry", LAMP_API_KEY="k"))
    assert (resolved.code, resolved.outcomes) == (0, {1: "done"}), resolved.err
    assert people.count == 2


def test_what_is_advised_after_ctrl_c_is_accepted_although_no_worker_lives(commands, people):
    commands.write_people(1)
    gate = threading.Event()
    people.always(held(gate, reply(201, {})))
    run = commands.start_creating()
    wait_until(lambda: people.count == 1)
    run.send_signal(signal.SIGINT)
    wait_until(lambda: "Ctrl-C" in run.stderr.readline())
    run.send_signal(signal.SIGINT)
    stopped = end(run)
    gate.set()
    assert (stopped.code, stopped.outcomes) == (5, {1: "uncertain"}), stopped.err
    assert "--resolve 1=done" in stopped.err
    state = commands.status()
    assert (state["state"], state["running"], state["uncertain"]) == ("done", 0, 1)
    resumed = commands.bulk("resume", "--resolve", "all=done")
    assert resumed.code == 0, resumed.err
    assert commands.bulk("results").outcomes == {1: "done"}
    refused = commands.bulk("resume", "--resolve", "all=done")
    assert (refused.code, "No row is uncertain." in refused.err) == (2, True), refused.err


def test_the_options_of_the_command_that_resumes_hold_for_the_rows_that_are_left(on_sqlite, people):
    (on_sqlite.folder / "users.csv").write_text("status\nactive\n", encoding="utf-8")
    listing = ("run", "listUsers", "-f", "users.csv", "--page-size")
    people.always(reply(401, {"code": 124, "message": "Access token is expired."}))
    assert end(on_sqlite.start(*listing, "10")).code == 3
    people.always(reply(200, {"users": []}))
    assert end(on_sqlite.start(*listing, "20")).code == 0
    assert [dict(request.query)["page_size"] for request in people.requests] == ["10", "20"]


def test_a_worker_that_knows_a_run_calls_its_rows_as_it_was_resumed(on_sqlite, people):
    (on_sqlite.folder / "users.csv").write_text("status\nactive\n", encoding="utf-8")
    people.always(reply(401, {"code": 124, "message": "Access token is expired."}))
    assert end(on_sqlite.start("run", "listUsers", "-f", "users.csv", "--page-size", "10")).code == 3
    on_sqlite.start_worker()
    assert on_sqlite.bulk("resume").code == 0
    with SharedJournal(on_sqlite.database) as journal:
        wait_until(lambda: people.count == 2 and not journal.choose_run(None).is_running)
        people.always(reply(200, {"users": []}))
        run = journal.start_again(journal.choose_run(None), options={"call": {"page_size": 20}})
        dbos_bulk.enqueue_batches(journal, run, [1])
    wait_until(lambda: people.count == 3)
    assert dict(people.last.query)["page_size"] == "20"


@pytest.mark.parametrize("stored", [0, 1])
def test_a_run_whose_rows_were_stored_with_a_key_is_not_continued_without_it(on_sqlite, people, stored):
    text = "".join(f"u{row}@example.com,U,{row},Canary42Harbour\n" for row in (1, 2))
    (on_sqlite.folder / "rows.csv").write_text(f"email,firstName,lastName,password\n{text}", encoding="utf-8")
    key = end(on_sqlite.start("connections", "key")).out.strip()
    people.always(reply(400, {"code": 300, "message": "No."}))
    creating = ("-i", "action=autoCreate", "--concurrency", "1")
    assert on_sqlite.create(*creating, CONNECTOR_KEY=key).code == 1
    asked = people.count
    change_rows(on_sqlite, f"update connector_bulk_run set loaded = {stored}")  # as if it was interrupted meanwhile
    change_rows(on_sqlite, f"delete from connector_bulk_row where number > {stored}", changed=2 - stored)
    refused = on_sqlite.create(*creating)
    said = "no key is set" if stored else "password is a secret"
    assert (refused.code, said in refused.err) == (1 if stored else 2, True), refused.err
    assert people.count == asked
    assert b"Canary42Harbour" not in read_files(on_sqlite.folder, "rows.db*")
