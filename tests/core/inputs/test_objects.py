"""Objects whose members are declared: checked as inputs are, told all at once, put together as the service expects."""

from __future__ import annotations

import json
from types import SimpleNamespace

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector import errors
from connector.core.exchange.plan import compile_action
from connector.core.inputs.objects import find_member, find_secrets, set_member, suggest_member
from connector.core.inputs.validate import compile_validator
from connector.definition.action import Action
from connector.definition.forms import describe

ORDER = """
action: order
label: Order
summary: Order lamps.
request: POST /orders
inputs:
  buyer:
    label: Buyer
    help: Who orders.
    type: object
    to: body.order.buyer
    fields:
      email: {label: Email, help: Their address., type: string, format: email, required: true}
      pin: {label: Pin, help: Their pin., type: password, to: secrets.pin}
      country: {label: Country, help: Where they live., type: string, default: GB, choices: {GB: Britain, SE: Sweden}}
  lines:
    label: Lines
    help: What is ordered.
    type: list of object
    required: true
    min: 1
    max: 3
    to: body.order."line.items"
    fields:
      lamp: {label: Lamp, help: Which one., type: string, required: true, aliases: [sku]}
      count: {label: Count, help: How many., type: integer, min: 1, to: quantity.0.amount}
      deliveredAt: {label: At, help: When., type: datetime, future: true, requires: count}
      gift: {label: Gift, help: Whether it is one., type: boolean, conflicts_with: deliveredAt}
  notes:
    label: Notes
    help: Notes by language.
    type: map of object
    to: body.order.notes
    fields:
      text: {label: Text, help: The note., type: string, required: true}
  first: {label: First, help: The first tag., type: string, to: body.tags.0.name}
"""


@pytest.fixture
def order(folder):
    connector = folder("", {"order": ORDER})
    return compile_action(connector, "order")


def build(order, inputs):
    return order.build_request(order.validate(inputs))


def test_members_go_to_their_places_with_their_types_and_defaults(order):
    inputs = {
        "buyer": {"email": "ada@x.io", "pin": "12"},
        "lines": [{"lamp": "a", "count": "2"}, {"sku": "b"}],
        "notes": {"no": {"text": "Hei"}},
        "first": "x",
    }
    assert build(order, inputs).body.value == {
        "order": {
            "buyer": {"email": "ada@x.io", "secrets": {"pin": "12"}, "country": "GB"},
            "line.items": [{"lamp": "a", "quantity": [{"amount": 2}]}, {"lamp": "b"}],
            "notes": {"no": {"text": "Hei"}},
        },
        "tags": [{"name": "x"}],
    }


LIGHT = """
action: light
label: Light
summary: Light lamps.
request: POST /light
any_of: [{of: [note, lamps]}]
inputs:
  note: {label: Note, help: A note., type: string, to: body.note}
  lamps:
    label: Lamps
    help: Which.
    type: list of object
    to: body.lamps
    fields: {sku: {label: S, help: Which., type: string, required: true}}
"""


def test_an_object_with_a_mistake_in_it_is_given_all_the_same(folder):
    light = compile_action(folder("", {"light": LIGHT}), "light")
    with pytest.raises(errors.InputError) as caught:
        light.validate({"lamps": [{}]})
    assert [problem.field for problem in caught.value.problems] == ["lamps.0.sku"]


TABLE = """
types:
  row:
    cells: {label: Cells, help: Its cells., type: list of object, required: true, min: 1, to: ., fields: "@cell"}
  cell:
    text: {label: Text, help: What it says., type: string, required: true, to: 0.text.content}
    code: {label: Code, help: Whether it is code., type: boolean, to: 0.annotations.code}
    pin: {label: Pin, help: A pin., type: password, to: 1.pin}
"""
ARRANGE = """
action: arrange
label: Arrange
summary: Make a table.
request: POST /tables
inputs:
  rows: {label: Rows, help: Its rows., type: list of object, to: body.rows, fields: "@row"}
"""


