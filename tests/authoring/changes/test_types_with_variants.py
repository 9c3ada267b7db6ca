"""Changes of a type with variants are told once, at the line of their word, however often the type is used."""

from __future__ import annotations

import shutil

import pytest

from connector.authoring.changes.comparison import compare_folders

TYPES = """\
block:
  fields:
    kind: {label: Kind, help: What it is., type: string, required: true, choices: {text: Text, line: Line}}
  variants:
    text:
      label: Text
      when: {kind: [text]}
      fields:
        text: {label: Text, help: What it says., type: string, max: 20}
    line: {label: Line, when: {kind: [line]}}
plain:
  name: {label: Name, help: Its name., type: string}
"""
SEND = """
action: send
label: Send
summary: Send blocks.
request: POST /messages
inputs:
  blocks: {label: Blocks, help: What is sent., type: list of object, to: body.blocks, fields: "@block"}
  first: {label: First, help: What comes first., type: object, to: body.first, fields: "@block"}
  name: {label: Name, help: What it is called., type: object, to: body.name, fields: "@plain"}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "is_breaking", "message"),
    [
        ("max: 20", "max: 10", 9, True, "type block: text: `max` was 20 and is 10."),
        ("    kind: {label: Kind, help: What", "    kind: {label: Kind, max: 4, help: What", 3, True, "kind: `max` was not given"),
        ("    line: {label: Line, when: {kind: [line]}}\n", "", 10, True, "variant 'line' is gone."),
        ("choices: {text: Text, line: Line}", "choices: {text: Text, line: Line, box: Box}", 3, False, "lists 'box' too."),
        ("type: string}", "type: integer}", 12, True, 'type plain: name: `type` was "string" and is "integer".'),
        ("plain:\n", "plain:\n  fields:\n    at: {label: At, help: When., type: date}\n  variants:\n    a: {label: A, fields: {x: {label: X, help: X., type: date}}}\n    b: {label: B, fields: {y: {label: Y, help: Y., type: date}}}\nold:\n", 14, True, "takes the members of one of a, b only."),
    ],
)  # fmt: skip
def test_a_change_of_a_type_is_told_once(folder, tmp_path, old, new, line, is_breaking, message):
    made = folder("", {"send": SEND})
    (made.folder / "types.yaml").write_text(TYPES)
    before, after = tmp_path / "before", tmp_path / "after"
    for copy in (before, after):
        shutil.copytree(made.folder, copy, ignore=shutil.ignore_patterns("before", "after"))
    assert old in TYPES
    (after / "types.yaml").write_text(TYPES.replace(old, new))
    found = [change for change in compare_folders(before, after) if message in f"{change.subject}: {change.message}"]
    assert [(change.line, change.is_breaking) for change in found] == [(line, is_breaking)]
