"""Triggers of services that send webhooks each in a way of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from connector import Connector
from connector.core.webhook.verifier import WebhookVerifier
from connector.definition.trigger import Trigger

FOLDERS = Path(__file__).parents[1] / "connectors"
SECRET = "a-secret-of-the-endpoint"

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
  dedupe: [header.X-Gitlab-Event-UUID]
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
INSTALLED = {
    name: Connector.open(FOLDERS / name) for name in ("slack", "twilio", "gcal", "notion", "hubspot", "linear")
}


def build_verifier(name: str, **words: Any) -> WebhookVerifier:
    """Return the verifier of a service, with other words in its trigger."""
    return WebhookVerifier("hook", Trigger.model_validate({**TRIGGERS[name], **words}))


def build_connector(name: str, **words: Any) -> Connector:
    """Return a connector with the trigger of a service."""
    base = INSTALLED["linear"]
    trigger = Trigger.model_validate({**TRIGGERS[name], **words})
    return Connector(base.folder, base.manifest.model_copy(update={"connector": name, "triggers": {"hook": trigger}}))
