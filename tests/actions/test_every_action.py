"""Every action over a real socket: each input is sent at the location and in the type that the service expects.

`input_locations.json` has the expectation: action -> input -> [part, pointer or name, type on the wire, default on the
component page].
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from support import servers

from connector import Connector, errors

LOCATIONS = json.loads(Path(__file__).with_name("input_locations.json").read_text())
ZOOM = Connector.open()
ACTIONS = [action.action for action in ZOOM.actions() if not action.is_raw]
UPDATE_ACTIONS = {"updateMeeting", "updateUser"}
UNSENT_DEFAULTS = {("createMeeting", "defaultPassword")}  # sending false would switch off the service's own passcode
PAGING_PARAMETERS = {"page_size", "next_page_token"}
WIRE_TYPES = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array of string": list,
    "array of object": list,
}
EXAMPLES = [(name, sentence) for name in [*ACTIONS, "rawRequest"] for sentence in ZOOM.action(name).examples]


def choose_value(field):
    """Choose a value of an input other than its default or suggestion, if there is one."""
    usual = field.default if field.has_default else field.suggest
    if field.type == "boolean":
        return usual is not True
    others = [value for value in field.typed_choices if value not in (usual, "")]
    if others:
        return [others[0], others[-1]] if field.is_list else others[-1]
    if field.choices_file:
        return field.example if field.example is not None else next(iter(ZOOM.choices(field.choices_file)))
    assert field.example is not None, "an input without choices has an example"
    return field.example


def input_groups(action):
    """Yield sets of compatible inputs that together cover all; most actions have one."""
    left = dict(action.inputs)
    while left:
        taken = {key for key, field in action.inputs.items() if field.required}
        first = [other for field in left.values() for other in field.required_inputs]
        for key in dict.fromkeys([*first, *left, *action.inputs]):
            field = action.inputs[key]
            clash = any(other in taken for other in field.conflicting_inputs)
            if not clash and not any(key in action.inputs[other].conflicting_inputs for other in taken):
                taken.add(key)
        taken = {key for key in taken if set(action.inputs[key].required_inputs) <= taken}
        assert taken & set(left), f"{set(left)} cannot be given"
        left = {key: field for key, field in left.items() if key not in taken}
        yield taken


def build_given(action, keys):
    given = {key: choose_value(action.inputs[key]) for key in keys}
    for key in keys:
        for other, wanted in action.inputs[key].required_inputs.items():
            if wanted is not None:
                given[other] = wanted[0]
    for rule in action.any_of:
        asked = all(given.get(key) in wanted for key, wanted in rule.when.items())
        if asked and not given.keys() & set(rule.of):
            given[rule.of[0]] = choose_value(action.inputs[rule.of[0]])
    return given


def required_values(action):
    return build_given(action, [key for key, field in action.inputs.items() if field.required])


def to_wire(field, value):
    """Return the value as sent: a joined list is one text."""
    if field.join is not None:
        return field.join.join(map(str, value)) if isinstance(value, list) else value
    return value


def as_text(value):
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)


def get_at_pointer(body, pointer):
    for name in pointer.split("/")[1:]:
        body = body[name]
    return body


def iter_leaves(body, prefix=""):
    for name, value in body.items():
        if isinstance(value, dict) and value:
            yield from iter_leaves(value, f"{prefix}/{name}")
        else:
            yield f"{prefix}/{name}"


def expected_path(action, given):
    record = LOCATIONS[action.action]
    template = record["request"].split(" ")[1]
    for key, (part, name, *_) in record["inputs"].items():
        if part == "path":
            template = template.replace(f"{{{name}}}", quote(str(given[key]), safe=""))
    return f"/v2{template}"


def page_defaults(action, given):
    """Return the defaults of the page that apply beside the given inputs: key -> text."""
    if action.action in UPDATE_ACTIONS:
        return {}
    found = {
        key: rest[0]
        for key, (_, _, _, *rest) in LOCATIONS[action.action]["inputs"].items()
        if rest and key not in given
    }
    found = {key: text for key, text in found.items() if (action.action, key) not in UNSENT_DEFAULTS}
    keep = {}
    for key, text in found.items():
        field = action.inputs[key]
        needs = all(other in given for other in field.required_inputs)
        if needs and not any(other in given for other in field.conflicting_inputs):
            keep[key] = text
    return keep


def assert_request(action, given, request):
    """Assert that a request has the given inputs, the defaults, and nothing else."""
    record = LOCATIONS[action.action]
    assert f"{request.method} {record['request'].split(' ')[1]}" == record["request"]
    assert request.path == expected_path(action, given)
    body = request.json() if request.body else {}
    query = dict(request.query)
    assert len(query) == len(request.query), "no parameter twice"
    seen = set()
    for key in [*given, *page_defaults(action, given)]:
        part, place, kind, *_ = record["inputs"][key]
        field = action.inputs[key]
        wanted = to_wire(field, given[key]) if key in given else page_defaults(action, given)[key]
        if part == "query":
            assert query.pop(place) == as_text(wanted)
        elif part == "body":
            got = get_at_pointer(body, place)
            assert type(got) is WIRE_TYPES[kind], f"{key} arrived as {got!r}"
            if field.location.spread:
                assert all(got[name] == value for name, value in wanted.items())
                seen |= {f"{place}/{name}" for name in wanted}
            else:
                assert (got == wanted) if key in given else (as_text(got) == wanted)
                seen |= {place} if not isinstance(got, dict) else {f"{place}{leaf}" for leaf in iter_leaves(got)}
    assert set(query) <= PAGING_PARAMETERS
    assert set(iter_leaves(body)) == seen
    if request.body:
        assert request.header("Content-Type") == "application/json"


def test_the_record_is_of_the_same_actions_and_inputs(zoom):
    assert set(LOCATIONS) == set(ACTIONS)
    for name in ACTIONS:
        action = zoom.action(name)
        assert set(LOCATIONS[name]["inputs"]) == set(action.inputs), name
        assert LOCATIONS[name]["request"] == action.request


@pytest.mark.parametrize("name", ACTIONS)
def test_each_input_arrives_at_its_place_in_its_type(client, server, zoom, name):
    action = zoom.action(name)
    covered = set()
    for keys in input_groups(action):
        given = build_given(action, keys)
        client.run(name, given)
        assert_request(action, given, server.last)
        covered |= keys
    assert covered == set(action.inputs)


@pytest.mark.parametrize("name", ACTIONS)
def test_with_what_is_required_alone_exactly_the_defaults_are_sent(client, server, zoom, name):
    action = zoom.action(name)
    given = required_values(action)
    client.run(name, given)
    assert_request(action, given, server.last)
    if name in UPDATE_ACTIONS:
        assert server.last.body == b""
        assert server.last.query == []


@pytest.mark.parametrize("name", ACTIONS)
def test_each_optional_input_alone_adds_itself_alone(client, server, zoom, name):
    """Send every input by itself, with the inputs it requires."""
    action = zoom.action(name)
    always = {key for key, field in action.inputs.items() if field.required}
    for key, field in action.inputs.items():
        keys = always | {key, *field.required_inputs}
        keys |= {other for one in set(keys) for other in action.inputs[one].required_inputs}
        given = build_given(action, keys)
        client.run(name, given)
        assert_request(action, given, server.last)


@pytest.mark.parametrize(("name", "sentence"), EXAMPLES, ids=lambda text: text.replace(" ", "-"))
def test_each_example_sends_what_it_says(client, server, zoom, name, sentence):
    action = zoom.action(name)
    example = action.examples[sentence]
    client.run(name, example.inputs)
    request, sends = server.last, example.request
    assert request.method == (sends.method or action.method)
    assert request.path == f"/v2{sends.path}"
    query = {key: value for key, value in request.query if key not in PAGING_PARAMETERS}
    assert query == {key: as_text(value) for key, value in sends.query.items()}
    assert (request.json() if request.body else None) == sends.body
    for header, value in sends.headers.items():
        assert request.header(header) == value


@pytest.mark.parametrize("name", [name for name in ACTIONS if ZOOM.action(name).pagination])
def test_each_listing_reads_every_page_with_the_same_parameters(client, server, zoom, name):
    action = zoom.action(name)
    field = action.pagination.items
    server.then(
        servers.reply(json_={"next_page_token": "A", field: [{"id": 1}], "page_size": 1}),
        servers.reply(json_={"next_page_token": "", field: [{"id": 2}], "page_size": 1}),
    )
    given = required_values(action)
    result = client.run(name, given)
    assert result.data == {"next_page_token": "", field: [{"id": 1}, {"id": 2}], "page_size": 1}
    first, second = server.requests
    assert dict(first.query)["page_size"] == str(action.pagination.max_size or 300)
    assert dict(second.query) == dict(first.query) | {"next_page_token": "A"}
    assert first.path == second.path


@pytest.mark.parametrize("name", [name for name in ACTIONS if ZOOM.action(name).subaccount])
def test_each_twin_of_a_sub_account_is_below_its_prefix(client, server, zoom, name):
    action = zoom.action(name)
    given = required_values(action)
    client.run(name, given, account="sub/1")
    assert server.last.path == expected_path(action, given).replace("/v2/", "/v2/accounts/sub%2F1/", 1)


@pytest.mark.parametrize("name", [name for name in ACTIONS if not ZOOM.action(name).subaccount])
def test_an_action_without_a_twin_says_so(client, server, zoom, name):
    given = required_values(zoom.action(name))
    with pytest.raises(errors.InputError):
        client.run(name, given, account="sub")
    assert server.count == 0
