"""Time zones are told apart by their hours and not by their letters; choices of codes are never guessed."""

from __future__ import annotations

import pytest

from connector import Client
from connector.core.inputs import time_zones
from connector.errors import InputError

LISTED = ["America/New_York", "Asia/Amman", "Asia/Saigon", "Asia/Singapore", "Europe/Paris"]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Asia/Ho_Chi_Minh", "Asia/Saigon"),  # another name of the same zone
        ("America/Toronto", "America/New_York"),  # the same hours all year
        ("Asia/Manila", "Asia/Singapore"),
        ("Asia/Yangon", None),  # half an hour from every neighbour
    ],
)
def test_the_same_zone_is_one_that_keeps_the_same_hours(name, same):
    assert time_zones.find_same_zone(name, LISTED) == same


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Asia/Manilla", "Asia/Manila"),
        ("europe/paris", "Europe/Paris"),
        ("America/New York", "America/New_York"),
        ("Mars/Olympus", None),
        ("CET+1", None),
    ],
)
def test_a_misspelt_zone_is_found_only_where_nearly_every_letter_agrees(text, zone):
    assert time_zones.suggest_zone(text, LISTED) == zone


@pytest.mark.parametrize(
    ("zone", "advice"),
    [
        ("Asia/Manila", "Asia/Singapore"),
        ("Asia/Ho_Chi_Minh", "Asia/Saigon"),
        ("America/Detroit", "America/New_York"),
    ],
)
def test_a_zone_that_the_service_does_not_list_is_sent_with_a_warning(zoom, zone, advice):
    compiled = zoom_plan(zoom, "createMeeting")
    values = compiled.validate({"userId": "me", "timezone": zone})
    assert values["timezone"] == zone
    [warning] = compiled.find_warnings(values, 0.0)
    assert warning.startswith(f"timezone: {zone} is not among the time zones that the service lists")
    assert time_zones.find_same_zone(zone, [advice]) == advice


def test_a_zone_that_the_service_lists_needs_no_warning(zoom):
    compiled = zoom_plan(zoom, "createMeeting")
    assert compiled.find_warnings(compiled.validate({"userId": "me", "timezone": "Europe/Paris"}), 0.0) == ()


def test_without_zone_data_a_well_formed_name_is_sent(zoom, monkeypatch):
    monkeypatch.setattr("connector.core.inputs.formats.is_zone", lambda name: False)
    monkeypatch.setattr("connector.core.inputs.formats.has_zone_data", lambda: False)
    assert Client(zoom).dry_run("createMeeting", {"userId": "me", "timezone": "Asia/Manila"})
    with pytest.raises(InputError):
        Client(zoom).dry_run("createMeeting", {"userId": "me", "timezone": "manila"})


def problem_of(zoom, action, given):
    with pytest.raises(InputError) as caught:
        Client(zoom).dry_run(action, given)
    return caught.value.problems[0]


REGISTRANT = {"meetingId": "1", "email": "a@b.example", "firstName": "A", "lastName": "B"}


@pytest.mark.parametrize("code", ["XY", "XX", "EN"])
def test_no_other_country_is_suggested_for_a_code(zoom, code):
    problem = problem_of(zoom, "createMeeting", {"userId": "me", "availableDialInCountries": [code]})
    assert "did you mean" not in problem.fix


@pytest.mark.parametrize("code", ["en-GB", "fr-BE"])
def test_no_other_language_is_suggested_for_a_code(zoom, code):
    assert "did you mean" not in problem_of(zoom, "addMeetingRegistrant", {**REGISTRANT, "language": code}).fix


def test_a_country_is_found_by_its_name(zoom):
    problem = problem_of(zoom, "createMeeting", {"userId": "me", "availableDialInCountries": ["Germny"]})
    assert "did you mean DE?" in problem.fix


def zoom_plan(zoom, action):
    from connector.core.exchange.plan import compile_action

    return compile_action(zoom, action)
