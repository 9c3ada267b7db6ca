"""Mappings of values that nobody declares, and scalars, which are sent as they are given."""

from __future__ import annotations

import pytest

from connector import errors
from connector.core.exchange.plan import compile_action

TYPES = ("string", "integer", "number", "boolean", "scalar", "list of string")
SET = """
action: set
label: Set
summary: Set values.
request: POST /values
inputs:
  one: {label: One, help: One., type: scalar, to: body.one}
""" + "".join(
    f"  {name.split()[-1] if name != 'list of string' else 'lists'}: "
    f"{{label: M, help: M., type: map of {name}, max: 2, to: body.{name.split()[-1]}}}\n"
    for name in TYPES
)


@pytest.fixture
def action(folder):
    return compile_action(folder("", {"set": SET}), "set")


@pytest.mark.parametrize(
    ("key", "given", "sent"),
    [
        ("one", "7", "7"),
        ("one", 7, 7),
        ("one", 7.5, 7.5),
        ("one", True, True),
        ("string", {"a": 7}, {"a": "7"}),
        ("integer", {"a": "7"}, {"a": 7}),
        ("number", {"a": "7.5"}, {"a": 7.5}),
        ("boolean", {"a": "true"}, {"a": True}),
        ("scalar", {"a": "7", "b": 7}, {"a": "7", "b": 7}),
        ("lists", {"a": ["x", 7]}, {"a": ["x", "7"]}),
        ("integer", '{"a": 7}', {"a": 7}),
    ],
)
def test_a_value_is_sent_as_its_type(action, key, given, sent):
    (value,) = action.build_request(action.validate({key: given})).body.value.values()
    assert (value, type(value)) == (sent, type(sent))


@pytest.mark.parametrize(
    ("key", "given", "expected", "fix"),
    [
        ("one", [1], "a text, a number, true or false", ""),
        ("one", float("nan"), "a number", ""),
        ("integer", {"a": 1, "b": "x"}, "each entry to be a whole number", "check 'b'"),
        ("boolean", {"a": 1}, "each entry to be true or false", "check 'a'"),
        ("lists", {"a": "x"}, "each entry to be a list", "check 'a'"),
        ("scalar", {"a": None}, "each entry to be a text, a number, true or false", "check 'a'"),
        ("string", {"a": "1", "b": "2", "c": "3"}, "at most 2 entries", "it has 3"),
        ("string", ["a"], "a mapping of names to values", ""),
    ],
)
def test_an_entry_that_does_not_fit_is_named(action, key, given, expected, fix):
    with pytest.raises(errors.InputError) as caught:
        action.validate({key: given})
    (problem,) = caught.value.problems
    assert (problem.field, problem.expected) == (key, expected)
    assert problem.fix.startswith(fix)
