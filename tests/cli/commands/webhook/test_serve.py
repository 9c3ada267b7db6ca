"""`webhook serve`, `send`, `events` and `replay` work together: every event with a 200 reply is forwarded."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from support.servers import reply

from connector.runtime.webhooks.inbox import Inbox

SECRET = "a-secret-of-the-service"
VARIABLE = "ZOOM_WEBHOOK_SECRET_TOKEN"


class Serving:
    """A receiver as a process: its URL, lines and end."""

    def __init__(self, process):
        self.process = process
        first = process.stderr.readline().decode()
        assert first.startswith("Receiving"), first + process.stderr.read().decode()
        self.url = first.split()[5].rstrip(".")
        self.said = first
        while not self.said.splitlines()[-1].startswith("Events are stored in"):
            self.said += process.stderr.readline().decode()

    def line(self):
        return json.loads(self.process.stdout.readline())

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture
def serve(start):
    def begin(*words, **rest):
        return Serving(start("webhook", "serve", "--port", "0", *words, **rest))

    return begin


def send(cli, url, event="meeting.started", *words):
    done = cli("webhook", "send", event, "--sandbox", "--to", url, *words)
    assert (done.code, done.out) == (0, f"{event}: 200 {{}}\n"), done.err


def test_the_commands_that_serve_tells_are_of_the_same_connector(serve):
    folder = str(Path(__file__).parents[4] / "examples" / "github")
    one = serve("--sandbox", "--connector", folder)
    assert f"connector webhook send EVENT --connector {folder} --sandbox --to {one.url}" in one.said
    assert f"'connector webhook events --connector {folder} --sandbox' lists them" in one.said
    one.end()


def test_serve_and_send_talk_to_each_other(serve, cli):
    one = serve("--sandbox")
    send(cli, one.url, "meeting.started", "--set", "payload.object.topic=Standup")
    line = one.line()
    assert (line["event"], line["data"]["payload"]["object"]["topic"]) == ("meeting.started", "Standup")
    assert set(line) == {"trigger", "event", "at", "account", "key", "data"}
    send(cli, one.url, "recording.completed")
    assert one.line()["data"]["download_token"] == "***"
    code, out, err = one.end()
    assert (code, out) == (0, "")
    assert err == ""
    assert "public secret" in one.said
    assert f"connector webhook send user.created --sandbox --to {one.url}" in one.said


def test_ctrl_c_ends_it_well(serve):
    assert serve("--sandbox").end(signal.SIGINT) == (0, "", "")


def test_a_secret_of_the_environment_is_asked_for_and_two_are_both_good(serve, cli, server):
    one = serve("--path", "/hooks", env={VARIABLE: f"the-new-secret {SECRET}"})
    assert one.url.endswith("/hooks")
    done = cli("webhook", "send", "user.activated", "--to", one.url, env={VARIABLE: SECRET})
    assert (done.code, done.out) == (0, "user.activated: 200 {}\n")
    done = cli(
        "webhook", "send", "user.activated", "--to", one.url, "--set", "event_ts:=1", env={VARIABLE: "the-new-secret"}
    )
    assert done.code == 0
    assert cli("webhook", "send", "user.activated", "--to", one.url, env={VARIABLE: "a-third-one"}).out.startswith(
        "user.activated: 401"
    )
    assert [one.line()["event"] for _ in range(2)] == ["user.activated"] * 2
    code, out, err = one.end()
    assert code == 0
    assert "delivery refused (1 so far): signature" in err
    assert not any(secret in one.said + out + err for secret in ("the-new-secret", SECRET, "a-third-one"))


def test_without_a_secret_it_does_not_start_and_says_where_it_is(cli):
    done = cli("webhook", "serve", "--port", "0")
    assert done.code == 2
    assert done.err.startswith(
        f"{VARIABLE} is not set. Zoom Webhook Secret Token: The Secret Token on your app's Feature page"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sandbox", "--host", "0.0.0.0"], "The sandbox's secret is public"),
        (["--sandbox", "--exec", "true", "--to", "https://example.com/"], "cannot be combined"),
        (["--sandbox", "--exec", "'"], "is not a valid command"),
        (["--sandbox", "--exec", ""], "The command is empty"),
        (["--sandbox", "--to", "http://example.com/"], "must not be sent unencrypted"),
        (["--sandbox", "--path", "hooks"], "is not a path"),
        (["--sandbox", "--inbox", "mysql://h/d"], "does not name a supported database"),
        (["--sandbox", "--inbox", "postgresql://u:pass-word@h/d"], "a URL without a password"),
        (["--trigger", "what"], "has no trigger 'what'"),
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_told_at_once(cli, words, said):
    done = cli("webhook", "serve", "--port", "0", *words, env={VARIABLE: SECRET})
    assert done.code == 2, done.err
    assert said in done.err
    assert "pass-word" not in done.err


def test_a_command_gets_each_event_until_it_is_done(serve, cli, tmp_path):
    script = tmp_path / "take.py"
    script.write_text(
        "import json, os, sys\n"
        "event = json.load(sys.stdin)\n"
        "assert os.environ['CONNECTOR_EVENT_KEY'] == event['key']\n"
        "print('took', event['event'], flush=True)\n"
    )
    one = serve("--sandbox", "--exec", f"{sys.executable} {script}", "--event", "meeting.*")
    send(cli, one.url, "user.activated")
    send(cli, one.url, "meeting.ended")
    assert one.process.stdout.readline() == b"took meeting.ended\n"
    assert one.end()[:2] == (0, "")


def test_a_url_that_fails_gets_it_again_with_the_same_key(serve, cli, server, tmp_path):
    server.always(reply(status=500, json_={}))
    inbox = f"sqlite:///{tmp_path / 'inbox.sqlite'}"
    one = serve("--sandbox", "--to", f"{server.url}/in", "--inbox", inbox)
    send(cli, one.url)
    err = one.process.stderr
    while b"answered 500" not in err.readline():
        pass
    assert one.end()[0] == 0
    rows = cli("webhook", "events", "--sandbox", "--inbox", inbox, "--output", "json").data
    assert [(row["event"], row["state"], row["attempts"]) for row in rows] == [("meeting.started", "pending", 1)]
    assert "answered 500" in rows[0]["error"]
    server.always(reply(json_={}))
    assert cli("webhook", "replay", "1", "--sandbox", "--inbox", inbox).out == "1 event will be delivered again.\n"
    again = serve("--sandbox", "--inbox", inbox)
    assert again.line()["key"] == server.last.header("idempotency-key")
    assert again.end()[0] == 0


def test_a_reader_that_leaves_ends_it_and_the_event_waits_for_the_next(serve, cli, tmp_path):
    inbox = f"sqlite:///{tmp_path / 'inbox.sqlite'}"
    one = serve("--sandbox", "--inbox", inbox)
    one.process.stdout.close()
    send(cli, one.url)
    one.process.stderr.read()
    assert one.process.wait(60) == 0
    (row,) = cli("webhook", "events", "--sandbox", "--inbox", inbox, "--output", "json").data
    assert row["state"] == "pending"


def test_the_sandboxs_changes_arrive(serve, cli):
    one = serve("--sandbox")
    done = cli("run", "createMeeting", "--sandbox", "--webhook-url", one.url, "--user-id", "me", "--topic", "Standup")
    assert done.code == 0
    line = one.line()
    assert line["event"] == "meeting.created"
    assert line["data"]["payload"]["object"]["id"] == done.data["data"]["id"]
    one.end()


def test_a_sandbox_that_is_served_tells_its_changes(serve, cli, start):
    one = serve("--sandbox")
    box = start("sandbox", "--port", "0", "--webhook-url", one.url)
    url = box.stdout.readline().decode().strip()
    done = cli(
        "run",
        "createMeeting",
        "--base-url",
        url,
        "--user-id",
        "me",
        "--topic",
        "Standup",
        env={"ZOOM_ACCESS_TOKEN": "t"},
    )
    assert done.code == 0
    assert one.line()["event"] == "meeting.created"
    box.send_signal(signal.SIGTERM)
    err = box.communicate(timeout=60)[1].decode()
    assert f"Events are sent to {one.url}" in err
    assert box.returncode == 0
    one.end()


def test_events_of_the_sandbox_need_the_sandbox(here):
    done = here("run", "getUser", "--user-id", "me", "--webhook-url", "http://127.0.0.1:1/")
    assert done.code == 2
    assert "Add --sandbox" in done.err


def test_a_receiver_that_is_not_there_costs_the_call_nothing(here):
    done = here(
        "run",
        "createMeeting",
        "--sandbox",
        "--webhook-url",
        "http://127.0.0.1:1/",
        "--user-id",
        "me",
        "--topic",
        "Standup",
    )
    assert done.code == 0


# -- events -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(here, zoom, server, tmp_path):
    """An inbox with a pending, a delivered and a dead event."""
    from sqlalchemy import update

    from connector.runtime.webhooks.inbox import TABLE
    from connector.runtime.webhooks.verify import verify_webhook

    inbox = Inbox(f"sqlite:///{tmp_path / 'inbox.sqlite'}")
    for name in ("meeting.started", "user.activated", "recording.completed"):
        here("webhook", "send", name, "--to", server.url, **{VARIABLE: SECRET})
        headers = [(one.decode(), value.decode()) for one, value in server.last.lines]
        inbox.put(verify_webhook(zoom, SECRET, headers, server.last.body), "zoom.webhookReceiver").result(20)
    for number, state, error in ((2, "delivered", ""), (3, "dead", "The command ended with 3.")):
        change = update(TABLE).where(TABLE.c.id == number).values(state=state, error=error, attempts=1)
        inbox._database.run(lambda connection, change=change: connection.execute(change))
    inbox.close()
    url = f"sqlite:///{tmp_path / 'inbox.sqlite'}"
    return lambda *words: here("webhook", *words, CONNECTOR_INBOX=url)


def test_what_came_is_listed(filled):
    rows = filled("events", "--output", "json").data
    assert [(row["id"], row["event"], row["state"]) for row in rows] == [
        (1, "meeting.started", "pending"), (2, "user.activated", "delivered"), (3, "recording.completed", "dead"),
    ]  # fmt: skip
    assert (rows[0]["next"] is None, rows[2]["next"]) == (False, None)
    done = filled("events")
    assert done.out.splitlines()[0].split("\t") == ["id", "event", "state", "came", "attempts", "next", "error"]
    assert done.err.endswith("inbox.sqlite: 1 pending, 1 delivered, 1 dead.\n")
    assert [json.loads(line)["id"] for line in filled("events", "--output", "lines").out.splitlines()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--status", "dead"], [3]), (["--status", "pending"], [1]), (["--name", "meeting.*"], [1]), (["--name", "*.*ed"], [1, 2, 3]),
        (["--name", "user_activated"], []), (["--name", "user?activated"], [2]), (["--name", "%"], []), (["--since", "1h"], [1, 2, 3]),
        (["--since", "2100-01-01T00:00:00Z"], []), (["--limit", "2"], [2, 3]), (["--status", "delivered", "--name", "user.*"], [2]),
    ],
)  # fmt: skip
def test_options_choose_what_is_listed(filled, words, found):
    assert [row["id"] for row in filled("events", "--output", "json", *words).data] == found


def test_one_is_shown_whole_without_its_secrets(filled):
    shown = filled("events", "--show", "3").data
    assert (shown["event"], shown["state"], shown["error"]) == (
        "recording.completed",
        "dead",
        "The command ended with 3.",
    )
    assert shown["data"]["download_token"] == shown["data"]["payload"]["object"]["password"] == "***"
    assert filled("events", "--show", "3", "--reveal").data["data"]["download_token"] != "***"


def test_one_that_is_not_there_is_told(filled):
    for words in (["events", "--show", "99"], ["replay", "99"]):
        done = filled(*words)
        assert done.code == 2
        assert "got 99; expected the ID of an event in the inbox" in done.err


def test_those_that_are_chosen_are_delivered_again(filled):
    assert filled("replay", "--status", "dead").out == "1 event will be delivered again.\n"
    assert [row["state"] for row in filled("events", "--output", "json").data] == ["pending", "delivered", "pending"]
    assert filled("replay", "2", "3").out == "2 events will be delivered again.\n"
    assert [row["attempts"] for row in filled("events", "--output", "json").data] == [0, 0, 0]
    assert filled("replay", "--status", "dead").out == "0 events will be delivered again.\n"


def test_delivering_everything_again_is_no_accident(filled):
    done = filled("replay")
    assert done.code == 2
    assert "No events are selected." in done.err


def test_the_inbox_of_this_user_is_private(serve, cli, tmp_path):
    one = serve("--sandbox")
    send(cli, one.url)
    one.line()
    one.end()
    (path,) = tmp_path.glob("data/connector/inbox/*.sqlite")
    assert (os.stat(path).st_mode & 0o777, os.stat(path.parent).st_mode & 0o777) == (0o600, 0o700)


def test_help_and_the_commands_do_not_need_the_extras(cli, tmp_path):
    (tmp_path / "site").mkdir()
    blocked = "import sys\nfor name in ('sqlalchemy', 'uvicorn'):\n    sys.modules[name] = None\n"
    (tmp_path / "site" / "sitecustomize.py").write_text(blocked)
    path = f"{tmp_path / 'site'}{os.pathsep}{os.fspath(Path(__file__).parents[4])}"
    for words in (["webhook", "--help"], ["webhook", "serve", "--help"], ["webhook", "events", "--help"]):
        assert cli(*words, env={"PYTHONPATH": path}).code == 0
