"""`webhook send` and `webhook verify`: events are signed as the service signs, and every rejection has its reason."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest
from support.servers import reply

from connector.runtime.webhooks.verify import verify_webhook
from connector.sandbox.events.sender import get_sandbox_secret

SECRET = "a-secret-of-the-service"
VARIABLE = "ZOOM_WEBHOOK_SECRET_TOKEN"


def arrived(zoom, server, secret=SECRET, **how):
    """Return what the server received, verified by the library."""
    found = [
        verify_webhook(zoom, secret, [(name.decode(), value.decode()) for name, value in one.lines], one.body, **how)
        for one in server.requests
    ]
    return found[0] if len(found) == 1 else found


def test_an_event_is_signed_and_sent_and_the_answer_printed(here, zoom, server):
    server.always(reply(status=202, json_={"taken": True}))
    done = here("webhook", "send", "user.activated", "--to", server.url, **{VARIABLE: SECRET})
    assert (done.code, done.out, done.err) == (0, 'user.activated: 202 {"taken": true}\n', "")
    got = arrived(zoom, server)
    assert got.name == "user.activated"
    assert got.object["email"]
    assert server.last.header("content-type") == "application/json; charset=utf-8"


def test_several_are_several_events(here, zoom, server):
    done = here(
        "webhook",
        "send",
        "meeting.started",
        "--to",
        server.url,
        "--times",
        "5",
        "--output",
        "json",
        **{VARIABLE: SECRET},
    )
    assert done.data == [{"event": "meeting.started", "status": 200, "reply": "{}"}] * 5
    assert len({one.key for one in arrived(zoom, server)}) == 5


def test_values_are_put_where_they_belong(here, zoom, server):
    sets = ["payload.object.topic=Weekly = fun", "payload.object.duration:=15", "payload.extra.deep:=[1]"]
    words = [word for one in sets for word in ("--set", one)]
    assert here("webhook", "send", "meeting.started", "--to", server.url, *words, **{VARIABLE: SECRET}).code == 0
    got = arrived(zoom, server)
    assert (got.object["topic"], got.object["duration"]) == ("Weekly = fun", 15)
    assert got.data["payload"]["extra"] == {"deep": [1]}


def test_a_file_goes_out_byte_for_byte(here, zoom, server, tmp_path):
    raw = b'{ "event": "made.up",\n "event_ts": 1.0, "payload": {"object": {"id": "\\u00e9\\/"}} }\n'
    (tmp_path / "body.json").write_bytes(raw)
    done = here("webhook", "send", "-f", "body.json", "--to", server.url, **{VARIABLE: SECRET})
    assert (done.code, done.out) == (0, "made.up: 200 {}\n")
    assert server.last.body == raw
    assert arrived(zoom, server).name == "made.up"


def test_a_file_may_get_another_name_and_other_values(here, zoom, server, tmp_path):
    (tmp_path / "body.json").write_text('{"event": "made.up", "payload": {"object": {"id": 1}}}')
    words = ["webhook", "send", "meeting.ended", "-f", "body.json", "--set", "payload.object.id:=2", "--to", server.url]
    assert here(*words, **{VARIABLE: SECRET}).code == 0
    got = arrived(zoom, server)
    assert (got.name, got.object) == ("meeting.ended", {"id": 2})


def test_a_time_ago_is_signed_and_told(here, zoom, server):
    assert (
        here("webhook", "send", "meeting.started", "--to", server.url, "--timestamp", "2h", **{VARIABLE: SECRET}).code
        == 0
    )
    stamp = int(server.last.header("x-zm-request-timestamp"))
    assert abs(time.time() - 7200 - stamp) < 600
    assert abs(arrived(zoom, server, now=stamp).at.timestamp() - stamp) < 2


@pytest.mark.parametrize("status", [301, 401, 404, 500, 503])
def test_any_answer_but_2xx_is_exit_code_1(here, server, status):
    server.always(reply(status=status, json_={}))
    done = here("webhook", "send", "meeting.started", "--to", server.url, **{VARIABLE: SECRET})
    assert done.code == 1
    assert done.out == f"meeting.started: {status} {{}}\n"
    assert f"signed with {VARIABLE}" in done.err
    assert server.count == 1


def test_a_place_where_nobody_listens_is_exit_code_1(here):
    done = here("webhook", "send", "meeting.started", "--sandbox", "--to", "http://127.0.0.1:1/")
    assert done.code == 1
    assert done.err == "http://127.0.0.1:1/: the connection was refused.\n"


def test_the_sandbox_has_a_secret_of_its_own_whatever_is_set(here, zoom, server):
    assert here("webhook", "send", "meeting.started", "--sandbox", "--to", server.url, **{VARIABLE: SECRET}).code == 0
    assert arrived(zoom, server, get_sandbox_secret(zoom)).name == "meeting.started"


def test_the_challenge_can_be_tried_and_its_answer_is_judged(here, server):
    def right(request):
        token = request.json()["payload"]["plainToken"]
        return reply(
            json_={
                "plainToken": token,
                "encryptedToken": hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest(),
            }
        )

    words = ["webhook", "send", "endpoint.url_validation", "--to", server.url]
    server.always(right)
    done = here(*words, **{VARIABLE: SECRET})
    assert (done.code, done.out) == (
        0,
        "endpoint.url_validation: 200 the challenge was answered correctly\n",
    )
    server.always(reply(json_={"plainToken": "x", "encryptedToken": "y"}))
    done = here(*words)
    assert (done.code, done.out) == (1, "endpoint.url_validation: 200 the challenge was answered wrongly\n")


def test_events_of_two_commands_are_two_and_with_a_seed_one(here, zoom, server):
    words = ["webhook", "send", "meeting.started", "--to", server.url, "--timestamp", "2026-01-01T00:00:00Z"]
    for seed in ([], [], ["--seed", "s"], ["--seed", "s"], ["--seed", "t"]):
        assert here(*words, *seed, **{VARIABLE: SECRET}).code == 0
    keys = [one.key for one in arrived(zoom, server, now=1767225600)]
    assert keys[2] == keys[3]
    assert len({keys[2], keys[4]}) == 2
    assert keys[0] == keys[1], "one process has one seed"


def test_copies_in_one_command_are_told(here, server, tmp_path):
    (tmp_path / "body.json").write_text('{"event": "made.up", "payload": {"object": {"id": 1}}}')
    words = ["webhook", "send", "-f", "body.json", "--times", "3", "--to", server.url]
    done = here(*words, **{VARIABLE: SECRET})
    assert (done.code, done.out) == (0, "made.up: 200 {}\n" * 3)
    assert done.err == "2 of 3 are copies of an event: a receiver delivers each event once.\n"
    assert here("--quiet", *words, **{VARIABLE: SECRET}).err == ""


def test_a_value_that_renames_the_event_is_refused_and_nothing_is_sent(here, server):
    words = ["webhook", "send", "meeting.started", "--set", "event=meeting.ended", "--to", server.url]
    done = here(*words, **{VARIABLE: SECRET})
    assert done.code == 2
    assert (
        '--set event: got "meeting.ended"; expected meeting.started, the event to send. Fix: leave it out' in done.err
    )
    assert server.count == 0


REFUSED = [
    (["meeting.startd", "--to", "http://127.0.0.1:1/"], "Did you mean 'meeting.started'?"),
    (["--to", "http://127.0.0.1:1/"], "the name of an event, or a file with -f"),
    (["meeting.started"], "--to"),
    (["meeting.started", "--to", "http://example.com/"], "must not be sent unencrypted"),
    (["meeting.started", "--to", "https://u:pass-word@example.com/"], "must have no user"),
    (["meeting.started", "--to", "http://127.0.0.1:1/", "--timestamp", "soon"], '--timestamp: got "soon"'),
    (["meeting.started", "--to", "http://127.0.0.1:1/", "--set", "x"], "--set number 1"),
    (["meeting.started", "--to", "http://127.0.0.1:1/", "--set", "a..b=1"], "--set number 1"),
    (["meeting.started", "--to", "http://127.0.0.1:1/", "--set", "a:=nope"], "--set number 1"),
    (["-f", "missing.json", "--to", "http://127.0.0.1:1/"], "missing.json: No such file or directory."),
    (["-f", "broken.json", "--to", "http://127.0.0.1:1/"], "invalid JSON"),
    (["-f", "list.json", "--to", "http://127.0.0.1:1/"], "a JSON object"),
    (["meeting.started", "--to", "http://127.0.0.1:1/", "--trigger", "webhookReciever"], "Did you mean 'webhookReceiver'?"),
    (["meeting.started", "--to", "http://127.0.0.1:1/", "--secret", "hunter22"], "secrets must not be on the command line"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=lambda one: " ".join(one) if isinstance(one, list) else "")
def test_what_is_typed_wrong_is_told_and_nothing_is_sent(here, tmp_path, words, said):
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    done = here("webhook", "send", *words, **{VARIABLE: SECRET})
    assert done.code == 2
    assert said in done.err
    assert not {"hunter22", "pass-word"} & set(done.err.replace("/", " ").replace(":", " ").replace("@", " ").split())


def test_a_missing_secret_says_where_the_service_shows_it(here):
    done = here("webhook", "send", "meeting.started", "--to", "http://127.0.0.1:1/")
    assert done.code == 2
    assert done.err.startswith(
        f"{VARIABLE} is not set. Zoom Webhook Secret Token: The Secret Token on your app's Feature page"
    )
    assert f"{VARIABLE}_FILE" in done.err


def test_a_secret_may_come_from_a_file(here, zoom, server, tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\nthe-older-secret\n")
    words = ["webhook", "send", "meeting.started", "--to", server.url]
    assert here(*words, **{f"{VARIABLE}_FILE": str(tmp_path / "secret")}).code == 0
    assert arrived(zoom, server).name == "meeting.started"


# -- verify ------------------------------------------------------------------------------------------------------------

NOW = "2024-07-11T14:13:00Z"
BODY = '{"event":"user.activated","event_ts":1720707175904,"payload":{"account_id":"acc","object":{"id":"abc"}}}'


def headers(body=BODY, *, secret=SECRET, at=1720707175):
    digest = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Zm-Signature": f"v0={digest}", "X-Zm-Request-Timestamp": str(at)}


@pytest.fixture
def verify_saved(here, tmp_path):
    """Verify a saved delivery at a time."""

    def judge(body=BODY, given=None, *words, at=NOW, **env):
        path = tmp_path / "delivery.json"
        path.write_text(json.dumps({"headers": headers() if given is None else given, "body": body}))
        return here("webhook", "verify", "-f", str(path), "--timestamp", at, *words, **{VARIABLE: SECRET, **env})

    return judge


def test_a_good_delivery_says_what_it_is(verify_saved):
    done = verify_saved()
    assert done.code == 0
    assert done.out.startswith("Event: user.activated, at 2024-07-11T14:12:55Z, account acc. Signed 5 s ago.\nkey ")
    shown = verify_saved(BODY, None, "--output", "json").data
    assert (shown["event"], shown["age"], shown["signed"]) == ("user.activated", 5, "2024-07-11T14:12:55Z")


def test_a_challenge_says_what_it_wants_without_its_token(verify_saved):
    body = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}'
    done = verify_saved(body, headers(body))
    assert (done.code, done.out) == (
        0,
        "Challenge: reply 200 with plainToken, encryptedToken as JSON. Signed 5 s ago.\n",
    )


def test_a_raw_body_comes_with_its_headers(here, tmp_path):
    (tmp_path / "body").write_text(BODY)
    given = [word for name, value in headers().items() for word in ("-H", f"{name}: {value}")]
    done = here("webhook", "verify", "-f", "body", "--timestamp", NOW, *given, **{VARIABLE: SECRET})
    assert (done.code, done.out[:21]) == (0, "Event: user.activated")


def test_an_old_one_is_refused_with_the_numbers(verify_saved):
    done = verify_saved(at="2024-07-11T16:12:55Z")
    assert done.code == 1
    assert "made at 2024-07-11T14:12:55Z, 2 h ago (7200 s); a delivery is valid for 5400 s." in done.err
    assert "--timestamp 2024-07-11T14:12:55Z" in done.err


def test_one_from_the_future_blames_the_clock(verify_saved):
    done = verify_saved(at="2024-07-11T14:02:55Z")
    assert done.code == 1
    assert "10 min ahead of this machine (600 s;" in done.err
    assert "the clock of this machine" in done.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body + "\n", "without its final line end"),
        (lambda body: json.dumps(json.loads(body)), "as JSON before it was serialized again"),
    ],
)
def test_a_body_that_was_changed_on_its_way_is_recognised(verify_saved, change, said):
    done = verify_saved(change(BODY))
    assert done.code == 1
    assert f"It matches the body {said}: verify the received bytes unchanged." in done.err


def test_a_lost_line_end_is_recognised(verify_saved):
    done = verify_saved(BODY, headers(BODY + "\n"))
    assert "It matches the body with a final line end" in done.err


def test_a_wrong_secret_or_body_says_where_to_look_and_shows_neither(verify_saved):
    for done in (verify_saved(BODY.replace("abc", "abd")), verify_saved(**{VARIABLE: "another-secret"})):
        assert done.code == 1
        assert f"Either the secret in {VARIABLE} is not the one that signed" in done.err
        assert "on your app's Feature page" in done.err
        assert not any(
            secret in done.out + done.err for secret in (SECRET, "another-secret", headers()["X-Zm-Signature"])
        )


@pytest.mark.parametrize(
    ("given", "reason", "said"),
    [
        ({}, "unsigned", "The headers are: none."),
        ({"Accept": "*/*"}, "unsigned", "The headers are: Accept."),
        ({**headers(), "X-Zm-Signature": "v1=abc"}, "unsigned", "has no signature in the expected format"),
        ({**headers(), "X-Zm-Request-Timestamp": "soon"}, "timestamp", "seconds since 1970, in digits"),
    ],
)
def test_what_is_missing_is_named(verify_saved, given, reason, said):
    done = verify_saved(BODY, given, "--output", "json")
    assert done.code == 1
    assert done.data["error"]["reason"] == reason
    assert said in done.err


@pytest.mark.parametrize("body", ["[]", "no json", '{"no": "name"}'])
def test_one_that_is_signed_and_no_event_says_that_the_signature_fits(verify_saved, body):
    done = verify_saved(body, headers(body))
    assert done.code == 1
    assert "The signature matches" in done.err


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        ("no json", "invalid JSON"),
        ("[]", '-f: got a list; expected {"headers": {...}'),
        ('{"headers": {}, "body": {"event": "x"}}', "save the received bytes"),
        ('{"headers": 3, "body": ""}', "-f headers: got an int; expected a mapping of names to values"),
        ('{"header": {}, "body": ""}', "Did you mean 'headers'?"),
        ('{"headers": {}, "body": "", "method": "GET"}', "give it as -X"),
        ('{"headers": {}, "body": "", "canary": 1}', "got an unknown key; expected headers and body"),
    ],
)
def test_a_file_that_is_no_delivery_is_told(here, tmp_path, saved, said):
    (tmp_path / "delivery.json").write_text(saved)
    done = here("webhook", "verify", "-f", "delivery.json", **{VARIABLE: SECRET})
    assert done.code == 2
    assert said in done.err


def test_all_that_is_wrong_with_a_saved_delivery_is_told_at_once_and_nothing_of_its_content(here, tmp_path):
    saved = {"header": {"x-zm-signature": "canary-1"}, "bdoy": "canary-2", "url": "https://canary-3.example", "body": 4}
    (tmp_path / "delivery.json").write_text(json.dumps(saved))
    done = here("webhook", "verify", "-f", "delivery.json", **{VARIABLE: SECRET})
    assert done.code == 2
    for said in (
        "Did you mean 'headers'?",
        "Did you mean 'body'?",
        "give it as --url",
        "headers: got nothing",
        "an int",
    ):
        assert said in done.err, done.err
    assert "canary" not in done.err


def test_what_is_sent_can_be_verified(here, server, tmp_path):
    here("webhook", "send", "meeting.ended", "--sandbox", "--to", server.url)
    saved = {
        "headers": [[name.decode(), value.decode()] for name, value in server.last.lines],
        "body": server.last.body.decode(),
    }
    (tmp_path / "delivery.json").write_text(json.dumps(saved))
    done = here("webhook", "verify", "-f", "delivery.json", "--sandbox")
    assert (done.code, done.out[:20]) == (0, "Event: meeting.ended")
