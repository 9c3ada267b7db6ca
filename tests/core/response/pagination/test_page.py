"""One page: where its entries are when nobody says, and when a reply that is one page of several says so."""

from __future__ import annotations

import pytest

from connector.core.request.parameter import Parameter
from connector.core.request.raw_request import RAW_ACTION
from connector.core.response.pagination import page
from connector.core.response.pagination.page import Page, UnexpectedPage
from connector.core.response.pagination.settings import Pagination
from connector.core.response.result import Result

CURSOR = Pagination("cursor", None, next="next", has_more="more")
NEXT_LINK = {"link": '<https://api.lamp.example/v2/lamps?page=2>; rel="next"'}
LAST_LINK = {"link": '<https://api.lamp.example/v2/lamps?page=9>; rel="last"'}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ([], "."),
        ([{"lamps": [1]}], "."),
        ({"lamps": [], "total": 3, "next": None}, "lamps"),
        ({"@odata.value": [1]}, '"@odata.value"'),
        ({"page": {"lamps": [1]}, "ids": [2]}, "ids"),
    ],
)
def test_the_only_list_of_a_reply_is_found(data, path):
    assert page.find_only_list(data) == path
    assert page.read_page(None, Result(data)).items == path


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"lamps": [1], "rooms": []}, "the reply has several lists: lamps, rooms"),
        ({"lamps": {"first": [1]}}, "the reply has no list"),
        ({}, "the reply has no list"),
        ("lamps", "the reply has no list"),
        (None, "the reply has no list"),
        ({f"n{n}": [] for n in range(12)}, f"the reply has several lists: {', '.join(f'n{n}' for n in range(10))}"),
    ],
)
def test_no_list_is_chosen_among_several_or_none(data, reason):
    with pytest.raises(UnexpectedPage) as caught:
        page.find_only_list(data)
    assert caught.value.reason == reason
    assert "items" in caught.value.hint


@pytest.mark.parametrize(
    ("items", "item", "data", "found"),
    [
        ("lamps", None, {"lamps": [1, 2], "rooms": [3]}, [1, 2]),
        (None, None, {"lamps": [1, 2]}, [1, 2]),
        ("edges", "node.id", {"edges": [{"node": {"id": 1}}, {"node": {}}]}, [1, None]),
        ("lamps", None, {"lamps": None}, []),
        ("lamps", "id", {}, []),
        (None, None, {"next": "A"}, []),
        (None, None, {"lamps": [1], "rooms": [2]}, []),
    ],
)
def test_the_items_of_a_page_are_its_entries_or_what_is_named_in_each(items, item, data, found):
    assert page.extract_items(Pagination("cursor", items, item), Result(data)) == found


def test_a_reply_with_other_lists_is_told_with_their_paths():
    result = Result({"lamps": [1], "a.b": [], "total": 3})
    with pytest.raises(UnexpectedPage) as caught:
        page.reject_missing(Page(result, "lights", [], is_missing=True))
    assert caught.value.reason == "the reply has no lights"
    assert caught.value.hint == 'It has a list at lamps and at "a.b".'


def test_a_reply_without_any_list_may_be_that_of_an_empty_one():
    missing = page.read_page("lights", Result({"total": 0}))
    assert (missing.entries, missing.is_missing) == ([], True)
    page.reject_missing(missing)  # raises nothing
    assert page.read_page("lights", Result({"lights": None})).is_missing is False


@pytest.mark.parametrize(
    ("pagination", "data", "headers"),
    [
        (CURSOR, {"lamps": [1], "next": "A"}, {}),
        (CURSOR, {"lamps": [1], "more": True}, {}),
        (CURSOR, {"lamps": [1], "more": True, "next": ""}, {}),
        (CURSOR, [1], NEXT_LINK),
        (Pagination("next_url", None, next="next"), {"next": "https://api.lamp.example/v2/lamps?page=2"}, {}),
        (Pagination("page_number", None), {"lamps": [1]}, NEXT_LINK),
        (Pagination("none", None), {"lamps": [1]}, NEXT_LINK),
    ],
)
def test_a_raw_reply_that_names_a_next_page_is_not_complete(pagination, data, headers):
    noted = page.note_unread_pages(pagination, Result(data, headers=headers, warnings=("Earlier.",)))
    assert (noted.complete, noted.data) == (False, data)
    first, warning = noted.warnings
    assert first == "Earlier."
    assert warning.startswith("The reply names a next page, so this is not the whole list.")
    assert warning.endswith("--paginate.")


def test_the_warning_names_the_parameter_that_the_caller_may_send():
    pagination = Pagination("cursor", None, next="next", cursor_param=Parameter.parse("query.after", RAW_ACTION))
    (warning,) = page.note_unread_pages(pagination, Result({"next": "A"})).warnings
    assert warning.endswith("--paginate, or send query.after yourself.")


@pytest.mark.parametrize(
    ("pagination", "data", "headers"),
    [
        (CURSOR, {"lamps": [1], "next": ""}, {}),
        (CURSOR, {"lamps": [1]}, LAST_LINK),
        (CURSOR, {"lamps": [1], "more": False, "next": "A"}, NEXT_LINK),
        (CURSOR, {"lamps": [1], "more": "perhaps", "next": "A"}, {}),
        (CURSOR, {"id": 1, "next": {"at": 5}}, {}),
        (Pagination("page_number", None, next="next"), {"lamps": [1], "next": "A"}, {}),
        (CURSOR, b"\x00next", NEXT_LINK),
        (CURSOR, "a text", NEXT_LINK),
    ],
)
def test_a_raw_reply_that_ends_a_list_or_is_none_stays_as_it_is(pagination, data, headers):
    result = Result(data, headers=headers)
    assert page.note_unread_pages(pagination, result) is result
