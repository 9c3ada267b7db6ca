"""Error bodies in the shapes of well-known services: code, message, fields and category; never a repr of Python."""

from __future__ import annotations

import json
import pickle
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import NOW, ready

from connector import errors
from connector.core.response.api_errors import build_reply_error
from connector.core.response.error_details import ErrorDetails, parse_error_details
from connector.core.response.reply import Reply
from connector.core.response.result import Result
from connector.definition.replies.error_format import ErrorFormat


class Shape(NamedTuple):
    """What a definition says of a service's errors, one of its replies, and what is read of it."""

    words: dict
    status: int
    body: object
    code: object
    message: str
    category: str | None = None


SHAPES = {
    "GraphQL": Shape(
        {"failed": "errors", "code": "errors.0.extensions.code", "message": "errors.0.message"},
        200,
        {"errors": [{"message": "Argument Validation Error", "path": ["issueCreate"], "extensions": {"code": "INVALID_INPUT"}}], "data": None},
        "INVALID_INPUT",
        "Argument Validation Error",
    ),
    "Google": Shape(
        {"code": "error.errors.0.reason", "message": "error.message", "fields": "error.errors",
         "rules": [{"category": "rate_limit", "status": 403, "code": ["rateLimitExceeded", "userRateLimitExceeded"]}]},
        403,
        {"error": {"errors": [{"domain": "usageLimits", "reason": "rateLimitExceeded", "message": "Rate Limit Exceeded"}], "code": 403, "message": "Rate Limit Exceeded"}},
        "rateLimitExceeded",
        "Rate Limit Exceeded",
        "rate_limit",
    ),
    "Salesforce": Shape(
        {"code": "0.errorCode", "message": "0.message", "fields": "."},
        400,
        [{"message": "Required fields are missing", "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["Name", "Stage"]},
         {"message": "Too long", "errorCode": "STRING_TOO_LONG", "fields": ["City"]}],
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing [City: Too long]",
    ),
    "JSON:API": Shape(
        {"code": ["errors.0.code", "errors.0.status"], "message": "errors.0.title", "fields": "errors"},
        422,
        {"errors": [{"status": "422", "source": {"pointer": "/data/attributes/email"}, "title": "Invalid", "detail": "is taken"},
                    {"status": "422", "source": {"parameter": "sort"}, "title": "Unknown"}]},
        422,
        "Invalid [/data/attributes/email: is taken] [sort: Unknown]",
    ),
    "Square": Shape(
        {"code": "errors.0.code", "message": "errors.0.detail", "fields": "errors", "rules": [{"category": "conflict", "code": "VERSION_MISMATCH"}]},
        409,
        {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "VERSION_MISMATCH", "detail": "Old version.", "field": "order.version"}]},
        "VERSION_MISMATCH",
        "Old version.",
        "conflict",
    ),
    "SendGrid": Shape(
        {"fields": "errors"},
        400,
        {"errors": [{"message": "Invalid type.", "field": "subject", "help": "https://x.example"}, {"message": "Bad.", "field": None}]},
        None,
        "[subject: Invalid type.] [Bad.]",
    ),
    "Atlassian": Shape(
        {"message": "errorMessages", "fields": "errors"},
        400,
        {"errorMessages": ["Nothing was changed."], "errors": {"summary": "You must specify a summary.", "duedate": "Not a date."}},
        None,
        "Nothing was changed. [summary: You must specify a summary.] [duedate: Not a date.]",
    ),
    "FastAPI": Shape(
        {"fields": "detail"},
        422,
        {"detail": [{"loc": ["body", "lines", 0, "title"], "msg": "field required", "type": "value_error.missing"}]},
        None,
        "[body.lines.0.title: field required]",
    ),
    "Django REST": Shape(
        {"message": "detail", "fields": "."},
        400,
        {"title": ["This field is required.", "Too short."], "non_field_errors": ["Ends before it starts."], "lines": [{}, {"count": ["A valid integer is required."]}]},
        None,
        "[title: This field is required.] [title: Too short.] [Ends before it starts.] [lines.1.count: A valid integer is required.]",
    ),
    "Rails": Shape(
        {"message": "message", "fields": "errors"},
        422,
        {"errors": {"title": ["can't be blank"], "base": ["Out of stock"]}},
        None,
        "[title: can't be blank] [Out of stock]",
    ),
    "Lark": Shape(
        {"code": "code", "message": "msg", "success_codes": [0], "rules": [{"category": "token_rejected", "code": 99991663}]},
        200,
        {"code": 99991663, "msg": "Invalid access token for authorization.", "data": {}},
        99991663,
        "Invalid access token for authorization.",
        "token_rejected",
    ),
    "Slack": Shape(
        {"failed": {"ok": [False]}, "code": "error", "message": "error", "fields": "response_metadata.messages",
         "rules": [{"category": "unavailable", "code": "service_unavailable"}]},
        200,
        {"ok": False, "error": "service_unavailable", "response_metadata": {"messages": ["[ERROR] try later"]}},
        "service_unavailable",
        "service_unavailable [[ERROR] try later]",
        "unavailable",
    ),
    "a header": Shape(
        {"code": ["header.X-Error-Code", "code"], "message": ["header.X-Error", "message"]}, 400, {"code": 7, "message": "no"}, "E42", "from a header"
    ),
    "Discord": Shape(
        {"code": "code", "message": "message", "fields": "errors"},
        400,
        {"code": 50035, "message": "Invalid Form Body", "errors": {"embeds": {"0": {"title": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Too long"}]}}}}},
        50035,
        "Invalid Form Body [embeds.0.title: Too long]",
    ),
    "Shopify, by field": Shape(
        {"message": "errors", "fields": "errors"},
        422,
        {"errors": {"title": ["can't be blank", "is too short"], "base": ["No more today"]}},
        None,
        "[title: can't be blank] [title: is too short] No more today",
    ),
    "Shopify, a text": Shape({"message": "errors", "fields": "errors"}, 404, {"errors": "Not Found"}, None, "Not Found"),
    "Mongoose": Shape({"fields": "errors"}, 400, {"errors": {"email": {"message": "is required", "path": "email", "kind": "required"}}}, None, "[email: is required]"),
    "Zendesk": Shape(
        {"code": "error", "message": "description", "fields": "details"},
        422,
        {"error": "RecordInvalid", "description": "Record validation errors", "details": {"value": [{"type": "blank", "description": "can't be blank", "error": "BlankValue"}]}},
        "RecordInvalid",
        "Record validation errors [value: can't be blank]",
    ),
}  # fmt: skip


def reply(status, data):
    headers = (("content-type", "application/json"), ("x-error-code", "E42"), ("x-error", "from a header"))
    return Reply(status, headers, json.dumps(data).encode())


def read(words, status, data):
    return parse_error_details(ErrorFormat.model_validate(words), reply(status, data))


@pytest.mark.parametrize("name", SHAPES)
def test_code_message_fields_and_category_are_read_as_the_definition_says(name):
    shape = SHAPES[name]
    details = read(shape.words, shape.status, shape.body)
    assert (details.code, details.message, details.category) == (shape.code, shape.message, shape.category)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"detail": [{"loc": ["body", "title"], "msg": "field required", "type": "missing"}]}, "[body.title: field required]"),
        ({"detail": "Not found."}, "Not found."),
        ({"title": ["This field is required."]}, "[title: This field is required.]"),
        ({"non_field_errors": ["Ends before it starts."]}, "Ends before it starts."),
        ({"errors": {"title": ["can't be blank"]}}, "[title: can't be blank]"),
        ({"errors": {"title": "can't be blank", "description": "too long"}}, "[title: can't be blank] [description: too long]"),
        ({"errors": "Not Found"}, "Not Found"),
        ({"errors": ["Title can't be blank", "No"]}, "Title can't be blank No"),
        ({"errors": [{"message": "Bad", "extensions": {}}], "data": None}, "Bad"),
        ({"errorMessages": [], "errors": {"summary": "required"}}, "[summary: required]"),
        ({"error": {"message": "No such customer", "param": "customer"}}, "No such customer"),
        ({"error": "invalid_grant", "error_description": "It has expired."}, "It has expired."),
        ({"error": "Bad Request", "path": "/x", "status": 400}, "Bad Request"),
        ({"__type": "ValidationException", "Message": "nope"}, "nope"),
        ({"fault": {"faultstring": "Invalid ApiKey"}}, "Invalid ApiKey"),
        ({"meta": {"code": 400, "error_message": "bad"}}, "bad"),
        ({"title": "Not allowed", "type": "about:blank"}, "Not allowed"),
        ({"ResultMsg": "declined", "ResultCode": 5}, "declined"),
        ([{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}], "Session expired"),
        (["one", "two"], "one two"),
        ("just a text", "just a text"),
        ({"code": 5, "id": "x"}, ""),
        ({}, ""), ([], ""), (None, ""), (5, ""), (False, ""), ({"message": None, "errors": []}, ""),
    ],
)  # fmt: skip
def test_where_the_definition_finds_no_text_the_likely_reason_is_read(body, reason):
    assert read({}, 400, body).message == reason
    assert (
        read({"code": "nowhere.code", "message": "nowhere.0.message", "fields": "nowhere"}, 400, body).message == reason
    )
    assert read({}, 400, body).category is None


