"""The JSON Schemas that editors read and the models that run a connector take and refuse the same files."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from referencing import Registry

from connector.definition.action import Action
from connector.definition.loader import find_bundled_folder
from connector.definition.manifest import Manifest
from connector.definition.parsers import strict_yaml
from connector.definition.validation import schema_validation

if TYPE_CHECKING:
    from pathlib import Path

ROOT = find_bundled_folder()
FILES = [(path, Action) for path in sorted((ROOT / "actions").glob("*.yaml"))] + [(ROOT / "manifest.yaml", Manifest)]
SMALL = {"action": "listThings", "label": "List Things", "summary": "List them.", "request": "GET /things"}
ONE = {"label": "One", "help": "One.", "type": "string", "to": "query.one"}
WHOLE = {"connector": "things", "label": "Things", "summary": "Things.", "base_url": "https://things.example"}


def fits_schema(data, model) -> bool:
    return jsonschema.Draft202012Validator(schema_validation.build_json_schema(model), registry=Registry()).is_valid(
        data
    )


def fits_model(data, model) -> bool:
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True


def action(**words):
    return {**SMALL, **words}


def with_input(**words):
    return action(inputs={"one": {**ONE, **words}})


@pytest.mark.parametrize(("path", "model"), FILES, ids=lambda item: getattr(item, "stem", ""))
def test_every_file_of_the_bundled_connector_fits_both(path: Path, model) -> None:
    data = strict_yaml.read(path.read_bytes(), path.name).data
    assert fits_schema(data, model)
    assert fits_model(data, model)
    assert schema_validation.validate_document(strict_yaml.Document(path.name, data), model) == []


GOOD = [
    SMALL, action(scopes=["read"]), action(scopes="none"), action(scopes={"classic": ["a"], "granular": ["b"]}), action(request="raw"), action(rate=["light", "cap"]), action(rate="light"), action(idempotent=False),
    action(idempotent="the same id is refused"), action(connections=["oauth2"]), action(pagination={"items": "."}),
    action(pagination={"items": "a.b", "style": "page_number", "first": 0, "max_size": 10}), action(returns={"type": "none", "example": {}}),
    action(returns={"schema": "thing-list", "max_bytes": 1000}), action(any_of=[{"of": ["a"], "when": {"b": [1, "x", None]}}]),
    action(constants={"header.X": 1, "query.y": [1]}), action(examples={"One": {"inputs": {}, "request": {"path": "/"}}}),
    action(examples={"One": {"inputs": {"a": None}, "request": {"path": "/", "form": [["a", "b"]], "query": {"a": [1]}}}}),
    with_input(), with_input(required=True), with_input(default=None), with_input(default={"a": [1]}), with_input(min=1.5),
    with_input(choices={"1": "One"}), with_input(requires="two"), with_input(requires=["two"]), with_input(requires={"two": [1]}),
    with_input(conflicts_with=["two"]), with_input(to="body.a.*"), with_input(to="body"), with_input(aliases=["uno"]),
    with_input(choices_from={"action": "listThings", "items": "things", "value": "id", "label": "name"}),
]  # fmt: skip
BAD = [
    action(scopes="all"), action(scopes=[5]), action(scopes=5), action(scopes=None), action(scopes={"granulr": []}), action(scopes={"granular": "a"}),
    None, [], "text", 5, {}, action(action="1st"), action(action="a b"), action(label=""), action(label=None), action(label=5),
    action(request="FETCH /x"), action(request="GET"), action(request="GET https://x.example/"), action(request="get /x"),
    action(rate=5), action(rate=[5]), action(idempotent=True), action(idempotent=""), action(body="xml"), action(lists=None),
    action(pagination={}), action(pagination={"items": ""}), action(pagination={"items": "a", "max_size": 0}), action(pagination={"items": "a", "style": "page"}),
    action(returns={"type": "yaml"}), action(returns={"schema": "Not A Name"}), action(returns={"max_bytes": "1"}), action(any_of=[{}]),
    action(any_of=[{"of": []}]), action(any_of={"of": ["a"]}), action(constants=[]), action(examples={"One": {"inputs": {}}}),
    action(examples={"One": {"inputs": [], "request": {"path": "/"}}}), action(extra=1), action(inputs=[]), action(inputs={"1": ONE}),
    action(inputs={"one": None}), action(inputs={"one": {}}), with_input(type="text "), with_input(type=None), with_input(required="true"),
    with_input(required=1), with_input(hidden=None), with_input(min="1"), with_input(max=True), with_input(choices=["a"]),
    with_input(choices={"a": 1}), with_input(format="phone"), with_input(encode="url"), with_input(to=""), with_input(to="Body.x"),
    with_input(to="body..x"), with_input(requires=5), with_input(requires={"two": 1}), with_input(aliases="uno"), with_input(requried=True),
    with_input(help=""), with_input(join=""), with_input(choices_from={"action": "x"}),
]  # fmt: skip


@pytest.mark.parametrize("data", GOOD, ids=range(len(GOOD)))
def test_what_fits_fits_both(data) -> None:
    assert (fits_schema(data, Action), fits_model(data, Action)) == (True, True)


@pytest.mark.parametrize("data", BAD, ids=range(len(BAD)))
def test_what_does_not_fit_is_refused_by_both_and_told(data) -> None:
    assert (fits_schema(data, Action), fits_model(data, Action)) == (False, False)
    assert schema_validation.validate_document(strict_yaml.Document("bad.yaml", data), Action)


@pytest.mark.parametrize(
    ("words", "good"),
    [
        ({}, True), ({"resources": {"things": {"list": "/things", "id": "id"}}}, True), ({"errors": {"hints": {"1": "One."}}}, True),
        ({"errors": {"rules": [{"category": "token_rejected", "code": [1, "x"], "status": 401}]}}, True), ({"rates": {"quotas": {}}}, True),
        ({"connections": {"one": {"label": "One", "kind": "bearer"}}}, True), ({"idempotency": {"to": "header.X-Key"}}, True),
        ({"subaccounts": {"prefix": "/a/{id}"}}, True), ({"subaccounts": {"header": "X-Account"}}, True),
        ({"subaccounts": {"prefix": "/a/{id}", "header": None}}, True), ({"subaccounts": {"prefix": "", "header": "X"}}, False),
        ({"subaccounts": {}}, False), ({"subaccounts": {"prefix": "/a", "header": "X"}}, False), ({"subaccounts": {"header": None}}, False),
        ({"base_url": "http://things.example"}, False), ({"connector": "Things"}, False), ({"allowed_hosts": "things.example"}, False),
        ({"connections": {"one": {"label": "One", "kind": "oauth"}}}, False), ({"errors": {"rules": [{"code": 1}]}}, False),
        ({"errors": {"rules": [{"category": "lost"}]}}, False), ({"resources": {"things": {"list": "/things"}}}, False),
        ({"sandbox": {"missing": {"status": 404}}}, False), ({"triggers": {"one": {"label": "One", "summary": "One."}}}, False),
        ({"pagination": {"style": "cursor", "items": "x"}}, False), ({"redact": {"fields": [1]}}, False), ({"docs": ""}, False),
    ],
)  # fmt: skip
def test_both_judge_a_manifest_alike(words, good: bool) -> None:
    data = {**WHOLE, **words}
    assert (fits_schema(data, Manifest), fits_model(data, Manifest)) == (good, good)


ODD = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "GET /x", [], [1], ["x"], {}, {"a": 1}, {"a": "b"}, {"type": "string"}]
)


@given(st.sampled_from(FILES), st.randoms(use_true_random=False), ODD)
def test_both_judge_a_file_alike_whatever_is_put_in_it(file, seed, odd) -> None:
    path, model = file
    document = strict_yaml.read(path.read_bytes(), path.name)
    data = copy.deepcopy(document.data)
    where = seed.choice(sorted((path for path in document.value_positions if path), key=str))
    holder = data
    for name in where[:-1]:
        holder = holder[name]
    holder[where[-1]] = odd
    assert fits_schema(data, model) == fits_model(data, model), where


def test_the_schemas_are_json_schemas_without_words_that_editors_do_not_know() -> None:
    for model in (Action, Manifest):
        schema = schema_validation.build_json_schema(model)
        jsonschema.Draft202012Validator.check_schema(schema)
        assert not {"prefixItems", "$dynamicRef", "unevaluatedProperties", "dependentSchemas"} & set(_words(schema))
        assert json.loads(json.dumps(schema)) == schema


def _words(data):
    if isinstance(data, dict):
        yield from data
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _words(item)


def report(text: str, model=Action) -> list[tuple[int, int, str, str]]:
    findings = schema_validation.validate_document(strict_yaml.read(text.encode(), "a.yaml"), model)
    return [(item.line, item.column, item.rule, item.message) for item in findings]


def test_an_unknown_word_is_told_with_the_one_that_was_meant_and_all_that_are_known() -> None:
    text = "action: a\nlabel: A\nsummary: A.\nrequest: GET /\ninputs:\n  one:\n    label: One\n    help: One.\n    requried: true\n    type: string\n    to: query.one\n"
    ((line, column, rule, message),) = report(text)
    assert (line, column, rule) == (9, 5, "unknown-word")
    assert "Did you mean 'required'?" in message
    assert "aliases, allow_other" in message


def test_every_missing_word_and_every_wrong_one_is_told_at_once() -> None:
    text = "action: 1st\nlabel: A\ninputs:\n  one: {label: One, type: txt, min: x}\nrate: {}\n"
    assert [(line, rule) for line, _, rule, _ in report(text)] == [
        (1, "missing-word"), (1, "missing-word"), (1, "form"), (4, "missing-word"), (4, "missing-word"), (4, "choices"), (4, "type"), (5, "type"),
    ]  # fmt: skip


def test_a_key_that_is_no_key_is_told_at_itself() -> None:
    text = "action: a\nlabel: A\nsummary: A.\nrequest: GET /\ninputs:\n  1st: {label: One, help: One., type: string, to: query.one}\n"
    assert [(line, column, rule) for line, column, rule, _ in report(text)] == [(6, 3, "key")]


@pytest.mark.parametrize(
    ("scopes", "message"),
    [
        ("{granulr: [a]}", "unknown key 'granulr'. Did you mean 'granular'?"), ("[a, 5]", "got 5; expected a text."),
        ("all", "got 'all'; expected one of none."), ("5", "got 5; expected a list or a mapping or a text."),
    ],
)  # fmt: skip
def test_a_value_of_several_forms_is_told_what_is_wrong_in_its_own(scopes: str, message: str) -> None:
    ((line, _, _, said),) = report(f"action: a\nlabel: A\nsummary: A.\nscopes: {scopes}\nrequest: GET /\n")
    assert line == 4
    assert message in said


def test_a_misspelt_word_is_not_told_as_missing_too() -> None:
    assert [rule for _, _, rule, _ in report("action: a\nlable: A\nsummary: A.\nrequest: GET /\n")] == ["unknown-word"]
