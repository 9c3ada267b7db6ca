"""Every action over a real socket: each input arrives at the place and in the type that the service asks for.

`places.json` is the record to hold against: action -> input -> [part, pointer or name, type on the wire, default on
the component page].
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from support import servers

from connector import Connector, errors

PLACES = json.loads(Path(__file__).with_name("places.json").read_text())
ZOOM = Connector.open()
ACTIONS = [action.action for action in ZOOM.actions() if not action.is_raw]
UPDATES = {"updateMeeting", "updateUser"}
SUGGESTED = {("createMeeting", "defaultPassword")}  # sending its false would switch off the service's own passcode
PAGING = {"page_size", "next_page_token"}
TYPES = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array of string": list,
    "array of object": list,
}
EXAMPLES = [(name, sentence) for name in [*ACTIONS, "rawRequest"] for sentence in ZOOM.action(name).examples]


def value_of(spec):
    """A value of an input that is neither its default nor what it suggests, where there is another."""
    usual = spec.default if spec.has_default else spec.suggest
    if spec.type == "boolean":
        return usual is not True
    others = [value for value in spec.typed_choices if value not in (usual, "")]
    if others:
        return [others[0], others[-1]] if spec.is_list else others[-1]
    if spec.choices_file:
        return spec.example if spec.example is not None else next(iter(ZOOM.choices(spec.choices_file)))
    assert spec.example is not None, "an input without choices has an example"
    return spec.example


def groups(action):
    """Sets of inputs that may be given together and that cover all: most actions have one."""
    left = dict(action.inputs)
    while left:
        taken = {key for key, spec in action.inputs.items() if spec.required}
        first = [other for spec in left.values() for other in spec.required_inputs]
        for key in dict.fromkeys([*first, *left, *action.inputs]):
            spec = action.inputs[key]
            clash = any(other in taken for other in spec.conflicting_inputs)
            if not clash and not any(key in action.inputs[other].conflicting_inputs for other in taken):
                taken.add(key)
        taken = {key for key in taken if set(action.inputs[key].required_inputs) <= taken}
        assert taken & set(left), f"{set(left)} cannot be given"
        left = {key: spec for key, spec in left.items() if key not in taken}
        yield taken


def given_of(action, keys):
    given = {key: value_of(action.inputs[key]) for key in keys}
    for key in keys:
        for other, wanted in action.inputs[key].required_inputs.items():
            if wanted is not None:
                given[other] = wanted[0]
    for rule in action.any_of:
        asked = all(given.get(key) in wanted for key, wanted in rule.when.items())
        if asked and not given.keys() & set(rule.of):
            given[rule.of[0]] = value_of(action.inputs[rule.of[0]])
    return given


def required(action):
    return given_of(action, [key for key, spec in action.inputs.items() if spec.required])


def on_the_wire(spec, value):
    """The value as it should stand there: a list that is joined is one text, digits have no spaces."""
    if spec.join is not None:
        return spec.join.join(map(str, value)) if isinstance(value, list) else value
    return value


def as_text(value):
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)


def at(body, pointer):
    for name in pointer.split("/")[1:]:
        body = body[name]
    return body


def leaves(body, prefix=""):
    for name, value in body.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}/{name}")
        else:
            yield f"{prefix}/{name}"


def path_of(action, given):
    record = PLACES[action.action]
    template = record["request"].split(" ")[1]
    for key, (part, name, *_) in record["inputs"].items():
        if part == "path":
            template = template.replace(f"{{{name}}}", quote(str(given[key]), safe=""))
    return f"/v2{template}"


def defaults(action, given):
    """The page's defaults that apply beside what is given: key -> text."""
    if action.action in UPDATES:
        return {}
    found = {
        key: rest[0] for key, (_, _, _, *rest) in PLACES[action.action]["inputs"].items() if rest and key not in given
    }
    found = {key: text for key, text in found.items() if (action.action, key) not in SUGGESTED}
    keep = {}
    for key, text in found.items():
        spec = action.inputs[key]
        needs = all(other in given for other in spec.required_inputs)
        if needs and not any(other in given for other in spec.conflicting_inputs):
            keep[key] = text
    return keep


