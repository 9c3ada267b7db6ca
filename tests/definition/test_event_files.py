"""A file of events is refused whole when something in it is no event, and each mistake is told at its place."""

from __future__ import annotations

import re

import pytest

from connector.definition import events
from connector.definition.parsers import strict_yaml


def report(text: str) -> list[tuple[int, str, str]]:
    findings = events.validate_event_file(strict_yaml.read(text.encode(), "things.json"))
    return [(item.line, item.rule, item.message) for item in findings]


def test_the_events_of_a_file_have_its_name_as_their_group() -> None:
    scopes = {"granular": ["lamp:read"]}
    found = events.parse_event_file({"lamp.on": {"scopes": scopes, "body": {"id": "id", "parts": []}}}, "lamps")
    event = found["lamp.on"]
    assert (list(found), event.name, event.group) == (["lamp.on"], "lamp.on", "lamps")
    assert (event.scopes.granular, event.body) == (["lamp:read"], {"id": "id", "parts": []})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"id": "strin"}, "'strin' is not a type. Did you mean 'string'?"),
        ({"a": {"b": [5]}}, "5 is not a type. Known: string"),
        ({"a": None}, "None is not a type"),
        ({"a": ["id", "id"]}, "a list must have one item, which describes all, or none."),
    ],
)
def test_a_body_with_what_is_no_type_is_refused(body: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        events.parse_event_file({"lamp.off": {"body": {"id": "id"}}, "lamp.on": {"body": body}}, "lamps")


@pytest.mark.parametrize("text", ["[]", "5", "null", '"lamp.on"', '[{"lamp.on": {"body": {}}}]'])
def test_a_file_that_is_no_mapping_has_one_mistake(text: str) -> None:
    assert report(text) == [(1, "event", "expected a mapping of event names to events.")]


@pytest.mark.parametrize(
    ("entry", "rules"),
    [
        ("5", ["type"]),
        ("[]", ["type"]),
        ("{}", ["missing-word"]),
        ('{"body": 5}', ["type"]),
        ('{"body": []}', ["type"]),
        ('{"body": {"id": 5}}', ["event"]),
        ('{"body": {"id": "id"}}', []),
    ],
)
def test_each_event_is_judged_and_the_ones_behind_it_too(entry: str, rules: list[str]) -> None:
    found = report(f'{{"lamp.on": {entry},\n"lamp.off": {{"body": {{"id": "idd"}}}}}}')
    assert [rule for line, rule, _ in found if line == 1] == rules
    assert [rule for line, rule, _ in found if line == 2] == ["event"]
