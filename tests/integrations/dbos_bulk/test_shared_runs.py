"""Rows in a database keep the promises of a journal, however many workers share them."""

from __future__ import annotations

import re
import signal
import threading
from collections import Counter

import pytest
from support import private_postgres
from support.pace import wait_until
from support.processes.files import read_files
from support.rate_limited_server import RateLimitedServer
from support.servers import Counting, held, reply

from .conftest import Commands, Ended, end

pytest.importorskip("dbos", reason="dbos is not installed: pip install '.[dbos]'")


def list_created(people: Counting) -> list[str]:
    """Return the addresses that the service was asked to create."""
    return [request.json()["user_info"]["email"] for request in people.requests]


def count_done_by(worker: Ended) -> int:
    """Return how many rows a worker says that it has done."""
    said = re.search(r"^(\d+) rows? done here\.$", worker.err, re.MULTILINE)
    assert said is not None, worker.err
    return int(said[1])


def test_workers_share_the_rows_and_each_row_has_one_result(commands, people):
    commands.write_people(80)
    gate = threading.Event()
    people.always(lambda request: held(gate, reply(201, {"id": request.json()["user_info"]["email"]})))
    worker, run = commands.start_worker("--concurrency", "4"), commands.start_creating("--concurrency", "4")
    wait_until(lambda: people.count >= 8)  # both have what they can take
    gate.set()
    done = end(run)
    assert done.code == 0, done.err
    assert done.outcomes == dict.fromkeys(range(1, 81), "done")
    assert "80 rows: 80 done" in done.err
    assert Counter(list_created(people)) == Counter(f"u{row}@example.com" for row in range(1, 81))
    worker.send_signal(signal.SIGINT)
    stopped = end(worker)
    assert stopped.code == 130
    assert 0 < count_done_by(stopped) < 80, "it did a part of them"


def test_the_results_are_those_of_a_run_in_one_process(on_sqlite, people):
    on_sqlite.write_people(3)
    alone = on_sqlite.create(CONNECTOR_BULK="")
    shared = on_sqlite.create()
    again = on_sqlite.create()
    assert (alone.code, shared.code, again.code) == (0, 0, 0), shared.err
    assert sorted(alone.out.splitlines()) == sorted(shared.out.splitlines()) == sorted(again.out.splitlines())
    assert "3 rows: 3 done, 3 of them by an earlier run" in again.err
    assert people.count == 6, "the second shared run sent nothing"


def test_a_write_whose_worker_was_killed_is_uncertain_and_never_sent_again(commands, people):
    commands.write_people(1)
    gate = threading.Event()
    people.always(held(gate, reply(201, {})))
    run = commands.start_creating()
    wait_until(lambda: people.count == 1)
    run.kill()
    end(run)
    gate.set()
    done = commands.create()
    assert (done.code, done.outcomes) == (5, {1: "uncertain"}), done.err
    assert "--resolve 1=done" in done.err
    assert people.count == 1
    resolved = commands.create("--resolve", "1=retry")
    assert (resolved.code, resolved.outcomes) == (0, {1: "done"}), resolved.err
    assert people.count == 2


def test_another_worker_goes_on_where_one_was_killed(commands, people):
    commands.write_people(40)
    gate = threading.Event()
    people.always(lambda request: held(gate, reply(201, {"id": request.json()["user_info"]["email"]})))
    first = commands.start_creating("--keep-going", "--concurrency", "2")
    wait_until(lambda: people.count == 2)
    first.kill()
    end(first)
    gate.set()
    worker = commands.start_worker()
    wait_until(lambda: people.count == 40)
    wait_until(lambda: (state := commands.count())["done"] == 38 and state["uncertain"] == 2)
    worker.kill()
    results = commands.bulk("results")
    assert sorted(results.outcomes) == list(range(1, 41))
    assert commands.bulk("results", "--outcome", "uncertain", "--query", "row").out.split() == [
        str(row) for row, outcome in sorted(results.outcomes.items()) if outcome == "uncertain"
    ]
    assert max(Counter(list_created(people)).values()) == 1


