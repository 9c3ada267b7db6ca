"""A challenge is told from an event by what stands at its place, and answered with nothing but what it may ask for."""

from __future__ import annotations

import base64
import hmac

import pytest

from connector.core.webhook.challenge import MAX_ECHO_LENGTH, MAX_TOKEN_LENGTH, ChallengeResponder
from connector.core.webhook.delivery import ReceivedDelivery
from connector.definition.trigger import Trigger
from connector.errors import WebhookError

SECRET = {"label": "S", "help": "H.", "type": "password"}
KEY = b"secret-of-the-tests"


def responder(event=None, **challenge):
    return ChallengeResponder(
        Trigger.model_validate({
            "label": "L", "summary": "S.", "inputs": {"secret": SECRET, "verifyToken": SECRET},
            "signature": {"header": "X-Sig", "payload": "{body}", "format": "{hex}"},
            "challenge": {"reply": "{read}", **challenge}, "event": event or {"name": "kind"},
        })
    )  # fmt: skip


def delivery(data=None, method="POST", query=None, headers=None):
    return ReceivedDelivery(headers or {}, query or {}, b"", method, "", {} if data is None else data)


def refuse(made, received, status, *, tokens=None):
    """Check that a challenge is not answered; return what is said."""
    with pytest.raises(WebhookError) as caught:
        made.answer(received, KEY, tokens)
    assert (caught.value.reason, caught.value.status) == ("challenge", status)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "received", "is_one"),
    [
        ({"is": "check"}, delivery({"kind": "check"}), True),
        ({"is": "check"}, delivery({"kind": "checked"}), False),
        ({"is": "check"}, delivery({}), False),
        ({"is": "check"}, delivery({"kind": "check"}, "GET"), False),
        ({"at": "type", "is": 1}, delivery({"type": 1, "kind": "event"}), True),
        ({"at": "type", "is": 1}, delivery({"type": "1"}), True),
        ({"at": "type", "is": 1}, delivery({"type": True}), False),
        ({"at": "type", "is": 1}, delivery({"type": [1]}), False),
        ({"at": "header.X-Kind", "is": "check"}, delivery(headers={"x-kind": ["check"]}), True),
        ({"at": "header.X-Kind", "is": "check"}, delivery(headers={"x-kind": ["check", "check"]}), False),
        ({"method": "GET", "at": "query.mode", "is": "check"}, delivery(None, "GET", {"mode": ["check"]}), True),
        ({"method": "GET", "at": "query.mode", "is": "check"}, delivery(None, "POST", {"mode": ["check"]}), False),
        ({"read": "query.token"}, delivery(query={"token": [""]}), True),
        ({"read": "query.token"}, delivery({"token": "in the body"}), False),
        ({"read": "text"}, delivery({"text": 0}), True),
        ({"read": "text"}, delivery({"text": None}), False),
        ({"reply": "ok"}, delivery({"kind": "check"}), False),
    ],
)
def test_a_delivery_is_a_challenge_by_its_method_and_what_stands_at_its_place(words, received, is_one):
    assert responder(**words).is_challenge(received) is is_one


def test_without_anything_to_read_the_answer_is_the_fixed_one():
    made = responder(**{"is": "check", "reply": {"type": 1, "text": "{read}"}})
    assert made.answer(delivery({"kind": "check"}), KEY).reply == {"type": 1, "text": "{read}"}


def test_an_answer_has_what_was_read_with_its_digest_and_its_own_numbers():
    reply = {"plain": "{read}", "both": "{hex} {base64}", "type": 1, "other": "{word}"}
    made = responder(**{"is": "check", "read": "token", "reply": reply})
    digest = hmac.digest(KEY, b"tok-1", "sha256")
    assert made.answer(delivery({"token": "tok-1"}), KEY).reply == {
        "plain": "tok-1",
        "both": f"{digest.hex()} {base64.b64encode(digest).decode()}",
        "type": 1,
        "other": "{word}",
    }


def test_what_was_read_is_not_filled_in_itself():
    made = responder(read="query.token", reply="<{read}>")
    assert made.answer(delivery(query={"token": ["{read}{hex}"]}), b"").reply == "<{read}{hex}>"


def test_nothing_is_signed_for_who_did_not_sign():
    made = responder(read="query.token", reply="{read} {hex}{base64}")
    assert not made.is_signed
    assert made.answer(delivery(query={"token": ["tok"]}), KEY).reply == "tok {hex}{base64}"


