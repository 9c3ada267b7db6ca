"""The idempotency key goes to its place, in a body of any kind, and never replaces the key that is there already."""

from __future__ import annotations

import pytest

from connector.core.invalid_value import InvalidValue
from connector.core.request.body import Body, MultipartPart
from connector.core.request.builder import Request
from connector.core.request.idempotency import add_idempotency_key, takes_key
from connector.definition.action import Action
from connector.definition.manifest import Idempotency

HEADER = Idempotency(to="header.Idempotency-Key")
QUERY = Idempotency(to="query.meta.key")
BODY = Idempotency(to="body.meta.key")
WHOLE = {"data": {"label": "D", "help": "D.", "type": "json", "to": "body"}}
FIELD = {"data": {"label": "D", "help": "D.", "type": "string", "to": "body.data"}}
TEXT_BODY = Body("text", "hello", "text/plain")


def action(request="POST /x", body="json", **words):
    return Action.model_validate(
        {"action": "make", "label": "M", "summary": "M.", "request": request, "body": body, **words}
    )


def json_body(value):
    return Body("json", value, "application/json")


def form_body(*pairs):
    return Body("form", list(pairs), None)


def add(settings, request=None, made=None, key="k-1"):
    return add_idempotency_key(request or Request("POST", "/x"), made or action(), settings, key)


@pytest.mark.parametrize(
    ("settings", "made", "takes"),
    [
        (HEADER, action("DELETE /x"), True),
        (QUERY, action(body="text", inputs=WHOLE), True),
        (BODY, action(), True),
        (BODY, action("PATCH /x", "form", inputs=FIELD), True),
        (BODY, action("PUT /x", "multipart"), True),
        (BODY, action("DELETE /x"), False),
        (BODY, action(body="text", inputs=WHOLE), False),
        (BODY, action(inputs=WHOLE), False),
    ],
)
def test_a_key_in_the_body_needs_a_body_with_fields_and_any_other_place_is_always_there(settings, made, takes):
    assert takes_key(made, settings) is takes


def test_a_key_in_a_header_stands_after_the_other_headers():
    request = Request("POST", "/x", headers=(("X-Other", "o"),))
    keyed = add(HEADER, request)
    assert keyed.request.headers == (("X-Other", "o"), ("Idempotency-Key", "k-1"))
    assert (keyed.key, request.headers) == ("k-1", (("X-Other", "o"),))


@pytest.mark.parametrize(("nesting", "name"), [(None, "meta.key"), ("brackets", "meta[key]")])
def test_a_key_in_the_query_or_a_form_is_named_as_nested_fields_are(nesting, name):
    made = action(body="form", form_nesting=nesting)
    assert add(QUERY, Request("POST", "/x", query=(("a", "1"),)), made).request.query == (("a", "1"), (name, "k-1"))
    assert add(BODY, Request("POST", "/x", body=form_body(("a", "1"))), made).request.body.value == [
        ("a", "1"),
        (name, "k-1"),
    ]


def test_a_key_in_a_json_body_stands_beside_what_is_there():
    body = json_body({"name": "n", "meta": {"tag": "t"}})
    keyed = add(BODY, Request("POST", "/x", body=body))
    assert keyed.request.body.value == {"name": "n", "meta": {"tag": "t", "key": "k-1"}}
    assert keyed.key == "k-1"
    assert body.value == {"name": "n", "meta": {"tag": "t"}}, "the caller's own data stays as it was"


def test_a_key_in_a_multipart_body_is_a_part_of_its_own():
    parts = Body("multipart", [MultipartPart("file", b"data", "a.txt")], None)
    keyed = add(BODY, Request("POST", "/x", body=parts), action(body="multipart"))
    assert [(part.name, part.content) for part in keyed.request.body.value] == [("file", b"data"), ("meta.key", "k-1")]


