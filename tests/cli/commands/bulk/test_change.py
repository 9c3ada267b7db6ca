"""`connector bulk` on runs of a database: what is refused, and what a run is left as."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.cli.bulk import shared_change
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_loading import load_rows

pytest.importorskip("dbos", reason="dbos is not installed: pip install '.[dbos]'")


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """A database with a run of two rows, that commands find."""
    url = f"sqlite:///{tmp_path}/rows.db"
    monkeypatch.setenv("CONNECTOR_BULK", url)
    with SharedJournal(url) as one:
        header = {"action": "createUser", "connection": None}
        run = one.create_run("people", header, options={}, queue="zoom", count=2, keep_going=True)
        list(load_rows(one, run, [Row(1, 2, {}), Row(2, 3, {})]))
        yield one


def test_a_run_is_not_resumed_while_its_rows_are_stored(journal, here, monkeypatch):
    monkeypatch.setattr(shared_change, "LOAD_TIMEOUT", 0.1)
    loading = journal.hold_run("people", 1.0)
    with ThreadPoolExecutor(1) as loader:
        loader.submit(loading.__enter__).result()
        refused = here("bulk", "resume")
        loader.submit(loading.__exit__, None, None, None).result()
    assert refused.code != 0
    assert "is locked by" in refused.err
    assert journal.choose_run(None).turn == 1, "what is stored meanwhile belongs to the turn that its command enqueues"


@pytest.mark.parametrize("command", ["status", "results", "resume", "cancel"])
def test_a_database_that_does_not_exist_is_refused_and_not_created(here, tmp_path, command):
    refused = here("bulk", command, "--on", "sqlite:///typo.db")
    assert refused.code == 2
    assert f"There is no database sqlite:///{tmp_path}/typo.db. Check the path" in refused.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "results", "resume", "cancel"])
def test_an_empty_name_is_not_the_only_run(journal, here, command):
    refused = here("bulk", command, "")
    assert refused.code == 2
    assert "Name a run in" in refused.err
    assert journal.choose_run(None).is_running


def test_a_run_has_a_name(journal, here, tmp_path):
    (tmp_path / "rows.csv").write_text("userId\nme\n", encoding="utf-8")
    refused = here("run", "getUser", "-f", "rows.csv", "--journal", ".journal", "--sandbox")
    assert refused.code == 2
    assert "--journal .journal names no run. Name the run with --journal NAME." in refused.err
    assert [run.name for run in journal.list_runs()] == ["people"]


def test_a_run_is_set_aside_only_when_the_new_one_can_start(journal, here, tmp_path):
    (tmp_path / "rows.csv").write_text("userId\nu1\n", encoding="utf-8")
    restarting = ("run", "deleteUser", "-f", "rows.csv", "--journal", "people", "--restart")
    assert here(*restarting, ZOOM_ACCESS_TOKEN="t").code == 2, "nobody said yes"
    assert here(*restarting, "--yes", ZOOM_ACCESS_TOKEN="").code == 3, "there is no connection"
    (tmp_path / "rows.csv").write_text("userId,badge\nu1,7\n", encoding="utf-8")
    assert here(*restarting, "--yes", ZOOM_ACCESS_TOKEN="t").code == 2, "the rows are wrong"
    assert [(run.name, run.state) for run in journal.list_runs()] == [("people", "running")]
