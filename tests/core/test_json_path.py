"""Values at paths: read and set in mappings and lists, without touching what was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.json_path import get_at_path, get_from_reply, has_path, remove_at, set_at, set_at_path

DATA = {"errors": [{"code": 7}, {"code": 8}], "0": "zero", "@odata.nextLink": "/next", "empty": None, "text": "a"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".", DATA),
        ("errors.1.code", 8),
        ("errors.2.code", None),
        ("0", "zero"),
        ('"@odata.nextLink"', "/next"),
        ("text.0", None),
        ("errors.code", None),
        ("missing.deeper", None),
        (None, None),
    ],
)
def test_a_value_is_found_in_mappings_and_lists(path, value):
    assert get_at_path(DATA, path) == value


def test_null_is_there_and_a_missing_field_is_not():
    assert has_path(DATA, "empty")
    assert has_path(DATA, "errors.1")
    assert has_path(DATA, ".")
    assert not has_path(DATA, "errors.2")
    assert not has_path(DATA, "text.a")
    assert not has_path([], "errors")


def test_a_reply_is_read_in_its_data_or_in_a_header():
    headers = {"x-next": "c2"}
    assert get_from_reply({"next": "c1"}, headers.get, "next") == "c1"
    assert get_from_reply({"next": "c1"}, headers.get, "header.X-Next") == "c2"
    assert get_from_reply({"next": "c1"}, headers.get, None) is None


def test_setting_makes_mappings_and_lists_and_copies_what_is_there():
    data = {"page": {"size": 5}}
    assert set_at_path(data, "page.cursor", "c") == {"page": {"size": 5, "cursor": "c"}}
    assert data == {"page": {"size": 5}}
    assert set_at_path({}, "title.0.text", "t") == {"title": [{"text": "t"}]}
    assert set_at_path({"list": ["a"]}, "list.2", "c") == {"list": ["a", None, "c"]}
    assert set_at_path(DATA, "0", "one")["0"] == "one"


@given(st.lists(st.sampled_from(["a", "b.c", "0", "1"]), min_size=1, max_size=4), st.integers())
def test_what_was_set_at_a_path_is_found_there(names, value):
    from connector.definition.json_path import join_path

    assert get_at_path(set_at({}, names, value), join_path(*names)) == value


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("a", {"b": [{"c": 1}, 2]}),
        ("b.0", {"a": 1, "b": [2]}),
        ("b.0.c", {"a": 1, "b": [{}, 2]}),
        ("b.2", {"a": 1, "b": [{"c": 1}, 2]}),
        ("b.c", {"a": 1, "b": [{"c": 1}, 2]}),
        ("a.b", {"a": 1, "b": [{"c": 1}, 2]}),
        ("missing", {"a": 1, "b": [{"c": 1}, 2]}),
    ],
)
def test_what_is_at_a_path_is_removed_and_nothing_else(path, left):
    data = {"a": 1, "b": [{"c": 1}, 2]}
    assert remove_at(data, path.split(".")) == left
    assert data == {"a": 1, "b": [{"c": 1}, 2]}
