"""Objects on the command line: as JSON, object by object, or member by member."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.cli.main import run

FOLDER = Path(__file__).parents[3] / "examples" / "google-calendar"
TIMES = ["--start", "2030-01-01T10:00:00Z", "--end", "2030-01-01T11:00:00Z"]
ADA, GRACE = {"email": "ada@x.io"}, {"email": "grace@x.io", "additionalGuests": 2}


@pytest.fixture
def dry_run(capsys):
    """Run createEvent with more words; return the body that would be sent, or the problems by field."""

    def run_dry(*words):
        code = run(
            ["--connector", str(FOLDER), "run", "createEvent", "--dry-run", "--calendar-id", "c", *TIMES, *words]
        )
        out = capsys.readouterr().out
        if code:
            return {problem["field"]: problem for problem in json.loads(out)["error"]["problems"]}
        return json.loads(out.partition("\n\n")[2])

    return run_dry


@pytest.mark.parametrize(
    "words",
    [
        ["--attendees", '{"email": "ada@x.io"}', "--attendees", '{"email": "grace@x.io", "guests": 2}'],
        ["--attendees", '[{"email": "ada@x.io"}, {"email": "grace@x.io", "guests": 2}]'],
        ["-i", 'attendees:=[{"email": "ada@x.io"}, {"email": "grace@x.io", "guests": 2}]'],
        ["-i", "attendees.0.email=ada@x.io", "-i", "attendees.1.email=grace@x.io", "-i", "attendees.1.guests=2"],
    ],
    ids=["each", "list", "json", "members"],
)
def test_objects_are_given_whole_or_by_their_members(dry_run, words):
    assert dry_run(*words)["attendees"] == [ADA, GRACE]


def test_every_problem_of_every_object_is_told_at_once(dry_run):
    found = dry_run(
        "--attendees", '{"email": "ada"}', "--attendees", '{"emial": "x"}',
        "-i", "reminders.overrides.0.method=fax", "-i", "reminders.useDefault=perhaps",
    )  # fmt: skip
    assert set(found) == {
        "attendees.0.email", "attendees.1.email", "attendees.1.emial", "reminders.overrides.0.method",
        "reminders.overrides.0.minutes", "reminders.useDefault",
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["-i", "attendees.0.email=a@x.io", "-i", "attendees.00.email=b@x.io"],
        ["-i", 'attendees:=[{"email": "b@x.io"}]', "-i", "attendees.0.email=a@x.io"],
        ["-i", "attendees.0.email=a@x.io", "-i", 'attendees:=[{"email": "b@x.io"}]'],
    ],
    ids=["twice", "whole first", "member first"],
)
def test_an_object_is_given_whole_or_by_members_and_each_member_once(dry_run, words):
    (problem,) = dry_run(*words).values()
    assert "two values" in problem["got"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("attendees.0.emial", "attendees.0.email"), ("reminders.overrides.1.minuts", "reminders.overrides.1.minutes")],
)
def test_a_mistyped_member_is_told_with_the_one_that_is_meant(dry_run, name, meant):
    (problem,) = dry_run("-i", f"{name}=x").values()
    assert problem["fix"] == f"did you mean {meant}?"


def test_what_nobody_gives_of_a_list_is_told(dry_run):
    found = dry_run("-i", "attendees.2.email=a@x.io")
    assert {key: problem["got"] for key, problem in found.items()} == {"attendees.0": "null", "attendees.1": "null"}


def test_help_names_the_members(capsys):
    run(["--connector", str(FOLDER), "run", "createEvent", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "Who is invited. JSON with email, name, optional, resource, guests, answer, comment. Repeatable." in shown


NAMED = """
action: name
label: Name
summary: Name a ship.
request: POST /names
inputs:
  names:
    label: Names
    help: Names by language.
    type: map of object
    to: body.names
    fields:
      text: {label: Text, help: The name., type: string, required: true}
  sizes: {label: Sizes, help: Sizes by name., type: map of integer, to: body.sizes}
  words: {label: Words, help: Words by language., type: map of list of string, to: body.words}
"""


@pytest.fixture
def run_name(folder, capsys):
    opened = folder("", {"name": NAMED})

    def run_dry(*words):
        run(["--connector", str(opened.folder), "run", "name", "--dry-run", *words])
        return json.loads(capsys.readouterr().out.partition("\n\n")[2])

    return run_dry


def test_a_name_with_a_dot_stands_in_quotes_as_errors_tell_it(run_name):
    sent = run_name("-i", 'names."en.GB".text=Gull', "-i", "names.no.text=Måke")
    assert sent == {"names": {"en.GB": {"text": "Gull"}, "no": {"text": "Måke"}}}


def test_entries_of_a_map_are_given_one_by_one(run_name):
    sent = run_name("--sizes", "mast=7", "--sizes", "keel=9", "--words", "en=a", "--words", "en=b", "--words", "no=c")
    assert sent == {"sizes": {"mast": 7, "keel": 9}, "words": {"en": ["a", "b"], "no": ["c"]}}


def test_help_names_the_variants(capsys):
    run(["--connector", str(FOLDER.parent / "slack"), "run", "postMessage", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    expected = (
        "JSON with type, id, and the members of one of Section (type is section), Header (type is header), Divider"
    )
    assert expected in shown
