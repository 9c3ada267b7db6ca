"""What is not signed is at most a question: it is no event, and it replaces no secret that is known."""

from __future__ import annotations

import json

import pytest
from support.signature_schemes import INSTALLED, SHARED_SECRET, build_connector

from connector import Challenge, accept_handshake, errors, verify_webhook, verify_webhook_events
from connector.core.webhook.challenge import MAX_UNSIGNED_BYTES
from connector.sandbox.events.sender import EventSender

URL = "https://hooks.example.com/service"
NOTION, ASANA = INSTALLED["notion"], INSTALLED["asana"]
TOKEN = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"  # as the service's page shows one
TOKEN_BODY = json.dumps({"verification_token": TOKEN}).encode()
HOOK_SECRET = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"  # of the service's page


def sign(connector, body: bytes, secret: str) -> dict[str, str]:
    return EventSender(connector, URL, secret, http=object()).build_headers("", body)


def refuse(reason: str, call, *given, status: int = 401, **how) -> None:
    with pytest.raises(errors.WebhookError) as caught:
        call(*given, **how)
    assert (caught.value.reason, caught.value.status) == (reason, status)
    assert TOKEN not in str(caught.value)


def test_the_first_delivery_of_notion_hands_over_its_token_and_the_others_are_signed_with_it():
    got = accept_handshake(NOTION, {}, TOKEN_BODY)
    assert (got.secret, got.reply, got.headers) == (TOKEN, {}, {})
    body = b'{"id":"e1","type":"page.created","entity":{"id":"p1"}}'
    assert verify_webhook(NOTION, got.secret, sign(NOTION, body, TOKEN), body).name == "page.created"


def test_the_handshake_of_asana_has_its_secret_in_a_header_and_gets_it_back_there():
    got = accept_handshake(ASANA, {"X-Hook-Secret": HOOK_SECRET}, b"{}")
    assert (got.secret, got.headers) == (HOOK_SECRET, {"X-Hook-Secret": HOOK_SECRET})
    assert HOOK_SECRET not in repr(got)
    body = b'{"events":[{"action":"changed","created_at":"2026-03-01T09:00:00.000Z","resource":{"gid":"7"}}]}'
    (event,) = verify_webhook_events(ASANA, HOOK_SECRET, sign(ASANA, body, HOOK_SECRET), body)
    assert (event.name, event.at.year, event.subject) == ("changed", 2026, "7")
    heartbeat = b'{"events":[]}'
    assert verify_webhook_events(ASANA, HOOK_SECRET, sign(ASANA, heartbeat, HOOK_SECRET), heartbeat) == []


def test_a_secret_that_is_known_is_not_replaced():
    refuse("challenge", verify_webhook, NOTION, SHARED_SECRET, {}, TOKEN_BODY)
    refuse(
        "challenge", verify_webhook_events, ASANA, ["one-secret", "two-secrets"], {"X-Hook-Secret": HOOK_SECRET}, b""
    )


def test_who_hands_over_the_known_secret_again_is_answered_again():
    got = verify_webhook(NOTION, ["another-secret", TOKEN], {}, TOKEN_BODY)
    assert got == Challenge({})
    got = verify_webhook_events(ASANA, HOOK_SECRET, {"X-Hook-Secret": HOOK_SECRET}, b"")
    assert got == Challenge({}, {"X-Hook-Secret": HOOK_SECRET})


@pytest.mark.parametrize("text", ["short", " surrounded-by-spaces", "", "a" * 1025, "not\nprintable", 5, None])
def test_what_can_be_no_secret_is_not_taken(text):
    body = json.dumps({"verification_token": text}).encode()
    reason, status = ("unsigned", 401) if text is None else ("challenge", 400)
    refuse(reason, accept_handshake, NOTION, {}, body, status=status)


def test_an_event_that_has_the_field_of_a_handshake_is_an_event():
    body = json.dumps({"id": "e1", "type": "page.created", "verification_token": "another-token"}).encode()
    assert verify_webhook(NOTION, TOKEN, sign(NOTION, body, TOKEN), body).name == "page.created"
    headers = sign(ASANA, b'{"events":[{"action":"x"}]}', HOOK_SECRET) | {"X-Hook-Secret": "another-secret"}
    (event,) = verify_webhook_events(ASANA, HOOK_SECRET, headers, b'{"events":[{"action":"x"}]}')
    assert event.name == "x"