@pytest.mark.parametrize(
    ("kind", "value"), [("json", {"meta": {"key": "k-1"}}), ("form", [("meta.key", "k-1")])]
)  # fmt: skip
def test_a_request_without_a_body_gets_one_for_the_key(kind, value):
    body = add(BODY, made=action(body=kind)).request.body
    assert (body.kind, body.value) == (kind, value)


@pytest.mark.parametrize(
    ("body", "made"),
    [
        (None, action("DELETE /x")),
        (None, action(inputs=WHOLE)),
        (TEXT_BODY, action(body="text", inputs=WHOLE)),
        (json_body([1, 2]), action(inputs=WHOLE)),
    ],
)
def test_a_body_without_fields_has_no_place_for_a_key(body, made):
    assert add(BODY, Request(made.method, "/x", body=body), made) is None


@pytest.mark.parametrize(
    ("settings", "request_"),
    [
        (HEADER, Request("POST", "/x", headers=(("X-Other", "o"), ("IDEMPOTENCY-KEY", "own")))),
        (QUERY, Request("POST", "/x", query=(("a", "1"), ("meta.key", "own")))),
        (BODY, Request("POST", "/x", body=json_body({"meta": {"key": "own"}}))),
        (BODY, Request("POST", "/x", body=form_body(("a", "1"), ("meta.key", "own")))),
    ],
    ids=["header", "query", "json", "form"],
)
def test_a_key_that_the_request_has_already_is_kept_and_told(settings, request_):
    keyed = add(settings, request_)
    assert keyed.request is request_
    assert keyed.key == "own"


def test_a_key_that_is_a_number_is_told_as_text():
    assert add(BODY, Request("POST", "/x", body=json_body({"meta": {"key": 17}}))).key == "17"


@pytest.mark.parametrize("own", ["", None])
def test_an_empty_key_in_a_json_body_is_no_key(own):
    keyed = add(BODY, Request("POST", "/x", body=json_body({"meta": {"key": own}})))
    assert (keyed.request.body.value, keyed.key) == ({"meta": {"key": "k-1"}}, "k-1")


@pytest.mark.parametrize("settings", [HEADER, QUERY, BODY])
@pytest.mark.parametrize("key", ["two\r\nlines", "schlüssel"])
def test_a_key_that_no_header_can_hold_is_refused_at_every_place(settings, key):
    with pytest.raises(InvalidValue) as caught:
        add(settings, key=key)
    assert caught.value.expected == "header values of printable ASCII on one line"
    assert caught.value.fix == "check the value of Idempotency-Key"


@pytest.mark.parametrize(
    ("words", "request_words", "place"),
    [
        ({"to": "header.Idempotency-Key"}, {"headers": (("idempotency-key", ""),)}, "headers"),
        ({"to": "query.key"}, {"query": (("key", ""), ("page", "1"))}, "query"),
    ],
)
def test_an_empty_key_is_no_key_and_does_not_stay_beside_the_new_one(words, request_words, place):
    action = Action.model_validate({"action": "m", "label": "M", "summary": "M.", "request": "POST /x"})
    keyed = add_idempotency_key(Request("POST", "/x", **request_words), action, Idempotency(**words), "k-1")
    values = [value for name, value in getattr(keyed.request, place) if name.lower() in ("idempotency-key", "key")]
    assert values == ["k-1"] == [keyed.key]


@pytest.mark.parametrize(("own", "sent"), [("own", "own"), ("", "k-1")])
@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_a_key_in_fields_of_a_body_is_kept_and_never_stands_there_twice(kind, own, sent):
    words = {"action": "m", "label": "M", "summary": "M.", "request": "POST /x", "body": kind}
    value = [("key", own), ("a", "1")] if kind == "form" else [MultipartPart("key", own), MultipartPart("a", "1")]
    request = Request("POST", "/x", body=Body(kind, value, None))
    keyed = add_idempotency_key(request, Action.model_validate(words), Idempotency(to="body.key"), "k-1")
    body = keyed.request.body
    fields = body.value if kind == "form" else [(part.name, part.data) for part in body.value]
    assert sorted(fields) == [("a", "1"), ("key", sent)]
    assert keyed.key == sent
