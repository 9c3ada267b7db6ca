"""A form is read back into what was entered, and nothing else."""

from __future__ import annotations

import pytest

from connector.console.forms.build import build_fields
from connector.console.forms.reading import list_entered, read_inputs, write_inputs
from connector.console.visit import UploadedFile, Visit
from connector.errors import InputError

SCHEMA = {
    "properties": {
        "name": {"type": "string"},
        "note": {"type": "string", "x-multiline": True},
        "secret": {"type": "string", "format": "password"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "days": {"type": "array", "items": {"type": "string", "oneOf": [{"const": "mo"}, {"const": "tu"}]}},
        "extra": {"type": "object"},
        "any": {},
        "file": {"type": "string", "format": "binary"},
        "place": {"type": "object", "properties": {"city": {"type": "string"}, "zip": {"type": "string"}}},
    }
}
FIELDS = build_fields(SCHEMA)


def read(**texts):
    """Return the inputs of a form with these texts."""
    return read_inputs(
        "act", FIELDS, Visit(form={f"in.{name.replace('__', '.')}": [text] for name, text in texts.items()})
    )


@pytest.mark.parametrize(
    ("texts", "given"),
    [
        ({}, {}),
        ({"name": "  ", "tags": "\r\n"}, {}),
        ({"name": " Ada "}, {"name": "Ada"}),
        ({"note": " two\r\nlines "}, {"note": " two\nlines "}),
        ({"secret": " kept as typed "}, {"secret": " kept as typed "}),
        ({"tags": "a\r\n\r\n b "}, {"tags": ["a", "b"]}),
        ({"tags": '["a", "b"]'}, {"tags": ["a", "b"]}),
        ({"extra": '{"a": 1}'}, {"extra": {"a": 1}}),
        ({"extra": "a=1\nb=x=y"}, {"extra": {"a": "1", "b": "x=y"}}),
        ({"any": "plain"}, {"any": "plain"}),
        ({"any": "[1, 2]"}, {"any": [1, 2]}),
        ({"any": "5"}, {"any": 5}),
        ({"place__city": "Rome", "place__zip": ""}, {"place": {"city": "Rome"}}),
    ],
)
def test_what_was_entered_is_read(texts, given):
    assert read(**texts) == given


def test_several_boxes_are_a_list():
    assert read_inputs("act", FIELDS, Visit(form={"in.days": ["mo", "tu"]})) == {"days": ["mo", "tu"]}


def test_a_file_has_its_name():
    visit = Visit(files={"in.file": UploadedFile("a.txt", b"abc", "text/plain")})
    assert read_inputs("act", FIELDS, visit) == {"file": ("a.txt", b"abc")}


def test_all_texts_that_are_no_json_are_told_at_once_without_their_values():
    with pytest.raises(InputError) as caught:
        read(extra="{hidden", tags="[hidden")
    assert [problem.field for problem in caught.value.problems] == ["tags", "extra"]
    assert "line 1, column 2" in caught.value.problems[0].fix
    assert "hidden" not in str(caught.value)


def test_what_was_typed_after_the_choices_were_shown_is_not_lost():
    form = {"in.name": ["typed"], "pick.name": ["picked"], "was.name": ["before"]}
    with pytest.raises(InputError) as raised:
        read_inputs("act", FIELDS, Visit(form=form))
    [problem] = raised.value.problems
    assert (problem.field, problem.expected) == ("name", "one of them")
    assert "typed" in problem.got
    assert "picked" in problem.got
    assert list_entered(Visit(form=form))["name"] == ["typed"], "to be shown again"
    for typed in ("picked", ""):
        assert read_inputs("act", FIELDS, Visit(form={**form, "in.name": [typed]})) == {"name": "picked"}
    assert read_inputs("act", FIELDS, Visit(form={**form, "pick.name": [""], "in.name": ["x"]})) == {"name": "x"}


def test_what_was_picked_counts_and_is_shown_again():
    visit = Visit(form={"in.name": ["typed"], "pick.name": ["picked"], "was.name": ["typed"]})
    assert read_inputs("act", FIELDS, visit) == {"name": "picked"}
    assert list_entered(visit)["name"] == ["picked"]


def test_inputs_become_the_texts_that_are_read_as_the_same_inputs():
    given = {"name": "Ada", "tags": ["a", "b"], "days": ["mo"], "extra": {"a": 1}, "place": {"city": "Rome"}}
    entered = write_inputs(FIELDS, given)
    assert read_inputs("act", FIELDS, Visit(form={f"in.{name}": texts for name, texts in entered.items()})) == given


def test_a_secret_is_not_written_into_a_form():
    assert write_inputs(FIELDS, {"secret": "s3cr3t", "name": "Ada"}) == {"name": ["Ada"]}
