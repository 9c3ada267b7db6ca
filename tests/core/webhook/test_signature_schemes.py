"""Signature schemes of other services: several digests, IDs, Base64, names in headers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re

import pytest
from support.signature_schemes import BODY, ENDPOINT, GITHUB, KEY, RAW, STANDARD, STRIPE, WHSEC

from connector import Connector, errors
from connector.authoring import lint
from connector.core.webhook.event import Event
from connector.runtime.webhooks.verify import verifier_for, verify_webhook

NOW = 1_767_225_700.0
STAMP = str(int(NOW))


def hex_digest(secret, signed):
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def base64_digest(signed, key=RAW):
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def reason(connector, secret, headers, body, **how):
    with pytest.raises(errors.WebhookError) as caught:
        verify_webhook(connector, secret, headers, body, now=NOW, **how)
    return caught.value.reason


@pytest.mark.parametrize("connector", [GITHUB, STRIPE, STANDARD], ids=lambda one: one.name)
def test_the_folders_of_the_schemes_lint_clean(connector):
    assert [str(finding) for finding in lint.lint(connector.folder)] == []


class TestGitHub:
    def headers(self, body, secret=KEY, **more):
        digest = hex_digest(secret, body)
        return {
            "X-Hub-Signature-256": f"sha256={digest}",
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": "d-1",
            **more,
        }

    def test_the_published_vector_is_judged_as_signed(self):
        """docs.github.com, "Validating webhook deliveries"; the body is not JSON, which is checked after its signature."""
        signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        headers = self.headers(b"", **{"X-Hub-Signature-256": signature})
        assert reason(GITHUB, KEY, headers, b"Hello, World!") == "body"
        assert reason(GITHUB, KEY, headers, b"Hello, World.") == "signature"
        assert reason(GITHUB, "another secret", headers, b"Hello, World!") == "signature"
        assert verifier_for(GITHUB).sign(KEY, 0, b"Hello, World!", "d-1")["X-Hub-Signature-256"] == signature

    def test_an_event_is_named_and_known_again_by_headers(self):
        body = b'{"action":"opened","repository":{"id":9,"owner":{"login":"octocat"}}}'
        got = verify_webhook(GITHUB, KEY, self.headers(body), body, now=NOW)
        assert (got.name, got.account, got.at, got.object["id"], got.subject) == ("issues", "octocat", None, 9, "9")
        again = verify_webhook(GITHUB, KEY, self.headers(body), body, now=NOW + 1e9)  # no time is signed
        other = verify_webhook(GITHUB, KEY, self.headers(body, **{"X-GitHub-Delivery": "d-2"}), body, now=NOW)
        assert got.key == again.key != other.key

    @pytest.mark.parametrize("name", ["", "a\nb", "\x7f", "x" * 201])
    def test_a_header_that_names_nothing_is_told(self, name):
        assert reason(GITHUB, KEY, self.headers(b"{}", **{"X-GitHub-Event": name}), b"{}") == "event"

    def test_a_delivery_without_an_id_or_with_the_older_signature_is_refused(self):
        without = self.headers(b"{}")
        del without["X-GitHub-Delivery"]
        assert reason(GITHUB, KEY, without, b"{}") == "unsigned"
        old = f"sha1={hmac.new(KEY.encode(), b'{}', hashlib.sha1).hexdigest()}"
        assert reason(GITHUB, KEY, self.headers(b"{}", **{"X-Hub-Signature-256": old}), b"{}") == "unsigned"

    def test_what_the_readme_shows_works(self, monkeypatch):
        text = (GITHUB.folder / "README.md").read_text("utf-8")
        (block,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        monkeypatch.chdir(GITHUB.folder.parents[1])
        kept = {}
        exec(block, kept)
        assert isinstance(kept["event"], Event)


class TestStripe:
    def header(self, *digests, stamp=STAMP, before="", after=""):
        return {"Stripe-Signature": before + ",".join([f"t={stamp}", *(f"v1={one}" for one in digests)]) + after}

    def digest(self, body=BODY, secret=ENDPOINT, stamp=STAMP):
        return hex_digest(secret, f"{stamp}.".encode() + body)

    def test_one_of_several_digests_is_enough_wherever_it_stands(self):
        good, bad = self.digest(), "0" * 64
        for digests in ([good], [good, bad], [bad, good], [bad, bad, good, bad]):
            got = verify_webhook(STRIPE, ENDPOINT, self.header(*digests), BODY, now=NOW)
            assert (got.name, got.account, got.subject, got.at.timestamp()) == (
                "customer.created", "acct_1", "cus_1", 1767225600,
            )  # fmt: skip
        assert reason(STRIPE, ENDPOINT, self.header(bad, bad), BODY) == "signature"

    def test_schemes_of_old_and_spaces_beside_it_do_not_matter(self):
        good = self.digest()
        assert verify_webhook(STRIPE, ENDPOINT, self.header(good, after=f",v0={good}"), BODY, now=NOW)
        assert verify_webhook(STRIPE, ENDPOINT, {"stripe-signature": f"t={STAMP}, v1={good}"}, BODY, now=NOW)
        assert reason(STRIPE, ENDPOINT, {"stripe-signature": f"t={STAMP},v0={good}"}, BODY) == "unsigned"

    def test_while_a_secret_is_replaced_either_is_good(self):
        both = self.header(self.digest(secret="whsec_the_new_one"), self.digest(secret="whsec_the_old_one"))
        for secret in ("whsec_the_new_one", "whsec_the_old_one", ["whsec_unused", "whsec_the_old_one"]):
            assert verify_webhook(STRIPE, secret, both, BODY, now=NOW)
        assert reason(STRIPE, "whsec_unused", both, BODY) == "signature"

    @pytest.mark.parametrize("before", [f"t={int(NOW) - 1},", "t=,", f"t={STAMP},"])
    def test_two_timestamps_are_none(self, before):
        """Otherwise one would be checked, and the other signed."""
        assert reason(STRIPE, ENDPOINT, self.header(self.digest(), before=before), BODY) == "timestamp"

    @pytest.mark.parametrize("stamp", ["", "-5", "1e9", "\uff11", "9" * 12, " "])
    def test_a_timestamp_is_seconds(self, stamp):
        assert reason(STRIPE, ENDPOINT, self.header(self.digest(stamp=stamp), stamp=stamp), BODY) == "timestamp"
        assert reason(STRIPE, ENDPOINT, {"Stripe-Signature": f"v1={self.digest()}"}, BODY) == "timestamp"

    @pytest.mark.parametrize(("ago", "fits"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
    def test_a_delivery_stays_good_for_five_minutes(self, ago, fits):
        stamp = str(int(NOW) - ago)
        header = self.header(self.digest(stamp=stamp), stamp=stamp)
        if fits:
            assert verify_webhook(STRIPE, ENDPOINT, header, BODY, now=NOW)
        else:
            assert reason(STRIPE, ENDPOINT, header, BODY) == "age"


class TestStandardWebhooks:
    BODY = b'{"type":"user.created","data":{"id":"u_1"}}'

    def headers(self, *digests, id_="msg_1", stamp=STAMP):
        return {
            "Webhook-Id": id_,
            "Webhook-Timestamp": stamp,
            "Webhook-Signature": " ".join(f"v1,{one}" for one in digests),
        }

    def digest(self, id_="msg_1", stamp=STAMP, key=RAW):
        return base64_digest(f"{id_}.{stamp}.".encode() + self.BODY, key)

    def test_the_published_vector_is_an_event(self):
        """Its body has no type, which is checked after its signature."""
        secret, id_ = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
        headers = self.headers("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", id_=id_, stamp="1614265330")
        body = b'{"test": 2432232314}'
        for given, told in ((body, "event"), (body + b" ", "signature")):
            with pytest.raises(errors.WebhookError) as caught:
                verify_webhook(STANDARD, secret, headers, given, now=1614265330)
            assert caught.value.reason == told
        made = verifier_for(STANDARD).sign(secret, 1614265330, body, id_)
        assert {name.lower(): value for name, value in headers.items()} == made

    def test_the_id_and_the_time_are_signed_too(self):
        good = self.headers(self.digest("msg_2", key=bytes(32)), self.digest())
        got = verify_webhook(STANDARD, WHSEC, good, self.BODY, now=NOW)
        assert (got.name, got.subject) == ("user.created", "u_1")
        assert reason(STANDARD, WHSEC, {**good, "Webhook-Id": "msg_2"}, self.BODY) == "signature"
        assert reason(STANDARD, WHSEC, {**good, "Webhook-Timestamp": str(int(NOW) - 1)}, self.BODY) == "signature"

    @pytest.mark.parametrize("id_", ["", " ", "a b", "é", "\udc80", "x" * 5000, None])
    def test_an_id_is_one_word(self, id_):
        headers = self.headers(self.digest())
        headers.pop("Webhook-Id")
        assert (
            reason(STANDARD, WHSEC, headers if id_ is None else {**headers, "Webhook-Id": id_}, self.BODY) == "unsigned"
        )

    @pytest.mark.parametrize("wrong", ["v1,", "v2,{}", "{}", "v1={}", "V1,{}", "v1, {}", "v1,{}=", "v1a,{}"])
    def test_another_version_or_form_is_no_signature(self, wrong):
        headers = {**self.headers(), "Webhook-Signature": wrong.format(self.digest())}
        assert reason(STANDARD, WHSEC, headers, self.BODY) == "unsigned"

    @pytest.mark.parametrize(
        "secret",
        ["whsec_", "whsec_AAAA", "whsec_!!!!!!!!!!!!", "whsec_é", f"{WHSEC}\n", f"WHSEC_{WHSEC[6:]}", WHSEC[:-2]],
    )
    def test_a_secret_that_is_empty_short_or_no_base64_is_told(self, secret):
        with pytest.raises(errors.UsageError, match="begins with whsec_") as caught:
            verify_webhook(STANDARD, secret, self.headers(self.digest()), self.BODY, now=NOW)
        assert len(secret) < 8 or secret not in str(caught.value)
        empty = self.headers(self.digest(key=b""))
        with pytest.raises(errors.UsageError):  # what anybody can sign
            verify_webhook(STANDARD, "whsec_", empty, self.BODY, now=NOW)


@pytest.mark.parametrize(
    ("connector", "secret", "body"),
    [
        (GITHUB, KEY, BODY),
        (STRIPE, ENDPOINT, BODY),
        (STANDARD, WHSEC, BODY),
        (Connector.open(), KEY, b'{"event":"a.b"}'),
    ],
    ids=lambda one: one.name if isinstance(one, Connector) else "",
)
def test_what_we_sign_we_take(connector, secret, body):
    headers = {"x-github-event": "issues"} | verifier_for(connector).sign(secret, int(NOW), body, "id-1")
    got = verify_webhook(connector, secret, headers, body, now=NOW)
    assert got.data == json.loads(body)
    pairs = [(name.upper().encode(), value.encode()) for name, value in headers.items()]
    assert verify_webhook(connector, secret, pairs, body, now=NOW) == got
    assert reason(connector, secret, headers, body + b" ") == "signature"
