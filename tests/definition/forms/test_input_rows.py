"""The rows of a table of inputs: one for each input, and below it one for each thing that it may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.definition.forms.input_rows import build_doc_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector import Connector
    from connector.definition.forms.input_rows import DocRow

    Rows = Callable[..., dict[str, DocRow]]

HEAD = "action: search\nlabel: Search\nsummary: Search lamps.\nrequest: POST /search\ninputs:\n"
TYPES = """
types:
  filter:
    not: {label: Not, help: None of it., type: object, fields: "@filter"}
    size: {label: Size, help: How large., type: integer, min: 1}
"""
OWN_KEYS = ("connection", "debugRequest")


@pytest.fixture
def rows(folder: Callable[..., Connector]) -> Rows:
    def build(inputs: str, manifest: str = "") -> dict[str, DocRow]:
        connector = folder(manifest, {"search": HEAD + inputs})
        found = build_doc_rows(connector, connector.action("search"))
        assert tuple(row.key for row in found[-2:]) == OWN_KEYS
        return {row.key: row for row in found[:-2]}

    return build


def test_the_connection_and_the_debug_request_come_last(folder: Any) -> None:
    connector = folder("", {"search": HEAD + "  a: {label: A, help: One., type: string, to: query.a}\n"})
    *_, connection, debug = build_doc_rows(connector, connector.action("search"))
    assert (connection.type, connection.default, connection.required) == ("connection", "", True)
    assert (debug.type, debug.default, debug.required) == ("boolean", "false", False)


@pytest.mark.parametrize(
    ("type_name", "place"), [("object", "part."), ("list of object", "part.0."), ("map of object", "part.NAME.")]
)
def test_members_are_named_as_the_columns_of_a_table_name_them(rows: Rows, type_name: str, place: str) -> None:
    found = rows(f"""\
  part:
    label: Part
    help: A part.
    type: {type_name}
    to: body.part
    fields:
      size: {{label: Size, help: How large., type: integer, min: 1, required: true, example: 3}}
      unit: {{label: Unit, help: In what., type: string, default: m, requires: size}}
  last: {{label: Last, help: The last one., type: string, to: body.last, suggest: x}}
""")
    assert list(found) == ["part", f"{place}size", f"{place}unit", "last"]
    size, unit = found[f"{place}size"], found[f"{place}unit"]
    assert (size.type, size.required, size.example, size.notes) == ("integer", True, "3", "How large. At least 1.")
    assert (unit.default, unit.notes) == ("m", "In what. Only together with size.")
    assert (found["last"].default, found["last"].notes) == ("x", "The last one. Suggested; sent only when given.")


def test_a_named_type_has_its_rows_once_and_is_named_where_it_comes_again(rows: Rows) -> None:
    found = rows(
        """\
  first: {label: First, help: Which lamps., type: object, to: body.first, fields: "@filter"}
  others: {label: Others, help: More of them., type: list of object, to: body.others, fields: "@filter"}
""",
        TYPES,
    )
    assert list(found) == ["first", "first.not", "first.size", "others"]
    assert found["first"].notes == "Which lamps."
    assert found["first.not"].notes == "None of it. The members are those of first."
    assert found["others"].notes == "More of them. The members are those of first."


def test_each_variant_has_its_own_members_and_says_whose_they_are(rows: Rows) -> None:
    found = rows(
        """\
  source:
    label: Source
    help: What pays.
    type: object
    to: body.source
    fields:
      kind: {label: Kind, help: What it is., type: string, required: true, choices: {card: Card, bank: Bank, like: Like}}
    variants:
      card:
        label: Card
        when: {kind: [card]}
        fields:
          number: {label: Number, help: Its number., type: string}
      bank:
        label: Bank
        when: {kind: [bank]}
        fields: "@filter"
      like:
        label: Likeness
        when: {kind: [like]}
        fields: "@filter"
""",
        TYPES,
    )
    assert list(found) == ["source", "source.kind", "source.number", "source.not", "source.size"]
    assert found["source"].notes == (
        "What pays. The members of Likeness are those of source. "
        "One of Card (kind is card), Bank (kind is bank), Likeness (kind is like)."
    )
    assert found["source.kind"].notes == "What it is. One of card (Card), bank (Bank), like (Like)."
    assert found["source.number"].notes == "Its number. Of Card."
    assert found["source.size"].notes == "How large. At least 1. Of Bank."


def test_other_names_and_limits_are_told(rows: Rows) -> None:
    found = rows("""\
  a: {label: A, help: One., type: list of string, to: query.a, max: 5, aliases: [alpha], was: [first]}
  b: {label: B, help: Two., type: string, to: query.b, conflicts_with: a, hidden: true}
""")
    assert found["a"].notes == "One. At most 5 items. Also taken as alpha. It was first earlier."
    assert found["b"].notes == "Two. Hidden unless asked for. Not together with a."
