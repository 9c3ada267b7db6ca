"""Rules of variants and of named types: what may be none or two of them, or never ends, is told."""

from __future__ import annotations

import pytest

from connector.authoring.lint import lint
from connector.definition.loader import Connector
from connector.errors import DefinitionError

FIELD = "{{label: A, help: A thing., type: {}, example: {}}}"
TEXT = "{label: A, help: A thing., type: string, example: a}"
NEEDED = "{label: A, help: A thing., type: string, required: true, example: a}"
TAG = "{label: K, help: Which kind., type: string, required: true, choices: {a: A, b: B}}"
PUT = """
action: put
label: Put
summary: Put a thing.
request: POST /things
inputs:
  thing:
    label: Thing
    help: What to put.
    type: object
    to: body.thing
    fields: %s
    variants: %s
"""
TYPES = """
types:
  node: %s
"""


def tell(folder, manifest, action, rule):
    findings = lint(folder(manifest, {"put": action}).folder)
    return [finding.message for finding in findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("fields", "variants", "told"),
    [
        (f"{{k: {TAG}}}", "{a: {label: A, when: {k: [a]}}, b: {label: B, when: {k: [b]}}}", []),
        ("{}", f"{{a: {{label: A, fields: {{x: {NEEDED}}}}}}}", ["one variant is no choice"]),
        (f"{{k: {TAG}}}", f"{{a: {{label: A, when: {{k: [a]}}}}, b: {{label: B, fields: {{x: {TEXT}}}}}}}", ["'b' has no `when`"]),
        (f"{{k: {TAG}}}", "{a: {label: A, when: {k: [a]}}, b: {label: B, when: {k: [a, b]}}}", ["'b' holds for values that 'a' is for"]),
        (f"{{k: {TAG}}}", "{a: {label: A, when: {k: [a]}}, b: {label: B, when: {k: [c]}}}", ["no variant is for k 'b'", "'k' is never 'c'"]),
        (f"{{k: {TEXT}}}", "{a: {label: A, when: {k: [a]}}, b: {label: B, when: {k: [b]}}}", ["make it required"]),
        (f"{{k: {TAG[:-1]}, hidden: true}}}}", "{a: {label: A, when: {k: [a]}}, b: {label: B, when: {k: [b]}}}", ["remove its `hidden`"]),
        (f"{{k: {TAG}}}", "{a: {label: A, when: {kk: [a]}}, b: {label: B, when: {k: [b]}}}", ["there is no common field 'kk'"]),
        (f"{{x: {TEXT}}}", f"{{a: {{label: A, fields: {{x: {TEXT}}}}}, b: {{label: B, fields: {{y: {TEXT}}}}}}}", ["'x' is a common field"]),
        ("{}", f"{{a: {{label: A, fields: {{x: {TEXT}}}}}, b: {{label: B, fields: {{x: {TEXT}, y: {TEXT}}}}}}}", ["x may be an object of 'a' and of 'b'"]),
        ("{}", f"{{a: {{label: A, fields: {{x: {TEXT}}}}}, b: {{label: B, fields: {{x: {TEXT}, y: {NEEDED}}}}}}}", []),
        ("{}", f"{{a: {{label: A, fields: {{x: {TEXT}}}}}, b: {{label: B}}}}", ["'b' has neither fields nor `when`"]),
    ],
)  # fmt: skip
def test_an_object_is_one_variant_and_never_two(folder, fields, variants, told):
    found = tell(folder, "", PUT % (fields, variants), "variants")
    assert len(found) >= len(told)
    assert all(any(text in message for message in found) for text in told)
    assert bool(found) == bool(told)


USE = PUT.replace("    variants: %s\n", "") % '"@node"'


@pytest.mark.parametrize(
    ("members", "is_told"),
    [
        ('{next: {label: N, help: The next., type: object, fields: "@node"}}', False),
        ('{next: {label: N, help: The next., type: object, required: true, fields: "@node"}}', True),
        ('{all: {label: N, help: All., type: list of object, required: true, fields: "@node"}}', False),
        ('{all: {label: N, help: All., type: list of object, required: true, min: 1, fields: "@node"}}', True),
    ],
)
def test_a_type_that_names_itself_has_an_end(folder, members, is_told):
    assert bool(tell(folder, TYPES % members, USE, "endless-type")) == is_told


def test_a_default_that_holds_itself_is_told_before_it_is_followed(folder):
    opened = folder("", {"put": USE}).folder
    types = "node:\n  next: {label: N, help: The next., type: object, default: {}, fields: '@node'}\n"
    (opened / "types.yaml").write_text(types)
    assert [(one.rule, one.line) for one in lint(opened) if one.file.endswith("types.yaml")] == [("endless-type", 2)]
    with pytest.raises(DefinitionError, match="without an end"):
        Connector.open(opened)


def test_a_type_that_nobody_declares_is_told(folder):
    found = tell(folder, TYPES % f"{{x: {TEXT}}}", PUT.replace("    variants: %s\n", "") % '"@nod"', "known-type")
    assert found == ["there is no type 'nod'. Did you mean 'node'?"]


def test_a_mistake_in_the_file_of_types_is_told_at_its_line(folder):
    opened = folder("", {"put": USE}).folder
    (opened / "types.yaml").write_text(
        "node:\n  x:\n    label: A\n    help: a thing.\n    type: strin\n    example: a\n"
    )
    told = {(one.rule, one.line) for one in lint(opened) if one.file.endswith("types.yaml")}
    assert told == {("choices", 5)}
    (opened / "types.yaml").write_text(
        "node:\n  x:\n    label: A\n    help: a thing.\n    type: string\n    example: a\n"
    )
    told = {(one.rule, one.line) for one in lint(opened) if one.file.endswith("types.yaml")}
    assert told == {("help-is-a-sentence", 4)}
