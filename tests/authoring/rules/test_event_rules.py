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
    ("resource", MANIFEST, "deleted: user.deleted", "deleted: user.delted", "user.delted", "; write one there, or correct the name. Did you mean 'user.deleted'?"),
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


TRIGGER = """\
triggers:
  webhook:
    label: Webhook
    summary: Receive the library's events.
    inputs:
      secret: {label: Secret, help: The secret of your endpoint., type: password, required: true}
    signature:
      header: shelf-signature
      timestamp: body.sent
      unit: ms
      payload: "{body}"
      format: "{hex}"
    event: {name: type, at: at, unit: s, object: book}
    dedupe: {}
    max_age: 60
"""


@pytest.fixture
def lint_events(shelf):
    """Lint a connector whose resource sends an event, with a trigger and the type of its time."""

    def run(trigger=TRIGGER, at="integer", sent="milliseconds"):
        (shelf / "schemas" / "events").mkdir(exist_ok=True)
        body = {"type": "string", "at": at, "sent": sent, "book": {"id": "id"}}
        (shelf / "schemas" / "events" / "books.json").write_text(json.dumps({"book.added": {"body": body}}))
        manifest = shelf / "manifest.yaml"
        plant(manifest, "    new_id: text\n", "    new_id: text\n    events: {created: book.added}\n")
        plant(manifest, "sandbox:\n", f"{trigger}sandbox:\n")
        return [(finding.rule, finding.line, finding.message) for finding in lint(shelf)], manifest

    return run


@pytest.mark.parametrize(
    ("unit", "at", "told"),
    [
        ("s", "integer", ""),
        ("ms", "integer", ""),
        ("ms", "milliseconds", ""),
        ("iso", "datetime", ""),
        ("iso", "date", ""),
        ("iso", "string", ""),
        ("s", "milliseconds", "at is described as milliseconds, which is not written as s; expected `unit: ms`."),
        ("ms", "datetime", "expected `unit: iso`."),
        ("iso", "integer", "expected `unit: s or ms`."),
        ("s", "email", "that is no time."),
    ],
)
def test_the_time_of_an_event_is_read_as_it_is_described(lint_events, unit, at, told):
    findings, manifest = lint_events(TRIGGER.replace("unit: s,", f"unit: {unit},"), at)
    assert len(findings) == bool(told), findings
    for rule, line, message in findings:
        assert (rule, line, message.endswith(told)) == ("trigger", line_of(manifest, "event: {"), True)


def test_a_unit_that_is_not_said_is_seconds(lint_events):
    findings, manifest = lint_events(TRIGGER.replace(" unit: s,", ""), "datetime")
    assert [(rule, line) for rule, line, _ in findings] == [("trigger", line_of(manifest, "event: {"))]


def test_the_signed_time_in_a_body_is_read_as_it_is_described(lint_events):
    findings, manifest = lint_events(sent="datetime")
    assert [(rule, line) for rule, line, _ in findings] == [("trigger", line_of(manifest, "unit: ms"))]


def test_what_resources_send_has_a_place_for_the_record(lint_events):
    findings, manifest = lint_events(TRIGGER.replace(", object: book", ""))
    assert [(rule, line) for rule, line, _ in findings] == [("resource", line_of(manifest, "events: {created"))]
    assert "add `object` to the `event` of webhook" in findings[0][2]
