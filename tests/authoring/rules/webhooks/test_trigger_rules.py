"""Each key of a trigger that cannot work, or that anybody could get round, has a finding at its line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.planting import line_of, plant

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

HEX = """\
triggers:
  webhookReceiver:
    label: Webhook
    summary: Receive the library's events.
    inputs:
      webhookSecret:
        label: Secret
        help: The secret of your endpoint.
        type: password
        required: true
    signature:
      header: shelf-signature
      timestamp: part.t
      payload: "{timestamp}.{body}"
      format: "v1={hex}"
      separator: ","
      digest: hex
    challenge:
      is: ping
      read: token
      reply: {token: "{read}", digest: "{hex}"}
    event: {name: type, at: created, object: data}
    dedupe: [id]
    max_age: 300
"""
BASE64 = (
    HEX.replace("      timestamp: part.t\n", "      timestamp: header.shelf-timestamp\n      id: header.shelf-id\n")
    .replace('"{timestamp}.{body}"', '"{id}.{timestamp}.{body}"')
    .replace('"v1={hex}"\n      separator: ","\n      digest: hex', '"v1,{base64}"\n      separator: " "\n      digest: base64\n      secret: base64\n      secret_prefix: whsec_')
)  # fmt: skip

MISTAKES = [
    # the trigger, old, new, the line of the finding, a part of its message
    (HEX, '"{timestamp}.{body}"', '"{timestamp}."', "payload:", "add {body}"),
    (HEX, '"{timestamp}.{body}"', '"{timestamp}.{body}.{body}"', "payload:", "more than once"),
    (HEX, '"{timestamp}.{body}"', '"{timestmap}.{timestamp}.{body}"', "payload:", "Did you mean 'timestamp'"),
    (HEX, '"{timestamp}.{body}"', '"{id}.{timestamp}.{body}"', "payload:", "add its location: `id: header.X`"),
    (HEX, '"{timestamp}.{body}"', '"{body}"', "timestamp: part.t", "could be changed by anybody"),
    (HEX, "      timestamp: part.t\n", "", "payload:", "add its location: `timestamp: header.X`"),
    (HEX, "timestamp: part.t", "timestamp: t", "timestamp: t", "expected header.X, or part.x"),
    (HEX, "timestamp: part.t", "timestamp: body.t", "payload:", "remove {timestamp}"),
    (HEX, "timestamp: part.t", 'timestamp: "header.shelf timestamp"', "timestamp:", "expected header.X, or part.x"),
    (HEX, '      separator: ","\n', "", "timestamp: part.t", "need a `separator`"),
    (HEX, "header: shelf-signature", "header: header.shelf-signature", "header:", "the header alone: shelf-signature"),
    (HEX, "header: shelf-signature", "header: body.signature", "header:", "no signature is read from the body"),
    (HEX, "header: shelf-signature", "header: shelf signature", "header:", "not the name of a header"),
    (HEX, '"v1={hex}"', '"v1={hexa}"', "      format:", "Did you mean 'hex'"),
    (HEX, '"v1={hex}"', '"v1={base64}"', "      format:", "add {hex}, the place of the digest"),
    (HEX, '"v1={hex}"', '"t={timestamp},v1={hex}"', "      format:", "unknown placeholder {timestamp}. Known: {hex}"),
    (HEX, '"v1={hex}"', '"v1={hex}{hex}"', "      format:", "more than once"),
    (HEX, '"v1={hex}"', '"v1,{hex}"', "      format:", "write only the part with the digest"),
    (HEX, "      digest: hex\n", "      digest: base64\n", "      format:", "add {base64}, the place of the digest"),
    (HEX, "      digest: hex\n", "      digest: sha256\n", "digest: sha256", "hex, base64"),
    (HEX, "      digest: hex\n", "      digest: hex\n      secret_prefix: whsec_\n", "secret_prefix:", "used whole"),
    (HEX, "    max_age: 300\n", "", "timestamp: part.t", "add `max_age`"),
    (HEX, "    dedupe: [id]\n", "", "webhookReceiver:", "add `dedupe`"),
    (HEX, "dedupe: [id]", "dedupe: [id, id]", "dedupe:", "twice"),
    (HEX, "dedupe: [id]", "dedupe: []", "dedupe:", "add `dedupe`"),
    (HEX, "dedupe: [id]", "dedupe: {id: [id, id]}", "dedupe:", "twice"),
    (HEX, "dedupe: [id]", "dedupe: [header.X-Id, header.x-id]", "dedupe:", "twice"),
    (HEX, "dedupe: [id]", "dedupe: [a..b]", "dedupe:", "expected names joined with dots"),
    (HEX, "dedupe: [id]", "dedupe: {id: [a b]}", "dedupe:", "expected names joined with dots"),
    (HEX, "dedupe: [id]", "dedupe: {ids: [id]}", "dedupe:", "unknown key 'ids'. Did you mean 'id'?"),
    (HEX, "dedupe: [id]", "dedupe: {ignore: {field: [a]}}", "dedupe:", "unknown key 'field'"),
    (HEX, "dedupe: [id]", "dedupe: id", "dedupe:", "expected a list or a mapping"),
    (HEX, "dedupe: [id]", "dedupe: [.]", "dedupe:", "the whole body"),
    (HEX, "dedupe: [id]", "dedupe: [header.Shelf-Signature]", "dedupe:", "it identifies no event"),
    (BASE64, "dedupe: [id]", "dedupe: [header.shelf-timestamp]", "dedupe:", "it identifies no event"),
    (HEX, "dedupe: [id]", "dedupe: {ignore: {paths: [.]}}", "dedupe:", "nothing tells events apart"),
    (HEX, "dedupe: [id]", "dedupe: {ignore: {paths: [type]}}", "dedupe:", "the name of an event always counts"),
    (HEX, "dedupe: [id]", "dedupe: {ignore: {paths: [header.x-try]}}", "dedupe:", "`event` does not read it"),
    (BASE64, "dedupe: [id]", "dedupe: {id: [header.Shelf-Id], ignore: {fields: [a]}}", "dedupe:", "remove `ignore`"),
    (HEX, "event: {name: type, at: created, object: data}", "event: {name: type, unit: ms, object: data}", "event: {", "no effect without `at`"),
    (HEX, "event: {name: type, at: created, object: data}", "event: {name: type, at: created, object: data, subject: [data.id, data.id]}", "event: {", "twice"),
    (HEX, "event: {name: type, at: created, object: data}", "event: {name: type, at: header.a b}", "event: {", "expected header.X"),
    (HEX, '"{read}", digest: "{hex}"', '"ok"', "reply:", "add {read}"),
    (HEX, 'digest: "{hex}"}', 'digest: "{hex}", body: "{body}"}', "reply:", "use {read} and {hex}"),
    (HEX, "        type: password\n", "        type: string\n", "    inputs:#2", "an input of type password"),
    (BASE64, "header.shelf-id", "shelf-id", "id: shelf-id", "expected header.X, or part.x"),
    (BASE64, "      id: header.shelf-id\n", "", "payload:", "add its location: `id: header.X`"),
    (BASE64, "secret: base64", "secret: base46", "secret: base46", "text, base64"),
    (BASE64, 'separator: " "', 'separator: ","', "      format:", "write only the part with the digest"),
]  # fmt: skip


@pytest.fixture
def lint_trigger(shelf: Path):
    """Put a trigger into the new connector, and return what lint finds and the file."""

    def plant_and_lint(trigger: str):
        plant(shelf / "manifest.yaml", "sandbox:\n", f"{trigger}\nsandbox:\n")
        return lint(shelf), shelf / "manifest.yaml"

    return plant_and_lint


@pytest.mark.parametrize("trigger", [HEX, BASE64], ids=["hex", "base64"])
def test_a_valid_trigger_has_no_findings(lint_trigger, trigger):
    assert [str(finding) for finding in lint_trigger(trigger)[0]] == []


def test_without_a_time_there_is_no_age(lint_trigger):
    untimed = HEX.replace("      timestamp: part.t\n", "").replace("{timestamp}.{body}", "{body}")
    findings, manifest = lint_trigger(untimed)
    assert [(finding.line, "age of a delivery is unknown" in finding.message) for finding in findings] == [
        (line_of(manifest, "max_age:"), True)
    ]


@pytest.mark.parametrize("case", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_found_at_its_line(lint_trigger, case):
    trigger, old, new, marker, message = case
    assert trigger.count(old) == 1, trigger.count(old)
    findings, manifest = lint_trigger(trigger.replace(old, new))
    matches = [finding for finding in findings if message in finding.message]
    assert matches, [str(finding) for finding in findings]
    assert matches[0].line == line_of(manifest, marker), [str(finding) for finding in findings]


IDENTITIES = [
    "{}",
    "{ignore: {fields: [token], query: [sig], paths: [try, header.x-at]}}",
    "{id: [header.x-id, try]}",
    "[a.0.b]",
]


@pytest.mark.parametrize("dedupe", IDENTITIES)
def test_events_may_be_told_apart_in_many_ways(lint_trigger, dedupe):
    trigger = HEX.replace("dedupe: [id]", f"dedupe: {dedupe}").replace("at: created", "at: header.X-At")
    assert [str(finding) for finding in lint_trigger(trigger)[0]] == []


DESCRIBED = {
    "book.added": {
        "body": {"id": "id", "created": "integer", "data": {"id": "id", "tags": [{"n": "id"}]}, "token": "string"}
    }
}
UNDESCRIBED = [
    ("dedupe: [id]", "dedupe: [ids]", "no event in schemas/events/ has ids. Did you mean 'id'?"),
    ("dedupe: [id]", "dedupe: {id: [data.idd]}", "has data.idd. Did you mean 'data.id'?"),
    ("dedupe: [id]", "dedupe: {ignore: {paths: [data.tags.0.m]}}", "has data.tags.0.m."),
    ("dedupe: [id]", "dedupe: {ignore: {fields: [tokken]}}", "has a field tokken. Did you mean 'token'?"),
    ("at: created", "at: creatd", "has creatd. Did you mean 'created'?"),
    ("object: data", "object: dat", "has dat. Did you mean 'data'?"),
    ("object: data", "object: data, account: data.owner", "has data.owner."),
    ("object: data", "object: data, subject: [data.uid]", "has data.uid."),
]


@pytest.mark.parametrize(("old", "new", "message"), UNDESCRIBED)
def test_a_path_that_no_described_event_has_is_found(shelf, lint_trigger, old, new, message):
    (shelf / "schemas" / "events").mkdir()
    (shelf / "schemas" / "events" / "books.json").write_text(json.dumps(DESCRIBED))
    (finding,) = lint_trigger(HEX.replace(old, new))[0]
    assert message in finding.message


@pytest.mark.parametrize(
    "dedupe",
    [
        "[id, data.tags.3.n]",
        "{ignore: {fields: [other_secret], paths: [token, data.tags.0]}}",
        "[header.x-id]",
        "[event_identity]",
    ],
)
def test_a_path_that_a_described_event_has_is_none(shelf, lint_trigger, dedupe):
    (shelf / "schemas" / "events").mkdir()
    (shelf / "schemas" / "events" / "books.json").write_text(json.dumps(DESCRIBED))
    assert lint_trigger(HEX.replace("dedupe: [id]", f"dedupe: {dedupe}"))[0] == []
