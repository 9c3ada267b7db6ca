"""Connectors with different signature schemes, their secrets, and deliveries signed by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from connector import Connector, errors, verify_webhook

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
