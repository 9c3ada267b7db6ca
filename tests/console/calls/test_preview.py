"""A call is written as other programs make it, and what is written makes the same call."""

from __future__ import annotations

import shlex

import pytest
import yaml
from support.pages.browsing.consoles import make_desk

from connector.cli.calls.input_args import parse_inputs
from connector.console.calls.preview import preview_call

CANARY = "c4n4ry-pw"
GIVEN = {
    "userId": "me",
    "topic": "It's = @ 9",
    "agenda": "First:\n\tC:\\new",
    "duration": 45,
    "availableDialInCountries": ["DE", "IT"],
    "password": CANARY,
}


@pytest.fixture
def desk():
    one = make_desk()
    yield one
    one.close()


def preview(desk, given, connection=""):
    """Return a call of createMeeting before it is sent."""
    return preview_call(desk, desk.connector.action("createMeeting"), given, connection)


def test_the_command_gives_the_same_inputs(desk, monkeypatch):
    words = shlex.split(preview(desk, GIVEN).command)
    assert words[:3] == ["connector", "run", "createMeeting"]
    items = [item for item in words[3:] if item not in ("-i", "--sandbox") and item != "password=?"]
    parsed = parse_inputs(desk.connector, desk.connector.action("createMeeting"), items)
    assert parsed == {key: value for key, value in GIVEN.items() if key != "password"}
    assert "password=?" in words
    assert words[-1] == "--sandbox"


def test_the_call_file_gives_the_same_inputs_and_names_the_environment_for_a_secret(desk):
    call = yaml.safe_load(preview(desk, GIVEN, "work").call_file)
    assert call == {
        "action": "createMeeting", "connection": "work", "inputs": {**GIVEN, "password": {"env": "PASSWORD"}},
    }  # fmt: skip


def test_the_program_of_a_sandbox_runs_in_a_sandbox(desk, monkeypatch, capsys):
    monkeypatch.setenv("PASSWORD", "abc123")
    for connection in ("", "work"):
        program = preview(desk, {**GIVEN, "availableDialInCountries": ["DE"]}, connection).python
        exec(compile(program, "program.py", "exec"), {})
        assert GIVEN["topic"] in capsys.readouterr().out


def test_the_program_of_a_real_connection_names_it():
    desk = make_desk(sandbox=False)
    program = preview(desk, GIVEN, "work").python
    desk.close()
    compile(program, "program.py", "exec")
    assert "Client(connector, 'work', store=open_store())" in program
    assert "os.environ['PASSWORD']" in program
    assert "'duration': 45" in program


def test_no_form_of_the_call_has_a_secret(desk):
    shown = preview(desk, GIVEN)
    assert CANARY not in " ".join(str(getattr(shown, name)) for name in shown.__slots__)


def test_what_is_odd_about_the_inputs_is_told(desk):
    assert preview(desk, {**GIVEN, "startTime": "2001-01-01T09:00:00Z"}).warnings