@pytest.mark.parametrize("value", [["a"], {"a": 1}, [{"code": 1}], True, None, "", []])
def test_a_structure_is_no_code(value):
    assert read({"code": ["code", "other"]}, 400, {"code": value, "other": 7}).code == 7
    assert read({"code": "code"}, 400, {"code": value}).code is None


@pytest.mark.parametrize(
    ("value", "code"),
    [(7, 7), ("7", 7), ("-7", -7), (-1021, -1021), ("E7", "E7"), (7.0, 7), (1.5, "1.5"), ("007x", "007x")],
)
def test_a_code_is_a_number_where_it_is_one(value, code):
    assert read({"code": "code"}, 400, {"code": value}).code == code


@pytest.mark.parametrize(
    "message",
    [["one", "two"], [{"message": "one"}, {"msg": "two"}], {"a": ["one"], "b": "two"}, [{"detail": "one"}, "two"]],
)
def test_a_message_that_is_a_structure_is_its_texts(message):
    text = read({"message": "message"}, 400, {"message": message}).message
    assert "one" in text
    assert "two" in text
    assert "{" not in text


def test_a_body_of_many_levels_is_read_to_a_depth_and_in_proportion():
    body: object = "deep"
    for _ in range(90):
        body = {"error": [body], "errors": body, "detail": body} if len(json.dumps(body)) < 50_000 else {"error": body}
    for words in ({}, {"fields": "."}, {"message": "."}):
        assert isinstance(read(words, 400, body).message, str)


