"""The bundled connector against its sandbox: CRUD, listings and error reports."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import to_json

from connector import AsyncClient, Client, Connector, errors
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from support.servers import GivenClock

ADA = "KdYKjnimT4KPd8FFgQt9FQ"


@pytest.fixture(params=["in_process_client", "http_client"])
def client(request: pytest.FixtureRequest) -> Client:
    """The same client, in process and over HTTP."""
    return request.getfixturevalue(request.param)


def test_a_meeting_lives_from_its_making_to_its_end(client: Client) -> None:
    made = client.run("createMeeting", {"userId": "me", "topic": "Standup", "duration": 15})
    number = made.data["id"]
    assert made.status == 201
    assert type(number) is int
    assert len(str(number)) == 11
    assert made.data["join_url"] == f"https://example.com/j/{number}"
    assert (made.data["topic"], made.data["duration"]) == ("Standup", 15)

    key = {"meetingId": str(number)}
    assert client.run("getMeeting", key).data["host_id"] == ADA
    assert [one["topic"] for one in client.run("listMeetings", {"userId": "me"}).data["meetings"]] == ["Standup"]

    changed = client.run("updateMeeting", {**key, "topic": "Retro", "hostVideo": True})
    assert (changed.status, changed.data) == (204, {})
    found = client.run("getMeeting", key).data
    assert (found["topic"], found["duration"], found["settings"]["host_video"]) == ("Retro", 15, True)

    given = {"email": "rui@example.com", "firstName": "Rui", "lastName": "Costa"}
    registered = client.run("addMeetingRegistrant", {**key, **given}).data
    assert registered["id"] == number
    assert registered["join_url"].endswith(f"/{number}")
    listed = client.run("listMeetingRegistrants", key).data["registrants"]
    assert [(one["id"], one["email"]) for one in listed] == [(registered["registrant_id"], "rui@example.com")]

    gone = client.request("DELETE", f"/meetings/{number}")
    assert gone.status == 204
    for action in ("getMeeting", "listMeetingRegistrants"):
        with pytest.raises(errors.NotFound) as caught:
            client.run(action, key)
        assert (caught.value.status, caught.value.code) == (404, 3001)
        assert str(number) in caught.value.message


def test_a_reply_to_a_creation_has_no_field_that_the_example_lacks(in_process_client: Client, zoom: Connector) -> None:
    given = {"userId": "me", "settingsExtraFields": {"waiting_room": False, "own_idea": 1}}
    made = in_process_client.run("createMeeting", given).data
    example = zoom.action("createMeeting").returns.example
    assert isinstance(example, dict)
    assert made.keys() <= example.keys()
    assert made["settings"].keys() <= example["settings"].keys()
    assert made["settings"]["waiting_room"] is False
    kept = in_process_client.run("getMeeting", {"meetingId": made["id"]}).data
    assert kept["settings"]["own_idea"] == 1


def test_a_plain_meeting_has_nothing_that_nobody_gave(zoom: Connector, clock: GivenClock) -> None:
    sandbox = Sandbox(zoom, clock=clock)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        made = client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data
        kept = client.run("getMeeting", {"meetingId": made["id"]}).data
    assert made["topic"] == "Standup"
    for meeting in (made, kept):
        assert not {"type", "agenda", "recurrence", "start_time", "duration", "tracking_fields"} & meeting.keys()
        assert meeting["occurrences"] == []
        assert "waiting_room" not in meeting["settings"]
    assert {"uuid", "host_id", "status", "join_url", "start_url"} <= made.keys()


def test_what_a_meeting_says_of_its_host_is_the_hosts_own(in_process_client: Client) -> None:
    user = in_process_client.run(
        "createUser", {"email": "j@example.com", "firstName": "J", "lastName": "B", "userType": 1}
    ).data
    made = in_process_client.run("createMeeting", {"userId": "j@example.com"}).data
    assert (made["host_id"], made["host_email"]) == (user["id"], "j@example.com")
    assert "display_name" not in user


def test_the_times_of_a_record_are_those_of_its_making(zoom: Connector, clock: GivenClock) -> None:
    sandbox = Sandbox(zoom, clock=clock)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        made = client.run("createMeeting", {"userId": "me"}).data
        assert datetime.fromisoformat(made["created_at"]).timestamp() == int(clock.time())
        clock.passed += 3600.0
        later = client.run("createMeeting", {"userId": "me"}).data
        assert client.run("getMeeting", {"meetingId": made["id"]}).data["created_at"] == made["created_at"]
    assert later["created_at"] > made["created_at"]


def test_a_path_that_no_action_has_is_told_as_such(in_process_client: Client) -> None:
    for path in ("/userz", "/videosdk/sessions"):
        with pytest.raises(errors.NotFound, match=f"The sandbox has no endpoint GET {path}"):
            in_process_client.request("GET", path)


def test_a_user_is_found_by_id_by_email_and_as_me(in_process_client: Client) -> None:
    given = {"email": "li.wei@example.com", "firstName": "Wei", "lastName": "Li", "userType": 1}
    made = in_process_client.run("createUser", given).data
    assert (made["email"], made["first_name"], made["type"]) == ("li.wei@example.com", "Wei", 1)
    assert len(made["id"]) == 22
    for name in (made["id"], "li.wei@example.com"):
        assert in_process_client.run("getUser", {"userId": name}).data["last_name"] == "Li"
    assert in_process_client.run("getUser", {"userId": "me"}).data["email"] == "ada@example.com"
    in_process_client.run("createMeeting", {"userId": "li.wei@example.com", "topic": "Wei's"})
    assert [one["topic"] for one in in_process_client.run("listMeetings", {"userId": made["id"]}).data["meetings"]] == [
        "Wei's"
    ]
    assert in_process_client.run("listMeetings", {"userId": "me"}).data["meetings"] == []


def test_a_list_has_what_its_query_asks_for(in_process_client: Client) -> None:
    assert in_process_client.run("listUsers", {"status": "active"}).data["users"]
    assert in_process_client.run("listUsers", {"status": "inactive"}).data["users"] == []


def test_a_query_for_all_filters_nothing() -> None:
    github = Connector.open(Path(__file__).parents[2] / "examples" / "github")
    sandbox, given = Sandbox(github), {"owner": "octocat", "repository": "Hello-World"}
    with Client(github, sandbox.connection, http=sandbox.http) as client:
        counts = [len(client.run("listIssues", {**given, "state": state}).data) for state in ("open", "closed", "all")]
    assert counts == [1, 0, 1]


def test_a_first_password_is_never_kept(in_process_client: Client, sandbox: Sandbox) -> None:
    given = {"email": "a@example.com", "firstName": "A", "lastName": "B", "userType": 1}
    made = in_process_client.run("createUser", {**given, "action": "autoCreate", "password": "Lantern42Harbour"}).data
    assert "Lantern42Harbour" not in json.dumps(in_process_client.run("getUser", {"userId": made["id"]}).data)
    with sandbox.state.read() as data:
        assert "Lantern42Harbour" not in to_json(data).decode()


def test_a_removed_user_takes_meetings_and_registrants_along(in_process_client: Client, sandbox: Sandbox) -> None:
    given = {"email": "a@example.com", "firstName": "A", "lastName": "B"}
    user = in_process_client.run("createUser", {**given, "userType": 1}).data["id"]
    meeting = in_process_client.run("createMeeting", {"userId": user}).data["id"]
    in_process_client.run("addMeetingRegistrant", {"meetingId": meeting, **given})
    in_process_client.run("deleteUser", {"userId": user})
    with pytest.raises(errors.NotFound):
        in_process_client.run("getMeeting", {"meetingId": meeting})
    with sandbox.state.read() as data:
        assert data.records["registrants"] == {}


def test_two_meetings_share_no_id_and_no_uuid(in_process_client: Client) -> None:
    for _ in range(2):
        in_process_client.run("createMeeting", {"userId": "me"})
    first, second = in_process_client.run("listMeetings", {"userId": "me"}).data["meetings"]
    assert first["id"] != second["id"]
    assert first["uuid"] != second["uuid"]


def test_a_thousand_meetings_are_listed_each_once(client: Client) -> None:
    made = [client.run("createMeeting", {"userId": "me", "topic": f"No {n}"}).data["id"] for n in range(1000)]
    merged = client.run("listMeetings", {"userId": "me"})
    assert [one["id"] for one in merged.data["meetings"]] == made
    assert (merged.pages, merged.complete, merged.data["next_page_token"]) == (4, True, "")
    assert (merged.data["total_records"], merged.data["page_size"]) == (1000, 300)
    with client.items("listMeetings", {"userId": "me"}) as items:
        assert [one["id"] for one in items] == made


def test_a_removal_between_two_pages_skips_nothing(in_process_client: Client) -> None:
    made = [in_process_client.run("createMeeting", {"userId": "me"}).data["id"] for _ in range(6)]
    first = in_process_client.request("GET", "/users/me/meetings", query={"page_size": "3"}).data
    in_process_client.request("DELETE", f"/meetings/{made[0]}")
    query = {"page_size": "3", "next_page_token": first["next_page_token"]}
    second = in_process_client.request("GET", "/users/me/meetings", query=query).data
    assert [one["id"] for one in second["meetings"]] == made[3:]


def test_every_wrong_field_of_a_body_is_reported_at_once(client: Client) -> None:
    body = {
        "topic": 5,
        "duration": "60",
        "type": 99,
        "start_time": "tomorrow",
        "agenda": "a" * 2001,
        "settings": {"audio": "radio", "host_video": "yes", "global_dial_in_countries": ["US", 5]},
        "recurrence": {"end_times": 61},
    }
    with pytest.raises(errors.Rejected) as caught:
        client.request("POST", "/users/me/meetings", data=body)
    assert (caught.value.status, caught.value.code) == (400, 300)
    told = {one["field"]: one["message"] for one in caught.value.result.data["errors"]}
    assert told.keys() == {
        "topic",
        "duration",
        "type",
        "start_time",
        "agenda",
        "settings.audio",
        "settings.host_video",
        "settings.global_dial_in_countries",
        "recurrence.end_times",
    }
    assert told["topic"] == "Expected a JSON string."


@pytest.mark.parametrize(
    ("method", "path", "more", "field"),
    [
        ("GET", "/users/me/meetings", {"query": {"page_size": "301"}}, "page_size"),
        ("GET", "/users/me/meetings", {"query": {"page_size": "many"}}, "page_size"),
        ("GET", "/users/me/meetings", {"query": {"type": "someday"}}, "type"),
        ("GET", "/users/me", {"query": {"encrypted_email": "perhaps"}}, "encrypted_email"),
        ("GET", "/users/me", {"query": {"login_type": "1.5"}}, "login_type"),
        ("GET", "/meetings/845-1237-0966", {}, "meetingId"),
        ("POST", "/users", {"data": {"action": "create", "user_info": {"email": "x"}}}, "user_info.first_name"),
        ("POST", "/users", {"data": "{not json", "headers": {"Content-Type": "text/plain"}}, "Content-Type"),
        ("POST", "/users", {"data": [1, 2]}, "body"),
    ],
)
def test_a_wrong_request_names_the_field(
    in_process_client: Client, method: str, path: str, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.Rejected) as caught:
        in_process_client.request(method, path, **more)
    assert field in [one["field"] for one in caught.value.result.data["errors"]]


def test_what_belongs_together_is_asked_for_together(in_process_client: Client) -> None:
    with pytest.raises(errors.Rejected) as caught:
        in_process_client.request("POST", "/users/me/meetings", data={"type": 8, "recurrence": {"type": 2}})
    assert [one["field"] for one in caught.value.result.data["errors"]] == ["recurrence.weekly_days"]


def test_fields_and_parameters_that_nobody_declares_pass(in_process_client: Client) -> None:
    made = in_process_client.request(
        "POST", "/users/me/meetings", query={"trace": "1"}, data={"topic": "T", "novelty": {"a": [1]}}
    )
    assert in_process_client.run("getMeeting", {"meetingId": made.data["id"]}).data["novelty"] == {"a": [1]}


def test_an_old_cursor_is_reported_as_one(in_process_client: Client) -> None:
    for _ in range(3):
        in_process_client.run("createMeeting", {"userId": "me"})
    cursor = in_process_client.request("GET", "/users/me/meetings", query={"page_size": "1"}).data["next_page_token"]
    for path, token in (("/users/me/meetings", "made-up"), ("/users/me/webinars", cursor), ("/users", cursor)):
        with pytest.raises(errors.PageError, match="page token"):
            in_process_client.request("GET", path, query={"next_page_token": token})


def test_a_path_in_no_collection_answers_its_example(in_process_client: Client, zoom: Connector) -> None:
    for action, given in (
        ("getMeetingInvitation", {"meetingId": "89347503"}),
        ("listUsersChannels", {"userId": "me"}),
    ):
        assert in_process_client.run(action, given).data == zoom.action(action).returns.example
    recordings = in_process_client.run("getMeetingRecordings", {"meetingId": "/EI9rEtqrwPalV+UcCylWA=="}).data
    assert recordings["uuid"] == zoom.action("getMeetingRecordings").returns.example["uuid"]


def test_a_sub_account_is_taken_where_there_is_one(in_process_client: Client) -> None:
    made = in_process_client.run("createMeeting", {"userId": "me", "topic": "Theirs"}, account="sub-1")
    assert in_process_client.run("getMeeting", {"meetingId": made.data["id"]}).data["topic"] == "Theirs"
    with pytest.raises(errors.NotFound):
        in_process_client.request("GET", "/accounts/sub-1/chat/users/me/channels")


def test_what_is_no_path_and_what_is_no_method_are_two_things(in_process_client: Client) -> None:
    with pytest.raises(errors.NotFound) as caught:
        in_process_client.request("GET", "/no/such/path")
    assert (caught.value.code, caught.value.status) == (404, 404)
    with pytest.raises(errors.Rejected) as refused:
        in_process_client.request("PUT", "/users")
    assert (refused.value.status, refused.value.result.headers["allow"]) == (405, "GET, HEAD, POST")


def test_every_example_of_every_action_passes_the_checks(in_process_client: Client, zoom: Connector) -> None:
    for action in zoom.actions():
        for example in action.examples.values():
            with suppress(errors.NotFound) if "{" in action.path or action.is_raw else nullcontext():
                in_process_client.run(action.action, dict(example.inputs))


def test_an_async_client_uses_the_same_sandbox(zoom: Connector, sandbox: Sandbox) -> None:
    async def story() -> list[str]:
        async with AsyncClient(zoom, sandbox.connection, http=sandbox.http) as client:
            await asyncio.gather(*(client.run("createMeeting", {"userId": "me", "topic": f"{n}"}) for n in range(20)))
            return [one["topic"] async for one in client.items("listMeetings", {"userId": "me"})]

    assert asyncio.run(story()) == [str(n) for n in range(20)]


def test_the_placeholder_is_no_secret_and_hides_nothing(in_process_client: Client, sandbox: Sandbox) -> None:
    result = in_process_client.run("getUser", {"userId": "me"}, debug=True)
    assert result.request_id == "sandbox-1"
    assert "sandbox-1" in json.dumps(result.to_dict())
    assert repr(sandbox.connection) == "<Connection sandbox: zoom>"
