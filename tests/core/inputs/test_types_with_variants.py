"""Types with variants: an object of the type is one of them wherever the type is named, and is described once."""

from __future__ import annotations

import jsonschema
import pytest

from connector import Client, errors
from connector.authoring.lint import lint
from connector.authoring.openapi.shapes import WireSchemas
from connector.authoring.stubs.parameters import InputTypes
from connector.core.exchange.plan import compile_action
from connector.definition.forms.input_rows import build_doc_rows, fold_rows
from connector.sandbox.sandbox import Sandbox

TYPES = """
types:
  block:
    fields:
      kind: {label: Kind, help: What it is., type: string, required: true, choices: {text: Text, group: Group}, to: type}
      id: {label: Id, help: Its name., type: string, to: block_id, example: a}
    variants:
      text:
        label: Text
        when: {kind: [text]}
        fields: {text: {label: Text, help: What it says., type: string, required: true, to: body.text, example: Ahoy}}
      group: {label: Group, when: {kind: [group]}, fields: "@group"}
  group:
    blocks: {label: Blocks, help: What is in it., type: list of object, required: true, fields: "@block", example: []}
    cover: {label: Cover, help: What is above it., type: object, fields: "@block", example: {kind: text, text: Ahoy}}
  product:
    variants: {label: Variants, help: Its sizes., type: list of string, example: [small]}
"""
SEND = """
action: send
label: Send
summary: Send blocks.
docs: https://lamp.example/docs/send#it
request: POST /messages
inputs:
  blocks: {label: Blocks, help: What is sent., type: list of object, to: body.blocks, fields: "@block", example: []}
  first: {label: First, help: What comes first., type: object, to: body.first, fields: "@block", example: {kind: text, text: Ahoy}}
  goods: {label: Goods, help: What is sold., type: object, to: body.goods, fields: "@product", example: {variants: [small]}}
returns: {help: The message., example: {id: m1}}
"""
TEXT = {"kind": "text", "text": "Ahoy"}
DEEP = {"kind": "group", "id": "g", "blocks": [TEXT, {"kind": "group", "blocks": [], "cover": TEXT}]}


@pytest.fixture
def connector(folder):
    return folder(TYPES, {"send": SEND})


@pytest.fixture
def send(connector):
    return compile_action(connector, "send")


def test_an_object_is_built_as_its_variant_says_at_any_depth(send):
    built = {"type": "text", "body": {"text": "Ahoy"}}
    assert send.build_request(send.validate({"blocks": [DEEP], "first": TEXT})).body.value == {
        "blocks": [
            {"type": "group", "block_id": "g", "blocks": [built, {"type": "group", "blocks": [], "cover": built}]}
        ],
        "first": built,
    }


def test_every_problem_is_told_with_its_place_and_a_wrong_kind_with_those_that_there_are(send):
    given = {"blocks": [{"kind": "group", "blocks": [{"kind": "text"}, {"kind": "texts"}], "text": "a"}], "first": {}}
    with pytest.raises(errors.InputError) as caught:
        send.validate(given)
    told = {problem.field: problem for problem in caught.value.problems}
    assert told.keys() >= {"blocks.0.text", "blocks.0.blocks.0.text", "blocks.0.blocks.1.kind", "first.kind"}
    assert told["blocks.0.blocks.1.kind"].fix == "did you mean text?"


def test_a_member_called_variants_is_a_member(send):
    assert send.build_request(send.validate({"goods": {"variants": ["small"]}})).body.value == {
        "goods": {"variants": ["small"]}
    }


def test_the_sandbox_reads_what_was_sent_as_its_variant(connector):
    sandbox = Sandbox(connector)
    with Client(connector, sandbox.connection, http=sandbox.http) as client:
        assert client.run("send", {"blocks": [DEEP]}).status == 201
        wrong = {"blocks": [{"type": "group", "blocks": [{"type": "text", "body": {}}]}]}
        with pytest.raises(errors.ConnectorError) as caught:
            client.request("POST", "/messages", data=wrong)
    assert "blocks.0.blocks.0.text" in str(caught.value.to_dict())


@pytest.mark.parametrize("given", [{"blocks": [DEEP]}, {"first": TEXT}, {"goods": {"variants": ["small"]}}])
def test_the_schema_of_a_form_defines_the_type_once_and_takes_what_the_check_takes(connector, given):
    schema = connector.form_schema("send")
    assert [name for name in schema["$defs"] if name.startswith("block")] == ["block"]
    assert schema["properties"]["first"]["$ref" if "$ref" in schema["properties"]["first"] else "allOf"]
    jsonschema.validate(given, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"first": {"kind": "text"}}, schema)


