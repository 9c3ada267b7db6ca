"""Runs of rows: how far they are, the rows that failed or are uncertain, and what a person does about them."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

from connector.cli.bulk import shared_change
from connector.cli.bulk.file_runs import FileRuns
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_loading import load_rows
from connector.runtime.bulk.shared_rows import WorkerRows

CANARY = "c4n4ry-row"
HEADER = {"connector": "zoom", "action": "createUser", "rows": "digest", "values": "digest"}
ERROR = {"type": "Rejected", "message": "No such plan."}
RESULTS = (
    {"row": 1, "outcome": "done", "data": {"id": "u1", "password": CANARY}},
    {"row": 2, "outcome": "rejected", "error": ERROR},
    {"row": 3, "outcome": "uncertain", "error": {"type": "Uncertain", "message": "The reply was lost."}},
)


@pytest.fixture
def rows(visit, monkeypatch, tmp_path):
    """A console with a run of five rows, of which three have a result, and a run of another connector."""
    url = f"sqlite:///{tmp_path / 'rows.db'}"
    monkeypatch.setenv("CONNECTOR_BULK", url)
    with SharedJournal(url, create=True) as journal:
        facts = {"options": {}, "queue": "zoom", "keep_going": True}
        run = journal.create_run("people", HEADER, count=5, **facts)
        journal.create_run("elsewhere", {**HEADER, "connector": "shop"}, count=1, **facts)
        list(load_rows(journal, run, [Row(number, number + 1, {"email": f"{number}"}) for number in range(1, 6)]))
        run = journal.find_run("people")
        worker = WorkerRows(journal, "a")
        worker.take_batch(run, 1)
        for result in RESULTS:
            worker.record_start(run, result["row"], None, may_resend=False)
            worker.record_result(run, {"line": result["row"] + 1, "attempts": 1, **result}, stops=False)
        worker.flush()
        worker.close()
    return visit


def test_runs_show_how_far_they_are(rows):
    seen = rows().get("/bulk")
    assert "people" in seen.text
    assert "3 of 5: 2 waiting" in seen.text
    assert "1 uncertain" in seen.text
    assert "elsewhere" not in seen.text


def test_a_run_shows_what_failed_and_is_uncertain_first(rows):
    visitor = rows(read_only=True)
    seen = visitor.get("/bulk/people")
    assert "Row 2, line 3: rejected No such plan." in seen.text
    assert "Row 3, line 4: uncertain The reply was lost." in seen.text
    assert "--resolve ROW=done" in seen.text
    assert 'method="post"' not in seen.html
    assert "Row 1," not in seen.text
    done = visitor.get("/bulk/people", outcome="done")
    assert "Row 1, line 2: done" in done.text
    assert "Row 2," not in done.text
    assert CANARY not in done.html


def test_an_unknown_run_is_told(rows):
    assert "There is no run nope" in rows().get("/bulk/nope").text


def test_a_console_without_a_database_says_how_rows_get_into_one(visitor):
    seen = visitor.get("/bulk")
    assert seen.status == 200
    assert "No database is named. Name it with --on URL, or set CONNECTOR_BULK." in seen.text


@pytest.fixture
def enqueued(monkeypatch):
    """The batches that were enqueued, in place of a queue."""
    batches = []

    def enqueue_batches(_journal, run, firsts):
        batches.append((run.name, run.turn, list(firsts)))

    monkeypatch.setitem(
        sys.modules, "connector.integrations.dbos_bulk", SimpleNamespace(enqueue_batches=enqueue_batches)
    )
    monkeypatch.setattr(shared_change, "require", lambda *_: None)
    return batches


def read_states(tmp_path):
    with SharedJournal(f"sqlite:///{tmp_path / 'rows.db'}") as journal:
        run = journal.find_run("people")
        return run.state, journal.list_uncertain(run), journal.list_open_batches(run)


def test_an_uncertain_row_is_settled_as_done_or_to_be_sent_again(rows, enqueued, tmp_path):
    visitor = rows()
    assert "Row 3" in visitor.get("/bulk/people").text
    seen = visitor.post("/bulk/people/settle", {"resolve": ["", "3=done"]})
    assert "people: 1 row settled as done, 0 to be sent again." in seen.text
    assert "Uncertain rows" not in seen.text
    assert read_states(tmp_path)[1] == []
    assert enqueued == []


def test_what_is_to_be_sent_again_needs_a_yes(rows, enqueued, tmp_path):
    visitor = rows()
    seen = visitor.post("/bulk/people/settle", {"resolve": "all=retry"})
    assert seen.status == 422
    assert "may be done twice" in seen.text
    assert visitor.post("/bulk/people/settle", {"resolve": ""}).status == 422
    assert read_states(tmp_path)[1] == [3]
    seen = visitor.post("/bulk/people/settle", {"resolve": "all=retry", "confirmed": "yes"})
    assert "people: 0 rows settled as done, 1 to be sent again." in seen.text
    assert read_states(tmp_path)[1] == []
    assert enqueued == [("people", 2, [1])], "its batch may have ended, and the run is running"


@pytest.mark.parametrize("resolve", ["2=done", "9=done", "3=never", "3"])
def test_only_uncertain_rows_are_settled(rows, enqueued, tmp_path, resolve):
    seen = rows().post("/bulk/people/settle", {"resolve": resolve})
    assert seen.status == 422
    assert read_states(tmp_path)[1] == [3]


def test_a_run_is_cancelled_and_resumed(rows, enqueued, tmp_path):
    visitor = rows()
    assert "Resume" in visitor.get("/bulk/people").text, "a row has failed"
    seen = visitor.post("/bulk/people/cancel")
    assert "people: 2 rows will not be sent; 0 rows in progress will finish." in seen.text
    assert "Cancel" not in seen.text
    assert read_states(tmp_path)[0] == "cancelled"
    seen = visitor.post("/bulk/people/resume", {"retry_failed": "yes"})
    assert "people: 3 rows may be sent. Workers run them: connector bulk work --sandbox" in seen.text
    assert read_states(tmp_path)[0] == "running"
    assert [one[:2] for one in enqueued] == [("people", 2)]


def test_a_console_that_only_reads_and_a_run_of_another_connector_change_nothing(rows, enqueued, tmp_path):
    for visitor, name, status in ((rows(read_only=True), "people", 403), (rows(), "elsewhere", 422)):
        for what in ("settle", "resume", "cancel"):
            assert visitor.post(f"/bulk/{name}/{what}", {"resolve": "3=done"}).status == status
    assert visitor.get("/bulk/elsewhere").status == 404
    assert read_states(tmp_path) == ("running", [3], [1])
    assert enqueued == []


def test_rows_that_may_destroy_something_are_resumed_after_a_yes(rows, enqueued, tmp_path):
    with SharedJournal(f"sqlite:///{tmp_path / 'rows.db'}") as journal:
        header = {**HEADER, "action": "deleteUser"}
        journal.create_run("gone", header, count=1, options={}, queue="zoom", keep_going=True)
    visitor = rows()
    visitor.post("/bulk/gone/cancel")
    assert "they may destroy something" in visitor.get("/bulk/gone").text
    assert visitor.post("/bulk/gone/resume").status == 422
    assert visitor.post("/bulk/gone/resume", {"confirmed": "yes"}).status == 200


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a console, with a journal of five rows, of which three were sent, and other files."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with Journal(folder / "people.csv.createUser.journal", HEADER, lambda: 5) as journal:
        journal.record_start(1, 2, None, may_resend=False)
        journal.record_result({"row": 1, "line": 2, "outcome": "done", "data": {"password": CANARY}})
        journal.record_start(2, 3, None, may_resend=False)
        journal.record_result({"row": 2, "line": 3, "outcome": "rejected", "error": ERROR})
        journal.record_start(3, 4, None, may_resend=False)
    Journal(folder / "of-shop.journal", {**HEADER, "connector": "shop"}, lambda: 5).close()
    Journal(folder / "chain.journal", {"connector": "zoom", "chain": "x"}, lambda: 5).close()
    (folder / "text.journal").write_text("no journal")
    (folder / "odd.journal").write_text('{"journal":1,"connector":"zoom","action":"getUser","rows":"x","count":"5"}\n')
    (folder / "folder.journal").mkdir()
    return folder


def test_runs_with_a_journal_in_the_folder_are_shown(visit, folder):
    visitor = visit()
    seen = visitor.get("/bulk")
    assert f"Journals in {folder}" in seen.text
    assert "people.csv.createUser createUser stopped 3 of 5: 2 waiting , 1 failed , 1 done , 1 uncertain" in seen.text
    assert not any(name in seen.text for name in ("of-shop", "chain.", "text.", "odd"))
    seen = visitor.get("/bulk/file/people.csv.createUser")
    assert "Row 2, line 3: rejected No such plan." in seen.text
    assert "Row 3, line 4: uncertain" in seen.text
    assert "connector run createUser -f people.csv --sandbox" in seen.text
    assert CANARY not in visitor.get("/bulk/file/people.csv.createUser", outcome="done").html
    assert visitor.get("/bulk/file/other").status == 404
    assert visitor.get("/bulk/file/..%2Fwork%2Fpeople.csv.createUser").status == 404


def test_a_journal_that_is_gone_is_forgotten(folder):
    runs = FileRuns(folder, "zoom")
    count = len(runs.list_runs())
    (folder / "people.csv.createUser.journal").unlink()
    assert (count > 0, runs.list_runs(), runs._read) == (True, [], {})


def test_an_uncertain_row_of_a_journal_is_settled_as_the_command_does(visit, folder):
    visitor, path = visit(), folder / "people.csv.createUser.journal"
    before = path.read_text()
    assert visitor.post("/bulk/file/people.csv.createUser/settle", {"resolve": "3=retry"}).status == 422
    assert path.read_text() == before
    seen = visitor.post("/bulk/file/people.csv.createUser/settle", {"resolve": "3=done"})
    assert "people.csv.createUser: 1 row settled as done, 0 to be sent again." in seen.text
    assert json.loads(path.read_text().splitlines()[-1]) == {"row": 3, "line": 4, "outcome": "done", "settled": True}
    assert "2 waiting , 1 failed , 2 done" in seen.text


def test_a_journal_that_a_run_writes_to_is_running_and_left_alone(visit, folder):
    path = folder / "people.csv.createUser.journal"
    with Journal(path, HEADER, lambda: 5):
        visitor = visit()
        seen = visitor.get("/bulk/file/people.csv.createUser")
        assert "createUser: running" in seen.text
        assert "1 running" in seen.text
        before = path.read_text()
        seen = visitor.post("/bulk/file/people.csv.createUser/settle", {"resolve": "3=done"})
        assert "another run of these rows is in progress" in seen.text
        assert path.read_text() == before
    assert "createUser: stopped" in visitor.get("/bulk/file/people.csv.createUser").text


def test_a_damaged_journal_is_told(visit, folder):
    path = folder / "people.csv.createUser.journal"
    path.write_text(path.read_text().replace('{"row":2', '{"rpw":2'))
    assert "Its journal is damaged: line 5 cannot be read." in visit().get("/bulk/file/people.csv.createUser").text