@pytest.fixture
def arrange(folder):
    return compile_action(folder(TABLE, {"arrange": ARRANGE}), "arrange")


def test_a_member_may_stand_in_the_place_of_its_object_and_places_with_numbers_make_a_list_of_it(arrange):
    rows = [{"cells": [{"text": "a", "code": True}, {"text": "b"}]}, {"cells": [{"text": "c"}]}]
    assert build(arrange, {"rows": rows}).body.value == {
        "rows": [
            [[{"text": {"content": "a"}, "annotations": {"code": True}}], [{"text": {"content": "b"}}]],
            [[{"text": {"content": "c"}}]],
        ]
    }


def test_problems_below_such_a_place_are_told_by_the_names_that_were_given(arrange):
    with pytest.raises(errors.InputError) as caught:
        arrange.validate({"rows": [{"cells": [{"text": "a"}, {"txt": "b"}]}, {"cells": []}, {}]})
    assert [problem.field for problem in caught.value.problems] == [
        "rows.0.cells.1.txt", "rows.0.cells.1.text", "rows.1.cells", "rows.2.cells",
    ]  # fmt: skip


def test_secrets_below_such_a_place_are_found(arrange):
    values = arrange.validate({"rows": [{"cells": [{"text": "a", "pin": "4711"}]}]})
    field = arrange.action.inputs["rows"]
    assert list(find_secrets(field, values["rows"], "rows")) == ["4711"]


def test_every_problem_of_every_object_is_told_at_once_with_its_place(order):
    inputs = {
        "buyer": {"email": "ada", "contry": "GB"},
        "lines": [{"count": 0}, {"lamp": "b", "deliveredAt": "2031-01-01T00:00:00Z"}, "no"],
        "notes": {"no": {}},
    }
    with pytest.raises(errors.InputError) as caught:
        order.validate(inputs)
    assert [(problem.field, problem.expected) for problem in caught.value.problems] == [
        ("buyer.email", "an email address"),
        ("buyer.contry", "an input of Buyer"),
        ("lines.0.count", "at least 1"),
        ("lines.0.lamp", "a value: it is required"),
        ("lines.1.deliveredAt", "count with it"),
        ("lines.2", "JSON"),
        ("notes.no.text", "a value: it is required"),
    ]
    assert "did you mean country?" in caught.value.problems[1].fix


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "1 to 3 items"),
        ([{"lamp": "a"}] * 4, "1 to 3 items"),
        ({"lamp": "a"}, "a list of objects"),
        (7, "a list of objects"),
    ],
)
def test_a_list_has_as_many_objects_as_it_may(order, lines, expected):
    with pytest.raises(errors.InputError) as caught:
        order.validate({"lines": lines})
    assert [(problem.field, problem.expected) for problem in caught.value.problems] == [("lines", expected)]


def test_objects_may_be_given_as_json(order):
    given = {"buyer": '{"email": "a@x.io"}', "lines": '[{"lamp": "a"}]'}
    as_data = {key: json.loads(text) for key, text in given.items()}
    assert build(order, given).body == build(order, as_data).body


def test_what_the_caller_gave_stays_unchanged(order):
    lines = [{"lamp": "a", "count": "2"}]
    build(order, {"lines": lines})
    assert lines == [{"lamp": "a", "count": "2"}]


def test_a_secret_member_is_shown_nowhere(order):
    canary = "canary-9371"
    request = build(order, {"buyer": {"email": "a@x.io", "pin": canary}, "lines": [{"lamp": "a"}]})
    assert canary.encode() in request.body.to_bytes()
    assert canary not in repr(request)
    assert canary not in json.dumps(request.to_dict())
    with pytest.raises(errors.InputError) as caught:
        order.validate({"buyer": {"pin": canary, "email": 7}, "lines": []})
    assert canary not in str(caught.value)
    with pytest.raises(errors.InputError) as caught:
        order.validate({"buyer": [canary], "lines": []})
    assert canary not in str(caught.value)


