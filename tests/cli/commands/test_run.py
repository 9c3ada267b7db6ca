"""Flags, -i items, files and raw requests become the expected requests."""

from __future__ import annotations

import json

import pytest
from support.servers import reply


@pytest.fixture
def sent(here, server):
    """Run an action against the counting server and return the one request."""

    def call(*words: str, **env: str):
        done = here("run", *words, "--base-url", server.url, ZOOM_ACCESS_TOKEN="token-1", **env)
        assert done.code == 0, done.err
        return server.last

    return call


@pytest.mark.parametrize(
    "words",
    [
        ["--user-id", "me", "--topic", "Standup"],
        ["--user-id=me", "--topic=Standup"],
        ["-i", "userId=me", "-i", "topic=Standup"],
        ["-i", "user_id=me", "-itopic=Standup"],
        ["--user-id", "me", "--input", 'topic:="Standup"'],
    ],
)
def test_an_input_has_one_meaning_in_every_spelling(sent, words):
    request = sent("createMeeting", *words)
    assert (request.method, request.path) == ("POST", "/v2/users/me/meetings")
    assert request.json()["topic"] == "Standup"
    assert request.header("Authorization") == "Bearer token-1"


def test_an_alias_is_a_flag_too(sent):
    request = sent("addMeetingRegistrant", "--meeting-id", "123456789", "--email", "a@example.com", "--first-name", "A",
                   "--last-name", "B", "--occurrence-ids", "1648194360000")  # fmt: skip
    assert dict(request.query)["occurrence_ids"] == "1648194360000"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--host-video"], True),
        (["--host-video", "true"], True),
        (["--host-video=false"], False),
        (["--host-video", "False"], False),
        (["--host-video", "--topic", "x"], True),
        (["-i", "hostVideo=true"], True),
        (["-i", "hostVideo:=false"], False),
    ],
)
def test_a_boolean_flag_is_true_when_it_stands_alone(sent, words, value):
    assert sent("createMeeting", "--user-id", "me", *words).json()["settings"]["host_video"] is value


def test_a_flag_of_a_list_is_repeated(sent):
    words = ["--available-dial-in-countries", "US", "--available-dial-in-countries", "NO"]
    assert sent("createMeeting", "--user-id", "me", *words).json()["settings"]["global_dial_in_countries"] == [
        "US",
        "NO",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["--weekly-day", "2", "--weekly-day", "4"],
        ["--weekly-day", "2,4"],
        ["-i", "weeklyDay=2,4"],
        ["-i", "weeklyDay=2", "-i", "weeklyDay=4"],
        ["-i", "weeklyDay:=[2, 4]"],
        ["-i", "weeklyDay=[2, 4]"],
    ],
)
def test_a_list_is_taken_in_every_way_it_may_be_written(sent, words):
    request = sent("createMeeting", "--user-id", "me", "--meeting-type", "8", "--recurrence", "2", *words)
    assert request.json()["recurrence"]["weekly_days"] == "2,4"


def test_a_negative_number_is_a_flags_value(sent):
    words = ["--meeting-type", "8", "--recurrence", "3", "--monthly-week", "-1", "--monthly-week-day", "2"]
    assert sent("createMeeting", "--user-id", "me", *words).json()["recurrence"]["monthly_week"] == -1


def test_a_file_is_a_texts_value_without_its_last_line_end(sent, tmp_path):
    (tmp_path / "agenda.txt").write_text("Line one\nLine two ☂\n", encoding="utf-8")
    request = sent("createMeeting", "--user-id", "me", "-i", "agenda=@agenda.txt")
    assert request.json()["agenda"] == "Line one\nLine two ☂"


def test_a_flags_text_may_begin_with_an_at_sign(sent):
    assert sent("createMeeting", "--user-id", "me", "--topic", "@home").json()["topic"] == "@home"


@pytest.mark.parametrize("words", [["-i", "settingsExtraFields:=@x.json"], ["-i", "settingsExtraFields=@x.json"],
                                   ["--settings-extra-fields", "@x.json"],
                                   ["--settings-extra-fields", '{"waiting_room": true}']])  # fmt: skip
