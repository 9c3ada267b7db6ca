"""Every invalid input of the catalogue: the field, the words of the problem, and that nothing is sent.

The names begin with the row. `{}` stands where a value may be anything that the caller meant well.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connector import Client, Connection, errors

USER = {"userId": "u"}
SERIES = {**USER, "meetingType": 8, "recurrence": 1}
PERSON = {"meetingId": 1, "email": "a@b.example", "firstName": "A", "lastName": "B"}
RAW = {"method": "GET", "url": "/users"}
POST = {"method": "POST", "url": "/users"}

# row, action, given, field, words of the problem
WRONG = [
    ("C01", "getMeeting", {}, "meetingId", ["nothing", "required", "The meeting's number", "89347503"]),
    ("C01", "getMeeting", {"meetingId": ""}, "meetingId", ['""', "required", "The meeting's number"]),
    ("C01", "getMeeting", {"meetingId": "   "}, "meetingId", ['"   "', "required", "The meeting's number"]),
    ("C01", "getMeeting", {"meetingId": None}, "meetingId", ["null", "required", "The meeting's number"]),
    ("C03", "getMeeting", {"meetingId": "https://zoom.us/j/89347503?pwd=canary"}, "meetingId", ["looks like a link", "the id in it is 89347503", "pwd=***"]),
    ("C05", "getMeeting", {"meetingId": 8.9347503e10}, "meetingId", ["fraction or exponent", "quotes"]),
    ("C05", "getMeeting", {"meetingId": 89347503.0}, "meetingId", ["89347503.0", "quotes"]),
    *(("C07", "getUser", {"userId": value}, "userId", ["path cannot hold"]) for value in (".", "..")),
    ("C07", "getUser", {"userId": "a\0b"}, "userId", [r'"a\u0000b"', "U+0000 at position 2"]),
    ("C07", "getUser", {"userId": ""}, "userId", ["required", "ID or email address"]),
    *(("C09", "addMeetingRegistrant", {**PERSON, "email": value}, "email", ["email address"]) for value in ("someone", "a b@c.example", "a@@b.c")),
    ("C09", "addMeetingRegistrant", {**PERSON, "email": f"{'a' * 250}@b.example"}, "email", ["at most 254 characters"]),
    ("C10", "getMeeting", {"meetingId": 1, "metingId": 1}, "metingId", ["unknown", "did you mean meetingId?"]),
    ("C11", "getMeeting", {"meetingId": 1, "customQuestions": []}, "customQuestions", ["an input of getMeeting", "meetingId, ocurrenceId, showPreviousOccurrences"]),
    *(("C12", "createMeeting", {**USER, "hostVideo": value}, "hostVideo", ["write true or false"]) for value in ("yes", "on", "t", 1.0, "2", " True", 1)),
    *(("C13", "createMeeting", {**USER, "duration": value}, "duration", ["whole number", "digits"]) for value in ("60.0", "1_000", True, "an hour", "")),
    *(("C13", "createMeeting", {**USER, "duration": value}, "duration", ["1 to 1440"]) for value in (-5, 0, 1e9)),
    *(("C13", "createMeeting", {**USER, "approvalType": value}, "approvalType", ["0 (Approve everyone)"]) for value in (True, 1.5, "1_0")),
    *(("C14", "createMeeting", {**USER, "startTime": value}, "startTime", ["yyyy-MM-ddTHH:mm:ssZ", "without Z in local time"]) for value in ("tomorrow", "2021-13-01T00:00:00Z", "2021-12-15T25:00:00Z")),
    ("C14", "createMeeting", {**USER, "startTime": "2021-12-15"}, "startTime", ["add the time, such as 2021-12-15T09:00:00Z"]),
    ("C14", "createMeeting", {**USER, "startTime": 1639569720}, "startTime", ["seconds since 1970"]),
    ("C14", "createMeeting", {**USER, "startTime": "2021-12-15 12:00:00"}, "startTime", ["put a T between"]),
    ("C17", "createMeeting", {**USER, "timezone": "america/new_york"}, "timezone", ["did you mean America/New_York?"]),
    *(("C17", "createMeeting", {**USER, "timezone": value}, "timezone", ["the name of a time zone", "such as Europe/Paris or UTC"]) for value in ("EST5", "")),
    ("C18", "createMeeting", {**SERIES, "endTimes": 5, "endDateTime": "2030-01-31T09:00:00Z"}, "endTimes", ["no endDateTime with it", "leave endTimes or endDateTime out"]),
    *(("C19", "createMeeting", {**SERIES, "endTimes": value}, "endTimes", ["0 to 60"]) for value in (61, -1)),
    ("C20", "createMeeting", {**SERIES, "recurrence": 3}, "monthlyDay", ["when recurrence is 3 (Monthly)", "give monthlyDay or monthlyWeek with monthlyWeekDay"]),
    ("C20", "createMeeting", {**SERIES, "recurrence": 3, "monthlyWeek": 1}, "monthlyWeek", ["monthlyWeekDay with it"]),
    ("C20", "createMeeting", {**SERIES, "recurrence": 2}, "weeklyDay", ["when recurrence is 2 (Weekly)", "give weeklyDay"]),
    ("C21", "createMeeting", {**SERIES, "recurrence": 2, "weeklyDay": "1,8"}, "weeklyDay", ["1 (Sunday)", "item 2, '8'"]),
    ("C21", "createMeeting", {**SERIES, "recurrence": 2, "weeklyDay": "Mon"}, "weeklyDay", ["item 1, 'Mon'", "did you mean 2?"]),
    ("C21", "createMeeting", {**SERIES, "recurrence": 2, "weeklyDay": "1;3"}, "weeklyDay", ["item 1, '1;3'"]),
    ("C21", "createMeeting", {**SERIES, "recurrence": 2, "weeklyDay": "1,"}, "weeklyDay", ["item 2, ''"]),
    *(("C22", "createMeeting", {**SERIES, "monthlyDay": value}, "monthlyDay", ["1 to 31"]) for value in (0, 32)),
    ("C23", "createMeeting", {**USER, "password": "canary-long"}, "password", ["***", "at most 10 characters", "it has 11"]),
    *(("C23", action, {**given, "password": value}, "password", ["***", "a text that matches ^[!-~]*$"]) for action, given in (("createMeeting", USER), ("updateMeeting", {"meetingId": "1"})) for value in ("two words", "passé", "tab\t")),
    ("C23", "createMeeting", {**USER, "password": 5349.5}, "password", ["***", "quotes"]),
    ("C24", "createMeeting", {**USER, "agenda": "😀" * 2001}, "agenda", ["at most 2000 characters", "it has 2001"]),
    ("C24", "createMeeting", {**USER, "topic": "t" * 201}, "topic", ["at most 200 characters", "it has 201"]),
    ("C25", "createMeeting", {**USER, "meetingType": 5}, "meetingType", ["2 (Scheduled)", "8 (Recurring, fixed time)"]),
    ("C25", "createMeeting", {**USER, "approvalType": "Approve by hand"}, "approvalType", ["did you mean 1?"]),
    ("C25", "createMeeting", {**USER, "audio": "BOTH"}, "audio", ["both (Phone and computer)", "did you mean both?"]),
    *(("C26", "addMeetingRegistrant", {**PERSON, "ocurrenceIds": value}, "ocurrenceIds", [said]) for value, said in (("a,b", "item 1, 'a'"), ("1, b", "item 2, 'b'"), ("1,", "item 2, ''"))),
    ("C27", "addMeetingRegistrant", {**PERSON, "customQuestions": "{not json"}, "customQuestions", ["line 1 column 2"]),
    ("C27", "addMeetingRegistrant", {**PERSON, "customQuestions": '[\n {"a": 1,}]'}, "customQuestions", ["line 2"]),
    ("C27", "addMeetingRegistrant", {**PERSON, "customQuestions": {"title": "x"}}, "customQuestions", ["a JSON list", 'such as [{"title": "How did']),
    ("C27", "createMeeting", {**USER, "settingsExtraFields": "[1]"}, "settingsExtraFields", ["a JSON object", 'such as {"focus_mode": true}']),
    ("C28", "createMeeting", {**USER, "hostVideo": True, "settingsExtraFields": {"host_video": False}}, "settingsExtraFields", ["host_video", "the input hostVideo sets it too", "leave one out"]),
    ("C29", "createMeeting", {**USER, "topic": "a\ud83d"}, "topic", ["lone surrogates", "U+D83D at position 2"]),
    ("C30", "listUsers", {"roleId": None}, "roleId", ["leave it out to send nothing"]),
    *(("C31", "createMeeting", {**USER, "topic": value}, "topic", ["a text", "pass text or a whole number"]) for value in (["a"], b"x", datetime(2030, 1, 1, tzinfo=UTC), Path("x"), {1}, {"a": 1}, object())),
    ("C31", "createMeeting", {**USER, "topic": Decimal("1.5")}, "topic", ["quotes"]),
    ("C32", "rawRequest", {**RAW, "url": "https://api.zoom.us/v2/users"}, "url", ["the host is fixed; write '/users'"]),
    ("C32", "rawRequest", {**RAW, "url": "https://evil.example/v2/users?pwd=canary#x"}, "url", ["the host is fixed; write '/users' and give the query"]),
    ("C32", "rawRequest", {**RAW, "url": "users"}, "url", ["write '/users'"]),
    ("C32", "rawRequest", {**RAW, "url": "v2/users?a=b"}, "url", ["write '/users' and give the query as query parameters"]),
    ("C32", "rawRequest", {**RAW, "url": "/users#x"}, "url", ["write '/users'"]),
    ("C32", "rawRequest", {**RAW, "url": "/a/../b"}, "url", ["without empty segments, . and .."]),
    ("C32", "rawRequest", {**RAW, "url": "/a b"}, "url", ["write '/a%20b'"]),
    ("C32", "rawRequest", {**RAW, "url": "/v2/users"}, "url", ["/v2 is in the base URL already; write '/users'"]),
    *(("C33", "rawRequest", {**RAW, "method": value}, "method", ["GET, HEAD, POST, PUT, PATCH, DELETE"]) for value in ("FETCH", "GET ")),
    ("C34", "rawRequest", {**RAW, "headers": {"A": "canary\r\nEvil: 1"}}, "headers", ["one line", "the value of A"]),
    ("C34", "rawRequest", {**RAW, "headers": {"Host": "canary"}}, "headers", ["leave Host out: it follows from the base URL"]),
    ("C34", "rawRequest", {**RAW, "headers": {"authorization": "Bearer canary"}}, "headers", ["it comes from the connection"]),
    ("C34", "rawRequest", {**RAW, "headers": [("X-A", "1"), ("x-a", "2")]}, "headers", ["x-a is repeated"]),
    ("C34", "rawRequest", {**RAW, "headers": ["X-A 1"]}, "headers", ["`Name: value`", "item 1"]),
    ("C35", "rawRequest", {**POST, "data": "{x", "headers": {"Content-Type": "application/json"}}, "data", ["JSON, as the header says", "line 1 column 2"]),
    ("C35", "rawRequest", {**POST, "data": "x", "formData": {"a": "b"}}, "data", ["no formData with it"]),
    ("C35", "rawRequest", {**POST, "data": "x", "fileData": {"f": b"x"}}, "data", ["no fileData with it"]),
    ("C35", "rawRequest", {**RAW, "data": "x"}, "data", ["GET carries no body", "query parameters"]),
    ("C36", "rawRequest", {**POST, "fileData": {"f": b"x"}, "fileDataFileNames": {"g": "n"}}, "fileDataFileNames", ["g", "keys of fileData"]),
    ("C37", "rawRequest", {**RAW, "responseType": "xml"}, "responseType", ["json", "text", "binary"]),
    *(("C38", "rawRequest", {**RAW, "maxRetries": value}, "maxRetries", [said]) for value, said in (("three", "whole number"), (-1, "0 to 10"), (10**9, "0 to 10"))),
    ("C38", "rawRequest", {**RAW, "retryDelayMS": -1}, "retryDelayMS", ["milliseconds"]),
    ("C38", "rawRequest", {**RAW, "timeout": 0}, "timeout", ["1 to 600000 milliseconds"]),
    ("C38", "rawRequest", {**RAW, "timeout": "2 parsecs"}, "timeout", ["whole number"]),
    ("C39", "rawRequest", {**RAW, "queryParams": {"a": {"b": 1}}}, "queryParams", ["a key repeats by a list", "{key: [a, b]}"]),
    ("C44", "listUsers", {"pageSize": 301}, "pageSize", ["pages are followed automatically", "limit"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def client(zoom):
    """A client that fails the test when a request is sent."""

    class Sends:
        def send(self, *_):
            pytest.fail("something was sent")

    token = Connection(zoom, "accessToken", accessToken="token-canary-1")
    with Client(zoom, token, base_url="http://127.0.0.1:1/v2", http=Sends()) as one:
        yield one


def problems_of(call, *args, **options):
    with pytest.raises(errors.InputError) as caught:
        call(*args, **options)
    error = caught.value
    assert (error.outcome, error.retryable, error.retry_at) == ("not_sent", False, None)
    json.dumps(error.to_dict())
    for text in (str(error), repr(error), json.dumps(error.to_dict())):
        assert "canary" not in text
    return error


@pytest.mark.parametrize("case", WRONG, ids=[f"{one[0]}-{number}" for number, one in enumerate(WRONG)])
def test_a_wrong_input_is_told_by_field_value_rule_and_fix(client, case):
    _, action, given, field, said = case
    error = problems_of(client.run, action, given)
    assert [one.field for one in error.problems] == [field]
    one = error.problems[0]
    assert one.got
    assert one.expected
    for part in said:
        assert part in str(one), str(one)
    assert f"  {field}: got {one.got}; expected" in str(error)
    assert str(error).startswith(f"{action}: 1 problem, nothing was sent.")
    assert error.to_dict()["problems"][0]["field"] == field


def test_all_the_wrong_inputs_of_an_action_are_told_in_one_report(client):
    together = {}
    for _, action, given, field, _ in WRONG:
        if action == "createMeeting" and field not in together and set(given) - {field} <= set(USER):
            together[field] = given[field]
    error = problems_of(client.run, "createMeeting", {"userId": "..", "metingId": 1, **together})
    assert {one.field for one in error.problems} == {"userId", "metingId", *together}
    assert len(together) > 8


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("retry.maxRetries", {"retry": {"maxRetries": "three"}}),
        ("retry.maxRetries", {"retry": {"maxRetries": -1}}),
        ("retry.retryDelayMS", {"retry": {"retryDelayMS": 10**9}}),
        ("retry.retryAllErrors", {"retry": {"retryAllErrors": "yes"}}),
        ("retry.tries", {"retry": {"tries": 3}}),
        ("timeout", {"timeout": "2 parsecs"}),
        ("timeout", {"timeout": 0}),
        ("timeout", {"timeout": -1}),
        ("timeout", {"timeout": True}),
        ("timeout", {"timeout": float("nan")}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": "5"}),
        ("connection", {}),
    ],
)
def test_c38_c40_a_wrong_option_of_a_run_is_told_the_same_way(client, field, call):
    given = {} if call else {"connection": "somebody-else"}
    error = problems_of(client.run, "listUsers", given, **call)
    one = error.problems[0]
    assert one.field == field
    assert one.expected
    if field.startswith("retry.r") or field == "retry.maxRetries":
        assert any(word in one.expected for word in ("0 to", "whole number", "true or false"))


@pytest.mark.parametrize(
    ("value", "sent"), [("893 4750 3000", "89347503000"), ("893-4750-3000", "89347503000"), (89347503, "89347503")]
)
def test_c02_c04_an_id_is_taken_as_people_copy_it(client, value, sent):
    assert client.dry_run("getMeeting", {"meetingId": value}).path == f"/meetings/{sent}"


@pytest.mark.parametrize(
    ("value", "sent"),
    [("/ab==", "%252Fab%253D%253D"), ("ab//c+==", "ab%252F%252Fc%252B%253D%253D"), ("ab/c==", "ab%2Fc%3D%3D")],
)
def test_c06_a_uuid_is_encoded_twice_where_the_service_asks_for_it(client, value, sent):
    assert client.dry_run("getMeetingRecordings", {"meetingId": value}).path == f"/meetings/{sent}/recordings"


@pytest.mark.parametrize(
    ("value", "sent"), [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("%2e%2e", "%252e%252e"), ("a\r\nb", "a%0D%0Ab")]
)
def test_c07_what_one_segment_can_hold_is_one_segment(client, value, sent):
    assert client.dry_run("getUser", {"userId": value}).path == f"/users/{sent}"


@pytest.mark.parametrize("value", ["user@münchen.example", "o'neil+zoom@example.com"])
def test_c09_addresses_that_look_odd_are_addresses(client, value):
    assert client.dry_run("addMeetingRegistrant", {**PERSON, "email": value}).body.value["email"] == value


def test_c16_the_form_says_which_of_time_and_zone_wins(client, zoom):
    both = {**USER, "startTime": "2030-01-31T09:00:00Z", "timezone": "Europe/Paris"}
    sent = client.dry_run("createMeeting", both).body.value
    assert (sent["start_time"], sent["timezone"]) == (both["startTime"], both["timezone"])
    for action in ("createMeeting", "updateMeeting"):
        assert "one that ends in Z is in UTC" in zoom.action(action).inputs["timezone"].help


@pytest.mark.parametrize("value", ["012345", 5349])
def test_c23_digits_of_a_passcode_are_its_digits(client, value):
    assert client.dry_run("createMeeting", {**USER, "password": value}).body.value["password"] == str(value)


@pytest.mark.parametrize("value", ["\u202eabc", "\ufeffabc", "e\u0301"])
def test_c29_marks_that_only_look_odd_pass(client, value):
    assert client.dry_run("createMeeting", {**USER, "topic": value}).body.value["topic"] == value


def test_c30_nothing_null_and_empty_are_three_things(client):
    def body(**given):
        return client.dry_run("createMeeting", {**USER, **given}).body.value

    assert "topic" not in body()
    assert body(topic=None)["topic"] is None
    assert body(topic="")["topic"] == ""


@pytest.mark.parametrize("method", ["get", "Get", "GET"])
def test_c33_a_method_is_taken_in_any_case(client, method):
    assert client.dry_run("rawRequest", {**RAW, "method": method}).method == "GET"


def test_c36_a_file_without_a_name_goes_by_its_key(client):
    part = client.dry_run("rawRequest", {**POST, "fileData": {"f": b"x"}}).body.value[0]
    assert (part.name, part.file_name) == ("f", "f")


def test_c39_a_key_of_the_query_repeats_by_a_list_or_by_pairs(client):
    for query in ({"a": [1, 2]}, [("a", 1), {"key": "a", "value": 2}], ["a: 1", "a: 2"]):
        assert client.dry_run("rawRequest", {**RAW, "queryParams": query}).query == (("a", "1"), ("a", "2"))


class TestAConnection:
    """C40, C41: problems with its inputs are reported when it is created."""

    GOOD = {"accountId": "a1", "clientId": "c1", "clientSecret": "sssss"}

    def made(self, zoom, **given):
        return problems_of(Connection, zoom, "serverToServer", **{**self.GOOD, **given}).problems

    @pytest.mark.parametrize(
        ("secret", "place"),
        [("canary key", 7), ("canary\n", 7), ("'canary'", 1), ('"canary"', 1), (" canary", 1), ("canary\u200b", 7)],
    )
    def test_c41_a_secret_pasted_with_something_around_it_is_told_by_place_alone(self, zoom, secret, place):
        (one,) = self.made(zoom, clientSecret=secret)
        assert (one.field, one.got) == ("clientSecret", "***")
        assert f"position {place}" in one.fix

    @pytest.mark.parametrize(("value", "place"), [(" c1", 1), ("c1\n", 3), ("c1 ", 3)])
    def test_c41_an_id_pasted_with_spaces_around_it_is_told_by_place(self, zoom, value, place):
        (one,) = self.made(zoom, clientId=value)
        assert one.field == "clientId"
        assert f"position {place}" in one.fix

    def test_c41_everything_that_is_wrong_is_told_at_once(self, zoom):
        problems = self.made(zoom, accountId="", clientId=" ", clientSecret="", colour="red")
        assert {one.field for one in problems} == {"accountId", "clientId", "clientSecret", "colour"}

    def test_c40_an_unknown_kind_gets_the_list(self, zoom):
        with pytest.raises(errors.UsageError, match="It has oauth2, serverToServer, apiJwt, accessToken"):
            Connection(zoom, "serverToServre")
