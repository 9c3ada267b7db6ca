"""Columns map to inputs by name or label; all mismatches are reported at once, with a fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import Connector
from connector.core.bulk.columns import ColumnMapping
from connector.errors import InputError


@pytest.fixture
def columns(zoom):
    """Make the columns of createUser."""

    def make(mapped=None, fixed=None, action="createUser"):
        return ColumnMapping(zoom.action(action), mapped or {}, fixed or {}, zoom.choices)

    return make


def problems(call):
    with pytest.raises(InputError) as raised:
        call()
    return {problem.field: problem for problem in raised.value.problems}


@pytest.mark.parametrize("name", ["firstName", "first_name", "First Name"])
def test_a_column_is_an_input_by_key_by_snake_case_and_by_label(columns, name):
    assert columns().from_mapping({name: "Ada"}) == {"firstName": "Ada"}


def test_an_alias_is_a_name_too(columns, zoom):
    action = zoom.action("addMeetingRegistrant")
    alias, key = next((alias, key) for key, spec in action.inputs.items() for alias in spec.aliases)
    assert columns(action="addMeetingRegistrant").from_mapping({alias: "1"}) == {key: "1"}


@pytest.mark.parametrize("name", ["first name", "FIRSTNAME", "First  Name", " firstName"])
def test_a_label_counts_exactly_and_the_nearest_input_is_told(columns, name):
    (problem,) = problems(lambda: columns().from_mapping({name: "Ada"})).values()
    assert "if it is firstName, use --map" in problem.fix
    assert "=firstName" in problem.fix
    assert "leaves the column out" in problem.fix


def test_a_column_that_is_not_near_is_not_said_to_be_an_input(columns):
    (problem,) = problems(lambda: columns(action="createMeeting").from_mapping({"notes": "x"})).values()
    assert "if it is" not in problem.fix


def test_a_column_id_may_be_the_id_that_is_required(columns):
    (problem,) = problems(lambda: columns(action="updateUser").from_mapping({"id": "u1"})).values()
    assert problem.fix == "if it is userId, use --map id=userId; --map id= leaves the column out"


def test_a_map_says_it_for_other_names_and_leaves_columns_out(columns):
    made = columns({"Mail": "email", "Badge": "", "firstName": "lastName"})
    assert made.from_mapping({"Mail": "a@example.com", "Badge": 7, "firstName": "L"}) == {
        "email": "a@example.com",
        "lastName": "L",
    }


def test_a_map_to_what_is_no_input_and_of_what_is_no_column_are_told(columns):
    assert "did you mean email?" in problems(lambda: columns({"Mail": "emial"}))["emial"].fix
    header = ["email", "firstName", "lastName", "userType"]
    assert "--map Mail=" in problems(lambda: columns({"Mail": "displayName"}).resolve_header(header))


def test_everything_that_is_wrong_with_a_header_is_told_at_once(columns):
    made = columns(fixed={"userType": 1})
    found = problems(lambda: made.resolve_header(["E-Mail", "first_name", "First Name", "user_type", "badge"]))
    assert set(found) == {"column 'E-Mail'", "column 'badge'", "firstName", "userType", "email", "lastName"}
    assert "'first_name' and 'First Name'" in found["firstName"].got
    assert "user_type" in found["userType"].got
    assert "required" in found["email"].expected


def test_what_every_row_is_given_counts_as_there(columns):
    made = columns(fixed={"userType": 1, "lastName": "L"})
    keys = made.resolve_header(["email", "firstName"])
    assert made.from_cells(keys, ["a@example.com", "Ada"]) == {
        "userType": 1, "lastName": "L", "email": "a@example.com", "firstName": "Ada",
    }  # fmt: skip


def test_a_first_line_of_data_is_no_header_and_none_of_it_is_shown(columns):
    with pytest.raises(InputError) as raised:
        columns().resolve_header(["ada@example.com", "Ada", "Lovelace", "hunter2-secret"])
    assert "header" in str(raised.value)
    for cell in ("ada", "Lovelace", "hunter2"):
        assert cell not in str(raised.value)


def test_two_columns_for_one_input_and_a_column_beside_a_fixed_value_are_told_in_mappings_too(columns):
    assert "two columns" in problems(lambda: columns().from_mapping({"email": "a", "Email": "b"}))["email"].got
    assert "every row" in problems(lambda: columns(fixed={"email": "a"}).from_mapping({"Email": "b"}))["email"].got


def test_of_two_columns_of_one_name_none_can_be_left_out_alone(columns):
    fix = problems(lambda: columns().resolve_header(["email", "email", "firstName", "lastName", "userType"]))[
        "email"
    ].fix
    assert fix == "rename one; --map email= leaves out both"


def test_an_empty_cell_gives_nothing_and_a_mapping_keeps_its_types(columns):
    made = columns()
    keys = made.resolve_header(["email", "firstName", "lastName", "userType", "displayName"])
    assert "displayName" not in made.from_cells(keys, ["a", "b", "c", "1", ""])
    assert made.from_mapping({"userType": 1, "displayName": "", "email": None}) == {
        "userType": 1,
        "displayName": "",
        "email": None,
    }


@pytest.mark.parametrize(
    ("action", "key", "cell", "value"),
    [
        ("createMeeting", "weeklyDay", "2,4", "2,4"),
        ("createMeeting", "weeklyDay", "[2, 4]", [2, 4]),
        ("createMeeting", "availableDialInCountries", "US", ["US"]),
        ("createMeeting", "availableDialInCountries", '["US", "NO"]', ["US", "NO"]),
        ("createMeeting", "trackingFields", '[{"field": "a"}]', '[{"field": "a"}]'),
        ("rawRequest", "queryParams", '{"a": "1"}', {"a": "1"}),
    ],
)
def test_a_cell_of_a_list_is_json_or_one_item(columns, action, key, cell, value):
    assert columns(action=action).from_cells((key,), [cell]) == {key: value}


def test_a_cell_is_read_as_a_person_writes_it(columns):
    made = columns(action="createMeeting")
    header = made.resolve_header(["userId", "Type", "duration", "hostVideo", "startTime", "availableDialInCountries"])
    cells = ["me", "scheduled", "1h30m", "Yes", "2030-01-07 09:00", "US"]
    assert made.from_cells(header, cells) == {
        "userId": "me", "meetingType": 2, "duration": 90, "hostVideo": True, "startTime": "2030-01-07T09:00:00",
        "availableDialInCountries": ["US"],
    }  # fmt: skip


def test_broken_json_in_a_cell_is_told_without_the_cell(columns):
    made = columns(action="createMeeting")
    found = problems(lambda: made.from_cells(("availableDialInCountries",), ["[US-secret"]))
    assert "JSON" in found["availableDialInCountries"].expected
    assert "secret" not in str(found["availableDialInCountries"])


@pytest.fixture
def event_columns():
    """The columns of an action that takes objects: an event of Google Calendar with its attendees."""
    connector = Connector.open(Path(__file__).parents[3] / "examples" / "google-calendar")
    return ColumnMapping(
        connector.action("createEvent"), {"Mail": "attendees.0.email"}, {"calendarId": "primary"}, connector.choices
    )


def test_a_column_may_be_a_member_of_an_object(event_columns):
    names = ["start", "end", "Mail", "attendees.1.email", "attendees.1.guests", "reminders.use_default"]
    keys = event_columns.resolve_header(names)
    given = event_columns.from_cells(
        keys, ["2030-01-01T10:00:00Z", "2030-01-01T11:00:00Z", "a@x.io", "b@x.io", "2", ""]
    )
    assert given["attendees"] == [{"email": "a@x.io"}, {"email": "b@x.io", "guests": "2"}]
    assert "reminders" not in given
    assert event_columns.from_mapping({"reminders.use_default": True}) == {
        "calendarId": "primary", "reminders": {"useDefault": True},
    }  # fmt: skip


@pytest.mark.parametrize("other", ["attendees.0.email", "attendees"])
def test_a_member_is_given_by_one_column(event_columns, other):
    found = problems(lambda: event_columns.resolve_header(["start", "end", "Mail", other]))
    assert "two columns" in found[other].got


def test_a_column_that_is_no_member_is_unknown(event_columns):
    found = problems(lambda: event_columns.resolve_header(["start", "end", "Mail", "attendees.email", "title.0"]))
    assert set(found) == {"column 'attendees.email'", "column 'title.0'"}


RENAMED = """
action: makeLamp
label: Make Lamp
summary: Make a lamp.
request: POST /lamps
inputs:
  watts: {label: Watts, help: How bright., type: integer, required: true, to: body.watts, was: [powerLevel]}
  bulbs:
    label: Bulbs
    help: What it holds.
    type: list of object
    to: body.bulbs
    was: [lights]
    fields:
      glass: {label: Glass, help: Its glass., type: string, was: [glassType]}