def test_a_file_of_json_is_json(sent, tmp_path, words):
    (tmp_path / "x.json").write_text('{"waiting_room": true}')
    assert sent("createMeeting", "--user-id", "me", *words).json()["settings"]["waiting_room"] is True


@pytest.mark.parametrize("how", ["file", "env"])
def test_a_password_comes_from_a_file_or_the_environment(sent, tmp_path, how):
    (tmp_path / "secret").write_text("Canary-pass-1\n")
    words = {"file": "password=@secret", "env": "password=env:NEW_PASSWORD"}
    request = sent("createUser", "--action", "autoCreate", "--email", "a@example.com", "--first-name", "A", "--last-name",
                   "B", "--user-type", "1", "-i", words[how], NEW_PASSWORD="Canary-pass-1")  # fmt: skip
    assert "Canary-pass-1" in request.body.decode()


def test_a_password_shows_in_no_dry_run(here, tmp_path):
    (tmp_path / "secret").write_text("Canary-pass-1\n")
    done = here("run", "createUser", "--action", "autoCreate", "--email", "a@example.com", "--first-name", "A",
                "--last-name", "B", "--user-type", "1", "-i", "password=@secret", "--dry-run", "--curl")  # fmt: skip
    assert done.code == 0
    assert "Canary-pass-1" not in done.out + done.err


def test_debug_and_connection_may_stand_among_the_inputs(here, server):
    done = here("run", "getUser", "--user-id", "me", "-i", "debug_request=true", "-i", "connection=accessToken",
                "--base-url", server.url, ZOOM_ACCESS_TOKEN="token-1")  # fmt: skip
    assert done.code == 0
    assert done.data["debug"][0]["what"] == "send"
    assert '"what": "send"' in done.err


def test_the_sub_account_goes_before_the_path(sent):
    assert sent("getUser", "--user-id", "me", "--account", "A-1").path == "/v2/accounts/A-1/users/me"


def test_pairs_and_files_of_the_raw_action(sent, tmp_path):
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x00\xff")
    request = sent("rawRequest", "--method", "POST", "--url", "/users/me/picture", "--query-params", "a=1",
                   "--query-params", "a=2", "-i", "headers=X-One: 1", "--form-data", "purpose=logo", "--file-data",
                   "pic=@logo.png", "-i", "fileDataFileNames=pic=me.png")  # fmt: skip
    assert request.query == [("a", "1"), ("a", "2")]
    assert request.header("X-One") == "1"
    assert b'name="purpose"\r\n\r\nlogo' in request.body
    assert b'name="pic"; filename="me.png"' in request.body
    assert b"\x89PNG\r\n\x00\xff" in request.body


def test_a_file_alone_is_named_after_itself(sent, tmp_path):
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    request = sent("rawRequest", "--method", "POST", "--url", "/x", "-i", "fileData=@logo.png")
    assert b'name="logo.png"; filename="logo.png"' in request.body


def test_a_raw_request_is_sent_as_typed(here, server, tmp_path):
    (tmp_path / "note.bin").write_bytes(b"\x00\xff")
    done = here("raw", "post", "/users/me/picture", "-q", "a=1", "-q", "a=2", "-q", "b=x=y", "-H", "X-One=1", "-H",
                "X-Two: 2", "-F", "purpose=logo", "-F", "pic=@note.bin", "--base-url", server.url,
                ZOOM_ACCESS_TOKEN="token-1")  # fmt: skip
    assert done.code == 0
    request = server.last
    assert (request.method, request.path) == ("POST", "/v2/users/me/picture")
    assert request.query == [("a", "1"), ("a", "2"), ("b", "x=y")]
    assert (request.header("X-One"), request.header("X-Two")) == ("1", "2")
    assert b'name="pic"; filename="note.bin"' in request.body
    assert done.data["status"] == 200


