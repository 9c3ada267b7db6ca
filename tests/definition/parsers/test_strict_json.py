"""Strict JSON refuses what Python's reader lets through."""

from __future__ import annotations

import json

import pytest

from connector.definition.parsers import strict_json


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "[" * 100_000])
def test_what_json_has_no_word_for_is_a_value_error(text):
    with pytest.raises(ValueError):
        strict_json.loads(text)


def test_a_syntax_error_has_its_position():
    with pytest.raises(json.JSONDecodeError) as caught:
        strict_json.loads('{"a": }', unique_keys=True)
    assert caught.value.colno == 7


def test_a_key_twice_is_an_error_where_that_is_asked():
    text = '[{"a": 1, "b": {"c": 1, "c": 2}}]'
    assert strict_json.loads(text) == [{"a": 1, "b": {"c": 2}}]
    assert strict_json.loads(text.replace('"c": 1, ', ""), unique_keys=True) == [{"a": 1, "b": {"c": 2}}]
    with pytest.raises(strict_json.DuplicateKeyError):
        strict_json.loads(text, unique_keys=True)