def test_a_time_in_the_past_within_an_object_is_warned_of(order):
    values = order.validate(
        {"lines": [{"lamp": "a"}, {"lamp": "b", "count": 1, "deliveredAt": "2001-01-01T00:00:00Z"}]}
    )
    assert list(order.find_warnings(values, 1_900_000_000.0)) == [
        "lines.1.deliveredAt: 2001-01-01T00:00:00Z is in the past. It is sent unchanged."
    ]


def test_an_update_applies_no_default_within_an_object(folder):
    update = ORDER.replace("POST /orders", "PATCH /orders")
    action = compile_action(folder("", {"order": update}), "order")
    assert build(action, {"lines": [{"lamp": "a"}], "buyer": {"email": "a@x.io"}}).body.value["order"]["buyer"] == {
        "email": "a@x.io"
    }


class NoFiles:
    """A connector without files of choices."""

    manifest = SimpleNamespace(connections={})


ACTION = Action.model_validate(yaml.safe_load(ORDER))
VALIDATE = compile_validator(ACTION, lambda name: {})
SCHEMA = jsonschema.Draft202012Validator(describe.build_form_schema(NoFiles(), ACTION))
LINES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "lamp": st.text(max_size=3),
            "count": st.integers(-1, 3),
            "deliveredAt": st.sampled_from(["2031-01-01T00:00:00Z", "soon"]),
            "gift": st.booleans(),
            "colour": st.just("red"),
        },
    ),
    max_size=4,
)
BUYERS = st.fixed_dictionaries(
    {}, optional={"email": st.sampled_from(["a@x.io", "a"]), "country": st.sampled_from(["GB", "DK"])}
)


@given(st.fixed_dictionaries({"lines": LINES}, optional={"buyer": BUYERS}))
def test_the_schema_of_the_form_accepts_what_the_check_accepts(inputs):
    try:
        VALIDATE(inputs)
    except errors.InputError as error:
        told = {problem.field.partition(".")[0] for problem in error.problems}
    else:
        told = set()
    found = {str(fault.path[0]) for fault in SCHEMA.iter_errors(inputs) if fault.path}
    formats = {"buyer"} if inputs.get("buyer", {}).get("email") == "a" else set()  # a schema checks no format by itself
    blank = {"lines"} if any(not line.get("lamp", "x").strip() for line in inputs["lines"]) else set()
    when = {"lines"} if any(line.get("deliveredAt") == "soon" for line in inputs["lines"]) else set()
    assert told - formats - blank - when <= found <= told


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("lines.0.lamp", ("lines", "0", "lamp")),
        ("lines.2.sku", ("lines", "2", "lamp")),
        ("lines.0.delivered_at", ("lines", "0", "deliveredAt")),
        ("buyer.country", ("buyer", "country")),
        ("notes.no.text", ("notes", "no", "text")),
        ('notes."en.GB".text', ("notes", "en.GB", "text")),
        ("notes.my lamp.text", ("notes", "my lamp", "text")),
        ("lines.lamp", None),
        ("lines.0", None),
        ("first.x", None),
        ("nobody.0.x", None),
        ("buyer.x", None),
    ],
)
def test_a_member_is_named_by_its_place(name, place):
    found = find_member(ACTION.inputs, name)
    assert (found[0] if found else None) == place


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"notes": {"1": {"text": "a"}, "en": {"text": "b"}}}, ["notes.1.text", "notes.en.text"]),
        ({"lines": [{"lamp": "a"}, {"lamp": "b"}]}, ["lines.0.lamp", "lines.01.lamp"]),
        ({"buyer": {"email": "a", "pin": "b"}}, ["buyer.email", "buyer.pin"]),
    ],
    ids=["a map whose names are numbers", "a list", "an object"],
)
def test_members_that_are_set_one_by_one_make_the_object(given, names):
    made = {}
    for name, value in zip(names, "ab", strict=True):
        made = set_member(ACTION.inputs, made, find_member(ACTION.inputs, name)[0], value)
    assert made == given