def expect(action, given, request):
    """Hold a request against the record: all that is given, the defaults, and nothing else."""
    record = PLACES[action.action]
    assert f"{request.method} {record['request'].split(' ')[1]}" == record["request"]
    assert request.path == path_of(action, given)
    body = request.json() if request.body else {}
    query = dict(request.query)
    assert len(query) == len(request.query), "no parameter twice"
    seen = set()
    for key in [*given, *defaults(action, given)]:
        part, place, kind, *_ = record["inputs"][key]
        spec = action.inputs[key]
        wanted = on_the_wire(spec, given[key]) if key in given else defaults(action, given)[key]
        if part == "query":
            assert query.pop(place) == as_text(wanted)
        elif part == "body":
            got = at(body, place)
            assert type(got) is TYPES[kind], f"{key} arrived as {got!r}"
            if spec.location.spread:
                assert all(got[name] == value for name, value in wanted.items())
                seen |= {f"{place}/{name}" for name in wanted}
            else:
                assert (got == wanted) if key in given else (as_text(got) == wanted)
                seen |= {place} if not isinstance(got, dict) else {f"{place}{leaf}" for leaf in leaves(got)}
    assert set(query) <= PAGING
    assert set(leaves(body)) == seen
    if request.body:
        assert request.header("Content-Type") == "application/json"


def test_the_record_is_of_the_same_actions_and_inputs(zoom):
    assert set(PLACES) == set(ACTIONS)
    for name in ACTIONS:
        action = zoom.action(name)
        assert set(PLACES[name]["inputs"]) == set(action.inputs), name
        assert PLACES[name]["request"] == action.request


@pytest.mark.parametrize("name", ACTIONS)
def test_each_input_arrives_at_its_place_in_its_type(client, server, zoom, name):
    action = zoom.action(name)
    covered = set()
    for keys in groups(action):
        given = given_of(action, keys)
        client.run(name, given)
        expect(action, given, server.last)
        covered |= keys
    assert covered == set(action.inputs)


@pytest.mark.parametrize("name", ACTIONS)
def test_with_what_is_required_alone_exactly_the_defaults_are_sent(client, server, zoom, name):
    action = zoom.action(name)
    given = required(action)
    client.run(name, given)
    expect(action, given, server.last)
    if name in UPDATES:
        assert server.last.body == b""
        assert server.last.query == []


@pytest.mark.parametrize("name", ACTIONS)
def test_each_optional_input_alone_adds_itself_alone(client, server, zoom, name):
    """Every input by itself, with what it needs: nothing of another leaks in."""
    action = zoom.action(name)
    always = {key for key, spec in action.inputs.items() if spec.required}
    for key, spec in action.inputs.items():
        keys = always | {key, *spec.required_inputs}
        keys |= {other for one in set(keys) for other in action.inputs[one].required_inputs}
        given = given_of(action, keys)
        client.run(name, given)
        expect(action, given, server.last)


@pytest.mark.parametrize(("name", "sentence"), EXAMPLES, ids=lambda text: text.replace(" ", "-"))
def test_each_example_sends_what_it_says(client, server, zoom, name, sentence):
    action = zoom.action(name)
    example = action.examples[sentence]
    client.run(name, example.given)
    request, sends = server.last, example.sends
    assert request.method == (sends.method or action.method)
    assert request.path == f"/v2{sends.path}"
    query = {key: value for key, value in request.query if key not in PAGING}
    assert query == {key: as_text(value) for key, value in sends.query.items()}
    assert (request.json() if request.body else None) == sends.body
    for header, value in sends.headers.items():
        assert request.header(header) == value


@pytest.mark.parametrize("name", [name for name in ACTIONS if ZOOM.action(name).pages])
def test_each_listing_reads_every_page_with_the_same_parameters(client, server, zoom, name):
    action = zoom.action(name)
    field = action.pages.items
    server.then(
        servers.reply(json_={"next_page_token": "A", field: [{"id": 1}], "page_size": 1}),
        servers.reply(json_={"next_page_token": "", field: [{"id": 2}], "page_size": 1}),
    )
    given = required(action)
    result = client.run(name, given)
    assert result.data == {"next_page_token": "", field: [{"id": 1}, {"id": 2}], "page_size": 1}
    first, second = server.requests
    assert dict(first.query)["page_size"] == str(action.pages.max or 300)
    assert dict(second.query) == dict(first.query) | {"next_page_token": "A"}
    assert first.path == second.path


@pytest.mark.parametrize("name", [name for name in ACTIONS if ZOOM.action(name).subaccount])
def test_each_twin_of_a_sub_account_is_below_its_prefix(client, server, zoom, name):
    action = zoom.action(name)
    given = required(action)
    client.run(name, given, account="sub/1")
    assert server.last.path == path_of(action, given).replace("/v2/", "/v2/accounts/sub%2F1/", 1)


@pytest.mark.parametrize("name", [name for name in ACTIONS if not ZOOM.action(name).subaccount])
def test_an_action_without_a_twin_says_so(client, server, zoom, name):
    given = required(zoom.action(name))
    with pytest.raises(errors.InputError):
        client.run(name, given, account="sub")
    assert server.count == 0


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
