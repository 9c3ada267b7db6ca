"""`connector bulk`, and `--on` of a run: what is said before any row is touched, with or without the extra."""

from __future__ import annotations

import importlib.util
import sys

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


@pytest.fixture(params=["dbos", "sqlalchemy"])
def missing(request, monkeypatch):
    """A package of the extra that is not installed: it is not found, and cannot be imported."""
    find = importlib.util.find_spec
    name = request.param
    monkeypatch.setattr(importlib.util, "find_spec", lambda one, *rest: None if one == name else find(one, *rest))
    for module in [one for one in sys.modules if one.partition(".")[0] == name or "bulk.shared" in one]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    return name


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_missing_package_is_told_with_the_command_that_installs_it(missing, here, tmp_path, command):
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    done = here(*command, "--on", f"sqlite:///{tmp_path}/rows.db", ZOOM_ACCESS_TOKEN="t")
    assert done.code == 2
    named = [name for name in {"dbos", missing} if f"The package {name} is not installed. Run: pip install" in done.err]
    assert len(named) == 1, "dbos may be missing on this machine too"
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
