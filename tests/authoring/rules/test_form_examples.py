"""An example of a form is told what differs, name by name, as one of a query is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

ACTION = """\
action: addReader
label: Add Reader
summary: Add a reader.
docs: https://bookshelf.example/docs/readers#add
request: POST /readers
body: {body}
inputs:
  name: {{label: Name, help: The name., type: string, to: form.name, example: Ada}}
  tags: {{label: Tags, help: Tags., type: list of string, to: form.tags, example: [a]}}
  active: {{label: Active, help: Whether they may borrow., type: boolean, to: form.active}}
  more: {{label: More, help: Anything else., type: map of string, to: {more}, example: {{floor: "2"}}}}
returns: {{help: The reader., example: {{id: r1}}}}
examples:
  Ada:
    inputs: {{name: Ada, tags: [a, b], active: true, more: {{floor: "2"}}}}
    request: {{path: /readers, form: {form}}}
"""
SENT = "{name: Ada, tags: [a, b], active: true, more.floor: 2}"


@pytest.fixture
def find(shelf: Path):
    """Lint a connector with an action that sends a form; return the messages about it."""

    def write_and_lint(form: str, body: str = "form", more: str = "form.more") -> list[str]:
        action = ACTION.format(form=form, body=body, more=more)
        (shelf / "actions" / "add-reader.yaml").write_text(action, encoding="utf-8")
        return [
            found.message for found in lint(shelf) if found.file.endswith("add-reader.yaml") and found.voice == "error"
        ]

    return write_and_lint


@pytest.mark.parametrize("body", ["form", "multipart"])
@pytest.mark.parametrize(
    ("form", "messages"),
    [
        (SENT, []),
        (SENT.replace("true", "yes"), ["active is sent as 'true'."]),
        (SENT.replace("[a, b]", "[b]"), ["tags is sent as 'a', 'b'."]),
        (SENT.replace("more.floor", "more"), ["more is not sent.", "more.floor is sent as '2', but not stated here."]),
        (SENT.replace("name: Ada, ", ""), ["name is sent as 'Ada', but not stated here."]),
        (
            "{tags: [a, b], name: Ada, active: true, more.floor: 2}",
            ["the form is sent in another order: name, tags, active, more.floor."],
        ),
    ],
)
def test_what_differs_in_a_form_is_told_by_name(find, body, form, messages):
    assert find(form, body) == messages


def test_a_mapping_is_not_sent_under_a_name_with_a_star_in_it(find):
    assert [message for message in find(SENT, more="'form.\"v:*\"'") if "form.*" in message] == [
        "a mapping is merged at form.*, with nothing beside the star: entries would be sent below the name 'v:*'."
    ]
