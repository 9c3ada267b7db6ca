"""Lint finds what is wrong with the events of a connector, and with what its sandbox emits, at its line."""

from __future__ import annotations

import json

import pytest
from support.planting import line_of, plant

from connector.authoring.lint import lint

EVENTS = "schemas/events/users.json"
MANIFEST = "manifest.yaml"

PLANTED = [
    # rule, file, old, new, the line of the finding, a part of its message
    ("key-twice", EVENTS, '"user.deactivated": {', '"user.created": {', '"user.created": {#2', "is already at line"),
    ("event", EVENTS, '"user.deactivated": {', '"meeting.started": {', '"meeting.started": {', "is in meetings.json too"),
    ("event", EVENTS, '"creation_type": "string"', '"creation_type": "strng"', "strng", "Did you mean 'string'?"),
    ("unknown-word", EVENTS, '"user.activated": {\n    "scopes"', '"user.activated": {\n    "scope"', '"scope"', "Did you mean 'scopes'?"),
    ("redact", EVENTS, '"vanity_name": "string"', '"vanity_name": "secret"', '"vanity_name"', "redact.fields"),
    ("resource", MANIFEST, "deleted: user.deleted", "deleted: user.delted", "user.delted", "Did you mean 'user.deleted'?"),
    ("resource", MANIFEST, "deleted: user.deleted}", "deleted: user.deleted, within: user}", "within: user}", "users has no parent"),
    ("unknown-word", MANIFEST, "{created: meeting.created", "{made: meeting.created", "{made:", "unknown key 'made'"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "file", "old", "new", "marker", "message"), PLANTED, ids=lambda text: text[:24])
def test_a_mistake_is_found_at_its_line(copied, rule, file, old, new, marker, message):
    path = copied / file
    plant(path, old, new)
    (finding,) = [finding for finding in lint(copied) if finding.rule != "parity"]
    assert (finding.file, finding.rule, finding.line) == (str(path), rule, line_of(path, marker))
    assert message in finding.message


def test_a_file_that_is_no_json_is_told_and_hides_nothing_else(copied):
    (copied / "schemas" / "events" / "users.json").write_text('{"a": ')
    plant(copied / MANIFEST, "deleted: user.deleted}", "deleted: user.deleted, within: user}")
    reported = [(finding.file.rpartition("/")[2], finding.rule) for finding in lint(copied)]
    assert sorted(reported) == [("manifest.yaml", "resource"), ("users.json", "json")], (
        "events that were not read may exist"
    )


def test_events_without_a_trigger_to_sign_them_are_told(shelf):
    (shelf / "schemas" / "events").mkdir()
    (shelf / "schemas" / "events" / "books.json").write_text(json.dumps({"book.added": {"body": {"id": "id"}}}))
    manifest = shelf / "manifest.yaml"
    plant(manifest, "    new_id: text\n", "    new_id: text\n    events: {created: book.added}\n")
    assert [(finding.rule, "no trigger" in finding.message) for finding in lint(shelf)] == [("resource", True)]
