"""Connectors and triggers of services that send webhooks each in its own way, and deliveries signed by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector import Connector, errors, verify_webhook
from connector.definition.trigger import Trigger

_ROOT = Path(__file__).parents[2]
GITHUB = Connector.open(_ROOT / "examples" / "github")  # a digest of the body alone; names and ids in headers
STRIPE = Connector.open(_ROOT / "examples" / "stripe")  # several digests beside a timestamp, in one header
STANDARD = Connector.open(_ROOT / "tests" / "fuzz" / "standard_webhooks")  # Base64, and an id that is signed too
KEY = "It's a Secret to Everybody"
ENDPOINT = "whsec_test_of_an_endpoint"
RAW = bytes(range(1, 33))
WHSEC = f"whsec_{base64.b64encode(RAW).decode()}"
BODY = (
    b'{"id":"evt_1","type":"customer.created","created":1767225600,"account":"acct_1","data":{"object":{"id":"cus_1"}}}'
)
SECRET = "4fv1RkqGQUq5sWbEz6hA5A"  # of the service's published examples
NOW = 1_720_707_180.0
SHARED_SECRET = "a-secret-of-the-endpoint"  # of the triggers below
_TRIGGERS = """
discord:
  inputs: {publicKey: {label: Public Key, help: The key of the app., type: string}}
  signature:
    header: X-Signature-Ed25519
    algorithm: ed25519
    timestamp: header.X-Signature-Timestamp
    payload: "{timestamp}{body}"
    format: "{hex}"
    secret: hex
  challenge: {at: type, is: 1, reply: {type: 1}}
  event: {name: data.name, account: guild_id, object: data}
  dedupe: [id]
  max_age: 300
wise:
  inputs: {publicKey: {label: Public Key, help: The key of the service., type: text}}
  signature: {header: X-Signature-SHA256, algorithm: rsa_sha256, payload: "{body}", format: "{base64}", digest: base64, secret: pem}
  event: {name: event_type, object: data}
  dedupe: [header.X-Delivery-Id]
shopify:
  inputs: {clientSecret: {label: Secret, help: The secret., type: password}}
  signature: {header: X-Shopify-Hmac-Sha256, payload: "{body}", format: "{base64}", digest: base64}
  event: {name: header.X-Shopify-Topic, at: header.X-Shopify-Triggered-At, unit: iso, account: header.X-Shopify-Shop-Domain, object: "."}
  dedupe: [header.X-Shopify-Event-Id]
gitlab:
  inputs: {token: {label: Token, help: The token., type: password}}
  token: header.X-Gitlab-Token
  event: {name: header.X-Gitlab-Event, object: object_attributes, subject: [object_attributes.id]}
  dedupe: [header.Idempotency-Key]
telegram:
  inputs: {token: {label: Token, help: The token., type: password}}
  token: header.X-Telegram-Bot-Api-Secret-Token
  event: {default_name: update, object: message, subject: [message.chat.id]}
  dedupe: [update_id]
graph:
  inputs: {clientState: {label: State, help: The state., type: password}}
  token: body.clientState
  challenge: {read: query.validationToken, reply: "{read}"}
  event: {each: value, name: changeType, account: tenantId, object: resourceData, subject: [resourceData.id]}
  dedupe: {}
meta:
  inputs:
    appSecret: {label: App Secret, help: The secret., type: password}
    verifyToken: {label: Verify Token, help: The token., type: password}
  signature: {header: X-Hub-Signature-256, payload: "{body}", format: "sha256={hex}"}
  challenge:
    method: GET
    at: query.hub.mode
    is: subscribe
    read: query.hub.challenge
    token: {at: query.hub.verify_token, input: verifyToken}
    reply: "{read}"
  event: {each: entry, default_name: entry, at: time, subject: [id]}
  dedupe: {}
dropbox:
  inputs: {appSecret: {label: App Secret, help: The secret., type: password}}
  signature: {header: X-Dropbox-Signature, payload: "{body}", format: "{hex}"}
  challenge: {method: GET, read: query.challenge, reply: "{read}"}
  event: {default_name: changed, object: list_folder}
  dedupe: {}
mailchimp:
  inputs: {secret: {label: Secret, help: The secret of your own., type: password}}
  token: query.secret
  body: form
  event: {name: type, account: '"data[list_id]"'}
  dedupe: {}
mandrill:
  inputs: {key: {label: Key, help: The key., type: password}}
  signature: {header: X-Mandrill-Signature, hash: sha1, payload: "{url}{form}", format: "{base64}", digest: base64}
  body: form.mandrill_events
  event: {each: ".", name: event, at: ts}
  dedupe: [_id]
