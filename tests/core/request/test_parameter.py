"""One parameter of a finished request: read, and set beside what stands there."""

from __future__ import annotations

import pytest

from connector.core.request.body import Body, MultipartPart
from connector.core.request.builder import Request
from connector.core.request.parameter import Parameter
from connector.definition.action import Action
from connector.errors import UsageError

FORM = "application/x-www-form-urlencoded"


def parameter(to, **words):
    action = {"action": "search", "label": "Search", "summary": "Search.", "request": "POST /search", **words}
    return Parameter.parse(to, Action.model_validate(action))


def request(body=None, query=()):
    return Request("POST", "/search", query, body=body)


@pytest.mark.parametrize(
    ("to", "words", "before", "after"),
    [
        ("query.page", {}, request(query=(("a", "1"), ("page", "1"))), request(query=(("a", "1"), ("page", "2")))),
        ("query.page.number", {}, request(), request(query=(("page.number", "2"),))),
        ("query.page.number", {"form_nesting": "brackets"}, request(), request(query=(("page[number]", "2"),))),
        ("body.page", {}, request(), request(Body("json", {"page": 2}, "application/json"))),
        (
            "body.page.after",
            {},
            request(Body("json", {"page": {"size": 5}, "q": "x"}, "application/json")),
            request(Body("json", {"page": {"size": 5, "after": 2}, "q": "x"}, "application/json")),
        ),
        ("body.page", {"body": "form"}, request(), request(Body("form", [("page", "2")], FORM))),
        (
            "body.page",
            {"body": "form"},
            request(Body("form", [("page", "1"), ("q", "x")], FORM)),
            request(Body("form", [("q", "x"), ("page", "2")], FORM)),
        ),
        (
            "body.page",
            {"body": "multipart"},
            request(Body("multipart", [MultipartPart("q", "x")], None)),
            request(Body("multipart", [MultipartPart("q", "x"), MultipartPart("page", "2")], None)),
        ),
        (
            "body.page",
            {},
            request(Body("text", '{"q": "x"}', "application/json")),
            request(Body("json", {"q": "x", "page": 2}, "application/json")),
        ),
    ],
)
def test_a_value_is_set_where_an_input_would_put_it(to, words, before, after):
    place = parameter(to, **words)
    changed = place.set(before, 2)
    assert (changed.query, changed.body) == (after.query, after.body)
    assert str(place.get(changed)) == "2"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, None),
        (Body("json", {"page": {"size": 0}}, "application/json"), 0),
        (Body("json", [1], "application/json"), None),
        (Body("text", "x", "text/plain"), None),
        (Body("text", "{", "application/json"), None),
        (Body("binary", b"x", None), None),
    ],
)
def test_a_value_is_read_where_it_stands(body, expected):
    assert parameter("body.page.size").get(request(body)) == expected
    assert parameter("query.size").get(request(body, (("size", "3"),))) == "3"


@pytest.mark.parametrize(
    "body", [Body("json", [1], "application/json"), Body("text", "x", None), Body("binary", b"", None)]
)
def test_a_body_without_places_is_not_replaced(body):
    with pytest.raises(UsageError, match="not a JSON object"):
        parameter("body.page").set(request(body), 2)


def test_what_was_given_is_left_as_it_was():
    data = {"page": {"size": 5}}
    before = request(Body("json", data, "application/json"))
    parameter("body.page.after").set(before, "x")
    assert data == {"page": {"size": 5}}
