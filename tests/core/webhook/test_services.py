"""What services send is verified and read as each of them means it: published deliveries, and ones signed by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from support.signature_schemes import INSTALLED, SHARED_SECRET, build_connector

from connector import Challenge, errors, verify_webhook, verify_webhook_events
from connector.core.webhook.delivery import ReceivedDelivery
from connector.runtime.webhooks.verify import verifier_for

NOW = 1_531_420_700.0
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # of the service's own page, as are the command and its signature
COMMAND = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
CALL = {
    "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
    "To": "+18005551212",
}  # fmt: skip
CALL_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


def digest(secret: str, payload: bytes, name: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), payload, name).digest()


def refuse(reason: str, *given, status: int = 401, **how) -> None:
    with pytest.raises(errors.WebhookError) as caught:
        verify_webhook_events(*given, **how)
    assert (caught.value.reason, caught.value.status) == (reason, status)


def sign_slack(body: bytes, secret: str = SLACK_SECRET) -> dict[str, str]:
    signature = digest(secret, b"v0:1531420618:" + body).hex()
    return {"X-Slack-Signature": f"v0={signature}", "X-Slack-Request-Timestamp": "1531420618"}


def test_a_slash_command_of_slack_is_a_form():
    headers = {
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "X-Slack-Request-Timestamp": "1531420618",
    }
    got = verify_webhook(INSTALLED["slack"], SLACK_SECRET, headers, COMMAND, now=NOW, trigger="commands")
    assert (got.name, got.account, got.data["text"]) == ("/webhook-collect", "T1DC2JH3J", "")
    assert got.raw == COMMAND
    changed = COMMAND.replace(b"roadrunner", b"coyote")
    refuse("signature", INSTALLED["slack"], SLACK_SECRET, headers, changed, now=NOW, trigger="commands")


def test_the_challenge_of_slack_is_answered_only_when_it_is_signed():
    body = b'{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}'
    got = verify_webhook(INSTALLED["slack"], SLACK_SECRET, sign_slack(body), body, now=NOW)
    assert got == Challenge({"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})
    refuse("signature", INSTALLED["slack"], SLACK_SECRET, sign_slack(body, "another-secret"), body, now=NOW)
    refuse("unsigned", INSTALLED["slack"], SLACK_SECRET, {}, body, now=NOW)


def test_an_event_of_slack_has_the_name_within():
    body = json.dumps({
        "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1531420618,
        "event": {"type": "reaction_added", "user": "U1"},
    }).encode()  # fmt: skip
    got = verify_webhook(INSTALLED["slack"], SLACK_SECRET, sign_slack(body), body, now=NOW)
    assert (got.name, got.account, got.object["user"], got.at.year) == ("reaction_added", "T1", "U1", 2018)
    limited = b'{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1531420618}'
    assert verify_webhook(INSTALLED["slack"], SLACK_SECRET, sign_slack(limited), limited, now=NOW).name == (
        "app_rate_limited"
    )


def test_a_click_in_slack_is_json_in_a_field_of_a_form():
    body = urlencode({"payload": json.dumps({"type": "block_actions", "team": {"id": "T1"}})}).encode()
    got = verify_webhook(INSTALLED["slack"], SLACK_SECRET, sign_slack(body), body, now=NOW, trigger="interactions")
    assert (got.name, got.account, got.data["team"]) == ("block_actions", "T1", {"id": "T1"})
    for wrong in (b"payload=no", b"payload=[]", b"other=1", b"payload={}&payload={}"):
        refuse("body", INSTALLED["slack"], SLACK_SECRET, sign_slack(wrong), wrong, now=NOW, trigger="interactions",
               status=400)  # fmt: skip


@pytest.mark.parametrize("order", [sorted(CALL), sorted(CALL, reverse=True)])
def test_the_published_delivery_of_twilio_has_the_published_signature(order):
    scheme = verifier_for(INSTALLED["twilio"]).scheme
    body = urlencode([(name, CALL[name]) for name in order]).encode()
    headers = {"x-twilio-signature": ["RSOYDt4T1cUTdK1PDd93/VVr8B8="]}
    published_token = b"12345"  # which is shorter than a real one may be
    assert scheme.find_key([published_token], ReceivedDelivery(headers, {}, body, "POST", CALL_URL))
    with pytest.raises(errors.WebhookError):
        scheme.find_key([published_token], ReceivedDelivery(headers, {}, body, "POST", f"{CALL_URL}3"))


def test_twilio_signs_the_url_and_the_form():
    body = urlencode(CALL).encode()
    headers, body = _sign_call(body, SHARED_SECRET)
    got = verify_webhook(INSTALLED["twilio"], SHARED_SECRET, headers, body, url=CALL_URL)
    assert (got.name, got.data, got.subject) == ("call", CALL, "CA1234567890ABCDE")
    refuse("signature", INSTALLED["twilio"], SHARED_SECRET, headers, body, url=f"{CALL_URL}3")
    refuse("signature", INSTALLED["twilio"], SHARED_SECRET, headers, body + b"&More=1", url=CALL_URL)
    for broken in (b"\xff", b"a=%ff", b"&".join([b"a=1"] * 1001)):
        refuse("signature", INSTALLED["twilio"], SHARED_SECRET, headers, broken, url=CALL_URL)
    with pytest.raises(errors.UsageError, match="signed with the URL"):
        verify_webhook(INSTALLED["twilio"], SHARED_SECRET, headers, body)


def _join(fields: dict[str, str]) -> bytes:
    return "".join(f"{name}{fields[name]}" for name in sorted(fields)).encode()


def _sign_call(body: bytes, secret: str) -> tuple[dict[str, str], bytes]:
    signature = digest(secret, CALL_URL.encode() + _join(CALL), "sha1")
    return {"X-Twilio-Signature": base64.b64encode(signature).decode()}, body


def test_a_delivery_of_hubspot_has_several_events_each_of_its_own():
    item = {"eventId": 1, "portalId": 62515, "occurredAt": 1531420618000, "subscriptionType": "contact.creation",
            "attemptNumber": 0, "objectId": 123}  # fmt: skip
    items = [item, {**item, "objectId": 124}, {**item, "subscriptionType": "contact.deletion"}]
    url, stamp = "https://hooks.example.com/hubspot?a=b", "1531420618000"

    def send(events, signed_url=url):
        body = json.dumps(events).encode()
        payload = b"POST" + signed_url.encode() + body + stamp.encode()
        signature = base64.b64encode(digest(SHARED_SECRET, payload)).decode()
        headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
        return verify_webhook_events(INSTALLED["hubspot"], SHARED_SECRET, headers, body, now=NOW, url=url)

    got = send(items)
    assert [(event.name, event.account, event.subject, event.data["objectId"]) for event in got] == [
        ("contact.creation", "62515", "123", 123), ("contact.creation", "62515", "124", 124),
        ("contact.deletion", "62515", "123", 123),
    ]  # fmt: skip
    assert len({event.key for event in got}) == 3
    assert [event.key for event in send([{**item, "attemptNumber": 3}])] == [got[0].key]
    assert json.loads(got[1].raw) == items[1]
    assert send([]) == []
    for wrong in ({}, [1], [[]], None):
        with pytest.raises(errors.WebhookError) as caught:
            send(wrong)
        assert (caught.value.reason, caught.value.status) == ("body", 400)
    mixed = send([items[0], {"objectId": 1}, 5, items[1]])
    assert [(event.name, event.error and event.error.reason) for event in mixed] == [
        ("contact.creation", None), ("", "event"), ("", "body"), ("contact.creation", None),
    ]  # fmt: skip
    assert [(event.data, event.raw) for event in mixed[1:3]] == [({"objectId": 1}, b'{"objectId":1}'), ({}, b"5")]
    assert len({event.key for event in mixed}) == 4
    with pytest.raises(errors.WebhookError):
        send(items, "https://hooks.example.com/hubspot")


def test_linear_signs_a_time_in_the_body():
    def send(stamp, now=NOW):
        body = json.dumps({"type": "Issue", "createdAt": "2018-07-12T18:36:58.000Z", "webhookTimestamp": stamp,
                           "organizationId": "o1", "data": {"id": "i1"}}).encode()  # fmt: skip
        headers = {"Linear-Signature": digest(SHARED_SECRET, body).hex(), "Linear-Delivery": "d1"}
        return verify_webhook(INSTALLED["linear"], SHARED_SECRET, headers, body, now=now)

    got = send(1531420690000)
    assert (got.name, got.account, got.subject, got.at.isoformat()) == (
        "Issue",
        "o1",
        "i1",
        "2018-07-12T18:36:58+00:00",
    )
    for stamp, reason in ((1531420600000, "age"), (None, "timestamp"), ("soon", "timestamp"), (True, "timestamp")):
        with pytest.raises(errors.WebhookError) as caught:
            send(stamp)
        assert caught.value.reason == reason


def test_notion_writes_times_in_iso_8601():
    body = b'{"id":"e1","type":"page.created","timestamp":"2024-12-05T23:57:05.379Z","workspace_id":"w","entity":{"id":"p"}}'
    got = verify_webhook(
        INSTALLED["notion"], SHARED_SECRET, {"X-Notion-Signature": f"sha256={digest(SHARED_SECRET, body).hex()}"}, body
    )
    assert (got.name, got.account, got.object, got.subject) == ("page.created", "w", {"id": "p"}, "p")
    assert got.at.isoformat() == "2024-12-05T23:57:05.379000+00:00"


def test_a_notification_of_google_is_headers_alone():
    headers = {"X-Goog-Channel-Token": SHARED_SECRET, "X-Goog-Channel-ID": "ch1", "X-Goog-Message-Number": "10",
               "X-Goog-Resource-ID": "r1", "X-Goog-Resource-State": "exists"}  # fmt: skip
    got = verify_webhook(INSTALLED["gcal"], SHARED_SECRET, headers, b"")
    assert (got.name, got.account, got.subject, got.data, got.raw) == ("exists", "ch1", "r1", {}, b"")
    later = verify_webhook(INSTALLED["gcal"], SHARED_SECRET, {**headers, "X-Goog-Message-Number": "11"}, b"")
    assert later.key != got.key
    refuse("signature", INSTALLED["gcal"], SHARED_SECRET, {**headers, "X-Goog-Channel-Token": "another"}, b"")
    refuse("signature", INSTALLED["gcal"], SHARED_SECRET, {name: headers[name] for name in list(headers)[1:]}, b"")
    refuse(
        "signature", INSTALLED["gcal"], SHARED_SECRET, [*headers.items(), ("x-goog-channel-token", SHARED_SECRET)], b""
    )


def test_shopify_says_name_time_and_account_in_headers():
    body = b'{"id":632910392,"title":"Lantern"}'
    headers = {
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest(SHARED_SECRET, body)).decode(), "X-Shopify-Topic": "products/update",
        "X-Shopify-Triggered-At": "2018-07-12T18:36:58.123456789Z", "X-Shopify-Shop-Domain": "harbour.myshopify.com",
        "X-Shopify-Event-Id": "e1",
    }  # fmt: skip
    got = verify_webhook(build_connector("shopify"), SHARED_SECRET, headers, body)
    assert (got.name, got.account, got.object["id"]) == ("products/update", "harbour.myshopify.com", 632910392)
    assert got.at.isoformat() == "2018-07-12T18:36:58.123456+00:00"


def test_paystack_signs_with_sha512_and_mandrill_the_url_and_the_form_with_sha1():
    body = b'{"event":"charge.success","data":{"id":5}}'
    headers = {"x-paystack-signature": digest(SHARED_SECRET, body, "sha512").hex()}
    assert verify_webhook(build_connector("paystack"), SHARED_SECRET, headers, body).subject == "5"
    events = json.dumps([{"event": "send", "ts": 1531420618, "_id": "m1"}, {"event": "open", "ts": 1, "_id": "m2"}])
    url = "https://hooks.example.com/mandrill"
    signature = digest(SHARED_SECRET, f"{url}mandrill_events{events}".encode(), "sha1")
    headers = {"X-Mandrill-Signature": base64.b64encode(signature).decode()}
    form = urlencode({"mandrill_events": events}).encode()
    got = verify_webhook_events(build_connector("mandrill"), SHARED_SECRET, headers, form, url=url)
    assert [(event.name, event.data["_id"]) for event in got] == [("send", "m1"), ("open", "m2")]


def test_discord_signs_with_a_key_of_its_own_and_its_ping_is_answered():
    private_key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public_key = private_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    discord = build_connector("discord")

    def send(body, key=private_key, stamp="1531420618"):
        headers = {"X-Signature-Ed25519": key.sign(stamp.encode() + body).hex(), "X-Signature-Timestamp": stamp}
        return verify_webhook(discord, public_key.hex(), headers, body, now=NOW)

    assert send(b'{"type":1,"id":"1"}') == Challenge({"type": 1})
    got = send(b'{"type":2,"id":"9","guild_id":"g","data":{"name":"forecast"}}')
    assert (got.name, got.account) == ("forecast", "g")
    with pytest.raises(errors.WebhookError) as caught:
        send(b'{"type":1}', ed25519.Ed25519PrivateKey.generate())
    assert (caught.value.reason, caught.value.status) == ("signature", 401)
    with pytest.raises(errors.WebhookError) as caught:
        send(b'{"type":1}', stamp="1531420000")
    assert caught.value.reason == "age"


def test_wise_signs_with_rsa():
    private_key = rsa.generate_private_key(65_537, 2048)
    public_key = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = b'{"event_type":"transfers#state-change","data":{"id":1}}'
    signature = private_key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    headers = {"X-Signature-SHA256": base64.b64encode(signature).decode(), "X-Delivery-Id": "d1"}
    wise = build_connector("wise")
    assert verify_webhook(wise, public_key.decode(), headers, body).name == "transfers#state-change"
    refuse("signature", wise, public_key.decode(), headers, body + b" ")
    other = {**headers, "X-Signature-SHA256": base64.b64encode(bytes(256)).decode()}
    refuse("signature", wise, public_key.decode(), other, body)
    refuse("signature", wise, public_key.decode(), {**headers, "X-Signature-SHA256": "A" * 343}, body)


@pytest.mark.parametrize("name", ["gitlab", "telegram"])
def test_a_shared_token_is_the_whole_proof(name):
    connector = build_connector(name)
    header = connector.manifest.triggers["hook"].token.partition(".")[2]
    named = {"X-Gitlab-Event": "Push Hook", "Idempotency-Key": "u1"}
    got = verify_webhook(
        connector, ["an-older-secret", SHARED_SECRET], {header: SHARED_SECRET, **named}, b'{"update_id":7}'
    )
    assert got.name == {"gitlab": "Push Hook", "telegram": "update"}[name]
    for wrong in ("", "another-secret", SHARED_SECRET.upper(), SHARED_SECRET[:-1], "é"):
        refuse("signature", connector, SHARED_SECRET, {header: wrong, **named}, b'{"update_id":7}')


def test_a_token_in_the_query_is_read_from_the_url():
    mailchimp = build_connector("mailchimp")
    body = urlencode({"type": "subscribe", "data[list_id]": "a6b5da1054"}).encode()
    got = verify_webhook(mailchimp, SHARED_SECRET, {}, body, url=f"https://hooks.example.com/m?secret={SHARED_SECRET}")
    assert (got.name, got.account) == ("subscribe", "a6b5da1054")
    for url in (
        "",
        "https://h.example/m",
        "https://h.example/m?secret=no",
        f"https://h.example/m?secret={SHARED_SECRET}&secret=x",
    ):
        refuse("signature", mailchimp, SHARED_SECRET, {}, body, url=url)


def test_a_token_in_the_body_stands_in_each_event():
    graph = build_connector("graph")
    item = {"changeType": "updated", "clientState": SHARED_SECRET, "tenantId": "t", "resourceData": {"id": "m1"}}

    def send(*items):
        return verify_webhook_events(graph, SHARED_SECRET, {}, json.dumps({"value": items}).encode())

    assert [event.subject for event in send(item, {**item, "resourceData": {"id": "m2"}})] == ["m1", "m2"]
    for items in ([{**item, "clientState": "no"}], [item, {**item, "clientState": "no"}], [{"changeType": "x"}], []):
        with pytest.raises(errors.WebhookError) as caught:
            send(*items)
        assert caught.value.reason == "signature"


def test_graph_is_answered_with_the_text_of_its_query():
    text = "Validation: Testing client application reachability for subscription Request-Id: 2f8f"
    url = f"https://hooks.example.com/graph?{urlencode({'validationToken': text})}"
    assert verify_webhook(build_connector("graph"), SHARED_SECRET, {}, b"", url=url) == Challenge(text)
    for wrong in ("a\nb", "é", "x" * 1025, ""):
        url = f"https://hooks.example.com/graph?{urlencode({'validationToken': wrong})}"
        refuse("challenge", build_connector("graph"), SHARED_SECRET, {}, b"", url=url, status=400)


def test_meta_is_answered_only_with_the_verify_token():
    secrets = {"appSecret": SHARED_SECRET, "verifyToken": "the-verify-token"}

    def ask(**changed):
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": "1158201444",
            "hub.verify_token": "the-verify-token",
            **changed,
        }
        url = f"https://hooks.example.com/meta?{urlencode(query)}"
        return verify_webhook(build_connector("meta"), secrets, {}, b"", method="GET", url=url)

    assert ask() == Challenge("1158201444")
    for token in ("", "no", SHARED_SECRET):
        with pytest.raises(errors.WebhookError) as caught:
            ask(**{"hub.verify_token": token})
        assert (caught.value.reason, caught.value.status) == ("challenge", 401)
    with pytest.raises(errors.WebhookError) as caught:
        ask(**{"hub.mode": "other"})
    assert (caught.value.reason, caught.value.status) == ("method", 405)
    with pytest.raises(errors.UsageError, match="verifyToken is not given"):
        verify_webhook(build_connector("meta"), SHARED_SECRET, {}, b"")
    with pytest.raises(errors.UsageError, match="Did you mean 'verifyToken'"):
        verify_webhook(build_connector("meta"), {"appSecret": SHARED_SECRET, "verifyTokn": "x"}, {}, b"")


def test_dropbox_is_answered_with_what_it_asks_and_xero_with_nothing():
    url = "https://hooks.example.com/dropbox?challenge=abc-1"
    assert verify_webhook(build_connector("dropbox"), SHARED_SECRET, {}, b"", method="GET", url=url) == Challenge(
        "abc-1"
    )
    body = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4ndom"}'
    signature = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    xero = build_connector("xero")
    refuse("signature", xero, SHARED_SECRET, {"x-xero-signature": signature}, body)
    signature = base64.b64encode(digest(SHARED_SECRET, body)).decode()
    assert verify_webhook_events(xero, SHARED_SECRET, {"x-xero-signature": signature}, body) == []
    with pytest.raises(errors.UsageError, match="verify_webhook_events"):
        verify_webhook(xero, SHARED_SECRET, {"x-xero-signature": signature}, body)


SENDGRID_KEY = (  # with its delivery, of the service's own library
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eN"
    "Ec6wEA3F+g=="
)
SENDGRID_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9'
    b'OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9'
    b'.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)
SENDGRID_HEADERS = {
    "X-Twilio-Email-Event-Webhook-Signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAb"
    "PIqHh89M15TluLtEZtM=",
    "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
}


def test_the_published_delivery_of_sendgrid_is_signed_with_ecdsa():
    sendgrid, now = build_connector("sendgrid"), 1_600_112_510.0
    (got,) = verify_webhook_events(sendgrid, SENDGRID_KEY, SENDGRID_HEADERS, SENDGRID_BODY, now=now)
    assert (got.name, got.at.timestamp()) == ("dropped", 1600112492.0)
    refuse("signature", sendgrid, SENDGRID_KEY, SENDGRID_HEADERS, SENDGRID_BODY.rstrip(), now=now)
    later = SENDGRID_HEADERS | {"X-Twilio-Email-Event-Webhook-Timestamp": "1600112503"}
    refuse("signature", sendgrid, SENDGRID_KEY, later, SENDGRID_BODY, now=now)
    refuse("age", sendgrid, SENDGRID_KEY, SENDGRID_HEADERS, SENDGRID_BODY, now=now + 86_400)


def test_the_published_alert_of_github_is_signed_with_ecdsa():
    key = (
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n"
        "kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n-----END PUBLIC KEY-----\n"
    )
    signature = "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc="
    body = b'[{"token":"some_token","type":"some_type","url":"some_url"}]'
    scanning, headers = build_connector("github_scanning"), {"Github-Public-Key-Signature": signature}
    (got,) = verify_webhook_events(scanning, key, headers, body)
    assert (got.name, got.subject) == ("some_type", "some_url")
    for wrong in ("MEUCIQDKZokqnCjrRtw0", "A" * 96, signature.replace("Q", "R")):
        headers = {"Github-Public-Key-Signature": wrong}
        refuse("signature", scanning, key, headers, body)
