"""What is wrong in a file is told in the words of its author, at its place."""

from __future__ import annotations

import pytest

from connector.definition.action import Action
from connector.definition.manifest import Manifest
from connector.definition.parsers import strict_yaml
from connector.definition.validation import schema_validation

ACTION = "action: a\nlabel: A\nsummary: A.\nrequest: GET /\n"
MANIFEST = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://lamp.example\n"
POLL = "poll: {action: b, inputs: {id: id}, until: {%s: [done]}}\n"


def report(text: str, model: type = Action) -> list[tuple[int, int, str, str]]:
    findings = schema_validation.validate_document(strict_yaml.read(text.encode(), "a.yaml"), model)
    return [(item.line, item.column, item.rule, item.message) for item in findings]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ('"items[0]"', "write a position in a list as a number between dots"),
        ('"$.state"', "a path begins with a name"),
        ('"a..b"', "expected names joined with dots"),
        ('"items.*.state"', "wildcards do not exist"),
    ],
)
def test_a_key_that_should_be_a_path_is_told_in_the_words_of_paths(path: str, said: str) -> None:
    ((line, column, rule, message),) = report(ACTION + POLL % path)
    assert (line, column, rule) == (5, 45, "shape")
    assert said in message
    assert message.endswith(f", not {path[1:-1]!r}.")


def test_every_key_that_is_no_path_is_told() -> None:
    found = report(ACTION + POLL % '"a[0]": [1], "b.*"')
    assert [(line, rule) for line, _, rule, _ in found] == [(5, "shape"), (5, "shape")]


def test_a_value_that_should_be_a_path_is_told_in_the_words_of_paths() -> None:
    ((line, _, rule, message),) = report(ACTION + 'pagination: {items: "items[0]"}\n')
    assert (line, rule) == (5, "shape")
    assert message.startswith("write a position in a list as a number between dots")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("subaccounts: {prefix: /a, header: X}", "give either `prefix` or `header`."),
        ("subaccounts: {}", "give either `prefix` or `header`."),
    ],
)
def test_one_of_two_words_is_told_at_their_holder(words: str, said: str) -> None:
    assert [(line, rule, message) for line, _, rule, message in report(MANIFEST + words, Manifest)] == [
        (5, "one-of", said)
    ]


@pytest.mark.parametrize(
    ("text", "model", "line", "said"),
    [
        (ACTION + 'pagination: {items: "lamps\\n"}\n', Action, 5, "expected names joined with dots"),
        (MANIFEST.replace("lamp\n", '"lamp\\n"\n', 1), Manifest, 1, "String should match pattern"),
    ],
    ids=["a parser's rule", "a rule of the model"],
)
def test_what_the_model_alone_refuses_is_told_too(text: str, model: type, line: int, said: str) -> None:
    """The pattern of a JSON Schema takes a line feed at the end of a text."""
    ((found_line, _, rule, message),) = report(text, model)
    assert (found_line, rule) == (line, "shape")
    assert said in message
    assert not message.startswith("Value error")


def test_findings_are_in_the_order_of_their_lines() -> None:
    found = report(MANIFEST.replace("label: Lamp", "label: 5") + "idempotency: {}\nredact: {fields: 5}\n", Manifest)
    assert [line for line, *_ in found] == [2, 5, 6]


def test_a_long_value_is_shown_in_part() -> None:
    ((*_, message),) = report(ACTION.replace("GET /", "x" * 500))
    assert "..." in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("line", "model", "said"),
    [
        ("max_size: 50\n", Action, "unknown key 'max_size'. It is a word of `pagination`. Known: action, "),
        ("example: {a: 1}\n", Action, "unknown key 'example'. It is a word of `returns`. Known: action, "),
        ("request_id: header.X\n", Manifest, "unknown key 'request_id'. It is a word of `errors`. Known: "),
        ("colour: red\n", Action, "unknown key 'colour'. Known: action, "),
    ],
)
def test_a_word_that_stands_a_level_too_high_is_told_where_it_belongs(line: str, model: type, said: str) -> None:
    start = ACTION if model is Action else MANIFEST
    assert [message[: len(said)] for _, _, _, message in report(start + line, model)] == [said]


@pytest.mark.parametrize("request_line", ["post /books", "GET https://lamp.example/books", "GET books"])
def test_a_request_line_that_is_none_is_told_in_words(request_line: str) -> None:
    ((_, _, _, message),) = report(ACTION.replace("GET /", request_line))
    assert (
        message
        == f"got {request_line!r}; expected METHOD /path below the base URL, such as GET /books/{{bookId}}, or raw."
    )
