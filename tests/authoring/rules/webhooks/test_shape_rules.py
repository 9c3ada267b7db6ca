"""Every word of a trigger that would not verify, could be got round, or has no effect is found at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from support.planting import line_of, plant
from support.signature_schemes import TRIGGERS

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

URL_AND_FORM = """\
triggers:
  webhook:
    label: Webhook
    summary: Receive the library's events.
    inputs:
      secret: {label: Secret, help: The secret of your endpoint., type: password, required: true}
    signature:
      header: shelf-signature
      hash: sha1
      payload: "{url}{form}"
      format: "{base64}"
      digest: base64
    body: form
    event: {name: type, account: shelf}
    dedupe: {}
"""
TOKEN = """\
triggers:
  webhook:
    label: Webhook
    summary: Receive the library's events.
    inputs:
      secret: {label: Secret, help: The secret of your endpoint., type: password, required: true}
      verifyToken: {label: Verify Token, help: The token of your own., type: password, required: true}
    token: body.state
    challenge:
      method: GET
      at: query.mode
      is: subscribe
      read: query.text
      token: {at: query.token, input: verifyToken}
      reply: "{read}"
    event:
      each: value
      default_name: change
    dedupe: [id]
"""
KEY = """\
triggers:
  webhook:
    label: Webhook
    summary: Receive the library's events.
    inputs:
      publicKey: {label: Public Key, help: The key of the service., type: string, required: true}
    signature:
      header: shelf-signature
      algorithm: ed25519
      timestamp: body.sent
      unit: ms
      payload: "{body}"
      format: "{hex}"
      secret: hex
    challenge: {at: type, is: 1, reply: {type: 1}}
    event: {name: type}
    dedupe: {}
    max_age: 60
"""
HANDSHAKE = """\
triggers:
  webhook:
    label: Webhook
    summary: Receive the library's events.
    inputs:
      secret: {label: Secret, help: The secret that comes first., type: password, required: true}
    signature: {header: shelf-signature, payload: "{body}", format: "{hex}"}
    challenge:
      read: header.Shelf-Secret
      keep_as: secret
      reply: {header.Shelf-Secret: "{read}"}
    event: {name: type}
    dedupe: {}
"""
UNSIGNED = """\
triggers:
  webhook:
    label: Webhook
    summary: Receive the library's events.
    inputs:
      secret: {label: Secret, help: The secret of your endpoint., type: password, required: true}
    token: body.token
    challenge:
      signed: false
      at: kind
      is: check
      read: text
      reply: {text: "{read}"}
    event: {name: type}
    dedupe: {}