"""


def map_columns(action, mapped, fixed):
    """Return the columns of an action that has no file of choices."""
    return ColumnMapping(action, mapped, fixed, {}.__getitem__)


@pytest.fixture
def lamp(folder):
    return folder(actions={"make-lamp": RENAMED}).action("makeLamp")


@pytest.mark.parametrize("name", ["powerLevel", "power_level"])
def test_a_column_of_an_earlier_name_stays_one_so_that_each_call_tells_it(lamp, name):
    columns = map_columns(lamp, {}, {})
    header = columns.resolve_header([name, "bulbs.0.glassType", "bulbs.1.glass"])
    assert columns.from_cells(header, ["5", "opal", "clear"]) == {
        name: "5", "bulbs": [{"glassType": "opal"}, {"glass": "clear"}],
    }  # fmt: skip
    assert columns.from_mapping({name: 5}) == {name: 5}
    assert map_columns(lamp, {"Power": name}, {}).from_mapping({"Power": 5}) == {name: 5}


def test_an_earlier_and_a_later_name_of_an_input_are_two_columns_for_it(lamp):
    assert problems(lambda: map_columns(lamp, {}, {}).resolve_header(["powerLevel", "watts"])).keys() == {"watts"}
    told = problems(lambda: map_columns(lamp, {}, {}).resolve_header(["watts", "lights", "bulbs.0.glass"]))
    assert told["bulbs.0.glass"].got == "two columns: 'lights' and 'bulbs.0.glass'"
    told = problems(lambda: map_columns(lamp, {}, {"powerLevel": 5}).resolve_header(["watts"]))
    assert told["watts"].got.startswith("two values")


def test_an_earlier_name_for_every_row_gives_what_is_required(lamp):
    columns = map_columns(lamp, {}, {"powerLevel": 5})
    assert columns.from_cells(columns.resolve_header(["lights.0.glass"]), ["opal"]) == {
        "powerLevel": 5, "lights": [{"glass": "opal"}],
    }  # fmt: skip


def test_a_cell_that_means_nothing_hides_no_other_problem_of_its_row(columns):
    made = columns(action="createMeeting")
    keys = made.resolve_header(["userId", "duration", "timezone", "topic"])
    found = problems(lambda: made.from_cells(keys, ["", "90s", "Europe/Berln", "A"]))
    assert set(found) == {"userId", "duration", "timezone"}
    assert "1.5 minutes" in found["duration"].fix