def test_a_long_list_of_messages_is_cut():
    assert read({"fields": "errors"}, 400, {"errors": [f"no {n}" for n in range(500)]}).message.count("[") == 20


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="{'"), max_size=12),  # which would look like a structure in brackets
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["error", "errors", "message", "msg", "detail", "details", "code", "field", "loc", "title", "data", "source", "_errors", "non_field_errors", "0", "ok"]), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(st.sampled_from(sorted(SHAPES)), st.integers(200, 599), _JSON)
def test_any_body_in_any_shape_gives_details_whose_texts_are_of_the_body(name, status, data):
    details = read(SHAPES[name].words, status, data)
    assert isinstance(details, ErrorDetails)
    assert details.code is None or type(details.code) in (int, str)
    assert isinstance(details.message, str)
    pickle.loads(pickle.dumps(details.message))
    for sign in ("{'", "['", "[{", "[None", "None]", "True]"):  # how Python writes a structure
        assert sign not in details.message or sign in json.dumps(data, ensure_ascii=False)


@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_a_body_with_one_part_changed_still_gives_a_typed_error(name, data):
    shape = SHAPES[name]
    body = json.loads(json.dumps(shape.body))
    holder, key = body, data.draw(st.sampled_from(sorted(body) if isinstance(body, dict) else range(len(body))))
    while isinstance(holder[key], dict | list) and holder[key] and data.draw(st.booleans()):
        holder = holder[key]
        key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[key] = data.draw(_JSON)
    details = read(shape.words, shape.status, body)
    assert details.code is None or type(details.code) in (int, str)
    assert "{'" not in details.message
    assert "[None" not in details.message


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_shape_is_an_error_that_says_why(folder, name, method):
    shape = SHAPES[name]
    connector = folder(f"errors: {json.dumps(shape.words)}\n")
    plan, request, _ = ready(connector, None, {"method": method, "path": "/x"})
    answer = reply(shape.status, shape.body)
    details = plan.parser.parse(request, answer)
    assert not isinstance(details, Result), "a failed call is never done"
    error = build_reply_error(plan.parser, request, answer, details, NOW)
    assert error.outcome == "rejected"
    assert shape.message in str(error)
    assert isinstance(error, errors.ConnectorError)
