"""`connector bulk`, and `--on` of a run: what is said before any row is touched, with or without the extra."""

from __future__ import annotations

import importlib.util

import pytest

ROWS = "email,first_name,Last Name\nu1@example.com,U,1\n"
COMMANDS = [
    ("run", "createUser", "-f", "rows.csv", "-i", "userType=1"),
    ("bulk", "work"),
    ("bulk", "status"),
    ("bulk", "results"),
    ("bulk", "resume"),
    ("bulk", "cancel"),
]


@pytest.fixture
def without_dbos(monkeypatch):
    """A machine on which the extra is not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "dbos" else find(name, *rest))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_missing_package_is_told_with_the_command_that_installs_it(without_dbos, here, tmp_path, command):
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    done = here(*command, "--on", f"sqlite:///{tmp_path}/rows.db", ZOOM_ACCESS_TOKEN="t")
    assert done.code == 2
    assert "The package dbos is not installed. Run: pip install" in done.err
    assert "[dbos]" in done.err
    assert not (tmp_path / "rows.db").exists()


@pytest.mark.parametrize("command", COMMANDS[1:], ids=" ".join)
def test_a_command_without_a_database_says_how_to_name_one(here, command):
    done = here(*command)
    assert done.code == 2
    assert "No database is named. Name it with --on URL, or set CONNECTOR_BULK." in done.err


def test_a_database_is_for_rows(here):
    done = here("run", "getUser", "--user-id", "me", "--on", "sqlite:///rows.db", "--sandbox")
    assert done.code == 2
    assert "--on is for rows." in done.err


def test_rows_from_a_pipe_need_a_name_in_the_database(here):
    done = here("run", "createUser", "-f", "-", "--rows-format", "csv", "--on", "sqlite:///rows.db", "--sandbox")
    assert done.code == 2
    assert "Rows from a pipe need a name in the database. Name the run with --journal NAME." in done.err


def test_the_help_names_the_commands(here):
    done = here("bulk", "--help")
    assert done.code == 0
    for name in ("work", "status", "results", "resume", "cancel"):
        assert f"\n  {name} " in done.out