def test_a_wrong_signature_makes_no_handshake_of_a_delivery():
    refuse("signature", accept_handshake, NOTION, sign(NOTION, TOKEN_BODY, "any-other-secret"), TOKEN_BODY)


def test_without_a_secret_no_event_is_taken():
    body = b'{"id":"e1","type":"page.created"}'
    refuse("signature", accept_handshake, NOTION, sign(NOTION, body, "any-secret-at-all"), body)
    refuse("unsigned", accept_handshake, NOTION, {}, body)
    refuse("unsigned", accept_handshake, NOTION, {}, b"no JSON")


def test_of_what_is_not_signed_little_is_read():
    padded = TOKEN_BODY + b" " * (MAX_UNSIGNED_BYTES - len(TOKEN_BODY))
    assert accept_handshake(NOTION, {}, padded).secret == TOKEN
    refuse("unsigned", accept_handshake, NOTION, {}, padded + b" ")


def test_a_service_that_hands_over_nothing_is_told():
    for connector in (INSTALLED["slack"], INSTALLED["gcal"]):
        with pytest.raises(errors.UsageError, match="hands over no secret"):
            accept_handshake(connector, {}, TOKEN_BODY)


def test_a_challenge_of_smartsheet_is_answered_in_a_header_and_in_the_body_signed_or_not():
    connector, headers = build_connector("smartsheet"), {"Smartsheet-Hook-Challenge": "d78dd1d3"}
    body = b'{"challenge":"d78dd1d3","webhookId":7}'
    expected = Challenge({"smartsheetHookResponse": "d78dd1d3"}, {"Smartsheet-Hook-Response": "d78dd1d3"})
    assert verify_webhook_events(connector, SHARED_SECRET, headers, body) == expected
    signed = headers | sign(connector, body, SHARED_SECRET)
    assert verify_webhook_events(connector, SHARED_SECRET, signed, body) == expected
    refuse("unsigned", verify_webhook_events, connector, SHARED_SECRET, {}, b'{"events":[]}')
    split = {"Smartsheet-Hook-Challenge": "a\r\nSet-Cookie: b"}
    refuse("challenge", verify_webhook_events, connector, SHARED_SECRET, split, body, status=400)


def test_a_challenge_of_monday_is_in_a_body_without_a_token_and_an_event_never_is():
    connector = build_connector("monday")
    body = b'{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}'
    got = verify_webhook(connector, SHARED_SECRET, {}, body, url=URL)
    assert got == Challenge({"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})
    event, url = b'{"event":{"type":"create_pulse"},"challenge":"x"}', f"{URL}?secret={SHARED_SECRET}"
    assert verify_webhook(connector, SHARED_SECRET, {}, event, url=url).name == "create_pulse"
    refuse("signature", verify_webhook, connector, SHARED_SECRET, {}, event, url=f"{URL}?secret=another-token")


def test_a_challenge_of_okta_is_a_header_of_a_get():
    connector, headers = build_connector("okta"), {"X-Okta-Verification-Challenge": "Me_rShK8JHsTnbyYrWXCEoMGbM"}
    got = verify_webhook_events(connector, SHARED_SECRET, headers, b"", method="GET")
    assert got == Challenge({"verification": "Me_rShK8JHsTnbyYrWXCEoMGbM"})
    refuse("method", verify_webhook_events, connector, SHARED_SECRET, {}, b"", method="GET", status=405)


def test_trello_only_asks_whether_somebody_is_there():
    connector = build_connector("trello")
    assert verify_webhook(connector, SHARED_SECRET, {}, b"", method="HEAD", url=URL) == Challenge({})
    refuse("method", verify_webhook, connector, SHARED_SECRET, {}, b"", method="GET", url=URL, status=405)
    body = b'{"action":{"id":"a1","type":"updateCard"},"model":{"id":"m1"}}'
    assert verify_webhook(connector, SHARED_SECRET, sign(connector, body, SHARED_SECRET), body, url=URL).subject == "m1"


@pytest.mark.parametrize("name", ["notion", "asana", "smartsheet", "monday", "okta", "trello"])
def test_the_challenge_that_the_sandbox_sends_is_one(name):
    connector = INSTALLED.get(name) or build_connector(name)
    sender = EventSender(connector, URL, SHARED_SECRET, http=object())
    assert isinstance(sender.read(sender.build_delivery("challenge", {})), Challenge)