def test_pages_have_its_rows_once_and_fold_what_is_long(connector):
    action = connector.action("send")
    rows = build_doc_rows(connector, action)
    assert [row.key for row in rows if row.key.startswith(("blocks.", "first."))] == [
        "blocks.0.kind", "blocks.0.id", "blocks.0.text", "blocks.0.blocks", "blocks.0.cover",
    ]  # fmt: skip
    first = next(row for row in rows if row.key == "first")
    assert "The members are those of blocks." in first.notes
    assert all(left_out == 0 for _, left_out in fold_rows(rows))
    assert [row.key for row, _ in fold_rows(rows, "blocks")] == [
        row.key for row in rows if row.key.startswith("blocks")
    ]


def test_an_input_with_many_rows_below_it_keeps_its_own(folder):
    members = ", ".join(f"m{number}: {{label: M, help: A member., type: string}}" for number in range(41))
    action = SEND.replace('fields: "@product"', f"fields: {{{members}}}").replace(", example: {variants: [small]}", "")
    connector = folder(TYPES, {"send": action})
    rows = build_doc_rows(connector, connector.action("send"))
    folded = {row.key: left_out for row, left_out in fold_rows(rows)}
    assert folded["goods"] == 41
    assert not any(key.startswith("goods.") for key in folded)
    assert len(fold_rows(rows, "goods")) == 42


def test_openapi_and_typed_stubs_define_it_once(connector):
    schemas = WireSchemas(connector)
    for field in connector.action("send").inputs.values():
        schemas.build(field)
    assert sorted(schemas.definitions) == ["input.block", "input.group", "input.product"]
    _, choice = schemas.definitions["input.block"]["allOf"]
    assert [form["title"] for form in choice["anyOf"]] == ["Text", "Group"]
    typed = InputTypes(set())
    typed.build_parameters(connector.action("send"))
    names = [source.split("(")[0].split()[-1] for source in typed.sources if "TypedDict" in source]
    assert sorted(names) == ["BlockGroupInput", "BlockTextInput", "ProductInput"]


TEXT_FIELD = "{label: A, help: A thing., type: string, required: true, example: a}"


@pytest.mark.parametrize(
    ("types", "rule", "told"),
    [
        (f"thing: {{variants: {{a: {{label: A, fields: {{x: {TEXT_FIELD}}}}}}}}}", "variants", "one variant is no choice"),
        (f"thing: {{variants: {{a: {{label: A, fields: {{x: {TEXT_FIELD}}}}}, b: {{label: B}}}}}}", "variants", "'b' has neither fields"),
        (f"thing: {{variants: {{a: {{label: A, fields: {{x: {TEXT_FIELD}}}}}, b: {{label: B, fields: '@block'}}}}}}", "known-type", "'block' has variants"),
        (f"thing: {{variants: {{a: {{label: A, fields: {{x: {TEXT_FIELD}}}}}, b: {{label: B, fields: '@blokc'}}}}}}", "known-type", "Did you mean 'block'"),
        ("thing: {a: {label: A, help: A thing., type: object, fields: '@block', variants: {a: {label: A}, b: {label: B}}, example: {}}}", "known-type", "'block' has variants"),
    ],
)  # fmt: skip
def test_lint_finds_what_is_wrong_with_the_variants_of_a_type(folder, types, rule, told):
    findings = lint(folder(f"{TYPES}  {types}\n", {"send": SEND}).folder)
    assert any(finding.rule == rule and told in finding.message for finding in findings)


def test_a_mistake_in_a_variant_of_a_type_is_told_at_its_line(folder):
    from connector.errors import DefinitionError

    with pytest.raises(DefinitionError) as caught:
        folder(TYPES.replace("required: true, to: body.text", "requried: true, to: body.text"), {"send": SEND})
    (finding,) = caught.value.findings
    assert "Did you mean 'required'" in finding.message
    text = TYPES.splitlines()
    line = next(number for number, one in enumerate(text) if "to: body.text" in one)
    assert finding.line > line


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    variants:\n      text:", "    variant:\n      text:", ["Did you mean 'variants'"]),
        ("    fields:\n      kind:", "    field:\n      kind:", ["Did you mean 'fields'"]),
    ],
)
def test_a_misspelled_word_of_a_type_is_the_only_mistake(folder, old, new, told):
    from connector.errors import DefinitionError

    assert old in TYPES
    with pytest.raises(DefinitionError) as caught:
        folder(TYPES.replace(old, new), {"send": SEND})
    messages = [finding.message for finding in caught.value.findings]
    assert [text in message for text, message in zip(told, messages, strict=True)] == [True]
