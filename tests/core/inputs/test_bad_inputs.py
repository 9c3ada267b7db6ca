"""Invalid inputs are reported before anything is sent: all at once, by input key, with value, rule and fix."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connector import Client, errors
from connector.core.exchange.plan import compile_action


def problems(connector, action, given):
    with pytest.raises(errors.InputError) as caught:
        compile_action(connector, action).validate(given)
    return {problem.field: problem for problem in caught.value.problems}


def problem(connector, action, given, key):
    """Return the only problem of a call."""
    found = problems(connector, action, given)
    assert list(found) == [key]
    return found[key]


def values(connector, action, given):
    return compile_action(connector, action).validate(given)


def test_twenty_wrong_inputs_are_told_in_one_report(zoom):
    wrong = {
        "userId": "..",
        "topic": "t" * 201,
        "agenda": "a" * 2001,
        "meetingType": "Scheduled",
        "password": "correct-horse",
        "defaultPassword": "yes",
        "preSchedule": 1,
        "startTime": "2021-12-15",
        "timezone": "america/new_york",
        "duration": 0,
        "recurrence": 4,
        "repeatInterval": True,
        "weeklyDay": "1,8",
        "monthlyDay": 32,
        "monthlyWeek": 5,
        "endTimes": 61,
        "endDateTime": "tomorrow",
        "audio": "Phone only",
        "availableDialInCountries": ["US", "XX"],
        "autoRecording": "CLOUD",
        "trackingFields": "[{]",
        "settingsExtraFields": [1],
        "metingId": "1",
    }
    with pytest.raises(errors.InputError) as caught:
        compile_action(zoom, "createMeeting").validate(wrong)
    error = caught.value
    found = {one.field: one for one in error.problems}
    assert set(wrong) <= set(found)
    assert len(error.problems) == len(found), "one problem each"
    assert (error.outcome, error.retryable) == ("not_sent", False)
    for key, one in found.items():
        assert one.got
        assert one.expected
        assert f"{key}: got {one.got}; expected {one.expected}" in str(error)
    assert found["password"].got == "***"
    assert "correct-horse" not in str(error) + repr(error.to_dict())
    assert "America/New_York" in found["timezone"].fix
    assert "2" in found["meetingType"].fix
    assert "telephony" in found["audio"].fix
    assert "cloud" in found["autoRecording"].fix
    assert "2021-12-15T" in found["startTime"].fix
    assert "item 2" in found["weeklyDay"].fix
    assert "item 2" in found["availableDialInCountries"].fix
    assert "line 1 column 3" in found["trackingFields"].fix
    assert "201" in found["topic"].fix
    assert "200 characters" in found["topic"].expected
    assert "1 to 1440" in found["duration"].expected


@pytest.mark.parametrize("given", [{}, {"meetingId": ""}, {"meetingId": "   "}])
def test_a_missing_or_blank_id_is_told(zoom, given):
    one = problem(zoom, "getMeeting", given, "meetingId")
    assert one.expected


def test_a_missing_input_says_where_to_find_it(zoom):
    one = problem(zoom, "getMeeting", {}, "meetingId")
    assert "required" in one.expected
    assert zoom.action("getMeeting").inputs["meetingId"].help in one.fix


def test_a_missing_input_with_choices_says_what_they_mean(zoom):
    given = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"}
    one = problem(zoom, "createUser", given, "userType")
    assert "1 (Basic), 2 (Licensed)" in one.fix


@pytest.mark.parametrize(
    "value", ["893 4750 3000", "893-4750-3000", 89347503000, " 89347503000 ", "893\u00a04750\u00a03000"]
)
def test_an_id_may_be_copied_with_spaces_and_hyphens_or_be_a_number(zoom, value):
    assert values(zoom, "getMeeting", {"meetingId": value})["meetingId"] == "89347503000"


def test_a_join_link_in_place_of_an_id_is_told_with_the_id_and_without_its_passcode(zoom):
    one = problem(zoom, "getMeeting", {"meetingId": "https://zoom.us/j/89347503000?pwd=s3cretPass"}, "meetingId")
    assert "89347503000" in one.fix
    assert "s3cretPass" not in str(one)


@pytest.mark.parametrize("value", [8.9347503e10, 89347503.0, Decimal(89347503)])
def test_a_float_for_an_id_is_told_to_be_quoted(zoom, value):
    assert "quotes" in problem(zoom, "getMeeting", {"meetingId": value}, "meetingId").fix


@pytest.mark.parametrize("value", ["..", ".", "", " ", "a\0b", "\ud800"])
def test_what_a_path_cannot_hold_is_refused_naming_the_field(zoom, value):
    problem(zoom, "getUser", {"userId": value}, "userId")


@pytest.mark.parametrize("value", ["a/b", "a?b", "a#b", "%2e%2e", "a\r\nb", "x" * 10_000, "...", "..a", "😀", " a "])
def test_what_one_segment_can_hold_is_taken(zoom, value):
    assert values(zoom, "getUser", {"userId": value})["userId"] == value


@pytest.mark.parametrize(
    "value",
    ["someone", "some one@example.com", "a@@b.c", "@example.com", "a@", "a@-b.c", f"{'a' * 250}@example.com", "a@b..c"],
)
def test_what_is_no_email_address_is_told(zoom, value):
    given = {"meetingId": 1, "email": value, "firstName": "A", "lastName": "B"}
    problem(zoom, "addMeetingRegistrant", given, "email")


def test_an_international_address_is_an_address(zoom):
    given = {"meetingId": 1, "email": " jürgen@münchen.example ", "firstName": "A", "lastName": "B"}
    assert values(zoom, "addMeetingRegistrant", given)["email"] == "jürgen@münchen.example"


def test_a_misspelt_input_gets_the_right_spelling(zoom):
    found = problems(zoom, "getMeeting", {"metingId": "1"})
    assert "meetingId" in found["metingId"].fix
    assert "required" in found["meetingId"].expected


def test_an_input_of_another_action_gets_the_list_of_this_ones(zoom):
    one = problem(zoom, "getMeetingInvitation", {"meetingId": "1", "trackingSourceId": 1}, "trackingSourceId")
    assert "meetingId" in one.fix


def test_an_input_in_two_spellings_is_told_once(zoom):
    one = problem(zoom, "getMeeting", {"meetingId": "1", "meeting_id": "2"}, "meetingId")
    assert "meeting_id" in one.got


def test_every_spelling_is_accepted(zoom):
    given = {"user_id": "me", "use_pmi": True, "registration_email_notifications": "true"}
    checked = values(zoom, "createMeeting", given)
    assert (checked["userId"], checked["usePMI"], checked["registrationEmailNotifications"]) == ("me", True, True)
    assert values(zoom, "getMeeting", {"meetingId": 1, "occurrenceId": "2"})["ocurrenceId"] == "2"


@pytest.mark.parametrize("value", ["yes", "on", "t", 1.0, "2", " True", 1, 0, [True]])
def test_what_is_neither_true_nor_false_is_told(zoom, value):
    problem(zoom, "createMeeting", {"userId": "me", "hostVideo": value}, "hostVideo")


@pytest.mark.parametrize("value", ["60.0", "1_000", True, -5, 0, 1e9, "an hour", 1441, 60.5, None.__class__])
def test_what_is_no_duration_is_told(zoom, value):
    problem(zoom, "createMeeting", {"userId": "me", "duration": value}, "duration")


@pytest.mark.parametrize("value", ["60", 60, 60.0, Decimal(60)])
def test_sixty_is_sixty(zoom, value):
    duration = values(zoom, "createMeeting", {"userId": "me", "duration": value})["duration"]
    assert duration == 60
    assert type(duration) is int


@pytest.mark.parametrize(
    "value", ["tomorrow", "2021-13-01T00:00:00Z", "2021-12-15T25:00:00Z", "2021-12-15", 1639569720]
)
def test_what_is_no_time_is_told_with_the_form(zoom, value):
    one = problem(zoom, "createMeeting", {"userId": "me", "startTime": value}, "startTime")
    assert "yyyy-MM-ddTHH:mm:ssZ" in one.expected
    assert one.fix


def test_a_space_in_place_of_the_t_is_told(zoom):
    one = problem(zoom, "createMeeting", {"userId": "me", "startTime": "2021-12-15 12:02:00"}, "startTime")
    assert "T" in one.fix


@pytest.mark.parametrize(
    ("value", "near"), [("america/new_york", "America/New_York"), ("Europe/Lisbonn", "Europe/Lisbon")]
)
def test_a_time_zone_that_is_nearly_right_is_told(zoom, value, near):
    assert near in problem(zoom, "createMeeting", {"userId": "me", "timezone": value}, "timezone").fix


SERIES = {"userId": "me", "meetingType": 8, "recurrence": 1}


def test_two_ends_of_a_series_exclude_each_other(zoom):
    given = {**SERIES, "endTimes": 5, "endDateTime": "2030-01-31T09:00:00Z"}
    found = problems(zoom, "createMeeting", given)
    assert len(found) == 1
    assert {"endTimes", "endDateTime"} <= set(str(next(iter(found.values()))).replace(":", " ").split())


def test_a_default_steps_aside_for_what_is_given(zoom):
    checked = values(zoom, "createMeeting", {**SERIES, "endDateTime": "2030-01-31T09:00:00Z"})
    assert "endTimes" not in checked
    assert values(zoom, "createMeeting", SERIES)["endTimes"] == 1
    assert "endTimes" not in values(zoom, "createMeeting", {"userId": "me"})


@pytest.mark.parametrize("value", [61, -1])
def test_the_end_of_a_series_has_limits(zoom, value):
    assert "0 to 60" in problem(zoom, "createMeeting", {**SERIES, "endTimes": value}, "endTimes").expected


def test_a_monthly_series_needs_its_day_or_its_week(zoom):
    given = {**SERIES, "recurrence": 3}
    found = problems(zoom, "createMeeting", given)
    assert "monthlyDay" in str(found)
    assert "monthlyWeek" in str(found)
    assert values(zoom, "createMeeting", {**given, "monthlyDay": 15})
    assert values(zoom, "createMeeting", {**given, "monthlyWeek": 1, "monthlyWeekDay": 2})
    assert problem(zoom, "createMeeting", {**given, "monthlyWeek": 1}, "monthlyWeek").expected.startswith(
        "monthlyWeekDay"
    )


def test_a_series_needs_the_type_that_repeats(zoom):
    one = problem(zoom, "createMeeting", {"userId": "me", "meetingType": 2, "recurrence": 1}, "recurrence")
    assert "meetingType to be 8" in one.expected
    assert problem(zoom, "createMeeting", {"userId": "me", "duration": 5, "repeatInterval": 2}, "repeatInterval")


@pytest.mark.parametrize(
    ("value", "place"), [("1,8", 2), ("Mon", 1), ("1;3", 1), ("1,", 2), ("1,,2", 2), ([1, 9], 2), ([True], 1)]
)
def test_a_wrong_day_of_the_week_is_told_by_its_place(zoom, value, place):
    one = problem(zoom, "createMeeting", {**SERIES, "recurrence": 2, "weeklyDay": value}, "weeklyDay")
    assert f"item {place}" in one.fix


@pytest.mark.parametrize("value", ["2,4", " 2 , 4 ", [2, 4], ["2", 4], "[2, 4]", (2, 4)])
def test_days_of_the_week_come_as_text_or_list(zoom, value):
    checked = values(zoom, "createMeeting", {**SERIES, "recurrence": 2, "weeklyDay": value})
    assert checked["weeklyDay"] == "2,4"


@pytest.mark.parametrize("value", [0, 32])
def test_a_day_of_the_month_has_limits(zoom, value):
    assert "1 to 31" in problem(zoom, "createMeeting", {**SERIES, "monthlyDay": value}, "monthlyDay").expected


def test_a_text_that_is_too_long_is_told_with_both_lengths(zoom):
    one = problem(zoom, "createMeeting", {"userId": "me", "agenda": "😀" * 2001}, "agenda")
    assert "2000 characters" in one.expected
    assert "2001" in one.fix


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("meetingType", 5, "2"),
        ("approvalType", "Approve by hand", "1"),
        ("audio", "BOTH", "both"),
        ("autoRecording", "Cloud", "cloud"),
    ],
)
def test_what_is_not_among_the_choices_is_told_with_all_of_them(zoom, key, value, right):
    one = problem(zoom, "createMeeting", {"userId": "me", key: value}, key)
    assert right in one.expected
    if value != 5:
        assert right in one.fix


@pytest.mark.parametrize(("value", "place"), [("a,b", 1), ("1,", 2), ("1, b", 2)])
def test_a_wrong_occurrence_is_told_by_its_place(zoom, value, place):
    given = {"meetingId": 1, "email": "a@b.example", "firstName": "A", "lastName": "B", "ocurrenceIds": value}
    assert f"item {place}" in problem(zoom, "addMeetingRegistrant", given, "ocurrenceIds").fix


@pytest.mark.parametrize("value", ["{not json", '{"title": "x"}', {"title": "x"}, "5", 5, True])
def test_a_list_of_questions_must_be_one(zoom, value):
    given = {"meetingId": 1, "email": "a@b.example", "firstName": "A", "lastName": "B", "customQuestions": value}
    one = problem(zoom, "addMeetingRegistrant", given, "customQuestions")
    assert "JSON" in one.expected


def test_json_may_come_as_text(zoom):
    given = {"userId": "me", "trackingFields": '[{"field": "Department", "value": "Sales"}]'}
    assert values(zoom, "createMeeting", given)["trackingFields"] == [{"field": "Department", "value": "Sales"}]


def test_an_extra_field_that_an_input_says_too_is_told_naming_both(zoom):
    given = {"userId": "me", "hostVideo": True, "settingsExtraFields": {"host_video": False}}
    one = problem(zoom, "createMeeting", given, "settingsExtraFields")
    assert "host_video" in one.got
    assert "hostVideo" in one.expected


def test_values_that_an_object_repeats_are_told_in_the_order_of_the_inputs(zoom):
    repeated = {"watermark": False, "host_video": False}
    given = {"userId": "me", "watermark": True, "hostVideo": True, "settingsExtraFields": repeated}
    with pytest.raises(errors.InputError) as caught:
        values(zoom, "createMeeting", given)
    assert [one.got.partition(" ")[0] for one in caught.value.problems] == ["host_video", "watermark"]


def test_an_extra_field_makes_a_default_step_aside(zoom):
    checked = values(zoom, "createMeeting", {"userId": "me", "settingsExtraFields": {"host_video": True}})
    assert "hostVideo" not in checked
    assert checked["watermark"] is False


@pytest.mark.parametrize("value", ["a\0b", "a\ud83d", "\udc00"])
def test_what_text_cannot_hold_is_told_by_code_point_and_place(zoom, value):
    one = problem(zoom, "createMeeting", {"userId": "me", "topic": value}, "topic")
    assert "U+" in one.fix


def test_marks_that_only_look_odd_pass(zoom):
    for value in ("\ufeffstart", "\u202eabc", "e\u0301", "\u2028"):
        assert values(zoom, "createMeeting", {"userId": "me", "topic": value})["topic"] == value


def test_nothing_null_and_empty_are_three_things(zoom):
    assert "topic" not in values(zoom, "createMeeting", {"userId": "me"})
    assert values(zoom, "createMeeting", {"userId": "me", "topic": None})["topic"] is None
    assert values(zoom, "createMeeting", {"userId": "me", "topic": ""})["topic"] == ""
    one = problem(zoom, "listUsers", {"roleId": None}, "roleId")
    assert "leave it out" in one.fix
    problem(zoom, "getUser", {"userId": None}, "userId")
    given = {"meetingId": 1, "email": None, "firstName": "A", "lastName": "B"}
    problem(zoom, "addMeetingRegistrant", given, "email")


@pytest.mark.parametrize(
    "value",
    [b"bytes", Decimal("1.5"), datetime(2030, 1, 1, tzinfo=UTC), Path("x"), {1}, ["a"], {"a": 1}, 1.5, True, object()],
)
def test_what_is_no_text_is_told(zoom, value):
    one = problem(zoom, "createMeeting", {"userId": "me", "topic": value}, "topic")
    assert "text" in one.expected


def test_a_list_that_is_no_list_is_told(zoom):
    for value in ("US", 5, {"US": 1}, None.__class__):
        given = {"userId": "me", "availableDialInCountries": value}
        assert "list" in problem(zoom, "createMeeting", given, "availableDialInCountries").expected


def test_what_is_nested_too_deep_is_told(zoom):
    deep = {}
    for _ in range(100_000):
        deep = {"a": deep}
    problem(zoom, "createMeeting", {"userId": "me", "settingsExtraFields": deep}, "settingsExtraFields")


def test_searching_and_browsing_chats_exclude_each_other(zoom):
    found = problems(zoom, "listUsersChatMessages", {"userId": "me"})
    assert "toContact" in str(found)
    assert "toChannel" in str(found)
    assert "searchKey" in str(found)
    both = {"userId": "me", "toContact": "a", "toChannel": "b"}
    assert len(problems(zoom, "listUsersChatMessages", both)) == 1
    assert "searchType" in str(problems(zoom, "listUsersChatMessages", {"userId": "me", "searchKey": "x"}))
    search = {"userId": "me", "searchKey": "x", "searchType": "file"}
    assert "includeDeletedAndEditedMessage" not in values(zoom, "listUsersChatMessages", search)
    one = problems(zoom, "listUsersChatMessages", {**search, "includeDeletedAndEditedMessage": True})
    assert "includeDeletedAndEditedMessage" in str(one)


def test_one_mistake_is_not_told_as_two(zoom):
    """An invalid value is reported once, without the inputs that require it."""
    problem(zoom, "createMeeting", {"userId": "me", "meetingType": "x", "recurrence": 1}, "meetingType")
    problem(zoom, "listUsersChatMessages", {"userId": "me", "toContact": 1.5}, "toContact")


def test_a_secret_inside_json_never_shows_in_a_problem(zoom):
    for value in ([{"password": "canary1"}, {"host_key": "canary2"}], '{"password": "canary1", "zak": "canary2" "x"}'):
        for key in ("settingsExtraFields", "trackingFields"):
            with pytest.raises(errors.InputError) as caught:
                compile_action(zoom, "createMeeting").validate(
                    {"userId": "me", "topic": 1.5, key: value if key[0] == "s" else str(value)}
                )
            assert "canary" not in str(caught.value) + repr(caught.value.to_dict())


def test_an_unknown_action_gets_the_nearest(zoom):
    for name in ("createMeetin", "create-meetings", "CREATE_MEETING_"):
        with pytest.raises(errors.InputError) as caught:
            compile_action(zoom, name)
        assert "createMeeting" in str(caught.value)
    for name in ("create_meeting", "create-meeting", "createMeeting"):
        assert compile_action(zoom, name).action.action == "createMeeting"
    for name in ("../manifest", "/etc/passwd", "", ".", "a/b", "a\0b"):
        with pytest.raises(errors.InputError):
            compile_action(zoom, name)


@pytest.mark.parametrize("given", [5, "text", ["a"], object(), 0, "", []])
def test_what_is_given_must_be_a_mapping(zoom, token_connection, given):
    with Client(zoom, token_connection) as client, pytest.raises(errors.UsageError):
        client.dry_run("listUsers", given)


def test_what_is_missing_is_told_with_the_value_that_its_help_names_else_with_its_example(zoom):
    assert problem(zoom, "getUser", {}, "userId").fix.endswith('or "me" for the connected user.')
    assert problem(zoom, "getMeeting", {}, "meetingId").fix.endswith("Such as 89347503")
