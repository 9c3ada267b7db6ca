"""Values over a real socket: none is added, and none changes its type."""

from __future__ import annotations

from support import servers


def test_an_update_of_the_topic_sends_the_topic_alone(client, server):
    server.always(servers.reply(204))
    assert client.run("updateMeeting", {"meetingId": 89347503, "topic": "New"}).data == {}
    assert (server.last.method, server.last.target, server.last.json()) == (
        "PATCH",
        b"/v2/meetings/89347503",
        {"topic": "New"},
    )


def test_false_is_sent_when_it_is_given(client, server):
    client.run("updateMeeting", {"meetingId": "1", "hostVideo": False, "usePMI": "false"})
    assert server.last.json() == {"settings": {"host_video": False, "use_pmi": False}}
    client.run("createMeeting", {"userId": "me", "hostVideo": False, "defaultPassword": False})
    assert server.last.json()["settings"]["host_video"] is False
    assert server.last.json()["default_password"] is False


def test_texts_that_look_like_something_else_stay_texts(client, server, tmp_path):
    path = tmp_path / "call.yaml"
    path.write_text(
        "action: addMeetingRegistrant\ninputs: {meetingId: 89347503, email: a@b.example, firstName: on, lastName: 12:30,"
        " country: NO, zip: 012345, phone: +15558904949, org: 0x1F}\n"
    )
    client.run_file(path)
    sent = server.last.json()
    assert sent == {"auto_approve": False, "email": "a@b.example", "first_name": "on", "last_name": "12:30", "country": "NO", "zip": "012345",
                    "phone": "+15558904949", "org": "0x1F"}  # fmt: skip
    path.write_text("action: createMeeting\ninputs: {userId: me, password: 012345, availableDialInCountries: [NO]}\n")
    client.run_file(path)
    assert server.last.json()["password"] == "012345"
    assert server.last.json()["settings"]["global_dial_in_countries"] == ["NO"]


def test_a_password_of_digits_that_is_a_number_is_sent_as_its_digits(client, server):
    client.run("createMeeting", {"userId": "me", "password": 402917})
    assert server.last.json()["password"] == "402917"


def test_a_uuid_with_slashes_is_encoded_twice_where_the_service_asks_for_it(client, server):
    for name, tail in (
        ("getMeetingRecordings", "/recordings"),
        ("getWebinar", ""),
        ("listWebinarParticipants", "/participants"),
    ):
        key = "meetingId" if name == "getMeetingRecordings" else "webinarId"
        for uuid, segment in (
            ("/a==", "%252Fa%253D%253D"),
            ("a//b", "a%252F%252Fb"),
            ("a/b", "a%2Fb"),
            ("89347503", "89347503"),
        ):
            client.run(name, {key: uuid})
            assert server.last.path.endswith(f"/{segment}{tail}"), (name, uuid)


def test_numbers_beyond_2_to_the_53_are_exact(client, server, zoom):
    large = [value for value in zoom.action("createUser").inputs["zoomOneType"].typed_choices if value > 1 << 53]
    assert large
    given = {"email": "a@b.example", "firstName": "A", "lastName": "B", "userType": 2}
    for number in large:
        for spelled in (number, str(number)):
            client.run("createUser", {**given, "zoomOneType": spelled})
            assert server.last.json()["user_info"]["feature"]["zoom_one_type"] == number
    client.run("getMeeting", {"meetingId": (1 << 63) + 1})
    assert server.last.path == "/v2/meetings/9223372036854775809"


def test_a_raw_request_sends_each_of_its_inputs(client, server):
    given = {
        "method": "post", "url": "/chat/x", "queryParams": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
        "headers": ["X-One: 1", "X-Two: 2"], "data": '{"k": [1, true, null]}', "responseType": "text", "timeout": "2000", "maxRetries": "1",
        "retryDelayMS": "5", "useExponentialBackoff": "true", "retryAllErrors": False,
    }  # fmt: skip
    server.always(servers.reply(body=b"plain"))
    assert client.run("rawRequest", given).data == "plain"
    request = server.last
    assert (request.method, request.target) == ("POST", b"/v2/chat/x?a=1&a=2")
    assert (request.header("X-One"), request.header("X-Two")) == ("1", "2")
    assert request.json() == {"k": [1, True, None]}
    server.always(servers.reply(json_={}))
    given = {
        "method": "POST",
        "url": "/f",
        "formData": {"a": "b"},
        "fileData": {"f": b"\x00data"},
        "fileDataFileNames": {"f": "n.bin"},
    }
    client.run("rawRequest", given)
    assert b'name="a"\r\n\r\nb\r\n' in server.last.body
    assert b'name="f"; filename="n.bin"' in server.last.body
    assert b"\x00data" in server.last.body
    server.always(servers.reply(body=b"\x00\xff", headers=[("Content-Type", "application/octet-stream")]))
    for kind in ("binary", "document"):
        assert client.run("rawRequest", {"method": "GET", "url": "/f", "responseType": kind}).data == b"\x00\xff"


def test_a_raw_request_acts_on_a_sub_account_too(client, server):
    client.request("GET", "/users", account="acc")
    assert server.last.path == "/v2/accounts/acc/users"
