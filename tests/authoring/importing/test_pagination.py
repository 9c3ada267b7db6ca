"""How a list is paged is read off its parameters, its reply, its headers and its words together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.authoring.importing.description import ApiDocument, Description
from connector.authoring.importing.pagination import infer_pagination
from tests.support.pages.api_descriptions import read_operation

JUDGED = json.loads((Path(__file__).parent / "judged_lists.json").read_text())
BOOKS = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}
TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}


def describe(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"books": BOOKS, **members}}


@pytest.mark.parametrize("judged", JUDGED["answers"], ids=lambda one: f"{one['api']} {one['request']}")
def test_lists_of_ten_services_are_read_as_a_person_judged_them(judged: dict[str, Any]) -> None:
    document = ApiDocument(JUDGED["descriptions"][judged["api"]])
    operation = next(one for one in Description([document]).operations if one.request == judged["request"])
    inferred = infer_pagination(operation)
    assert (inferred.words if inferred else None) == judged["answer"]
    assert (inferred is not None and inferred.is_guess) == judged["is_guess"]


@pytest.mark.parametrize(
    ("reply", "query", "words"),
    [
        (
            describe(next_page_token=TEXT),
            {"next_page_token": TEXT, "page_size": {"type": "integer", "maximum": 300}},
            {"style": "cursor", "next": "next_page_token", "cursor_param": "query.next_page_token", "max_size": 300},
        ),
        (
            describe(paging={"type": "object", "properties": {"next": describe(after=TEXT)}}),
            {"after": TEXT, "limit": NUMBER},
            {
                "style": "cursor",
                "next": "paging.next.after",
                "cursor_param": "query.after",
                "size_param": "query.limit",
            },
        ),
        (describe(next={**TEXT, "format": "uri"}), {"cursor": TEXT}, {"style": "next_url", "next": "next"}),
        (describe(**{"@odata.nextLink": TEXT}), {"$top": NUMBER}, {"style": "next_url", "next": '"@odata.nextLink"'}),
        (
            describe(next_page_uri={**TEXT, "format": "uri"}),
            {"PageToken": TEXT, "Page": NUMBER, "PageSize": NUMBER},
            {"style": "next_url", "next": "next_page_uri", "size_param": "query.PageSize"},
        ),
        (
            describe(total_count=NUMBER),
            {"page": {"type": "integer", "minimum": 0}, "per_page": {**NUMBER, "description": "At most 100."}},
            {"style": "page_number", "first": 0, "total": "total_count", "max_size": 100},
        ),
        (
            describe(more=FLAG, total=NUMBER),
            {"offset": NUMBER, "limit": NUMBER},
            {"style": "offset", "cursor_param": "query.offset", "has_more": "more"},
        ),
        (
            describe(next_marker=TEXT, offset=NUMBER),
            {"offset": NUMBER, "limit": NUMBER, "usemarker": FLAG, "marker": TEXT},
            {"style": "offset", "cursor_param": "query.offset"},
        ),
        (
            describe(has_more=FLAG),
            {"starting_after": TEXT, "limit": NUMBER},
            {"style": "last_item", "next": "id", "cursor_param": "query.starting_after", "has_more": "has_more"},
        ),
        (describe(), {}, {"style": "none", "items": "books"}),
    ],
)
def test_each_style_is_told_by_its_evidence(reply: Any, query: Any, words: dict[str, Any]) -> None:
    inferred = infer_pagination(read_operation(reply, query=query))
    assert inferred is not None
    assert inferred.words.items() >= {**words, "items": "books"}.items()
    assert not inferred.is_guess
    assert inferred.evidence


def test_a_link_header_is_known_by_the_headers_of_the_reply_or_by_words() -> None:
    query = {"page": NUMBER, "per_page": NUMBER}
    by_header = infer_pagination(read_operation(BOOKS, query=query, headers={"Link": {"schema": TEXT}}))
    by_words = infer_pagination(read_operation(BOOKS, query=query, description="Follow the `Link` header."))
    assert by_header is not None
    assert by_words is not None
    assert by_header.words == by_words.words == {"style": "link_header", "items": ".", "size_param": "query.per_page"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"description": "The combination of `page=0` and `page=20` ..."}, {"style": "offset"}),
        ({"description": "`page=1` is the first, and `page=21` the second."}, {"style": "offset", "first": 1}),
        ({"description": "Zero-relative: `page=1`, then `page=2`."}, {"style": "page_number"}),
        ({"description": "`page=0` has the newest."}, {"style": "page_number", "first": 0}),
        ({"description": "Which page `[default=0]`."}, {"style": "page_number", "first": 0}),
        ({"description": "Defaults to 0."}, {"style": "page_number", "first": 0}),
        ({"description": "Defaults to 0.5."}, {"style": "page_number"}),
        ({"default": 0}, {"style": "page_number", "first": 0}),
        ({"default": 1, "minimum": 0}, {"style": "page_number"}),
        ({"minimum": 0}, {"style": "page_number", "first": 0}),
    ],
)
def test_the_first_page_is_told_by_examples_before_defaults_and_by_defaults_before_limits(schema, words) -> None:
    inferred = infer_pagination(read_operation(describe(), query={"page": {**NUMBER, **schema}, "page_size": NUMBER}))
    assert inferred is not None
    assert inferred.words == {**words, "cursor_param": "query.page", "items": "books", "size_param": "query.page_size"}


@pytest.mark.parametrize(
    ("reply", "query", "words"),
    [
        (
            describe(next_id=TEXT),
            {"start_id": TEXT, "start_index": NUMBER, "count": NUMBER},
            {"style": "cursor", "next": "next_id", "cursor_param": "query.start_id"},
        ),
        (
            describe(meta={"type": "object", "properties": {"next_record_id": TEXT}}),
            {"next_record_id": TEXT},
            {"style": "cursor", "next": "meta.next_record_id", "cursor_param": "query.next_record_id"},
        ),
        (
            describe(iterator=TEXT, done=FLAG),
            {"iterator": TEXT},
            {"style": "cursor", "next": "iterator", "cursor_param": "query.iterator", "is_last": "done"},
        ),
        (
            describe(),
            {"lastSeenID": NUMBER, "limit": NUMBER},
            {"style": "last_item", "next": "id", "cursor_param": "query.lastSeenID"},
        ),
    ],
)
def test_what_a_parameter_takes_is_found_by_its_name(reply: Any, query: Any, words: dict[str, Any]) -> None:
    inferred = infer_pagination(read_operation(reply, query=query))
    assert inferred is not None
    assert inferred.words.items() >= words.items()


def test_one_record_is_no_list_though_its_path_ends_with_a_slash() -> None:
    record = {"type": "object", "properties": {"id": TEXT, "entries": BOOKS, "title": TEXT}}
    assert infer_pagination(read_operation(record, path="/events/{id}/")) is None


def test_a_range_of_time_is_no_offset() -> None:
    query = {"start": {**NUMBER, "description": "Begin of the time range."}, "end": NUMBER}
    inferred = infer_pagination(read_operation(describe(), query=query))
    assert inferred is not None
    assert inferred.words["style"] == "none"


@pytest.mark.parametrize(
    ("reply", "query"),
    [
        (describe(), {"cursor": TEXT, "limit": NUMBER}),
        (describe(), {"limit": NUMBER}),
        (describe(next_page_token=TEXT), {"page_size": NUMBER}),
        (describe(), {"after": TEXT, "limit": NUMBER}),
        (describe(offset=NUMBER, more=FLAG), {}),
        (describe(), {"cursor": TEXT}),
        (describe(has_next_page=FLAG, next_page=TEXT), {}),
        (describe(meta={"type": "object", "properties": {"current_page": NUMBER, "total_count": NUMBER}}), {}),
        (describe(has_more=FLAG, next_page={**TEXT, "description": "The token of the next page."}), {}),
    ],
)
def test_what_the_evidence_does_not_decide_is_a_question(reply: Any, query: Any) -> None:
    inferred = infer_pagination(read_operation(reply, query=query))
    assert inferred is not None
    assert inferred.is_guess
    assert inferred.question is not None
    assert inferred.question.endswith("?")


def test_one_record_with_lists_in_it_is_no_list() -> None:
    record = {"type": "object", "properties": {"id": TEXT, "name": TEXT, "tags": {"type": "array", "items": TEXT}}}
    assert infer_pagination(read_operation(record, path="/books/{bookId}")) is None


def test_a_search_by_post_is_paged_in_its_body() -> None:
    body = {"type": "object", "properties": {"query": TEXT, "page": describe(after=TEXT, limit=NUMBER)}}
    reply = describe(next=TEXT, paging={"type": "object", "properties": {"next": describe(after=TEXT)}})
    inferred = infer_pagination(read_operation(reply, path="/books/search", method="post", body=body))
    assert inferred is not None
    assert inferred.words["cursor_param"] == "body.page.after"
    assert infer_pagination(read_operation(reply, method="post", body=body)) is None