@pytest.mark.parametrize("name", ["\ud800", b"no", None, 7.5, "\0"])
def test_the_names_of_a_map_are_texts(order, name):
    with pytest.raises(errors.InputError):
        order.validate({"lines": [{"lamp": "a"}], "notes": {name: {"text": "x"}}})


def test_of_many_wrong_objects_the_first_are_told(order, folder):
    action = compile_action(folder("", {"order": ORDER.replace("    max: 3\n", "")}), "order")
    with pytest.raises(errors.InputError) as caught:
        action.validate({"lines": [None] * 9_999})
    assert len(caught.value.problems) == 50
    first = caught.value.problems[0]
    assert (first.field, first.got) == ("lines.0", "null")


LISTED = """
action: list
label: List
summary: Make a list.
request: POST /lists
constants: {body.rows.1.kind: b}
inputs:
  first: {label: F, help: F., type: string, to: body.rows.0.id}
  second: {label: S, help: S., type: string, to: body.rows.1.id}
  more: {label: M, help: M., type: json, to: body.rows.0.*, example: {}}
"""


@pytest.mark.parametrize(
    ("inputs", "rows"),
    [
        ({}, [{"kind": "b"}]),
        ({"second": "2"}, [{"kind": "b", "id": "2"}]),
        ({"second": "2", "first": "1"}, [{"id": "1"}, {"kind": "b", "id": "2"}]),
        ({"first": "1", "more": {"z": {"y": 1}}}, [{"id": "1", "z": {"y": 1}}, {"kind": "b"}]),
    ],
)
def test_places_with_numbers_make_a_list_of_what_is_given(folder, inputs, rows):
    action = compile_action(folder("", {"list": LISTED}), "list")
    assert build(action, inputs).body.value == {"rows": rows}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lines.0.lmap", "lines.0.lamp"),
        ("notes.no.txt", "notes.no.text"),
        ("buyer.countri", "buyer.country"),
        ("buyer.zzz", None),
        ("lines.0", None),
        ("first.x", None),
        ("nobody.0.x", None),
    ],
)
def test_a_mistyped_member_is_guessed_within_its_object(name, meant):
    assert suggest_member(ACTION.inputs, name) == meant


FOUND = """
action: find
label: Find
summary: Find ships.
request: GET /ships
form_nesting: brackets
inputs:
  near: {label: N, help: N., type: object, to: query.near, fields: {port: {label: P, help: P., type: string}}}
"""


def test_null_is_sent_for_a_member_in_a_body_only(folder, order):
    assert build(order, {"buyer": {"email": "a@x.io", "country": None}, "lines": [{"lamp": "a"}]}).body.value["order"][
        "buyer"
    ] == {"email": "a@x.io", "country": None}
    find = compile_action(folder("", {"find": FOUND}), "find")
    assert build(find, {"near": {"port": "Oslo"}}).query == (("near[port]", "Oslo"),)
    with pytest.raises(errors.InputError) as caught:
        find.validate({"near": {"port": None}})
    assert [(problem.field, problem.expected) for problem in caught.value.problems] == [("near.port", "a value")]


def test_an_entry_of_a_mapping_is_told_as_it_is_given(folder):
    names = "  names: {label: Names, help: Names by language., type: map of string, to: body.names}\n"
    order = compile_action(folder("", {"order": ORDER + names}), "order")
    with pytest.raises(errors.InputError) as caught:
        order.validate({"lines": [{"lamp": "a"}], "names.en": "Gull"})
    (problem,) = caught.value.problems
    assert problem.fix == 'names is a mapping: {"en": ...}, or -i names=en=... on the command line'


def test_a_missing_value_has_its_example_as_json(folder):
    required = ORDER.replace("    max: 3\n", "    max: 3\n    example: [{lamp: a, gift: true}]\n")
    order = compile_action(folder("", {"order": required}), "order")
    with pytest.raises(errors.InputError) as caught:
        order.validate({})
    assert caught.value.problems[0].fix == 'What is ordered. Such as [{"lamp": "a", "gift": true}]'
