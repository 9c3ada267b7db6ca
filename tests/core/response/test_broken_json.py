"""Code and message are found in an error reply that is not quite JSON."""

from __future__ import annotations

import pytest

from connector.core.response.broken_json import find_code, find_message


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('{"code": 300, "message": "The "topic" is missing.", "more": 1}', "300", 'The "topic" is missing.'),
        ('{"error" : "no_scope", "message" : "No." } ', "no_scope", "No."),
        ('{"code": 300, "message": "cut off he', "300", None),
        ('{"code": "cut o', None, None),
        ('{"code": 1234567890123}', None, None),
        ("<html>", None, None),
        ('{"message":"a", "message":"b"}', None, "a"),
        ('"message":"' * 3 + '"}', None, '"message":"' * 2),
    ],
)
def test_code_and_message_are_found(text, code, message):
    assert (find_code(text), find_message(text)) == (code, message)
