"""The sandbox's errors have the shape that the manifest describes, so the client reads them back."""

from __future__ import annotations

import json

import pytest

from connector.core.response.error_details import is_failure, parse_error_details
from connector.core.response.reply import Reply
from connector.definition.manifest import ErrorReply, Manifest, SandboxSettings
from connector.definition.replies.error_format import ErrorFormat
from connector.sandbox.http.responses import ErrorResponses

FORMATS = {
    "nothing said": {},
    "at the top": {"code": "code", "message": "message", "fields": "errors"},
    "nested": {"code": "error.code", "message": "error.text", "fields": "error.details"},
    "one place for code and message": {"code": "error", "message": "error", "failed": {"ok": [False]}},
    "a success code": {"code": "code", "message": "msg", "success_codes": [0]},
    "GraphQL": {"code": "errors.0.extensions.code", "message": "errors.0.message", "fields": "errors", "failed": "errors"},
    "a list": {"code": "0.errorCode", "message": "0.message", "fields": ".", "failed": "0.errorCode"},
    "by name": {"message": "detail", "fields": ".", "failed": {"failed": [True]}},
    "a header": {"code": ["header.X-Code", "code"], "message": ["message", "msg"], "failed": "header.X-Failed"},
    "a list of failures": {"failed": "problems", "code": "code"},
}  # fmt: skip


def read(words, response):
    error_format = ErrorFormat.model_validate(words)
    reply = Reply(response.status, response.headers, response.body)
    data = json.loads(response.body)
    return parse_error_details(error_format, reply), error_format.judges_success and is_failure(
        error_format, reply, data
    )


def responses(words, status=200):
    manifest = Manifest(
        connector="x",
        label="-",
        summary="-",
        base_url="https://x.example",
        errors=ErrorFormat.model_validate(words),
        sandbox=SandboxSettings(
            missing=ErrorReply(status=status, code="gone", message="There is no {id}."),
            invalid=ErrorReply(status=status, code="invalid", message="It does not fit."),
        ),
    )
    return ErrorResponses(manifest)


@pytest.mark.parametrize("name", FORMATS)
def test_an_error_is_read_back_from_where_the_manifest_says(name):
    words = FORMATS[name]
    details, has_failed = read(words, responses(words).build_not_found("x5"))
    assert has_failed == (name not in ("nothing said", "at the top", "nested"))
    if name == "one place for code and message":
        assert (details.code, details.message) == ("gone", "gone")
    else:
        assert "There is no x5." in details.message
        assert details.code == ("gone" if "code" in words else None)
    details, _ = read(
        words, responses(words, 400).build_invalid_request([("title", "is missing"), ("born", "is early")])
    )
    if name != "one place for code and message":
        for part in ("title", "is missing", "born", "is early"):
            assert part in details.message


@pytest.mark.parametrize(("unit", "value"), [("s", 7), ("ms", 7000)])
def test_the_time_of_the_next_try_stands_where_the_manifest_says(unit, value):
    words = {"retry_after": "parameters.retry_after", "unit": unit}
    response = responses(words).build_too_many_requests(7)
    assert json.loads(response.body)["parameters"] == {"retry_after": value}
    assert dict(response.headers)["retry-after"] == "7"
