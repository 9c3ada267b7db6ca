"""Paths of definitions: what is one, what is not, and what the error tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.definition.json_path import PathSyntaxError, join_path, parse_path, parse_reply_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (".", ()),
        ("items", ("items",)),
        ("data.items", ("data", "items")),
        ("errors.0.code", ("errors", "0", "code")),
        ('"@odata.nextLink"', ("@odata.nextLink",)),
        ('data."a.b".c', ("data", "a.b", "c")),
        (r'"a\"b"', ('a"b',)),
        ("@odata-count", ("@odata-count",)),
        ("größe", ("größe",)),
    ],
)
def test_a_path_is_read_into_its_names(text, names):
    assert parse_path(text) == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("errors[0].code", "errors.0.code"),
        ("errors[].code", "errors.0.code"),
        ("errors.*.code", "wildcards do not exist"),
        ("$.data", "begins with a name"),
        ("'a.b'", "double quotes"),
        ("errors..code", "names joined with dots"),
        (".items", "names joined with dots"),
        ("items.", "names joined with dots"),
        ("a b", "names joined with dots"),
        ('"open', "names joined with dots"),
        ("", "names joined with dots"),
    ],
)
def test_any_other_spelling_is_refused_with_the_right_one(text, said):
    with pytest.raises(PathSyntaxError, match=said):
        parse_path(text)


def test_a_header_is_named_in_any_letter_case():
    assert parse_reply_path("header.X-Next-Cursor").header == "x-next-cursor"
    assert parse_reply_path("headers.next").segments == ("headers", "next")
    with pytest.raises(PathSyntaxError, match="name of a header"):
        parse_reply_path("header.X Next")


@given(st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_joined_names_are_read_back_as_they_were(names):
    assert parse_path(join_path(*names)) == tuple(names)
