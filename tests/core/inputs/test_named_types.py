"""Named types: fields that may name themselves are checked to their end, and told with their places."""

from __future__ import annotations

import time

import jsonschema
import pytest
from support.pace import WIDE

from connector import errors
from connector.core.exchange.plan import compile_action
from connector.definition.loader import Connector

TYPES = """
types:
  filter:
    and: {label: And, help: All of them., type: list of object, fields: "@filter"}
    not: {label: Not, help: None of it., type: object, fields: "@filter", to: negated.by}
    size: {label: Size, help: How large., type: integer, min: 1, requires: unit, to: size.eq}
    unit: {label: Unit, help: In what., type: string, choices: {m: Metres}, to: size.unit}
    pin: {label: Pin, help: A pin., type: password}
    on: {label: On, help: When., type: datetime, future: true}
"""
SEARCH = """
action: search
label: Search
summary: Search ships.
request: POST /search
inputs:
  filter: {label: Filter, help: Which ships., type: object, to: body.filter, fields: "@filter"}
  byName: {label: By Name, help: Filters by name., type: map of object, to: body.named, fields: "@filter"}
"""


@pytest.fixture
def search(folder):
    return compile_action(folder(TYPES, {"search": SEARCH}), "search")


def fail(action, inputs):
    with pytest.raises(errors.InputError) as caught:
        action.validate(inputs)
    return [(problem.field, problem.expected) for problem in caught.value.problems]


def nest(depth, leaf):
    return leaf if depth == 0 else {"not": nest(depth - 1, leaf)}


def test_what_a_type_holds_goes_to_its_place_at_any_depth(search):
    given = {"filter": {"and": [{"size": "3", "unit": "m"}, {"not": {"and": []}}]}}
    assert search.build_request(search.validate(given)).body.value == {
        "filter": {"and": [{"size": {"eq": 3, "unit": "m"}}, {"negated": {"by": {"and": []}}}]}
    }


def test_every_problem_is_told_with_its_place(search):
    given = {
        "filter": {"and": [{"size": 0, "unit": "m"}, {"not": {"size": 1, "colour": "red"}}]},
        "byName": {"a.b": {"unit": "ft"}},
    }
    assert fail(search, given) == [
        ("filter.and.0.size", "at least 1"),
        ("filter.and.1.not.colour", "an input of Not"),
        ("filter.and.1.not.size", "unit with it"),
        ('byName."a.b".unit', "one of m (Metres)"),
    ]


@pytest.mark.parametrize("depth", [59, 60, 61, 5_000])
def test_a_value_is_nested_at_most_60_levels_deep(search, depth):
    given = {}
    for _ in range(depth):
        given = {"not": given}
    if depth < 61:
        assert search.validate({"filter": given})
    else:
        assert fail(search, {"filter": given}) == [("filter", "data nested at most 60 levels deep")]


def test_a_mistake_at_the_bottom_costs_no_more_than_looking_twice(search):
    begun = time.process_time()
    ((field, _),) = fail(search, {"filter": nest(40, {"size": 0, "unit": "m"})})
    assert field == "filter." + "not." * 40 + "size"
    assert time.process_time() - begun < WIDE  # twice as many steps for each level would take years


def test_a_secret_within_a_type_is_shown_nowhere(search):
    request = search.build_request(search.validate({"filter": {"and": [{"pin": "canary-5511"}]}}))
    assert b"canary-5511" in request.body.to_bytes()
    assert "canary-5511" not in repr(request)


def test_a_time_within_a_type_is_warned_of(search):
    values = search.validate({"filter": {"not": {"not": {"on": "2001-01-01T00:00:00Z"}}}})
    (warning,) = search.find_warnings(values, 1_900_000_000.0)
    assert warning.startswith("filter.not.not.on: 2001-01-01T00:00:00Z is in the past")


def test_the_schema_names_the_type_once_and_refers_to_it(folder):
    connector = folder(TYPES, {"search": SEARCH})
    for schema in (connector.form_schema("search"), connector.tool_spec("search")["inputSchema"]):
        assert schema["properties"]["filter"]["$ref"] == "#/$defs/filter"
        assert schema["$defs"]["filter"]["properties"]["and"]["items"] == {"$ref": "#/$defs/filter"}
        checker = jsonschema.Draft202012Validator(schema)
        assert checker.is_valid({"filter": {"and": [{"not": {"size": 3, "unit": "m"}}]}})
        assert not checker.is_valid({"filter": {"and": [{"not": {"size": "large"}}]}})


def test_types_may_stand_in_a_file_of_their_own(folder, tmp_path):
    opened = folder("", {"search": SEARCH})
    (opened.folder / "types.yaml").write_text("filter:\n  size: {label: S, help: S., type: integer}\n")
    action = compile_action(Connector.open(opened.folder), "search")
    assert action.validate({"filter": {"size": "3"}}) == {"filter": {"size": 3}}


def test_types_in_two_places_are_told(folder):
    opened = folder(TYPES, {"search": SEARCH})
    (opened.folder / "types.yaml").write_text("other:\n  size: {label: S, help: S., type: integer}\n")
    with pytest.raises(errors.DefinitionError, match="the manifest has `types` too"):
        Connector.open(opened.folder)
