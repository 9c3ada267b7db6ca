"""`connector records`: the copy is read from the service and looked into from the command line."""

from __future__ import annotations

import json

import pytest

from connector.cli.main import run


@pytest.fixture
def run_cli(capsys, tmp_path, monkeypatch):
    for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    def call(*words):
        code = run(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_a_sync_is_listed_shown_and_told(run_cli):
    run_cli("run", "createMeeting", "-i", "userId=me", "-i", "topic=Standup", "--sandbox")
    code, out, _ = run_cli("records", "sync", "users", "meetings", "--sandbox")
    assert (code, out.splitlines()) == (0, ["users: 1 records in 1 lists", "meetings: 1 records in 1 lists"])
    _, out, _ = run_cli("records", "list", "meetings", "--sandbox", "--output", "json")
    [record] = json.loads(out)
    assert record["data"]["topic"] == "Standup"
    code, out, _ = run_cli("records", "show", "meetings", record["id"], "--sandbox")
    assert (code, "Standup" in out) == (0, True)
    _, out, _ = run_cli("records", "changes", "--sandbox", "--output", "lines")
    assert [json.loads(line)["change"] for line in out.splitlines()] == ["added", "added"]


def test_a_dry_run_sends_nothing_and_keeps_nothing(run_cli):
    code, out, _ = run_cli("records", "sync", "users", "--sandbox", "--dry-run")
    assert (code, out.split()[:2]) == (0, ["users:", "GET"])
    _, out, _ = run_cli("records", "list", "--sandbox", "--output", "json")
    assert json.loads(out) == {}


def test_an_unknown_resource_is_told_with_the_known_ones(run_cli):
    code, _, err = run_cli("records", "sync", "meting", "--sandbox")
    assert (code, "meetings" in err) == (2, True)
    code, _, err = run_cli("records", "show", "meetings", "99", "--sandbox")
    assert (code, "records list meetings" in err) == (2, True)
