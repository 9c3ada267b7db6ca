"""A form that sends defaults back makes the same call as one that does not."""

from __future__ import annotations

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connector import Connector, errors
from connector.core.inputs.validate import compile_validator
from connector.definition.action import Action
from connector.definition.forms import describe

ZOOM = Connector.open()
ACTIONS = {action.action: action for action in ZOOM.actions()}
CHECKS = {key: compile_validator(action, ZOOM.choices) for key, action in ACTIONS.items()}
EXAMPLES = [(key, name) for key, action in ACTIONS.items() for name in action.examples]
DEFAULTS = {
    key: {name: field.default for name, field in action.inputs.items() if field.has_default}
    for key, action in ACTIONS.items()
}

LAMP = """
action: addLamp
label: Add
summary: Add a lamp.
request: POST /lamps
any_of: [{of: [colour, warmth]}]
inputs:
  mode: {label: M, help: M., type: string, to: body.mode, default: plain, choices: {plain: P, timer: T}}
  minutes: {label: M, help: M., type: integer, to: body.minutes, default: 5, requires: {mode: [timer]}, conflicts_with: until}
  until: {label: U, help: U., type: string, to: body.until, requires: {mode: [timer]}}
  colour: {label: C, help: C., type: string, to: body.colour, default: white, conflicts_with: warmth}
  warmth: {label: W, help: W., type: integer, to: body.warmth}
  loud: {label: L, help: L., type: boolean, to: body.sound.loud, default: false}
  extra: {label: E, help: E., type: json, to: body.sound.*}
"""


def make_lamp(text: str = LAMP):
    action = Action.model_validate(yaml.safe_load(text))
    return action, compile_validator(action, lambda _: {})


ADD_LAMP, CHECK = make_lamp()


@pytest.mark.parametrize(("key", "name"), EXAMPLES)
def test_every_example_is_the_same_call_with_all_defaults_sent_back(key, name) -> None:
    action, inputs = ACTIONS[key], ACTIONS[key].examples[name].inputs
    given_keys = {action.key_by_spelling[spelling] for spelling in inputs}
    restated = {other: value for other, value in DEFAULTS[key].items() if other not in given_keys}
    assert CHECKS[key]({**inputs, **restated}) == CHECKS[key](inputs)


@given(st.data())
@settings(max_examples=200)
def test_any_defaults_may_be_sent_back(data) -> None:
    key, name = data.draw(st.sampled_from(EXAMPLES))
    action, inputs = ACTIONS[key], ACTIONS[key].examples[name].inputs
    given_keys = {action.key_by_spelling[spelling] for spelling in inputs}
    names = data.draw(st.lists(st.sampled_from(sorted(DEFAULTS[key]) or ["-"]), unique=True))
    restated = {other: DEFAULTS[key][other] for other in names if other in DEFAULTS[key] and other not in given_keys}
    assert CHECKS[key]({**restated, **inputs}) == CHECKS[key](inputs)


@pytest.mark.parametrize(
    ("inputs", "sent"),
    [
        ({"minutes": 5, "warmth": 2}, {"mode": "plain", "warmth": 2, "loud": False}),
        ({"minutes": "5", "warmth": 2}, {"mode": "plain", "warmth": 2, "loud": False}),
        (
            {"mode": "timer", "minutes": 5, "until": "noon", "warmth": 1},
            {"mode": "timer", "until": "noon", "warmth": 1, "loud": False},
        ),
        (
            {"mode": "timer", "minutes": 5, "warmth": 1},
            {"mode": "timer", "minutes": 5, "warmth": 1, "loud": False},
        ),
        ({"colour": "white", "warmth": 2}, {"mode": "plain", "warmth": 2, "loud": False}),
        ({"colour": "white"}, {"mode": "plain", "colour": "white", "loud": False}),
        (
            {"warmth": 2, "loud": False, "extra": {"loud": True}},
            {"mode": "plain", "warmth": 2, "extra": {"loud": True}},
        ),
    ],
)
def test_a_default_that_is_sent_back_counts_as_not_given(inputs, sent) -> None:
    assert CHECK(inputs) == sent


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"minutes": 6, "warmth": 2}, "minutes"),
        ({"mode": "timer", "minutes": 6, "until": "noon", "warmth": 2}, "minutes"),
        ({"colour": "red", "warmth": 2}, "colour"),
        ({"warmth": 2, "loud": True, "extra": {"loud": False}}, "extra"),
        ({"until": "noon", "minutes": 5, "warmth": 2}, "until"),
        ({}, "colour"),
    ],
)
def test_any_other_value_still_meets_the_rules(inputs, field) -> None:
    with pytest.raises(errors.InputError) as caught:
        CHECK(inputs)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_an_update_knows_no_defaults_so_what_is_given_is_given() -> None:
    _, check = make_lamp(LAMP.replace("POST", "PATCH"))
    with pytest.raises(errors.InputError):
        check({"minutes": 5, "warmth": 2})


@pytest.mark.parametrize(
    ("inputs", "fits"),
    [
        ({"minutes": 5, "warmth": 2}, True),
        ({"minutes": 6, "warmth": 2}, False),
        ({"mode": "timer", "minutes": 5, "until": "noon", "warmth": 2}, True),
        ({"mode": "timer", "minutes": 6, "until": "noon", "warmth": 2}, False),
        ({"colour": "white", "warmth": 2}, True),
        ({"colour": "red", "warmth": 2}, False),
    ],
)
def test_the_form_says_the_same(inputs, fits) -> None:
    schema = describe.build_form_schema(ZOOM, ADD_LAMP)
    assert jsonschema.Draft202012Validator(schema).is_valid(inputs) is fits
