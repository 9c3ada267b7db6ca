"""Libraries of the services themselves take our deliveries for theirs, and we theirs for genuine."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qsl

import pytest
from support.signature_schemes import INSTALLED, SHARED_SECRET, build_connector

from connector import errors, verify_webhook
from connector.sandbox.events.sender import EventSender, get_sandbox_secret

URL = "https://hooks.example.com/hook?a=b"


def send(connector, event, name="thing.made", trigger=None, secret=SHARED_SECRET, url=URL):
    """Return what we send in the place of the service."""
    return EventSender(connector, url, secret, trigger=trigger, http=object()).build_delivery(name, event)


@pytest.mark.parametrize("trigger", ["events", "interactions", "commands"])
def test_slack_sdk(trigger):
    verifier = pytest.importorskip("slack_sdk.signature").SignatureVerifier(SHARED_SECRET)
    event = {"type": "x", "command": "/x", "event": {"type": "x"}, "text": "a & ü"}
    delivery = send(INSTALLED["slack"], event, trigger=trigger)
    assert verifier.is_valid_request(delivery.body, delivery.headers)
    assert not verifier.is_valid_request(delivery.body + b" ", delivery.headers)
    stamp = str(int(time.time()))
    signature = verifier.generate_signature(timestamp=stamp, body=delivery.body)
    headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": stamp}
    assert (
        verify_webhook(INSTALLED["slack"], SHARED_SECRET, headers, delivery.body, trigger=trigger).data["text"]
        == "a & ü"
    )


def test_twilio():
    validator = pytest.importorskip("twilio.request_validator").RequestValidator(SHARED_SECRET)
    event = {"SmsStatus": "received", "Body": "Grüße & more", "From": "+1", "Empty": ""}
    delivery = send(INSTALLED["twilio"], event)
    fields = dict(parse_qsl(delivery.body.decode(), keep_blank_values=True))
    assert validator.validate(URL, fields, delivery.headers["X-Twilio-Signature"])
    headers = {"X-Twilio-Signature": validator.compute_signature(URL, fields)}
    assert verify_webhook(INSTALLED["twilio"], SHARED_SECRET, headers, delivery.body, url=URL).data == event

    class Several(dict):
        def getall(self, name):
            return self[name]

    headers = {
        "X-Twilio-Signature": validator.compute_signature(URL, Several({"A": ["2", "1", "2"], "SmsStatus": ["x"]}))
    }
    got = verify_webhook(INSTALLED["twilio"], SHARED_SECRET, headers, b"SmsStatus=x&A=2&A=1&A=2", url=URL)
    assert got.data == {"SmsStatus": "x", "A": ["2", "1", "2"]}


def test_pynacl():
    signing = pytest.importorskip("nacl.signing")
    discord = build_connector("discord")
    public_key = get_sandbox_secret(discord)
    delivery = send(discord, {"data": {"name": "forecast"}}, secret=public_key)
    signed = delivery.headers["X-Signature-Timestamp"].encode() + delivery.body
    signature = bytes.fromhex(delivery.headers["X-Signature-Ed25519"])
    assert signing.VerifyKey(bytes.fromhex(public_key)).verify(signed, signature) == signed
    key, body, stamp = signing.SigningKey.generate(), b'{"type":1}', str(int(time.time()))
    headers = {"X-Signature-Ed25519": key.sign(stamp.encode() + body).signature.hex(), "X-Signature-Timestamp": stamp}
    own_key = key.verify_key.encode().hex()
    assert verify_webhook(discord, own_key, headers, body).reply == {"type": 1}
    with pytest.raises(errors.WebhookError):
        verify_webhook(discord, public_key, headers, body)


def test_cryptography():
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    wise = build_connector("wise", signature={
        "header": "X-Sign", "algorithm": "rsa_sha256", "payload": "{body}", "format": "{hex}", "secret": "pem",
    })  # fmt: skip
    delivery = send(wise, {"event_type": "x"}, secret=get_sandbox_secret(wise))
    public_key = serialization.load_pem_public_key(get_sandbox_secret(wise).encode())
    public_key.verify(bytes.fromhex(delivery.headers["X-Sign"]), delivery.body, padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(delivery.body) == {"event_type": "x"}