@pytest.mark.parametrize(
    ("data", "body", "kind"),
    [
        ('{"action": "end"}', b'{"action":"end"}', "application/json"),
        ("plain words", b"plain words", "text/plain; charset=utf-8"),
        ("@body.json", b'{"action":"end"}', "application/json"),
        ("@body.bin", b"\x00\xff", "application/octet-stream"),
    ],
)
def test_a_raw_body_goes_out_as_what_it_is(here, server, tmp_path, data, body, kind):
    (tmp_path / "body.json").write_text('{"action": "end"}')
    (tmp_path / "body.bin").write_bytes(b"\x00\xff")
    done = here("raw", "PUT", "/x", "-d", data, "--base-url", server.url, ZOOM_ACCESS_TOKEN="token-1")
    assert done.code == 0, done.err
    assert server.last.body == body
    assert server.last.header("Content-Type") == kind


def test_a_raw_reply_may_be_text_or_bytes(here, server):
    words = ["raw", "GET", "/x", "--base-url", server.url, "--query", "@"]
    from support import servers

    server.then(servers.reply(body=b"plain"))
    assert here(*words, "--response-type", "text", ZOOM_ACCESS_TOKEN="token-1").data == "plain"
    server.then(servers.reply(body=b"\x00\xff"))
    done = here(*words[:-2], "--response-type", "binary")
    assert (done.data["data"], done.data["encoding"]) == ("AP8=", "base64")


@pytest.mark.parametrize("words", [["raw", "GET", "/users/me"], ["run", "getUser", "--user-id", "me"]])
def test_how_it_is_tried_again_is_said_by_the_components_names(here, server, words):
    words = [*words, "--base-url", server.url, "--output", "json", "--retry"]
    server.always(reply(503, {"code": 503, "message": "down"}))
    assert here(*words, "maxRetries=0", ZOOM_ACCESS_TOKEN="token-1").code == 1
    assert server.count == 1
    assert here(*words, "max_retries=1", "--retry", "retryDelayMS=1", ZOOM_ACCESS_TOKEN="token-1").code == 1
    assert server.count == 3
    wrong = here(*words, "maxRetry=1", "--retry", "retryDelayMS=-1", ZOOM_ACCESS_TOKEN="token-1")
    assert wrong.code == 2
    assert "retry.maxRetry" in wrong.err
    assert "retry.retryDelayMS" in wrong.err
    assert "NAME=VALUE" in here(*words, "often", ZOOM_ACCESS_TOKEN="token-1").err
    assert server.count == 3


def test_every_mistake_of_a_raw_request_is_told_at_once(here, tmp_path):
    done = here("raw", "GET", "/x", "-q", "novalue", "-H", "=1", "-d", "@nowhere", "-F", "x", "-F", "y=@nowhere",
                "--output", "json")  # fmt: skip
    assert done.code == 2
    assert [one["field"] for one in done.data["error"]["problems"]] == [
        "-F number 1", "-q number 1", "-H number 1", "-d", "-F y",
    ]  # fmt: skip


def test_a_dry_run_needs_no_connection_and_sends_nothing(cli):
    done = cli("run", "createMeeting", "--user-id", "me", "--topic", "Standup", "--dry-run")
    assert done.code == 0
    assert done.out.startswith("POST https://api.zoom.us/v2/users/me/meetings\n")
    assert '"topic": "Standup"' in done.out
    assert done.err == ""


def test_a_dry_run_prints_data_when_a_form_is_chosen(here):
    words = ["raw", "GET", "/users", "-q", "status=active", "-H", "X-One=1", "--dry-run"]
    request = {"method": "GET", "url": "https://api.zoom.us/v2/users?status=active", "headers": {"X-One": "1"}}
    assert here(*words, "--output", "json").data == request
    assert here(*words, "--output", "lines").out == json.dumps(request) + "\n"
    assert here(*words, "--output", "yaml").out.startswith("method: GET\nurl: https://api.zoom.us")
    assert here(*words).out == "GET https://api.zoom.us/v2/users?status=active\nX-One: 1\n"


def test_a_dry_run_tells_every_problem(here):
    done = here("run", "createMeeting", "--topic", "x" * 201, "--dry-run", "--output", "json")
    assert done.code == 2
    assert {one["field"] for one in done.data["error"]["problems"]} == {"userId", "topic"}