def test_a_read_whose_worker_was_killed_is_made_again(on_sqlite, people):
    (on_sqlite.folder / "ids.csv").write_text("userId\nme\n", encoding="utf-8")
    gate = threading.Event()
    people.always(held(gate, reply(200, {"id": "me"})))
    reading = ("run", "getUser", "-f", "ids.csv")
    run = on_sqlite.start(*reading)
    wait_until(lambda: people.count == 1)
    run.kill()
    gate.set()
    done = end(on_sqlite.start(*reading))
    assert (done.code, done.outcomes) == (0, {1: "done"}), done.err
    assert [request.method for request in people.requests] == ["GET", "GET"]


def test_a_write_with_a_key_whose_worker_was_killed_is_sent_again_with_the_same_key(on_sqlite, people, folder):
    lines = "idempotency: {to: header.Idempotency-Key}\n"
    text = "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\ninputs:\n  name: {label: Name, help: Its name., type: string, to: body.name}\n"
    lamp = folder(lines, {"switch": text})
    (on_sqlite.folder / "lamps.csv").write_text("name\nhall\n", encoding="utf-8")
    gate = threading.Event()
    people.always(held(gate, reply(200, {})))
    switching = ("--connector", str(lamp.folder), "run", "switch", "-f", "lamps.csv", "--base-url", people.url)
    run = on_sqlite.start(*switching, LAMP_API_KEY="k")
    wait_until(lambda: people.count == 1)
    run.kill()
    gate.set()
    done = end(on_sqlite.start(*switching, LAMP_API_KEY="k"))
    assert (done.code, done.outcomes) == (0, {1: "done"}), done.err
    keys = [request.header("Idempotency-Key") for request in people.requests]
    assert len(keys) == 2
    assert keys[0] == keys[1] is not None


def test_a_row_that_is_told_to_wait_is_sent_again_when_the_service_accepts_it(on_sqlite, people):
    on_sqlite.write_people(1)
    people.then(reply(429, {}, headers=[("Retry-After", "1")]))
    done = on_sqlite.create()
    assert (done.code, done.outcomes) == (0, {1: "done"}), done.err
    assert done.lines[0]["attempts"] == 2
    assert people.count == 2


def test_after_ctrl_c_the_same_command_resumes_and_nothing_is_sent_twice(commands, people):
    commands.write_people(30)
    gate = threading.Event()
    people.always(lambda request: held(gate, reply(201, {"id": request.json()["user_info"]["email"]})))
    run = commands.start_creating("--concurrency", "2")
    wait_until(lambda: people.count == 2)
    run.send_signal(signal.SIGINT)
    gate.set()
    stopped = end(run)
    assert stopped.code == 130, stopped.err
    assert stopped.outcomes == dict.fromkeys(stopped.outcomes, "done")
    assert "left" in stopped.err
    done = commands.create()
    assert done.code == 0, done.err
    assert done.outcomes == dict.fromkeys(range(1, 31), "done")
    assert Counter(list_created(people)) == Counter(f"u{row}@example.com" for row in range(1, 31))


def test_a_cancelled_run_sends_no_further_row_and_can_be_resumed(commands, people):
    commands.write_people(20)
    gate = threading.Event()
    people.always(lambda request: held(gate, reply(201, {"id": request.json()["user_info"]["email"]})))
    run = commands.start_creating("--concurrency", "2")
    wait_until(lambda: people.count == 2)
    cancelled = commands.bulk("cancel")
    assert cancelled.out == "rows.csv.createUser: 18 rows will not be sent; 2 rows in progress will finish.\n"
    state = commands.status()
    assert (state["state"], state["waiting"], state["running"]) == ("cancelled", 18, 2)
    gate.set()
    stopped = end(run)
    assert stopped.code == 1
    assert "The run was cancelled" in stopped.err
    assert commands.count()["done"] == 2
    assert people.count == 2
    resumed = commands.bulk("resume", "rows.csv.createUser")
    assert resumed.out == "rows.csv.createUser: 18 rows may be sent.\n"
    worker = commands.start_worker()
    wait_until(lambda: commands.count()["done"] == 20)
    worker.kill()
    assert people.count == 20


