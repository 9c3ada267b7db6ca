"""Others agree on what is signed: Zoom's own SDK, Stripe's library, and that of Standard Webhooks."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
import standardwebhooks
import stripe
from support.signature_schemes import STANDARD, STRIPE

from connector import errors
from connector.core.webhook.event import Challenge, Event
from connector.runtime.webhooks.verify import verifier_for, verify_webhook

SECRET = "4fv1RkqGQUq5sWbEz6hA5A"
STRIPES = "whsec_of_an_endpoint_in_test_mode"
STANDARDS = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
YEAR = 365 * 86_400


def now():
    return int(time.time())


class TestZoomsOwnSdk:
    """@zoom/rivet 0.4.0: its receiver is the only way to its verifier."""

    def sign(self, zoom, body, secret=SECRET, at=None):
        return verifier_for(zoom).sign(secret, now() if at is None else at, body)

    @pytest.mark.parametrize(
        "payload",
        [
            {"account_id": "acc", "object": {"id": "u1", "email": "ada@example.com", "type": 2, "verified": True}},
            {"account_id": "acc", "object": {"first_name": "Zo\u00eb \U0001f692 \u2019 \u2028", "dept": '"\\/\b\n\t\x7f', "pmi": None}},
            {"account_id": "acc", "object": {"list": [1, -5, 0.5, {}, []], "deep": {"a": {"b": {"c": False}}}}},
            {},
        ],
    )  # fmt: skip
    def test_takes_an_event_that_we_sign(self, zoom, rivet, payload):
        said = {"event": "user.activated", "event_ts": 1720707175904, "payload": payload}
        body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        answer = rivet.post(self.sign(zoom, body), body)
        assert (answer.status_code, answer.json()) == (200, {"message": "Zoom event processed successfully."})
        assert rivet.handled() == said

    def test_refuses_what_we_refuse(self, zoom, rivet):
        body = b'{"event":"user.activated","payload":{}}'
        good = self.sign(zoom, body)
        wrong = [
            (self.sign(zoom, body, "another-secret"), body),
            (good, body.replace(b"activated", b"deleted")),
            ({**good, "x-zm-request-timestamp": str(int(good["x-zm-request-timestamp"]) - 1)}, body),
            ({**good, "x-zm-signature": good["x-zm-signature"].upper()}, body),
            ({**good, "x-zm-signature": "v0="}, body),
            ({}, body),
            (self.sign(zoom, b"{"), b"{"),
        ]
        for headers, sent in wrong:
            assert rivet.post(headers, sent).status_code == 400
            with pytest.raises(errors.WebhookError):
                verify_webhook(zoom, SECRET, headers, sent)

    def test_answers_the_challenge_as_we_do(self, zoom, rivet):
        body = b'{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680}'
        headers = self.sign(zoom, body)
        ours = verify_webhook(zoom, SECRET, headers, body)
        assert isinstance(ours, Challenge)
        assert ours.reply == rivet.post(headers, body).json()

    @pytest.mark.parametrize(
        "body",
        [
            rb'{"event":"user.activated","payload":{"t":"\ud83d\ude92"}}',
            rb'{"event":"user.activated","payload":{"t":"caf\u00e9"}}',
            rb'{"event":"user.activated","payload":{"t":"a\/b"}}',
            b'{"event":"user.activated","payload":{"n":1.0}}',
            b'{"event":"user.activated","payload":{"n":1e2}}',
            b'{"event":"user.activated","payload":{"n":12345678901234567890}}',
            b'{"event":"user.activated","payload":{"n":-0}}',
            b'{"event":"user.activated","payload":{"a":1,"a":2}}',
            b'{"event":"user.activated","payload":{"b":1,"10":1,"9":2}}',
            b'{"event": "user.activated", "payload": {}}',
            b'{"event":"user.activated","payload":{}}\n',
        ],
    )
    def test_signs_json_that_it_wrote_again_so_it_refuses_what_is_rightly_signed(self, zoom, rivet, body):
        """Observed, and why the bytes are judged here: Zoom sends \\ud83d itself."""
        headers = self.sign(zoom, body)
        assert isinstance(verify_webhook(zoom, SECRET, headers, body), Event)
        assert rivet.post(headers, body).status_code == 400

    def test_takes_a_delivery_of_last_year(self, zoom, rivet):
        """Observed: it does not look at the age."""
        body = b'{"event":"user.activated","payload":{}}'
        headers = self.sign(zoom, body, at=now() - YEAR)
        with pytest.raises(errors.WebhookError) as caught:
            verify_webhook(zoom, SECRET, headers, body)
        assert caught.value.reason == "age"
        assert rivet.post(headers, body).status_code == 200
        assert rivet.handled()["event"] == "user.activated"


EVENT = '{"id": "evt_1", "object": "event", "type": "customer.created", "created": 1767225600, "data": {"object": {"id": "cus_1", "object": "customer", "name": "Zo\u00eb \\ud83d\\ude92"}}}'


class TestStripesLibrary:
    def test_takes_what_we_sign(self):
        headers = verifier_for(STRIPE).sign(STRIPES, now(), EVENT.encode())
        got = stripe.Webhook.construct_event(EVENT.encode(), headers["stripe-signature"], STRIPES)
        assert (got.type, got.data.object.id) == ("customer.created", "cus_1")
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(EVENT.encode() + b" ", headers["stripe-signature"], STRIPES)

    def test_signs_what_we_take(self):
        header = stripe.WebhookSignature.generate_signature_header(EVENT, STRIPES)
        got = verify_webhook(STRIPE, STRIPES, {"Stripe-Signature": header}, EVENT.encode())
        assert (got.name, got.subject) == ("customer.created", "cus_1")
        for secret, body in (("whsec_another_one", EVENT), (STRIPES, EVENT + " ")):
            with pytest.raises(errors.WebhookError) as caught:
                verify_webhook(STRIPE, secret, {"Stripe-Signature": header}, body.encode())
            assert caught.value.reason == "signature"

    @pytest.mark.parametrize("ago", [0, 290, 310, YEAR])
    def test_agrees_on_the_age(self, ago):
        header = stripe.WebhookSignature.generate_signature_header(EVENT, STRIPES, now() - ago)
        try:
            stripe.Webhook.construct_event(EVENT, header, STRIPES)
        except stripe.SignatureVerificationError:
            with pytest.raises(errors.WebhookError):
                verify_webhook(STRIPE, STRIPES, {"Stripe-Signature": header}, EVENT.encode())
        else:
            assert verify_webhook(STRIPE, STRIPES, {"Stripe-Signature": header}, EVENT.encode())


class TestTheLibraryOfStandardWebhooks:
    BODY = '{"type": "user.created", "data": {"id": "u_1", "name": "Zo\u00eb \\ud83d\\ude92"}}'

    def test_takes_what_we_sign(self):
        library = standardwebhooks.Webhook(STANDARDS)
        headers = verifier_for(STANDARD).sign(STANDARDS, now(), self.BODY.encode(), "msg_1")
        assert library.verify(self.BODY, headers) == json.loads(self.BODY)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            library.verify(self.BODY, {**headers, "webhook-id": "msg_2"})

    def test_signs_what_we_take(self):
        at = datetime.now(UTC)
        signed = standardwebhooks.Webhook(STANDARDS).sign("msg_1", at, self.BODY)
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}
        got = verify_webhook(STANDARD, STANDARDS, headers, self.BODY.encode())
        assert (got.name, got.subject) == ("user.created", "u_1")
        several = {**headers, "webhook-signature": f"v1,{'A' * 43}= {signed} v2,later"}
        assert verify_webhook(STANDARD, STANDARDS, several, self.BODY.encode()) == got
        with pytest.raises(errors.WebhookError) as caught:
            verify_webhook(STANDARD, STANDARDS, {**headers, "webhook-id": "msg_2"}, self.BODY.encode())
        assert caught.value.reason == "signature"