paystack:
  inputs: {key: {label: Key, help: The key., type: password}}
  signature: {header: x-paystack-signature, hash: sha512, payload: "{body}", format: "{hex}"}
  event: {name: event, object: data, subject: [data.id]}
  dedupe: {}
sendgrid:
  inputs: {publicKey: {label: Key, help: The verification key., type: string}}
  signature:
    header: X-Twilio-Email-Event-Webhook-Signature
    algorithm: ecdsa_sha256
    timestamp: header.X-Twilio-Email-Event-Webhook-Timestamp
    payload: "{timestamp}{body}"
    format: "{base64}"
    digest: base64
    secret: base64
  event: {each: ".", name: event, at: timestamp, subject: [sg_message_id]}
  dedupe: [sg_event_id]
  max_age: 86400
github_scanning:
  inputs: {publicKey: {label: Key, help: The key of the identifier., type: text}}
  signature: {header: Github-Public-Key-Signature, algorithm: ecdsa_sha256, payload: "{body}", format: "{base64}", digest: base64, secret: pem}
  event: {each: ".", name: type, subject: [url]}
  dedupe: {}
smartsheet:
  inputs: {sharedSecret: {label: Secret, help: The secret., type: password}}
  signature: {header: Smartsheet-Hmac-SHA256, payload: "{body}", format: "{hex}"}
  challenge:
    signed: false
    read: header.Smartsheet-Hook-Challenge
    reply: {header.Smartsheet-Hook-Response: "{read}", smartsheetHookResponse: "{read}"}
  event: {each: events, name: eventType, at: timestamp, unit: iso, subject: [id]}
  dedupe: {}
monday:
  inputs: {secret: {label: Secret, help: The secret of your own., type: password}}
  token: query.secret
  challenge: {signed: false, read: challenge, reply: {challenge: "{read}"}}
  event: {name: event.type, at: event.triggerTime, unit: iso, object: event, subject: [event.pulseId]}
  dedupe: [event.triggerUuid]
okta:
  inputs: {secret: {label: Secret, help: The secret of your own., type: password}}
  token: header.Authorization
  challenge: {method: GET, read: header.X-Okta-Verification-Challenge, reply: {verification: "{read}"}}
  event: {each: data.events, name: eventType, at: published, unit: iso, subject: [uuid]}
  dedupe: [uuid]
trello:
  inputs: {secret: {label: Secret, help: The secret., type: password}}
  signature: {header: X-Trello-Webhook, hash: sha1, payload: "{body}{url}", format: "{base64}", digest: base64}
  challenge: {method: HEAD}
  event: {name: action.type, at: action.date, unit: iso, object: model, subject: [model.id]}
  dedupe: [action.id]
xero:
  inputs: {key: {label: Key, help: The key., type: password}}
  signature: {header: x-xero-signature, payload: "{body}", format: "{base64}", digest: base64}
  event: {each: events, name: eventType, at: eventDateUtc, unit: iso, account: tenantId, subject: [resourceId]}
  dedupe: {}
"""
TRIGGERS: dict[str, dict[str, Any]] = {
    name: {"label": name.title(), "summary": "Receive events.", **words}
    for name, words in yaml.safe_load(_TRIGGERS).items()
}
_FOLDERS = [
    *(_ROOT / "examples" / name for name in ("slack", "twilio", "google-calendar", "notion", "hubspot")),
    *(_ROOT / "tests" / "connectors" / name for name in ("linear", "teamwork/asana")),
]
INSTALLED = {connector.name: connector for connector in map(Connector.open, _FOLDERS)}


def sign(body, secret=SECRET, timestamp=str(int(NOW))):
    """Return the headers that the service would send, signed here by hand."""
    body = body if isinstance(body, bytes) else body.encode()
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-signature": f"v0={digest}", "x-zm-request-timestamp": timestamp}


def build_event(name="user.activated", **more):
    return json.dumps({"event": name, "event_ts": 1720707175904, "payload": {"account_id": "acc", **more}})


def refusal_reason(zoom, headers, body, secret=SECRET, **how):
    with pytest.raises(errors.WebhookError) as caught:
        verify_webhook(zoom, secret, headers, body if isinstance(body, bytes) else body.encode(), now=NOW, **how)
    assert SECRET not in repr(caught.value)
    return caught.value.reason, caught.value.status


def build_connector(name: str, **words: Any) -> Connector:
    """Return a connector with the trigger of a service."""
    base = INSTALLED["linear"]
    trigger = Trigger.model_validate({**TRIGGERS[name], **words})
    return Connector(base.folder, base.manifest.model_copy(update={"connector": name, "triggers": {"hook": trigger}}))
