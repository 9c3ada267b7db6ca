"""The choices of an input: from its definition, a file, and the action that lists them."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from support import servers

from connector import Connection, errors

MOVE = """
action: moveLamp
label: Move
summary: Move a lamp.
request: POST /lamps/{lampId}/move
inputs:
  lampId: {label: L, help: L., type: string, required: true, to: path.lampId, choices_from: {action: listLamps, items: lamps, value: id, label: about.name}}
  building: {label: B, help: B., type: string, default: main, to: body.building}
  room: {label: R, help: R., type: integer, to: body.room, choices: {"0": Nowhere}, choices_from: {action: listRooms, items: rooms, value: number, label: name}}
  mode: {label: M, help: M., type: string, to: body.mode, choices: {on: Switched on, off: Switched off}}
  zone: {label: Z, help: Z., type: string, to: body.zone, choices_file: zones}
  note: {label: N, help: N., type: string, to: body.note}
"""
LAMPS = """
action: listLamps
label: List
summary: List lamps.
request: GET /lamps
pagination: {style: cursor, next: next, cursor_param: query.cursor, items: lamps}
inputs: {}
"""
ROOMS = """
action: listRooms
label: Rooms
summary: List rooms.
request: GET /rooms
inputs:
  building: {label: B, help: B., type: string, to: query.building}
  room: {label: R, help: R., type: integer, to: query.room}
  floor: {label: F, help: F., type: integer, to: query.floor}
"""


def lamp_page(target: str):
    if "cursor=2" in target:
        return {"lamps": [{"id": 3, "about": {"name": "Lighthouse"}}, {"id": None}, {"id": {}}, "x"]}
    return {"lamps": [{"id": 1, "about": {"name": "Lantern"}}, {"id": 2, "about": {}}], "next": "2"}


def answer(request):
    if request.path.endswith("/lamps"):
        return lamp_page(request.target.decode())
    place = parse_qs(request.target.decode().partition("?")[2]).get("building", ["nowhere"])[0]
    return {
        "rooms": [
            {"number": "7", "name": f"Hall of {place}"},
            {"number": "none", "name": "?"},
            {"number": 0, "name": "Zero"},
        ]
    }


@pytest.fixture
def lamp(folder, tmp_path):
    (tmp_path / "schemas" / "choices").mkdir(parents=True)
    (tmp_path / "schemas" / "choices" / "zones.json").write_text(json.dumps({"EU": "Europe", "AS": "Asia"}))
    return folder("", {"move-lamp": MOVE, "list-lamps": LAMPS, "list-rooms": ROOMS})


@pytest.fixture
def one(runner, server, lamp, clock):
    server.always(lambda line, request: servers.reply(200, answer(request))(line, request))
    return runner(server.url, Connection(lamp, "key", apiKey="secret-key"), connector=lamp, clock=clock)


def test_choices_of_a_definition_and_of_a_file_need_no_request(one, server):
    assert one.choices("moveLamp", "mode") == [("on", "Switched on"), ("off", "Switched off")]
    assert [(choice.value, choice.label) for choice in one.choices("move_lamp", "zone")] == [
        ("EU", "Europe"),
        ("AS", "Asia"),
    ]
    assert one.choices("moveLamp", "note") == []
    assert server.count == 0


def test_every_page_of_a_listing_is_read_and_values_have_the_inputs_type(one, server):
    assert one.choices("moveLamp", "lamp_id") == [("1", "Lantern"), ("2", "2"), ("3", "Lighthouse")]
    assert server.count == 2


@pytest.mark.parametrize(
    ("search", "values"), [("LANT", ["1"]), (" light ", ["3"]), ("2", ["2"]), ("zzz", []), ("", ["1", "2", "3"])]
)
def test_a_search_looks_into_values_and_labels(one, search, values):
    assert [choice.value for choice in one.choices("moveLamp", "lampId", search=search)] == values


def test_a_list_depends_on_what_was_chosen_under_the_same_key(one, server):
    assert one.choices("moveLamp", "room") == [(0, "Nowhere"), (7, "Hall of main")]
    assert one.choices("moveLamp", "room", {"building": "annex", "room": 5, "note": "x"})[1] == (7, "Hall of annex")
    assert one.choices("moveLamp", "room", {"building": ""})[1] == (7, "Hall of nowhere")
    assert all(b"room=" not in request.target for request in server.requests)


def test_a_list_is_kept_for_a_minute_for_each_question_and_connection(runner, server, lamp, clock):
    server.always(lambda line, request: servers.reply(200, answer(request))(line, request))
    connections = {name: Connection(lamp, "key", apiKey=f"key-of-{name}") for name in ("a", "b")}
    client = runner(server.url, None, connector=lamp, clock=clock, resolve_connection=connections.get)

    def requests(*args, **options):
        before = server.count
        client.choices("moveLamp", *args, **options)
        return server.count - before

    assert [requests("room", connection="a"), requests("room", connection="a", search="x")] == [1, 0]
    assert requests("room", connection="b") == 1
    assert server.last.header("authorization") == "Bearer key-of-b"
    assert [requests("room", {"building": "annex"}, connection="a"), requests("room", {"connection": "a"})] == [1, 0]
    clock.passed += 59
    assert requests("room", connection="a") == 0
    clock.passed += 2
    assert requests("room", connection="a") == 1


def test_only_one_of_program_and_form_names_the_connection(runner, server, lamp):
    server.always(lambda line, request: servers.reply(200, answer(request))(line, request))
    connections = {name: Connection(lamp, "key", apiKey=f"key-of-{name}") for name in ("a", "b")}
    client = runner(server.url, None, connector=lamp, resolve_connection=connections.get)
    client.choices("moveLamp", "room", connection="a")
    for named in ("a", "b"):
        with pytest.raises(errors.InputError, match="the program names it"):
            client.choices("moveLamp", "room", {"connection": named}, connection="a")


def test_a_listing_that_fails_is_asked_again(one, server):
    server.then(servers.reply(404))
    with pytest.raises(errors.NotFound):
        one.choices("moveLamp", "room")
    assert len(one.choices("moveLamp", "room")) == 2


@pytest.mark.parametrize(("arguments", "told"), [
    (("moveLamp", "rooom"), "Did you mean 'room'"), (("moveLamp", "room", {"buildin": "x"}), "Did you mean 'building'"), (("moveLamb", "room"), "Did you mean 'moveLamp'"),
])  # fmt: skip
def test_what_does_not_exist_is_told_with_what_was_meant(one, server, arguments, told):
    with pytest.raises(errors.InputError, match=told):
        one.choices(*arguments)
    assert server.count == 0