def test_the_status_counts_the_rows_by_state(on_sqlite, people):
    on_sqlite.write_people(5)
    people.then(reply(400, {"code": 300, "message": "No."}))
    assert on_sqlite.create("--keep-going").code == 1
    state = on_sqlite.status()
    assert {name: state[name] for name in ("run", "action", "state", "rows", "waiting", "running", "done", "rejected")} == {
        "run": "rows.csv.createUser", "action": "createUser", "state": "done", "rows": 5, "waiting": 0, "running": 0,
        "done": 4, "rejected": 1,
    }  # fmt: skip
    assert state["rate"] > 0
    assert "5 rows: 4 done, 1 rejected." in on_sqlite.bulk("status").out


def test_a_failed_row_stops_the_run_and_can_run_again(on_sqlite, people):
    on_sqlite.write_people(30)
    people.then(reply(400, {"code": 300, "message": "No."}))
    first = on_sqlite.create("--concurrency", "1")
    assert (first.code, first.outcomes) == (1, {first.lines[0]["row"]: "rejected"})
    assert people.count == 1
    assert "The service refused POST /users: HTTP 400" in first.err
    second = on_sqlite.create("--keep-going")
    assert (second.code, Counter(second.outcomes.values())) == (1, {"done": 29, "rejected": 1})
    third = on_sqlite.create("--retry-failed")
    assert (third.code, Counter(third.outcomes.values())) == (0, {"done": 30}), third.err
    assert people.count == 31


def test_a_sign_in_that_has_expired_stops_the_run_for_all_workers_and_no_row_fails(commands, people):
    commands.write_people(30)
    expired = reply(401, {"code": 124, "message": "Access token is expired."})
    people.always(expired)
    worker = commands.start_worker()
    first = commands.create("--output", "lines")
    assert first.code == 3, first.err
    state = commands.status()
    assert (state["state"], state["waiting"]) == ("stopped", 30)
    assert state["reason"]["type"] == "SignInError"
    asked = people.count
    assert asked < 30
    worker.kill()
    people.always(lambda request: reply(201, {"id": request.json()["user_info"]["email"]}))
    assert commands.create().outcomes == dict.fromkeys(range(1, 31), "done")


def test_rows_that_were_changed_are_another_run(on_sqlite, people):
    on_sqlite.write_people(2)
    on_sqlite.create()
    on_sqlite.write_people(3)
    refused = on_sqlite.create()
    assert refused.code == 2
    assert "another one: different rows. Put corrected or new rows into a file of their own" in refused.err
    assert people.count == 2
    assert on_sqlite.create("--journal", "more").code == 0
    assert on_sqlite.create("--restart").code == 0
    assert "rows.csv.createUser.1" in on_sqlite.bulk("status").out
    assert people.count == 8


def test_the_rate_of_an_account_is_shared_and_never_exceeded(tmp_path):
    with RateLimitedServer(30) as limited:
        commands = Commands(tmp_path, private_postgres.fresh(), limited.url)
        (tmp_path / "ids.csv").write_text("userId\n" + "me\n" * 120, encoding="utf-8")
        try:
            worker = commands.start_worker(ZOOM_PLAN="pro")
            done = end(commands.start("run", "getUser", "-f", "ids.csv", ZOOM_PLAN="pro"))
            worker.send_signal(signal.SIGINT)
            assert done.code == 0, done.err
            assert count_done_by(end(worker)) > 0
        finally:
            commands.close()
        assert limited.refused == 0
        assert len(limited.arrivals) == 120
        assert limited.rate <= 30