"""
MISTAKES = [
    # the trigger, old, new, the line of the finding, a part of its message
    (URL_AND_FORM, "hash: sha1", "hash: md5", "hash: md5", "sha1, sha256"),
    (URL_AND_FORM, '"{url}{form}"', '"{url}"', "payload:", "add {body}"),
    (URL_AND_FORM, '"{url}{form}"', '"{uri}{form}"', "payload:", "Did you mean 'url'"),
    (URL_AND_FORM, "    body: form\n", "", "payload:", "add `body: form`"),
    (URL_AND_FORM, "body: form\n", "body: xml\n", "body: xml", "expected"),
    (URL_AND_FORM, "hash: sha1", "unit: ms", "unit: ms", "no effect without `timestamp`"),
    (URL_AND_FORM, "hash: sha1", "secret: pem", "secret: pem", "a key for hmac is not written as pem"),
    (URL_AND_FORM, "    body: form\n", "    body: form\n    token: header.X\n", "  webhook:", "either `signature` or `token`"),
    (URL_AND_FORM, "event: {name: type, account: shelf}", "event: {account: shelf}", "event: {", "add `name`"),
    (URL_AND_FORM, "    body: form\n", "    body: form\n    max_age: 5\n", "max_age: 5", "without a signed timestamp"),
    (TOKEN, "token: body.state", "token: part.state", "token: part.state", "expected header.X, query.x or body.x"),
    (TOKEN, "token: body.state", "token: state", "token: state", "expected header.X, query.x or body.x"),
    (TOKEN, "token: body.state", "token: body.a..b", "token: body.a..b", "expected names joined with dots"),
    (TOKEN, "    token: body.state\n", "    token: body.state\n    max_age: 5\n", "max_age: 5", "without a signed timestamp"),
    (TOKEN, "    token: body.state\n", "    token: header.X\n    body: none\n", "each: value", "there is no body: "),
    (TOKEN, "    token: body.state\n", "    token: header.X\n    body: form\n", "each: value", "hold no list of events"),
    (TOKEN, "input: verifyToken}", "input: verifyTokn}", "      token: {at", "Did you mean 'verifyToken'"),
    (TOKEN, "      token: {at: query.token, input: verifyToken}\n", "", "verifyToken: {", "this input has no effect"),
    (TOKEN, "read: query.text", "read: text", "read: text", "a challenge by GET has no body"),
    (TOKEN, "at: query.mode", "at: mode", "at: mode", "a challenge by GET has no body"),
    (TOKEN, "      is: subscribe\n", "", "at: query.mode", "no effect without `is`"),
    (TOKEN, "      at: query.mode\n", "", "is: subscribe", "add `at`"),
    (TOKEN, 'reply: "{read}"', 'reply: "{hex}"', 'reply: "{hex}"', "anybody could have a text signed"),
    (TOKEN, 'reply: "{read}"', 'reply: "ok"', 'reply: "ok"', "add {read}"),
    (TOKEN, 'reply: "{read}"', 'reply: "{red}"', 'reply: "{red}"', "use {read}"),
    (TOKEN, "dedupe: [id]", "dedupe: [header.X-Id]", "dedupe:", "not each of its events"),
    (TOKEN, "default_name: change", f"default_name: {'x' * 201}", "default_name:", "200 characters"),
    (KEY, "      secret: hex\n", "", "algorithm:", "hex or base64 or pem"),
    (KEY, "      secret: hex\n", "      secret: hex\n      hash: sha1\n", "hash: sha1", "has its own"),
    (KEY, "timestamp: body.sent", "timestamp: body.", "timestamp:", "expected header.X"),
    (KEY, '"{body}"', '"{timestamp}{body}"', "payload:", "remove {timestamp}"),
    (KEY, "event: {name: type}", "event: {name: type, each: list}", "timestamp:", "no time of its own"),
    (KEY, "    max_age: 60\n", "", "timestamp:", "add `max_age`"),
    (KEY, "reply: {type: 1}", 'reply: {type: "{read}"}', "challenge:", "needs `read`"),
    (KEY, "at: type, is: 1, reply", "read: type, reply", "challenge:", "add `is` and `at`"),
    (KEY, "is: 1, reply: {type: 1}", 'is: 1, read: a, reply: {type: "{hex}"}', "challenge:", "is not signed with a secret"),
    (KEY, "reply: {type: 1}", 'reply: {"header.Shelf Id": 1}', "challenge:", "the name of a header"),
    (KEY, "reply: {type: 1}", "reply: {header.Location: x}", "challenge:", "the receiver itself says Location"),
    (HANDSHAKE, "keep_as: secret", "keep_as: secrte", "keep_as:", "Did you mean 'secret'"),
    (HANDSHAKE, "keep_as: secret", "keep_as: secret\n      signed: false", "signed: false", "`signed` has no effect"),
    (HANDSHAKE, "keep_as: secret", "keep_as: secret\n      token: {at: header.X, input: secret}", "token: {at", "no other one is known yet"),
    (HANDSHAKE, "      read: header.Shelf-Secret\n", "      at: header.X\n      is: check\n", "keep_as:", "add `read`"),
    (HANDSHAKE, "read: header.Shelf-Secret", "read: query.secret", "read: query.secret", "URLs are logged"),
    (HANDSHAKE, 'format: "{hex}"', 'format: "{hex}", algorithm: ed25519, secret: hex', "keep_as:", "proves nothing"),
    (HANDSHAKE, '      keep_as: secret\n      reply: {header.Shelf-Secret: "{read}"}', '      method: HEAD\n      reply: "{read}"', "reply:", "has no body"),
    (UNSIGNED, "      at: kind\n      is: check\n", "", "read: text", "an event could be taken for this"),
    (UNSIGNED, '      read: text\n      reply: {text: "{read}"}\n', "      method: GET\n", "signed: false", "`signed` has no effect"),
    (UNSIGNED, '      at: kind\n      is: check\n      read: text\n      reply: {text: "{read}"}\n', "      reply: ok\n", "signed: false", "or `read`"),
    (UNSIGNED, 'reply: {text: "{read}"}', 'reply: {text: "{hex}"}', "reply:", "anybody could have a text signed"),
    (UNSIGNED, "read: text", "read: query.text", "signed: false", "`signed` has no effect"),
    (KEY, "is: 1, reply", "is: 1, token: {at: a, input: publicKey}, reply", "challenge:", "needs no token"),
]  # fmt: skip


@pytest.fixture
def lint_trigger(shelf: Path):
    def plant_and_lint(trigger: str):
        plant(shelf / "manifest.yaml", "sandbox:\n", f"{trigger}\nsandbox:\n")
        return lint(shelf), shelf / "manifest.yaml"

    return plant_and_lint


@pytest.mark.parametrize(
    "trigger", [URL_AND_FORM, TOKEN, KEY, HANDSHAKE, UNSIGNED], ids=["url", "token", "key", "handshake", "unsigned"]
)
def test_a_valid_trigger_has_no_findings(lint_trigger, trigger):
    assert [str(finding) for finding in lint_trigger(trigger)[0]] == []


@pytest.mark.parametrize("name", sorted(TRIGGERS))
def test_the_trigger_of_a_service_has_no_findings(lint_trigger, name):
    trigger = {**TRIGGERS[name], "summary": "Receive the library's events."}
    trigger["inputs"] = {key: {**field, "required": True} for key, field in trigger["inputs"].items()}
    text = yaml.safe_dump({"triggers": {"webhook": trigger}}, sort_keys=False)
    assert [str(finding) for finding in lint_trigger(text)[0]] == []


@pytest.mark.parametrize(("trigger", "old", "new", "marker", "message"), MISTAKES)
def test_a_mistake_is_found_at_its_line(lint_trigger, trigger, old, new, marker, message):
    assert trigger.count(old) == 1
    findings, manifest = lint_trigger(trigger.replace(old, new))
    matches = [finding for finding in findings if message in finding.message]
    assert len(matches) == 1, [str(finding) for finding in findings]
    assert matches[0].line == line_of(manifest, marker), [str(finding) for finding in findings]
