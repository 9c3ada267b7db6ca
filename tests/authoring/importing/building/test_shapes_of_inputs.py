"""What a schema says of shapes is said by an input: kinds of their own, choices of objects, and typed mappings."""

from __future__ import annotations

import pytest
from support.pages.descriptions import describe, import_files, import_one, take

from connector.authoring.importing.importer import ImportOptions, import_description, render_file
from connector.authoring.lint import lint
from connector.definition.loader import Connector
from connector.errors import InputError
from connector.sandbox.sandbox import Sandbox

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def refer(name):
    return {"$ref": f"#/components/schemas/{name}"}


def make(required=(), **properties):
    return {"type": "object", "required": list(required), "properties": properties}


NODE = make(["name"], name=TEXT, next=refer("Node"), children={"type": "array", "items": refer("Node")})
CARD = make(["kind", "number"], kind={"const": "card"}, number=TEXT, note=TEXT)
BANK = make(["kind", "iban"], kind={"const": "bank"}, iban=TEXT, note=TEXT)


def open_import(folder, description):
    """Write what an import makes, without errors of lint, and return its connector and grades."""
    imported = import_description(description, ImportOptions())
    for path, file in imported.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(render_file(path, file.words))
    assert [finding for finding in lint(folder) if finding.voice == "error"] == []
    return Connector.open(folder), imported.grades


def describe_body(schema, **schemas):
    operation = {"operationId": "createThing", **take(schema), "responses": {"204": {"description": "Done."}}}
    return describe({"/things": {"post": operation}}, components={"schemas": schemas})


def test_what_holds_others_of_its_kind_is_a_type_and_runs_at_any_depth(tmp_path):
    connector, grades = open_import(tmp_path, describe_body(make(["root"], root=refer("Node")), Node=NODE))
    assert grades.counts["whole"] == 1
    with Sandbox(connector).open_client() as client:
        deep = {"name": "a", "children": [{"name": "b", "next": {"name": "c", "next": {"name": "d"}}}]}
        request = client.dry_run("createThing", {"root": deep})
        assert request.body.value == {"root": deep}
        with pytest.raises(InputError, match=r"root\.children\.0\.next\.name"):
            client.dry_run("createThing", {"root": {"name": "a", "children": [{"name": "b", "next": {}}]}})


def test_types_that_lead_to_each_other_are_each_said_once():
    shelf, book = make(books={"type": "array", "items": refer("Book")}), make(title=TEXT, shelf=refer("Shelf"))
    files = import_files(describe_body(make(a=refer("Shelf"), b=refer("Book")), Shelf=shelf, Book=book))
    assert files["types.yaml"].keys() == {"book", "shelf"}
    assert files["types.yaml"]["shelf"]["books"]["fields"] == "@book"
    inputs = files["actions/create-thing.yaml"]["inputs"]
    assert [inputs[key]["fields"] for key in "ab"] == ["@shelf", "@book"]


def test_a_component_that_does_not_lead_back_stays_where_it_is_used():
    files = import_files(describe_body(make(a=refer("Leaf"), b=refer("Leaf")), Leaf=make(name=TEXT)))
    assert "types.yaml" not in files
    assert files["actions/create-thing.yaml"]["inputs"]["a"]["fields"].keys() == {"name"}


def test_a_type_without_an_end_is_json_and_told(tmp_path):
    endless = make(["next"], name=TEXT, next=refer("Endless"))
    connector, grades = open_import(tmp_path, describe_body(make(root=refer("Endless")), Endless=endless))
    assert connector.action("createThing").inputs["root"].type == "json"
    assert [note.reason for note in grades.operations[0].notes] == ["lint refuses the type of it"]
    assert not (tmp_path / "types.yaml").exists()


def test_what_a_type_cannot_say_is_told_of_each_action_that_has_it():
    node = make(name=TEXT, next=refer("Node"), any={"type": "array", "items": {"type": "array"}})
    one = {**take(make(root=refer("Node"))), "responses": {"204": {}}}
    paths = {f"/{key}": {"post": {**one, "operationId": f"create{key}"}} for key in ("A", "B")}
    imported = import_description(describe(paths, components={"schemas": {"Node": node}}), ImportOptions())
    assert [operation.grade for operation in imported.grades.operations] == ["opaque", "opaque"]


def test_objects_with_a_tag_are_variants_and_each_needs_its_own(tmp_path):
    source = {"oneOf": [refer("Card"), refer("Bank")]}
    connector, grades = open_import(tmp_path, describe_body(make(source=source), Card=CARD, Bank=BANK))
    field = connector.action("createThing").inputs["source"]
    assert {name: dict(variant.when) for name, variant in field.variants.items()} == {
        "card": {"kind": ["card"]},
        "bank": {"kind": ["bank"]},
    }
    assert field.declared.keys() == {"kind", "note"}
    assert grades.counts["whole"] == 1
    with Sandbox(connector).open_client() as client:
        sent = {"kind": "bank", "iban": "NO93"}
        assert client.dry_run("createThing", {"source": sent}).body.value == {"source": sent}
        with pytest.raises(InputError, match="number"):
            client.dry_run("createThing", {"source": {"kind": "card"}})


