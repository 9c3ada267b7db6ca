"""What a HAR file holds is read as it was sent, whoever wrote it."""

from __future__ import annotations

import json

import pytest

from connector import errors
from connector.core.response.reply import Failure
from connector.runtime.files.har import read_all_calls, read_har

FORM = {
    "mimeType": "multipart/form-data",
    "params": [{"name": "file", "value": "a file"}, {"name": "note"}],
    "text": "",
}


def entry(response, **request):
    return {
        "startedDateTime": "2026-11-28T10:00:00Z",
        "request": {"method": "post", "url": "https://x.example/a", **request},
        "response": response,
    }


def written(tmp_path, *entries):
    path = tmp_path / "calls.har"
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    return path


def test_bodies_parts_and_times_are_read(tmp_path):
    path = written(
        tmp_path,
        entry({"status": 200, "content": {"text": "/w==", "encoding": "base64"}}, postData={"text": '{"a": 1}'}),
        entry({"status": 201, "content": {"text": "ok"}}, postData=FORM),
    )
    first, second = read_har(path)
    assert (first.number, first.method, first.body, first.reply.body) == (1, "POST", {"a": 1}, b"\xff")
    assert (second.body, second.parts) == (None, (("file", "a file"), ("note", "")))
    assert first.started_at == 1_795_860_000.0


def test_calls_without_a_reply_are_read_on_request_alone(tmp_path):
    failed = entry({"status": 0, "_failure": {"kind": "read", "message": "lost", "sent": "maybe"}})
    path = written(tmp_path, {**failed, "startedDateTime": "some day"}, entry({"status": 0}))
    assert read_har(path) == []
    first, second = read_all_calls(path)
    assert (first.failure, first.started_at, second.failure) == (Failure("read", "lost"), None, None)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"log": {"entries": [{}]}}', '{"log": {"entries": [1]}}'])
def test_any_other_file_is_told(tmp_path, text):
    path = tmp_path / "calls.har"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(errors.DefinitionError, match="this is not a HAR file"):
        read_har(path)
