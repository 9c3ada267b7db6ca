"""What a form is told of an input beside its values: its heading, whether it is shown, and where its choices come from."""

from __future__ import annotations

from typing import Any

import pytest

from connector.definition.forms import describe

ACTION = """\
action: choose
label: Choose
summary: Choose a lamp.
request: GET /lamps
inputs:
  lamp: {label: Lamp, help: Which one., type: string, to: query.lamp, %s}
"""
LIST = (
    "action: listLamps\nlabel: List\nsummary: List lamps.\nrequest: GET /lamps\npagination: {style: none, items: .}\n"
)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("group: Places", {"x-group": "Places"}),
        ("hidden: true", {"x-hidden": True}),
        (
            "choices_from: {action: listLamps, items: ., value: id, label: name}",
            {
                "x-choices-from": {
                    "action": "listLamps", "items": ".", "value": "id", "label": "name", "inputs": {}, "search": None,
                }
            },
        ),
        ("default: null", {"default": None}),
        ("default: a", {"default": "a"}),
        ("suggest: a", {"x-suggest": "a"}),
        ("example: a", {"examples": ["a"]}),
        ("required: false", {}),
    ],
)  # fmt: skip
def test_a_form_is_told_what_the_file_says_and_nothing_else(folder: Any, words: str, told: dict[str, Any]) -> None:
    connector = folder("", {"choose": ACTION % words, "list-lamps": LIST})
    schema = describe.build_form_schema(connector, connector.action("choose"))["properties"]["lamp"]
    assert schema == {"title": "Lamp", "description": "Which one.", "type": "string", **told}


def test_the_example_of_a_secret_is_not_shown(folder: Any) -> None:
    words = (ACTION % "example: canary").replace("type: string", "type: password")
    connector = folder("", {"choose": words})
    assert "canary" not in str(describe.build_form_schema(connector, connector.action("choose")))


def test_a_tool_has_no_hidden_input_and_no_word_of_a_form(folder: Any) -> None:
    connector = folder("", {"choose": ACTION % "group: Places, suggest: a"})
    tool = describe.build_tool_spec(connector, connector.action("choose"))["inputSchema"]
    assert tool["properties"] == {"lamp": {"description": "Which one.", "type": "string"}}
    hidden = folder("", {"choose": ACTION % "hidden: true"})
    assert describe.build_tool_spec(hidden, hidden.action("choose"))["inputSchema"]["properties"] == {}


def test_a_tool_has_a_hidden_input_that_no_run_can_do_without(folder: Any) -> None:
    connector = folder("", {"choose": ACTION % "hidden: true, required: true"})
    schema = describe.build_tool_spec(connector, connector.action("choose"))["inputSchema"]
    assert (list(schema["properties"]), schema["required"]) == (["lamp"], ["lamp"])
