"""A receiver takes the secret of a first delivery once, and only where it was asked to; real bytes over a connection."""

from __future__ import annotations

import json
import threading

import pytest
from support.pace import wait_until
from support.receivers import ServedReceiver
from support.signature_schemes import INSTALLED, SHARED_SECRET, build_connector

from connector import Receiver, errors
from connector.sandbox.events.sender import EventSender

NOTION, ASANA = INSTALLED["notion"], INSTALLED["asana"]
TOKEN = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"
TOKEN_BODY = json.dumps({"verification_token": TOKEN}).encode()
HOOK_SECRET = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"
EVENTS = b'{"events":[{"action":"added","resource":{"gid":"1"}},{"action":"changed","resource":{"gid":"1"}}]}'


@pytest.fixture
def make_receiver(tmp_path):
    every = []

    def make(connector, secret, **how):
        every.append(Receiver(connector, secret, inbox=f"sqlite:///{tmp_path}/inbox.db", **how))
        every[-1].inbox.open()
        return every[-1]

    yield make
    for one in every:
        one.inbox.close()


def to_bytes(body: bytes, headers: dict[str, str], method: str = "POST") -> bytes:
    lines = {"Host": "receiver.example", **headers, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} /hook HTTP/1.1\r\n{head}\r\n".encode() + body


def ask(served, body: bytes, headers: dict[str, str], method: str = "POST"):
    with served.connect() as line:
        return line.ask(to_bytes(body, headers, method))


def sign(connector, body: bytes, secret: str) -> dict[str, str]:
    return EventSender(connector, "https://hooks.example.com/", secret, http=object()).build_headers("", body)


def test_the_handshake_of_asana_is_answered_with_its_header_and_its_events_follow(make_receiver):
    saved, names = [], []
    receiver = make_receiver(ASANA, None, save_secret=saved.append)
    receiver.on()(lambda event: names.append(event.name))
    with ServedReceiver(receiver) as served:
        assert ask(served, EVENTS, sign(ASANA, EVENTS, HOOK_SECRET))[0] == 401, "nothing is known yet"
        status, headers, _ = ask(served, b"{}", {"X-Hook-Secret": HOOK_SECRET})
        assert (status, headers["x-hook-secret"], saved) == (200, HOOK_SECRET, [HOOK_SECRET])
        assert ask(served, EVENTS, sign(ASANA, EVENTS, HOOK_SECRET))[0] == 200
        wait_until(lambda: len(names) == 2)
        assert ask(served, b'{"events":[]}', sign(ASANA, b'{"events":[]}', HOOK_SECRET))[0] == 200
    assert sorted(names) == ["added", "changed"]
    assert receiver.counts == {"signature": 1, "secret saved": 1, "kept": 1}


def test_the_token_of_notion_is_saved_before_the_answer_and_a_second_one_is_refused(make_receiver, caplog):
    saved = []
    receiver = make_receiver(NOTION, None, save_secret=saved.append)
    with ServedReceiver(receiver) as served:
        assert ask(served, TOKEN_BODY, {})[0] == 200
        status, headers, text = ask(served, b'{"verification_token":"of-somebody-else"}', {})
        assert (status, text, "of-somebody-else" in str(headers)) == (401, b"", False)
        assert ask(served, TOKEN_BODY, {})[0] == 200, "its answer may have been lost"
    assert saved == [TOKEN]
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("save", [None, print])
def test_a_known_secret_stays_whatever_the_receiver_was_asked_to_do(make_receiver, save):
    receiver = make_receiver(NOTION, SHARED_SECRET, save_secret=save)
    body = b'{"id":"e1","type":"page.created"}'
    with ServedReceiver(receiver) as served:
        assert ask(served, TOKEN_BODY, {})[0] == 401
        assert ask(served, body, sign(NOTION, body, TOKEN))[0] == 401
        assert ask(served, body, sign(NOTION, body, SHARED_SECRET))[0] == 200


def test_a_secret_that_cannot_be_saved_is_not_known_and_the_service_asks_again(make_receiver, caplog):
    failures = [OSError(f"{TOKEN} does not fit"), None]

    def save(_):
        if failure := failures.pop(0):
            raise failure

    receiver = make_receiver(NOTION, None, save_secret=save)
    with ServedReceiver(receiver) as served:
        assert ask(served, TOKEN_BODY, {})[0] == 503
        assert ask(served, TOKEN_BODY, {})[0] == 200
    assert "secret not saved: OSError" in caplog.text
    assert TOKEN not in caplog.text


def test_of_two_secrets_at_once_the_first_is_kept(make_receiver):
    saved, go = [], threading.Event()

    def save(secret):
        saved.append(secret)
        go.wait(30)

    receiver = make_receiver(ASANA, None, save_secret=save)
    with ServedReceiver(receiver) as served, served.connect() as one, served.connect() as two:
        one.send(to_bytes(b"", {"X-Hook-Secret": "the-first-secret"}))
        wait_until(lambda: saved)
        two.send(to_bytes(b"", {"X-Hook-Secret": "the-second-secret"}))
        go.set()
        assert one.answer()[0] == 200
        assert two.answer()[0] == 401
    assert saved == ["the-first-secret"]


def test_a_receiver_without_a_secret_says_so(make_receiver):
    with pytest.raises(errors.UsageError, match="No secret"):
        make_receiver(NOTION, None)
    with pytest.raises(errors.UsageError, match="hands over no secret"):
        make_receiver(INSTALLED["slack"], None, save_secret=print)


def test_a_head_is_answered_without_a_body_and_a_challenge_in_a_header_with_one(make_receiver):
    trello = make_receiver(build_connector("trello"), SHARED_SECRET, public_url="https://hooks.example.com/trello")
    with ServedReceiver(trello) as served, served.connect() as line:
        line.send(to_bytes(b"", {"Connection": "close"}, "HEAD"))
        head, _, body = line.rest().partition(b"\r\n\r\n")
        assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", b"")
    okta = make_receiver(build_connector("okta"), SHARED_SECRET)
    with ServedReceiver(okta) as served:
        status, _, body = ask(served, b"", {"X-Okta-Verification-Challenge": "Me_rShK8"}, "GET")
    assert (status, json.loads(body)) == (200, {"verification": "Me_rShK8"})