def test_a_discriminator_names_the_tag_and_its_values():
    cat, dog = make(name=TEXT, lives=NUMBER), make(name=TEXT, lives=TEXT)
    mapping = {"feline": "#/components/schemas/Cat"}
    pet = {
        "oneOf": [refer("Cat"), refer("Dog")],
        "discriminator": {"propertyName": "species", "mapping": mapping},
    }
    (words,) = import_one("post", "/pets", take(make(pet=pet)), components={"schemas": {"Cat": cat, "Dog": dog}})[
        "inputs"
    ].values()
    assert words["fields"]["species"]["choices"].keys() == {"feline", "Dog"}
    assert words["fields"]["species"]["required"] is True
    assert words["variants"]["cat"]["when"] == {"species": ["feline"]}
    assert words["variants"]["dog"]["when"] == {"species": ["Dog"]}


def test_a_field_with_other_values_in_each_is_the_tag_of_objects_that_no_single_one_can_be():
    parts = [make(kind={"enum": [name]}, value=kind) for name, kind in (("count", NUMBER), ("text", TEXT))]
    (words,) = import_one("post", "/x", take(make(thing={"oneOf": parts})))["inputs"].values()
    assert words["fields"]["kind"]["required"] is True
    assert [variant["when"] for variant in words["variants"].values()] == [{"kind": ["count"]}, {"kind": ["text"]}]


def test_a_body_whose_objects_differ_is_one_input_with_variants(tmp_path):
    number, text = make(["value", "a"], value=NUMBER, a=TEXT), make(["value", "b"], value=TEXT, b=TEXT)
    connector, _ = open_import(tmp_path, describe_body({"oneOf": [number, text]}))
    field = connector.action("createThing").inputs["body"]
    assert len(field.variants) == 2
    with Sandbox(connector).open_client() as client:
        assert client.dry_run("createThing", {"body": {"value": 1, "a": "x"}}).body.value == {"value": 1, "a": "x"}


def test_objects_that_nothing_tells_apart_stay_json_and_are_told():
    parts = [make(value=NUMBER), make(value=TEXT)]
    imported = import_description(describe_body(make(thing={"oneOf": parts})), ImportOptions())
    assert imported.grades.operations[0].notes[0].reason == "a choice of different shapes"


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": ["string", "integer"]}, "scalar"),
        ({"type": "array", "items": {"type": "number"}}, "list of number"),
        ({"type": "array", "items": {"type": "boolean"}}, "list of boolean"),
        ({"type": "object", "additionalProperties": NUMBER}, "map of integer"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "map of boolean"),
        ({"type": "object", "additionalProperties": {"type": ["string", "number"]}}, "map of scalar"),
        ({"type": "object", "additionalProperties": {"type": "array", "items": TEXT}}, "map of list of string"),
        ({"type": "array", "example": ["a1"]}, "list of string"),
        ({"oneOf": [{"type": "array", "items": TEXT}, {"enum": [""]}]}, "list of string"),
        ({"anyOf": [NUMBER, make(gte=NUMBER, lte=NUMBER)]}, "object"),
    ],
)
def test_each_shape_has_its_type(tmp_path, schema, kind):
    connector, grades = open_import(tmp_path, describe_body(make(["value"], value=schema)))
    assert connector.action("createThing").inputs["value"].type == kind
    assert grades.counts["whole"] == 1
    with Sandbox(connector).open_client() as client:
        (example,) = connector.action("createThing").examples.values()
        assert client.run("createThing", dict(example.inputs)).status == 204


def test_a_reference_to_a_thing_keeps_the_id_that_only_the_thing_itself_may_not_set(tmp_path):
    reference = make(["id", "kind"], id={**TEXT, "readOnly": True}, kind=TEXT, seen={**TEXT, "readOnly": True})
    connector, _ = open_import(tmp_path, describe_body(make(["owner"], owner=reference)))
    owner = connector.action("createThing").inputs["owner"]
    assert {key: member.required for key, member in owner.members.items()} == {"id": False, "kind": True}


def nest(levels, leaf):
    for level in range(levels, 0, -1):
        leaf = make(**{f"level_{level}": leaf})
    return leaf


@pytest.mark.parametrize("leaf", [make(name=TEXT), refer("Leaf")])
def test_objects_that_lie_deep_are_named_types(tmp_path, leaf):
    described = describe_body(make(a=nest(3, leaf), b=nest(3, leaf)), Leaf=make(name=TEXT))
    connector, grades = open_import(tmp_path, described)
    deep = connector.action("createThing").inputs["a"].members["level1"].members["level2"].members["level3"]
    assert grades.operations[0].grade == "whole"
    assert deep.type_name == ("leaf" if "$ref" in leaf else "level3")
    assert deep.members["name"].type == "string"
    assert len(connector.manifest.types) == 1  # one object is one type, wherever it stands
    with Sandbox(connector).open_client() as client:
        given = {"a": {"level1": {"level2": {"level3": {"name": "deep"}}}}}
        sent = client.dry_run("createThing", given).body.value
        assert sent == {"a": {"level_1": {"level_2": {"level_3": {"name": "deep"}}}}}


def test_a_member_that_two_parts_describe_is_what_both_say():
    parts = [make(["size"], size={"type": "integer"}), {"properties": {"size": {"description": "The size of it."}}}]
    size = import_files(describe_body({"allOf": parts}))["actions/create-thing.yaml"]["inputs"]["size"]
    assert (size["type"], size["help"], size["required"]) == ("integer", "The size of it.", True)


def test_members_may_stand_behind_a_reference():
    body = {"type": "object", "properties": {"$ref": "#/components/schemas/Members"}}
    inputs = import_files(describe_body(body, Members={"name": TEXT}))["actions/create-thing.yaml"]["inputs"]
    assert inputs.keys() == {"name"}
