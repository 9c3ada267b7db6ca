"""Shared inputs: an action that uses one has its words, changed where it writes its own."""

from __future__ import annotations

import warnings

import jsonschema
import pytest

from connector import errors
from connector.authoring.lint import lint
from connector.core.exchange.plan import compile_action
from connector.definition.action import Action
from connector.definition.loader import Connector
from connector.definition.validation.schema_validation import build_json_schema

SHARED = """
types:
  place:
    room: {label: Room, help: The room., type: string, required: true}
inputs:
  shipId: {label: Ship, help: The ship's ID., type: string, required: true, to: path.shipId, example: s1, aliases: [id]}
  berth: {label: Berth, help: Where it lies., type: object, to: body.berth, fields: "@place"}
"""
MOVE = """
action: move
label: Move
summary: Move a ship.
request: POST /ships/{shipId}
inputs:
  shipId: {use: shipId}
  beside: {use: shipId, label: Beside, required: false, to: body.beside, aliases: []}
  berth: {use: berth}
"""


def test_an_action_has_the_words_of_the_inputs_that_it_uses(folder):
    action = compile_action(folder(SHARED, {"move": MOVE}), "move")
    request = action.build_request(action.validate({"id": "s1", "berth": {"room": "2"}}))
    assert (request.path, request.body.value) == ("/ships/s1", {"berth": {"room": "2"}})
    beside = action.action.inputs["beside"]
    assert (beside.label, beside.help, beside.required, beside.to) == ("Beside", "The ship's ID.", False, "body.beside")


VARIED = """
types:
  place:
    room: {label: Room, help: The room., type: string, required: true, to: place.room}
inputs:
  berth:
    label: Berth
    help: Where it lies.
    type: object
    to: body.berth
    variants:
      inner: {label: Inner, fields: {inner: {label: Inner, help: A room., type: object, required: true, fields: "@place"}}}
      outer: {label: Outer, fields: {outer: {label: Outer, help: A buoy., type: string, required: true}}}
"""
PUT = "action: put\nlabel: Put\nsummary: Put.\nrequest: POST /ships\ninputs: {berth: {use: berth}}\n"


def test_a_named_type_within_a_variant_is_kept_and_nothing_warns(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        action = compile_action(folder(VARIED, {"put": PUT}), "put")
        request = action.build_request(action.validate({"berth": {"inner": {"room": "2"}}}))
    assert request.body.value == {"berth": {"inner": {"place": {"room": "2"}}}}


def test_one_that_the_manifest_does_not_have_is_told_at_its_line(folder):
    connector = folder(SHARED, {"move": MOVE.replace("use: berth", "use: birth")})
    with pytest.raises(errors.DefinitionError) as caught:
        connector.action("move")
    (finding,) = caught.value.findings
    assert (finding.line, finding.rule) == (9, "shared-input")
    assert finding.message == "the manifest has no input 'birth' to use. Did you mean 'berth'?"
    told = [one.rule for one in lint(connector.folder) if one.voice == "error" and one.file.endswith("move.yaml")]
    assert told == ["shared-input"]


def test_a_mistake_beside_use_is_told_as_any_other(folder):
    connector = folder(SHARED, {"move": MOVE.replace("required: false", "requird: false")})
    with pytest.raises(errors.DefinitionError, match="unknown key 'requird'"):
        connector.action("move")


def test_lint_tells_a_mistake_of_a_shared_input_once_and_repeated_words(folder):
    shared = SHARED.replace("The ship's ID.", "the ship's ID.").replace(
        "to: path.shipId", "min: 3, max: 2, to: path.shipId"
    )
    connector = folder(shared, {"move": MOVE.replace("label: Beside", "label: Ship")})
    findings = [(finding.rule, finding.file.rpartition("/")[2]) for finding in lint(connector.folder)]
    assert findings.count(("limits", "manifest.yaml")) == 1
    assert ("limits", "move.yaml") not in findings
    assert ("no-effect", "move.yaml") in findings


def test_the_schema_for_editors_asks_for_words_only_where_none_are_used():
    check = jsonschema.Draft202012Validator(build_json_schema(Action))
    action = {"action": "a", "label": "A", "summary": "A.", "request": "GET /a"}
    assert check.is_valid({**action, "inputs": {"x": {"use": "y", "required": False}}})
    assert not check.is_valid({**action, "inputs": {"x": {"label": "X"}}})


def test_a_connector_that_was_read_is_read_anew_elsewhere(folder):
    import pickle

    opened = folder(SHARED, {"move": MOVE})
    action = compile_action(opened, "move")
    again = pickle.loads(pickle.dumps(Connector.open(opened.folder)))
    inputs = {"shipId": "s1", "berth": {"room": 2}}
    assert compile_action(again, "move").validate(inputs) == action.validate(inputs)
