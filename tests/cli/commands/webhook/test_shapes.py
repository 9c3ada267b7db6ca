"""The commands send, take, verify and show deliveries of every shape."""

from __future__ import annotations

import asyncio
import json

import pytest
from support.receivers import ServedReceiver
from support.servers import reply
from support.signature_schemes import INSTALLED, SHARED_SECRET

from connector import Receiver
from connector.sandbox.events.sender import EventSender, get_sandbox_secrets

SENT = [
    ("slack", "message", None), ("slack", "block_actions", "interactions"), ("slack", "/forecast", "commands"),
    ("twilio", "received", None), ("gcal", "exists", None), ("notion", "page.created", None),
    ("hubspot", "contact.creation", None), ("linear", "Issue", None),
]  # fmt: skip


@pytest.fixture
def sandbox_receiver(tmp_path):
    """Serve a receiver of the sandbox's events, with the URL that it is served at."""
    inboxes = []

    def serve(name, trigger):
        secrets = get_sandbox_secrets(INSTALLED[name], trigger)
        receiver = Receiver(
            INSTALLED[name],
            secrets,
            inbox=f"sqlite:///{tmp_path}/i.db",
            trigger=trigger,
            public_url="http://x.example/",
        )
        inboxes.append(receiver.inbox)
        served = ServedReceiver(receiver)
        receiver.public_url = f"http://127.0.0.1:{served.port}/hook"
        return served, receiver.public_url

    yield serve
    for inbox in inboxes:
        inbox.close()


@pytest.mark.parametrize(("name", "event", "trigger"), SENT)
def test_an_event_that_is_sent_is_taken_listed_and_shown(here, sandbox_receiver, tmp_path, name, event, trigger):
    words = ["--sandbox", "--connector", str(INSTALLED[name].folder), *(["--trigger", trigger] if trigger else [])]
    served, url = sandbox_receiver(name, trigger)
    with served:
        done = here("webhook", "send", event, "--to", url, *words)
    assert (done.code, done.out) == (0, f"{event}: 200 {{}}\n"), done.err
    words += ["--inbox", f"sqlite:///{tmp_path}/i.db"]
    rows = here("webhook", "events", "--output", "json", *words).data
    assert [row["event"] for row in rows] == [event]
    shown = here("webhook", "events", "--show", str(rows[0]["id"]), *words).data
    assert isinstance(shown["data"], dict)


def test_the_challenge_of_slack_is_tried(here, sandbox_receiver, server):
    words = ["--sandbox", "--connector", str(INSTALLED["slack"].folder)]
    served, url = sandbox_receiver("slack", None)
    with served:
        done = here("webhook", "send", "url_verification", "--to", url, *words)
    assert (done.code, done.out) == (0, "url_verification: 200 the challenge was answered correctly\n"), done.err
    server.always(reply(json_={"challenge": "another"}))
    done = here("webhook", "send", "url_verification", "--to", server.url, *words)
    assert (done.code, done.out) == (1, "url_verification: 200 the challenge was answered wrongly\n")


def save(path, delivery):
    path.write_text(json.dumps({"headers": delivery.headers, "body": delivery.body.decode()}))


def test_a_delivery_of_several_events_is_verified(here, tmp_path):
    url = "https://hooks.example.com/hubspot?a=b"
    sender = EventSender(INSTALLED["hubspot"], url, SHARED_SECRET, http=object())
    items = [{"subscriptionType": name, "occurredAt": 1531420618000} for name in ("a", "b")]
    save(tmp_path / "delivery.json", sender.build_delivery("", {}, raw=json.dumps(items).encode()))
    words = ["webhook", "verify", "-f", "delivery.json", "--connector", str(INSTALLED["hubspot"].folder)]
    done = here(*words, "--url", url, HUBSPOT_CLIENT_SECRET=SHARED_SECRET)
    assert done.code == 0, done.err
    assert [line.split(",")[0] for line in done.out.splitlines() if line.startswith("Event")] == [
        "Event: a",
        "Event: b",
    ]
    facts = here(*words, "--url", url, "--output", "json").data
    assert [fact["event"] for fact in facts] == ["a", "b"]
    done = here(*words, "--url", "https://hooks.example.com/hubspot")
    assert (done.code, "does not match the URL" in done.err) == (1, True)
    done = here(*words)
    assert "signed with the URL" in done.err


def test_an_event_that_cannot_be_read_is_told_listed_and_shown(here, tmp_path):
    sender = EventSender(INSTALLED["asana"], "https://hooks.example.com/", SHARED_SECRET, http=object())
    raw = b'{"events":[{"action":"added"},"hidden-content",{"X-Hook-Secret":"hidden-value"}]}'
    delivery = sender.build_delivery("", {}, raw=raw)
    words = ["--connector", str(INSTALLED["asana"].folder), "--inbox", f"sqlite:///{tmp_path}/i.db"]
    receiver = Receiver(INSTALLED["asana"], SHARED_SECRET, inbox=words[-1])
    assert asyncio.run(receiver.handle(delivery.headers, delivery.body)).status == 200
    receiver.inbox.close()
    rows = here("webhook", "events", "--status", "dead", "--output", "json", *words).data
    assert [(row["event"], row["error"]) for row in rows] == [
        (None, "An event must be a JSON object."),
        (None, "The delivery has no event name."),
    ]
    text, fields = (here("webhook", "events", "--show", str(row["id"]), *words) for row in rows)
    assert text.data["data"] == "16 bytes; --reveal shows them"
    assert fields.data["data"] == {"X-Hook-Secret": "***"}
    text = here("webhook", "events", "--show", str(rows[0]["id"]), "--reveal", *words)
    assert text.data["data"] == '"hidden-content"'
    save(tmp_path / "delivery.json", delivery)
    done = here("webhook", "verify", "-f", "delivery.json", *words[:2], ASANA_HOOK_SECRET=SHARED_SECRET)
    assert (done.code, "2 of 3 events: An event must be a JSON object." in done.err) == (1, True), done.err
    assert "does not fit the manifest" in done.err


def test_an_old_time_in_a_body_is_told_and_so_is_a_wrong_token(here, tmp_path):
    sender = EventSender(INSTALLED["linear"], "https://hooks.example.com/", SHARED_SECRET, http=object())
    save(tmp_path / "old.json", sender.build_delivery("Issue", {"type": "Issue"}, 1531420618))
    words = ["webhook", "verify", "--connector", str(INSTALLED["linear"].folder), "-f", "old.json"]
    done = here(*words, LINEAR_SIGNING_SECRET=SHARED_SECRET)
    assert (done.code, "made at 2018-07-12T18:36:58Z" in done.err) == (1, True), done.err
    assert here(*words, "--timestamp", "2018-07-12T18:37:28Z").code == 0
    (tmp_path / "token.json").write_text(json.dumps({"headers": {"X-Goog-Channel-Token": "another"}, "body": ""}))
    words = ["webhook", "verify", "--connector", str(INSTALLED["gcal"].folder), "-f", "token.json"]
    done = here(*words, GCAL_CHANNEL_TOKEN=SHARED_SECRET)
    assert (done.code, "another token than GCAL_CHANNEL_TOKEN" in done.err) == (1, True), done.err
