"""Each word of a trigger that could not work, or that anybody could get round, is told at its line."""

from __future__ import annotations

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
      event: ping
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
    # the trigger, old, new, the line that is told, a part of the sentence
    (HEX, '"{timestamp}.{body}"', '"{timestamp}."', "payload:", "holds the {body}"),
    (HEX, '"{timestamp}.{body}"', '"{timestamp}.{body}.{body}"', "payload:", "stands here once"),
    (HEX, '"{timestamp}.{body}"', '"{timestmap}.{timestamp}.{body}"', "payload:", "Did you mean 'timestamp'"),
    (HEX, '"{timestamp}.{body}"', '"{id}.{timestamp}.{body}"', "payload:", "say where a delivery has it: id: header.X"),
    (HEX, '"{timestamp}.{body}"', '"{body}"', "timestamp: part.t", "anybody could change it"),
    (HEX, "      timestamp: part.t\n", "", "payload:", "say where a delivery has it: timestamp: header.X"),
    (HEX, "timestamp: part.t", "timestamp: t", "timestamp: t", "expected header.X, or part.x"),
    (HEX, "timestamp: part.t", "timestamp: body.t", "timestamp: body.t", "expected header.X, or part.x"),
    (HEX, "timestamp: part.t", 'timestamp: "header.shelf timestamp"', "timestamp:", "expected header.X, or part.x"),
    (HEX, '      separator: ","\n', "", "timestamp: part.t", "what stands between them: separator"),
    (HEX, '"v1={hex}"', '"v1={hexa}"', "      format:", "Did you mean 'hex'"),
    (HEX, '"v1={hex}"', '"v1={base64}"', "      format:", "say where the digest stands: {hex}"),
    (HEX, '"v1={hex}"', '"t={timestamp},v1={hex}"', "      format:", "{timestamp} does not stand here"),
    (HEX, '"v1={hex}"', '"v1={hex}{hex}"', "      format:", "stands here once"),
    (HEX, '"v1={hex}"', '"v1,{hex}"', "      format:", "one of them does not hold it"),
    (HEX, "      digest: hex\n", "      digest: base64\n", "      format:", "say where the digest stands: {base64}"),
    (HEX, "      digest: hex\n", "      digest: sha256\n", "digest: sha256", "hex, base64"),
    (HEX, "      digest: hex\n", "      digest: hex\n      secret_prefix: whsec_\n", "secret_prefix:", "used whole"),
    (HEX, "    max_age: 300\n", "", "timestamp: part.t", "say how old a delivery may be"),
    (HEX, "    dedupe: [id]\n", "", "webhookReceiver:", "what an event is known by"),
    (HEX, "dedupe: [id]", "dedupe: [id, id]", "dedupe:", "twice"),
    (HEX, '"{read}", digest: "{hex}"', '"{read}"', "reply:", "a reply holds {hex}"),
    (HEX, 'digest: "{hex}"}', 'digest: "{hex}", body: "{body}"}', "reply:", "{read} and {hex}"),
    (HEX, "        type: password\n", "        type: string\n", "    inputs:#2", "an input of type password"),
    (BASE64, "header.shelf-id", "shelf-id", "id: shelf-id", "expected header.X, or part.x"),
    (BASE64, "      id: header.shelf-id\n", "", "payload:", "say where a delivery has it: id: header.X"),
    (BASE64, "secret: base64", "secret: base46", "secret: base46", "text, base64"),
    (BASE64, 'separator: " "', 'separator: ","', "      format:", "one of them does not hold it"),
]  # fmt: skip


@pytest.fixture
def planted(shelf: Path):
    """Put a trigger into the new connector, and return what lint finds and the file."""

    def plant_it(trigger: str):
        plant(shelf / "manifest.yaml", "sandbox:\n", f"{trigger}\nsandbox:\n")
        return lint(shelf), shelf / "manifest.yaml"

    return plant_it


@pytest.mark.parametrize("trigger", [HEX, BASE64], ids=["hex", "base64"])
def test_a_sound_trigger_is_not_found_fault_with(planted, trigger):
    assert [str(one) for one in planted(trigger)[0]] == []


def test_without_a_time_there_is_no_age(planted):
    untimed = HEX.replace("      timestamp: part.t\n", "").replace("{timestamp}.{body}", "{body}")
    found, manifest = planted(untimed)
    assert [(one.line, "age of a delivery is not known" in one.message) for one in found] == [
        (line_of(manifest, "max_age:"), True)
    ]


@pytest.mark.parametrize("case", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_at_its_line(planted, case):
    trigger, old, new, marker, sentence = case
    assert trigger.count(old) == 1, trigger.count(old)
    found, manifest = planted(trigger.replace(old, new))
    mine = [one for one in found if sentence in one.message]
    assert mine, [str(one) for one in found]
    assert mine[0].line == line_of(manifest, marker), [str(one) for one in found]
