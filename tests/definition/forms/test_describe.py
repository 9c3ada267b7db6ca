"""One description of an input makes the form, the tool, the table and the flags."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from referencing import Registry

from connector import Connector
from connector.core.exchange.plan import compile_action
from connector.core.inputs import coerce
from connector.definition.forms import describe, input_rows, sentences
from connector.definition.forms.cli_flags import build_cli_flags
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action

ZOOM = Connector.open()
ACTIONS = {action.action: action for action in ZOOM.actions()}
EXAMPLES = [(key, name) for key, action in ACTIONS.items() for name in action.examples]
RESERVED = {"--timeout", "--limit", "--file"}
EVERY = pytest.mark.parametrize("key", sorted(ACTIONS))


def plainly(action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given by its public keys, numbers and booleans as such."""
    found = {action.key_by_spelling[spelling]: value for spelling, value in given.items()}
    kinds = {key: action.inputs[key].type for key in found}
    return {
        key: coerce.CONVERTERS[kinds[key]](value) if kinds[key] == "integer" else value for key, value in found.items()
    }


def fits(action: Action, given: Mapping[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(describe.build_form_schema(ZOOM, action), registry=Registry()).is_valid(
        given
    )


@EVERY
def test_a_form_is_a_json_schema_of_every_input_and_the_two_options_of_every_run(key: str) -> None:
    form = ZOOM.form_schema(key)
    jsonschema.Draft202012Validator.check_schema(form)
    assert list(form["properties"]) == [*ACTIONS[key].inputs, "connection", "debugRequest"]
    assert form["additionalProperties"] is False
    assert form["required"] == [name for name, spec in ACTIONS[key].inputs.items() if spec.required]


@pytest.mark.parametrize(("key", "name"), EXAMPLES)
def test_a_form_takes_every_example_and_refuses_what_it_does_not_know(key: str, name: str) -> None:
    action = ACTIONS[key]
    given = plainly(action, action.examples[name].inputs)
    assert fits(action, given)
    assert fits(action, {**given, "connection": "work", "debugRequest": True})
    assert not fits(action, {**given, "unheardOf": 1})
    for required in (one for one, spec in action.inputs.items() if spec.required):
        assert not fits(action, {one: value for one, value in given.items() if one != required})


GIVEN = [
    ("createMeeting", {"userId": "me", "recurrence": 2, "weeklyDay": [2], "meetingType": 8}, True),
    ("createMeeting", {"userId": "me", "recurrence": 2, "weeklyDay": [2], "meetingType": 2}, False),
    ("createMeeting", {"userId": "me", "recurrence": 2, "meetingType": 8}, False),
    ("createMeeting", {"userId": "me", "recurrence": 3, "meetingType": 8, "monthlyDay": 3}, True),
    ("createMeeting", {"userId": "me", "endTimes": 3}, False),
    ("createMeeting", {"userId": "me", "recurrence": 1, "meetingType": 8, "endTimes": 3}, True),
    ("createMeeting", {"userId": "me", "recurrence": 1, "meetingType": 8, "endTimes": 3, "endDateTime": "2030-01-31T09:00:00Z"}, False),
    ("createMeeting", {"userId": "me", "duration": 0}, False),
    ("createMeeting", {"userId": "me", "duration": 1441}, False),
    ("createMeeting", {"userId": "me", "topic": "x" * 201}, False),
    ("createMeeting", {"userId": "me", "audio": "radio"}, False),
    ("createMeeting", {"userId": "me", "startTime": "tomorrow"}, False),
    ("createMeeting", {"userId": "me", "timezone": "on Mars"}, False),
    ("createMeeting", {"userId": "me", "timezone": "Europe/Lisbon"}, True),
    ("createMeeting", {"userId": "me", "weeklyDay": [8], "recurrence": 2, "meetingType": 8}, False),
    ("createMeeting", {"userId": "me", "settingsExtraFields": [1]}, False),
    ("createUser", {"email": "a@b.example", "firstName": "A", "lastName": "B", "userType": 1, "password": "Lantern42"}, False),
    ("createUser", {"email": "a@b.example", "firstName": "A", "lastName": "B", "userType": 1, "password": "Lantern42", "action": "autoCreate"}, True),
    ("createUser", {"email": "a@b.example", "firstName": "A", "lastName": "B", "userType": 99}, True),
    ("listUsersChatMessages", {"userId": "me"}, False),
    ("listUsersChatMessages", {"userId": "me", "toContact": "a", "toChannel": "b"}, False),
    ("listUsersChatMessages", {"userId": "me", "searchKey": "a", "searchType": "file"}, True),
    ("addMeetingRegistrant", {"meetingId": "1", "email": "a@b.example", "firstName": "A", "lastName": "B", "ocurrenceIds": "1,2"}, True),
    ("rawRequest", {"method": "GET", "url": "/users", "queryParams": [{"key": "a", "value": "b"}, "c: d"]}, True),
    ("rawRequest", {"method": "GET", "url": "/users", "queryParams": {"a": "b"}}, True),
    ("rawRequest", {"method": "GET", "url": "/users", "queryParams": [{"key": "a"}]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("key", "given", "good"), GIVEN, ids=range(len(GIVEN)))
def test_a_form_says_what_a_run_says(key: str, given, good: bool) -> None:
    action = ACTIONS[key]
    assert fits(action, given) is good
    if good:
        compile_action(ZOOM, key).validate(given)
    else:
        with pytest.raises(InputError):
            compile_action(ZOOM, key).validate(given)


def test_a_form_keeps_secrets_to_itself_and_tells_what_is_only_suggested() -> None:
    properties = ZOOM.form_schema("updateUser")["properties"]
    assert properties["hostKey"]["writeOnly"] is True
    assert "examples" not in properties["hostKey"]
    assert properties["zoomPhone"]["x-suggest"] is False
    assert "default" not in properties["zoomPhone"]
    assert ZOOM.form_schema("createMeeting")["properties"]["audio"]["default"] == "both"
    assert properties["connection"]["x-kinds"] == list(ZOOM.manifest.connections)


@EVERY
def test_a_tool_has_a_flat_schema_that_every_model_reads(key: str) -> None:
    tool = ZOOM.tool_spec(key)
    assert list(tool) == ["name", "title", "description", "inputSchema", "annotations"]
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", tool["name"])
    assert tool["title"] == ACTIONS[key].label
    assert tool["description"].endswith(".")
    jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
    assert set(tool["inputSchema"]) == {"type", "properties", "required", "additionalProperties"}
    assert "connection" not in tool["inputSchema"]["properties"]
    assert all(one["description"] for one in tool["inputSchema"]["properties"].values())


def test_a_tool_tells_in_words_what_a_flat_schema_cannot() -> None:
    properties = ZOOM.tool_spec("createMeeting")["inputSchema"]["properties"]
    assert properties["meetingType"]["enum"] == [1, 2, 3, 8, 10]
    assert "8 (Recurring, fixed time)" in properties["meetingType"]["description"]
    assert "Only when meetingType is 8." in properties["recurrence"]["description"]
    assert "Not together with endDateTime." in properties["endTimes"]["description"]
    assert "weeklyDay is needed when recurrence is 2." in properties["weeklyDay"]["description"]
    assert properties["weeklyDay"]["items"]["enum"] == [1, 2, 3, 4, 5, 6, 7]
    assert ZOOM.tool_spec("create_meeting")["name"] == "create_meeting"


@EVERY
def test_a_tool_describes_a_long_list_of_choices_instead_of_repeating_it(key: str) -> None:
    for name, spec in ZOOM.tool_spec(key)["inputSchema"]["properties"].items():
        assert len(spec.get("enum", spec.get("items", {}).get("enum", []))) <= 25
        choices = sentences.collect_choices(ZOOM, ACTIONS[key].inputs[name])
        if len(choices) > 25:
            assert f"of {len(choices)} choices, for example " in spec["description"]
            assert sum(f"{value} ({label})" in spec["description"] for value, label in choices.items()) >= 3


def test_all_tools_together_leave_a_model_room_to_work() -> None:
    assert len(ACTIONS) == 22
    assert sum(len(json.dumps(ZOOM.tool_spec(key)["inputSchema"])) for key in ACTIONS) < 45_000


@pytest.mark.parametrize(
    ("key", "hints"),
    [
        ("listUsers", (True, True, False)),
        ("createMeeting", (False, False, False)),
        ("updateMeeting", (False, False, False)),
        ("deleteUser", (False, True, True)),
        ("rawRequest", (False, False, True)),
    ],
)
def test_a_tool_says_whether_it_changes_or_destroys_and_may_be_called_twice(key: str, hints) -> None:
    annotations = ZOOM.tool_spec(key)["annotations"]
    assert tuple(annotations[f"{name}Hint"] for name in ("readOnly", "idempotent", "destructive")) == hints


def test_an_unknown_action_has_no_form_and_no_tool() -> None:
    for build in (ZOOM.form_schema, ZOOM.tool_spec):
        with pytest.raises(InputError, match="Did you mean 'createMeeting'"):
            build("createMeetin")


@EVERY
def test_rows_have_every_input_and_the_two_options_of_every_run(key: str) -> None:
    rows = input_rows.build_doc_rows(ZOOM, ACTIONS[key])
    assert [row.key for row in rows] == [*ACTIONS[key].inputs, "connection", "debugRequest"]
    assert all(
        isinstance(getattr(row, cell), str) for row in rows for cell in ("label", "type", "default", "notes", "example")
    )
    assert all(row.notes.endswith(".") for row in rows)


def test_a_row_shows_a_suggestion_as_the_page_does_and_says_that_it_is_one() -> None:
    rows = {row.key: row for row in input_rows.build_doc_rows(ZOOM, ACTIONS["updateMeeting"])}
    assert (rows["hostVideo"].default, rows["audio"].default, rows["endTimes"].default) == ("false", "both", "1")
    assert "sent only when given" in rows["hostVideo"].notes
    assert (rows["duration"].notes, rows["duration"].example) == (
        "How long the meeting lasts, in minutes. From 1 to 1440.",
        "60",
    )
    assert (rows["connection"].type, rows["connection"].required) == ("connection", True)
    assert (rows["debugRequest"].type, rows["debugRequest"].default) == ("boolean", "false")


@EVERY
def test_flags_are_of_one_spelling_and_never_hide_a_run_option(key: str) -> None:
    flags = build_cli_flags(ACTIONS[key], RESERVED)
    assert [flag.key for flag in flags] == list(ACTIONS[key].inputs)
    names = [name for flag in flags for name in (flag.name, *flag.aliases)]
    assert len(names) == len(set(names))
    assert not set(names) & RESERVED
    assert all(re.fullmatch(r"--[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


def test_a_flag_tells_what_a_command_line_needs() -> None:
    flags = {
        flag.key: flag
        for key in ("rawRequest", "createMeeting", "addMeetingRegistrant")
        for flag in build_cli_flags(ACTIONS[key], RESERVED)
    }
    assert flags["timeout"].name == "--input-timeout"
    assert flags["usePMI"].name == "--use-pmi"
    assert flags["retryDelayMS"].name == "--retry-delay-ms"
    assert flags["ocurrenceIds"].aliases == ("--occurrence-ids",)
    assert (flags["queryParams"].repeats, flags["availableDialInCountries"].repeats, flags["topic"].repeats) == (
        True,
        True,
        False,
    )
    assert (flags["password"].secret, flags["userId"].required) == (True, True)
    assert flags["meetingType"].choices == ["1", "2", "3", "8", "10"]
