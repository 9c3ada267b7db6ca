"""Choices have the meanings that a description gives, and none that it does not."""

from __future__ import annotations

from typing import Any

import pytest

from connector.authoring.importing.choices import infer_choices, read_meanings
from connector.authoring.importing.document import ApiDocument

DOCUMENT = ApiDocument({"openapi": "3.1.0"})


def infer(schema: dict[str, Any], description: str = "") -> Any:
    inferred = infer_choices(DOCUMENT, schema, description)
    return inferred and inferred.words["choices"]


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [1, 2], "x-enum-descriptions": ["At once", "Planned"]},
        {"enum": [1, 2], "x-enum-varnames": ["At once", "Planned"]},
        {"enum": [1, 2], "x-enumDescriptions": {"1": "At once", "2": "Planned"}},
        {"enum": [1, 2], "x-enum-elements": [{"name": 1, "description": "At once."}, {"name": 2, "title": "Planned"}]},
        {"oneOf": [{"const": 1, "title": "At once"}, {"const": 2, "title": "Planned"}]},
        {"enum": [1, 2], "description": "The kind.<br>`1` - At once.<br>`2` - Planned."},
        {"enum": [1, 2], "description": "The kind: \n * `1` &mdash; at once. \n * `2` &mdash; planned."},
        {"enum": [1, 2], "description": "1:at once,2:planned"},
        {"enum": [1, 2], "description": "Kinds.\n\n-`1` - At once\n-`2` - Planned"},
    ],
)
def test_meanings_come_from_every_dialect_and_from_prose(schema: dict[str, Any]) -> None:
    assert infer(schema) == {"1": "At once", "2": "Planned"}


def test_a_bare_number_without_a_meaning_is_shown_as_it_is_and_asked_for() -> None:
    inferred = infer_choices(DOCUMENT, {"enum": [1, 2], "description": "`1` - At once."})
    assert inferred is not None
    assert inferred.words["choices"] == {"1": "At once", "2": "2"}
    assert inferred.question == "What do 2 mean? The description does not say."


def test_a_word_says_itself_what_it_means() -> None:
    assert infer({"enum": ["in_progress", "PAST_DUE", "-name"]}) == {
        "in_progress": "In progress", "PAST_DUE": "Past due", "-name": "Name (descending)",
    }  # fmt: skip


def test_values_that_mean_the_same_words_are_told_apart() -> None:
    text = "* `strict` Returns all errors. Stops.\n* `warn` Returns all errors. Goes on."
    assert infer({"enum": ["strict", "warn"]}, text) == {
        "strict": "strict: Returns all errors", "warn": "warn: Returns all errors",
    }  # fmt: skip


def test_numbers_that_javascript_rounded_are_told_with_what_they_were() -> None:
    inferred = infer_choices(DOCUMENT, {"enum": [16, 144115188075855870], "description": "`16` - A. `17` - B."})
    assert inferred is not None
    assert "144115188075855870 (perhaps 144115188075855872)" in str(inferred.question)


def test_values_that_prose_alone_lists_leave_others_allowed() -> None:
    schema = {"type": "string", "description": "One of the values:\n* `asc` - Oldest first.\n* `desc` - Newest first."}
    inferred = infer_choices(DOCUMENT, schema)
    assert inferred is not None
    assert inferred.words == {"choices": {"asc": "Oldest first", "desc": "Newest first"}, "allow_other": True}


def test_a_boolean_has_choices_only_where_both_values_are_explained() -> None:
    both = {"type": "boolean", "enum": [True, False], "description": "`true` - Keep it. `false` - Drop it."}
    assert infer(both) == {"true": "Keep it", "false": "Drop it"}
    assert infer({**both, "description": "`true` - Keep it."}) is None


@pytest.mark.parametrize("text", ["An in-progress task", "from 1 to 2", "`a` and `b`"])
def test_no_meaning_is_made_of_words_that_explain_nothing(text: str) -> None:
    assert read_meanings(text, ["in", 1, "a", "b"]) == {}
