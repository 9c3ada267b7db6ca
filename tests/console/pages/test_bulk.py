"""Runs of rows that workers share: how far they are, and the rows that failed or are uncertain."""

from __future__ import annotations

import pytest

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
