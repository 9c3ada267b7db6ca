"""Schemas of objects: which values they take, in each form of the object, and under which names types are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from referencing import Registry

from connector.definition.forms import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector import Connector

ACTION = """\
action: pay
label: Pay
summary: Pay a bill.
request: {method} /bills
inputs:
  source:
    label: Source
    help: What pays.
    type: object
    to: body.source
    fields:
{fields}
    variants:
{variants}
"""
KIND = "      kind: {label: Kind, help: What it is., type: string, choices: {card: Card, cash: Cash}%s}"
TAGGED = """\
      card:
        label: Card
        when: {kind: [card]}
        fields:
          number: {label: Number, help: Its number., type: string}
      cash: {label: Cash, when: {kind: [cash]}}
"""
NOTE = "      note: {label: Note, help: A note., type: string}"
UNTAGGED = """\
      person:
        label: Person
        fields:
          email: {label: Email, help: Their address., type: string}
          phone: {label: Phone, help: Their number., type: string}
      firm:
        label: Firm
        fields:
          vat: {label: VAT, help: Its number., type: string, required: true}
"""


def build(folder: Callable[..., Connector], fields: str, variants: str, method: str = "POST") -> Connector:
    return folder("", {"pay": ACTION.format(method=method, fields=fields, variants=variants)})


def form(connector: Connector) -> dict[str, Any]:
    schema = describe.build_form_schema(connector, connector.action("pay"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def tool(connector: Connector) -> dict[str, Any]:
    schema: dict[str, Any] = describe.build_tool_spec(connector, connector.action("pay"))["inputSchema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def takes(schema: dict[str, Any], source: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(schema, registry=Registry()).is_valid({"source": source})


@pytest.mark.parametrize("view", [form, tool])
@pytest.mark.parametrize(
    ("words", "method", "needed"),
    [
        ("", "POST", {"Card": ["kind"], "Cash": ["kind"]}),
        (", required: true", "POST", {"Card": ["kind"], "Cash": ["kind"]}),
        (", default: card", "POST", {"Card": [], "Cash": ["kind"]}),
        (", default: card", "PATCH", {"Card": ["kind"], "Cash": ["kind"]}),
    ],
)
def test_the_value_that_says_which_form_it_is_is_needed_unless_it_is_the_default(
    folder: Any, view: Any, words: str, method: str, needed: dict[str, list[str]]
) -> None:
    """An update sends no defaults, so that nothing says it there."""
    schema = view(build(folder, KIND % words, TAGGED, method))
    forms = schema["properties"]["source"]["oneOf"]
    assert {one["title"]: one["required"] for one in forms} == needed
    assert {one["title"]: one["properties"]["kind"]["enum"] for one in forms} == {"Card": ["card"], "Cash": ["cash"]}
    assert takes(schema, {"kind": "card", "number": "4242"})
    assert takes(schema, {"kind": "cash"})
    assert not takes(schema, {"kind": "cash", "number": "4242"})
    assert not takes(schema, {"kind": "cheque"})
    assert takes(schema, {"number": "4242"}) is (needed["Card"] == [])


@pytest.mark.parametrize("view", [form, tool])
def test_a_hidden_value_that_says_which_form_it_is_can_be_given_as_without_it_none_of_the_others_could(
    folder: Any, view: Any
) -> None:
    schema = view(build(folder, KIND % ", hidden: true, default: card", TAGGED))
    card, cash = schema["properties"]["source"]["oneOf"]
    assert card["properties"]["kind"] == {"title": "Kind", "description": "What it is.", "enum": ["card"]}
    assert (card["required"], cash["required"]) == ([], ["kind"])
    assert takes(schema, {"number": "4242"})
    assert takes(schema, {"kind": "cash"})
    assert not takes(schema, {"kind": "cash", "number": "4242"})


def test_a_form_of_an_object_that_its_members_tell_has_one_of_them(folder: Any) -> None:
    connector = build(folder, NOTE, UNTAGGED)
    person, firm = form(connector)["properties"]["source"]["oneOf"]
    assert person["anyOf"] == [{"required": ["email"]}, {"required": ["phone"]}]
    assert "anyOf" not in firm
    assert takes(form(connector), {"phone": "1", "note": "a"})
    assert takes(form(connector), {"vat": "1", "note": "a"})
    assert not takes(form(connector), {"note": "a"})
    assert not takes(form(connector), {"vat": "1", "phone": "1"})


def test_the_schema_of_a_tool_has_no_conditions(folder: Any) -> None:
    assert "anyOf" not in str(tool(build(folder, NOTE, UNTAGGED)))


def test_a_type_and_an_input_of_the_same_name_are_written_under_names_of_their_own(folder: Any) -> None:
    types = """
types:
  source:
    size: {label: Size, help: How large., type: integer}
    below: {label: Below, help: What is below., type: list of object, fields: "@source"}
"""
    variants = '      plain: {label: Plain, when: {kind: [card]}, fields: "@source"}\n      cash: {label: Cash, when: {kind: [cash]}}\n'
    schema = form(folder(types, {"pay": ACTION.format(method="POST", fields=KIND % "", variants=variants)}))
    assert list(schema["$defs"]) == ["source", "source_"]
    assert schema["properties"]["source"]["$ref"] == "#/$defs/source"
    assert schema["$defs"]["source_"]["properties"]["below"]["items"] == {"$ref": "#/$defs/source_"}
    assert takes(schema, {"kind": "card", "size": 1, "below": [{"size": 2, "below": []}]})
    assert not takes(schema, {"kind": "card", "below": [{"kind": "card"}]})
    assert not takes(schema, {"kind": "cash", "size": 1})
