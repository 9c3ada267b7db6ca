"""`connector choices` lists what an input takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.cli.main import run

LINEAR = str(Path(__file__).parents[2] / "connectors" / "linear")
TEAM = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"


@pytest.fixture
def choices(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def call(*words):
        code = run(["--connector", LINEAR, "choices", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_choices_of_the_definition_need_no_connection(choices):
    code, out, _ = choices("createIssue", "priority", "--search", "urg", "--output", "json")
    assert (code, json.loads(out)) == (0, [{"value": 1, "label": "Urgent"}])


def test_live_choices_depend_on_what_is_chosen(choices):
    code, out, _ = choices("createIssue", "stateId", f"teamId={TEAM}", "--sandbox", "--output", "json")
    assert (code, json.loads(out)) == (0, [{"value": "27c1", "label": "In Progress"}])


def test_what_is_missing_or_unknown_is_told(choices):
    code, out, err = choices("createIssue", "stateId", "--sandbox")
    assert (code, out) == (2, "")
    assert "teamId" in err
    assert "Did you mean 'priority'" in choices("createIssue", "prioriti")[2]
    assert "an input as KEY=VALUE" in choices("createIssue", "priority", "teamId")[2]


def test_nothing_found_is_said(choices):
    code, out, err = choices("createIssue", "priority", "--search", "zzz")
    assert (code, out) == (0, "")
    assert "priority has no choices for this text." in err
