"""A text that is no JSON is told as it is meant, where that is sure."""

from __future__ import annotations

import pytest

from connector.core.inputs.json_mistakes import suggest_json


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("'{a: 1}'", 'leave the single quotes out: this shell does not take them off; in cmd.exe write "{\\"a\\": 1}"'),
        ('{\\"a\\": 1}', 'leave the backslashes out: this shell passes them on; within single quotes write "name"'),
        ("a=1", 'write an object: {"a": ...}'),
        ("[{a: 1}, b]", 'did you mean [{"a": 1}, "b"]?'),
        ("[{a: }]", ""),
        ("[a, b]", 'did you mean ["a", "b"]?'),
        ("{url: https://a.example/x}", 'did you mean {"url": "https://a.example/x"}?'),
        ("{a:{b:1}}", 'did you mean {"a": {"b": 1}}?'),
        ("{a", ""),
        ("{2030-01-07: 1}", ""),
        ("{a: 2030-01-07}", ""),
        ("nothing", ""),
        ("{" + "a" * 300 + ": 1}", ""),
    ],
)
def test_json_without_its_quotes_is_told_as_it_is_meant_where_that_is_sure(text, told):
    assert suggest_json(text) == told
