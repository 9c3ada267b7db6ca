"""Fields that are added to a body, of every kind; and what of a body is shown and sent again."""

from __future__ import annotations

import io

import pytest

from connector.core.redaction import default_redactor
from connector.core.request.body import Body, MultipartPart, add_body_fields, redact_body
from connector.definition.action import Action

FIELDS = [(("meta", "tenant"), "t"), (("key",), "k")]


def action(body):
    return Action.model_validate({"action": "make", "label": "M", "summary": "M.", "request": "POST /x", "body": body})


def test_fields_go_into_a_body_of_their_kind_and_make_one_where_there_is_none():
    assert add_body_fields(action("json"), None, FIELDS).value == {"meta": {"tenant": "t"}, "key": "k"}
    sent = add_body_fields(action("json"), Body("json", {"meta": {"a": 1}}, "application/json"), FIELDS)
    assert sent.value == {"meta": {"a": 1, "tenant": "t"}, "key": "k"}
    form = add_body_fields(action("form"), Body("form", [("a", "1")], None), FIELDS)
    assert form.value == [("a", "1"), ("meta.tenant", "t"), ("key", "k")]
    assert [part.name for part in add_body_fields(action("multipart"), None, FIELDS).value] == ["meta.tenant", "key"]
    parts = Body("multipart", [MultipartPart("a", "1")], None)
    assert [part.name for part in add_body_fields(action("multipart"), parts, FIELDS).value] == [
        "a",
        "meta.tenant",
        "key",
    ]


@pytest.mark.parametrize("body", [Body("text", "t", "text/plain"), Body("json", [1], "application/json")])
def test_a_body_without_fields_stays_as_it_is(body):
    assert add_body_fields(action("json"), body, FIELDS) is body


def test_a_file_is_read_from_its_start_and_shown_as_a_file():
    file = io.BytesIO(b"data")
    file.read()
    body = Body("binary", file, "application/octet-stream")
    assert body.to_bytes() == b"data"
    assert not body.is_single_use
    assert redact_body(body, default_redactor()) == "a file"
    parts = Body("multipart", [MultipartPart("f", file, "a.txt"), MultipartPart("n", b"12")], None)
    assert [part["data"] for part in redact_body(parts, default_redactor())] == ["a file", "2 bytes"]
    assert not parts.is_single_use


def test_a_stream_can_be_sent_once_and_an_upload_again():
    class Stream:
        def read(self):
            return b"once"

    class Upload(Stream):
        def open_again(self):
            return io.BytesIO(b"again")

    assert Body("binary", Stream(), None).is_single_use
    upload = Body("binary", Upload(), None)
    assert not upload.is_single_use
    assert upload.to_bytes() == b"again"