@pytest.mark.parametrize(
    ("reply", "text", "answered"),
    [
        ("{read}", "a b/{}~", True),
        ("{read}", "a" * MAX_ECHO_LENGTH, True),
        ("{read}", "a" * (MAX_ECHO_LENGTH + 1), False),
        ("{read}", "", False),
        ("{read}", "a\n", False),
        ("{read}", "ä", False),
        ("{read}", 5, False),
        ("{read}", None, False),
        ("{hex}", "a-Z_09", True),
        ("{hex}", "a" * MAX_TOKEN_LENGTH, True),
        ("{hex}", "a" * (MAX_TOKEN_LENGTH + 1), False),
        ("{hex}", "a b", False),
        ("{base64}", '{"kind":"event"}', False),
        ("{base64}", "a\n", False),
    ],
)
def test_only_a_short_text_is_sent_back_and_only_a_plain_word_is_signed(reply, text, answered):
    made, received = responder(**{"is": "check", "read": "token", "reply": reply}), delivery({"token": text})
    if answered:
        digest = hmac.digest(KEY, text.encode(), "sha256").hex()
        assert made.answer(received, KEY).reply == {"{read}": text, "{hex}": digest}[reply]
    else:
        expected = f"{MAX_ECHO_LENGTH} printable" if reply == "{read}" else f"{MAX_TOKEN_LENGTH} letters"
        assert expected in refuse(made, received, 400)


@pytest.mark.parametrize("at", ["query.verify", "header.X-Verify", "inner.verify"])
@pytest.mark.parametrize(
    ("given", "expected", "answered"),
    [
        ("token-1", [b"token-1"], True),
        ("token-1", [b"token-0", b"token-1"], True),
        ("token-1", [b"token-0"], False),
        ("token-1", [], False),
        (None, [b"token-1"], False),
        ("t\u00f6ken", ["t\u00f6ken".encode()], True),
    ],
)
def test_a_challenge_with_a_token_is_answered_for_one_of_those_that_are_expected(at, given, expected, answered):
    made = responder(read="query.text", token={"at": at, "input": "verifyToken"})
    found = [] if given is None else [given]
    received = delivery({"inner": {"verify": given}}, "POST", {"text": ["x"], "verify": found}, {"x-verify": found})
    if answered:
        assert made.answer(received, b"", {"verifyToken": expected}).reply == "x"
    else:
        assert "token-1" not in refuse(made, received, 401, tokens={"verifyToken": expected})


@pytest.mark.parametrize("tokens", [None, {}, {"secret": [b"token-1"]}])
def test_the_token_of_another_input_does_not_count(tokens):
    made = responder(read="query.text", token={"at": "query.verify", "input": "verifyToken"})
    refuse(made, delivery(query={"text": ["x"], "verify": ["token-1"]}), 401, tokens=tokens)


@pytest.mark.parametrize(
    ("words", "data", "query"),
    [
        ({"is": "check", "read": "inner.text"}, {"kind": "check", "inner": {"old": 1, "text": "abc"}}, {}),
        (
            {
                "method": "GET", "at": "query.mode", "is": 2, "read": "query.text",
                "token": {"at": "query.verify", "input": "verifyToken"},
            },
            {"inner": {"old": 1}}, {"text": "abc", "mode": "2", "verify": "tok"},
        ),
        ({"at": "header.X-Kind", "is": "check", "read": "text"}, {"inner": {"old": 1}, "text": "abc"}, {}),
        ({"read": "query.text"}, {"inner": {"old": 1}}, {"text": "abc"}),
        ({"at": "mode", "is": "check", "reply": "ok"}, {"inner": {"old": 1}, "mode": "check"}, {}),
    ],
)  # fmt: skip
def test_a_sample_has_each_value_at_its_place(words, data, query):
    made, sample, filled, headers = responder(**words), {"inner": {"old": 1}}, {}, {}
    assert made.add_to_sample(sample, filled, headers, "abc", "tok") == data
    assert filled == query
    assert headers == ({"x-kind": "check"} if words.get("at") == "header.X-Kind" else {})
    assert sample == {"inner": {"old": 1}}, "the given data stays as it was"


def test_a_sample_is_a_challenge_that_is_answered():
    words = {"is": "check", "read": "query.text", "token": {"at": "verify", "input": "verifyToken"}}
    made, query = responder(**words), {}
    data = made.add_to_sample({}, query, {}, "abc", "tok")
    received = delivery(data, query={name: [value] for name, value in query.items()})
    assert made.is_challenge(received)
    assert made.answer(received, b"", {"verifyToken": [b"tok"]}).reply == "abc"


def test_the_headers_that_are_read_are_named():
    token = {"at": "header.X-Verify", "input": "verifyToken"}
    made = responder(**{"at": "header.X-Kind", "is": "check", "read": "header.X-Text", "token": token})
    assert made.header_names == {"x-kind", "x-text", "x-verify"}