CANARY = "Canary42Harbour"


def test_a_secret_in_a_column_is_refused_without_a_key_and_encrypted_with_one(commands, people):
    text = f"email,firstName,lastName,password\nu1@example.com,U,1,{CANARY}\n"
    (commands.folder / "secret.csv").write_text(text, encoding="utf-8")
    creating = ("run", "createUser", "-f", "secret.csv", "-i", "userType=1", "-i", "action=autoCreate")
    refused = end(commands.start(*creating))
    assert refused.code == 2
    assert "password is a secret" in refused.err
    assert "Set CONNECTOR_KEY or CONNECTOR_KEY_FILE here and for every worker" in refused.err
    assert CANARY not in refused.err + refused.out
    assert people.count == 0
    key = end(commands.start("connections", "key")).out.strip()
    people.then(reply(400, {"code": 300, "message": "No."}))  # what failed keeps its inputs
    done = end(commands.start(*creating, CONNECTOR_KEY=key))
    assert done.outcomes == {1: "rejected"}, done.err
    assert people.last.json()["user_info"]["password"] == CANARY
    assert CANARY.encode() not in read_database(commands)
    assert b"u1@example.com" not in read_database(commands)
    assert end(commands.start(*creating, "--retry-failed", CONNECTOR_KEY=key)).outcomes == {1: "done"}


def read_database(commands: Commands) -> bytes:
    """Return all that a database holds."""
    if commands.database.startswith("sqlite"):
        return read_files(commands.folder, "rows.db*")
    listed = (
        "select table_schema || '.' || table_name from information_schema.tables where table_schema !~ '^(pg_|inf)'"
    )
    tables = [table for (table,) in private_postgres.execute(commands.database, listed)]
    return repr([private_postgres.execute(commands.database, f"select * from {table}") for table in tables]).encode()


def test_no_credential_and_no_password_of_the_database_is_stored_or_shown(commands):
    commands.write_people(2)
    done = commands.create("--debug")
    assert done.code == 0, done.err
    shown = done.out + done.err + commands.bulk("status").out
    for secret in ("token-1", private_postgres.PASSWORD, "pg-canary"):
        assert secret not in shown
        assert secret.encode() not in read_database(commands)


def test_a_database_url_with_a_password_is_not_taken_from_the_command_line(on_sqlite):
    on_sqlite.write_people(1)
    for words in (("run", "createUser", "-f", "rows.csv"), ("bulk", "work"), ("bulk", "status")):
        refused = end(on_sqlite.start(*words, "--on", "postgresql://me:hidden-canary@127.0.0.1/rows"))
        assert refused.code == 2
        assert "set CONNECTOR_BULK" in refused.err
        assert "hidden-canary" not in refused.err + refused.out


def test_a_worker_takes_only_rows_for_the_place_that_it_calls(on_sqlite, people):
    on_sqlite.write_people(5)
    with Counting() as elsewhere:
        worker = on_sqlite.start_worker("--base-url", elsewhere.url)
        assert on_sqlite.create().outcomes == dict.fromkeys(range(1, 6), "done")
        worker.kill()
        assert elsewhere.count == 0
    assert people.count == 5


def test_a_worker_that_cannot_open_the_connection_ends_and_leaves_the_rows_to_others(on_sqlite, people):
    on_sqlite.write_people(5)
    gate = threading.Event()
    people.always(lambda request: held(gate, reply(201, {"id": request.json()["user_info"]["email"]})))
    run = on_sqlite.start_creating("--concurrency", "1")
    wait_until(lambda: people.count == 1)
    lame = on_sqlite.start_worker(ZOOM_ACCESS_TOKEN="")
    run.kill()
    gate.set()
    ended = end(lame)
    assert ended.code == 3, ended.err
    done = on_sqlite.create("--keep-going")
    assert Counter(done.outcomes.values()) == {"done": 4, "uncertain": 1}
