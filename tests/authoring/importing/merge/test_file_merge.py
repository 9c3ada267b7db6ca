"""One file is merged in place: comments, order and quotes of the author survive."""

from __future__ import annotations

from typing import Any

import pytest

from connector.authoring.importing.merge.file_merge import merge_file
from connector.authoring.importing.merge.words import Level, digest_words
from connector.definition.parsers import strict_yaml


def merge(text: str, before: dict[str, Any], now: dict[str, Any]) -> Any:
    return merge_file(text, digest_words(before, Level.WORDS), now)


@pytest.mark.parametrize(
    ("text", "before", "now", "expected"),
    [
        ("a: 1 # one\nb: 2\n", {"a": 1, "b": 2}, {"a": 3, "b": 2}, "a: 3 # one\nb: 2\n"),
        ("b: 'x'\n# why\na: 1", {"a": 1, "b": "x"}, {"a": 1, "b": "x", "c": 5}, "b: 'x'\nc: 5\n# why\na: 1"),
        ("a: {x: 1, y: 2} # c\n", {"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "z": 3}}, "a: {x: 1, z: 3} # c\n"),
        ("a: {x: 1, y: 2}\n", {"a": {"x": 1, "y": 2}}, {"a": {"y": 2}}, "a: {y: 2}\n"),
        ("a:\nb: 1 # c\n", {"a": None, "b": 1}, {"a": [1], "b": 1}, "a: [1]\nb: 1 # c\n"),
        ("a: |\n  text\n\n# c\nb: 1\n", {"a": "text\n", "b": 1}, {"a": "new", "b": 1}, "a: new\n\n# c\nb: 1\n"),
        ("a: 1\r\nb: 2 # c\r\n", {"a": 1, "b": 2}, {"a": "x", "b": 2}, "a: x\r\nb: 2 # c\r\n"),
        ("a: [1,\n  2]\nb: 1 # é\n", {"a": [1, 2], "b": 1}, {"a": [3], "b": 1}, "a: [3]\nb: 1 # é\n"),
        ('"a" : 1\nb: 2 # c\n', {"a": 1, "b": 2}, {"a": 5, "b": 2}, '"a" : 5\nb: 2 # c\n'),
        (
            "inputs:\n  # about x\n  x: {to: a}\n",
            {"inputs": {"x": {"to": "a"}}},
            {"inputs": {"y": {"to": "b"}}},
            "inputs:\n  # about x\n  y: {to: b}\n",
        ),
    ],
)
def test_only_the_words_change(text, before, now, expected):
    merged = merge(text, before, now)
    assert merged.problem is None
    assert strict_yaml.read(merged.text.encode(), "x").data == now
    assert merged.text == expected


def test_a_word_with_a_comment_in_it_stays_and_is_told():
    text = "a:\n  - 1\n  # why two\n  - 2\nb: 1\n"
    merged = merge(text, {"a": [1, 2], "b": 1}, {"a": [3], "b": 2})
    assert merged.text == text.replace("b: 1", "b: 2")
    assert [note.path for note in merged.conflicts] == [("a",)]


def test_what_an_alias_repeats_is_the_authors():
    text = "a: &x {y: 1}\nb: *x\nc: 1\n"
    before = {"a": {"y": 1}, "b": {"y": 1}, "c": 1}
    merged = merge(text, before, {"a": {"y": 2}, "b": {"y": 1, "z": 1}, "c": 2})
    assert merged.text == text.replace("c: 1", "c: 2")
    assert [note.path for note in merged.conflicts] == [("a",), ("b",)]


def test_a_file_that_cannot_be_read_stays_as_it_is():
    merged = merge("a: [1\n", {"a": [1]}, {"a": [2]})
    assert merged.text == "a: [1\n"
    assert merged.problem.startswith("it cannot be read: ")


def test_a_key_with_a_question_mark_leaves_the_file_as_it_is():
    merged = merge("? a\n: 1\nb: 1\n", {"a": 1, "b": 1}, {"a": 2, "b": 2})
    assert merged.text == "? a\n: 1\nb: 1\n"
    assert "question mark" in merged.problem
    assert len(merged.conflicts) == 2


def test_members_of_an_object_are_matched_by_their_place_too():
    member = {"type": "string", "label": "Street"}
    before = {"inputs": {"address": {"to": "body.address", "fields": {"street": {**member, "to": "street"}}}}}
    now = {"inputs": {"address": {"to": "body.address", "fields": {"road": {**member, "to": "street", "max": 9}}}}}
    text = (
        "inputs:\n  address:\n    to: body.address\n    fields:\n      way: {type: string, label: Street, to: street}\n"
    )
    merged = merge(text, before, now)
    assert merged.text == text.replace("to: street}", "to: street, max: 9}")


@pytest.mark.parametrize("text", ["returns:\n  columns: [id, price]\n", "returns: {schema: lamp}\n"])
def test_the_columns_that_an_author_chose_or_removed_stay_so(text):
    before = {"returns": {"schema": "lamp", "columns": ["id", "name"]}}
    now = {"returns": {"schema": "lamp", "columns": ["id", "name", "status"]}}
    text = text.replace("returns:\n", "returns:\n  schema: lamp\n")
    assert merge(text, before, now).text == text
