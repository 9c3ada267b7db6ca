"""What is written as YAML is read back as it was, and reads as if a person had written it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.authoring.importing.yaml_writer import write_yaml
from connector.definition.parsers import strict_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "1e5",
        "2026-01-01",
        "@x",
        "=",
        "<<",
        "no",
        "~",
        "null",
        "-",
        "a: b",
        "a #b",
        "x\u2028y",
        "\x07",
        "---",
        "12:30",
        "?",
        "a,b",
        "{{x}}",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda parts: st.lists(parts, max_size=4) | st.dictionaries(TEXTS, parts, max_size=4), max_leaves=20
)


def read(text: str):
    return strict_yaml.read(text.encode(), "x.yaml").data


@given(st.dictionaries(TEXTS, VALUES, max_size=6))
def test_what_is_written_is_read_back(words):
    assert read(write_yaml(words)) == words


@pytest.mark.parametrize("key", ["k" * 2000, "", "a: b", "[x]", "200"])
def test_any_key_can_be_written(key):
    assert read(write_yaml({"m": {key: {"help": "x"}}, key: 1})) == {"m": {key: {"help": "x"}}, key: 1}


def test_short_parts_stand_on_one_line_and_inputs_on_lines_of_their_own():
    words = {
        "action": "getPet",
        "request": "GET /pets/{id}",
        "inputs": {
            "id": {"label": "Id", "help": "The pet's id.", "type": "string", "choices": {"1": "One"}, "example": "1"}
        },
        "returns": {"schema": "pet"},
    }
    assert write_yaml(words, breaks=["request"]) == (
        "action: getPet\n\nrequest: GET /pets/{id}\n\ninputs:\n  id:\n    label: Id\n    help: The pet's id.\n    type: string\n"
        '    choices: {1: One}\n    example: "1"\n\nreturns: {schema: pet}\n'
    )
