"""`webhook serve --accept-handshake FILE` takes a service's secret once, into a file of the user alone."""

from __future__ import annotations

import json
import signal
import urllib.request

import pytest
from support.receivers import ServedReceiver
from support.signature_schemes import INSTALLED, SHARED_SECRET

from connector import Receiver, errors
from connector.cli.commands.webhook.handshake import SecretFile
from connector.runtime.webhooks.verify import verifier_for

NOTION = str(INSTALLED["notion"].folder)
ASANA = str(INSTALLED["asana"].folder)
TOKEN = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"


def test_a_receiver_waits_for_the_secret_saves_it_and_knows_it_the_next_time(start, cli, tmp_path):
    path = tmp_path / "new" / "notion-token"
    words = ("webhook", "serve", "--port", "0", "--connector", NOTION, "--accept-handshake", str(path))
    process = start(*words, "--inbox", f"sqlite:///{tmp_path}/i.db")
    said = [process.stderr.readline().decode() for _ in range(4)]
    assert said[3].startswith(f"Waiting for the secret of Notion, which will be saved in {path}.")
    url = said[0].split()[5].rstrip(".")
    body = json.dumps({"verification_token": TOKEN}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
        assert answer.status == 200
    assert (path.read_text(), path.stat().st_mode & 0o777) == (f"{TOKEN}\n", 0o600)
    sent = cli(
        "webhook", "send", "page.created", "--connector", NOTION, "--to", url, env={"NOTION_VERIFICATION_TOKEN": TOKEN}
    )
    assert sent.out == "page.created: 200 {}\n", sent.err
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert f"Notion handed over its secret: it is in {path}" in err.decode()
    assert json.loads(out)["event"] == "page.created"
    again = start(*words, "--inbox", f"sqlite:///{tmp_path}/i.db")
    told = [again.stderr.readline().decode() for _ in range(3)]
    again.send_signal(signal.SIGTERM)
    out, err = again.communicate(timeout=60)
    assert "Waiting" not in err.decode()
    assert TOKEN not in "".join(said + told) + err.decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--connector", NOTION, "--sandbox"), "the sandbox's secret is known"),
        (("--connector", str(INSTALLED["slack"].folder)), "hands over no secret"),
    ],
)
def test_where_no_secret_can_come_it_does_not_start(here, tmp_path, words, said):
    done = here("webhook", "serve", "--port", "0", "--accept-handshake", str(tmp_path / "secret"), *words)
    assert (done.code, said in done.err) == (2, True), done.err


def test_without_a_secret_it_says_how_to_get_it(here):
    done = here("webhook", "serve", "--port", "0", "--connector", NOTION)
    assert (done.code, "--accept-handshake FILE' takes it from the service" in done.err) == (2, True), done.err


def test_a_file_that_others_may_read_is_refused(here, tmp_path):
    path = tmp_path / "secret"
    path.write_text(TOKEN)
    path.chmod(0o644)
    done = here("webhook", "serve", "--port", "0", "--connector", NOTION, "--accept-handshake", str(path))
    assert (done.code != 0, str(path) in done.err, TOKEN in done.err) == (True, True, False)


def test_a_saved_secret_is_read_as_it_was_taken_and_a_file_without_one_is_told(here, tmp_path):
    class Context:
        verifier, sandbox, label, secret_hint = verifier_for(INSTALLED["asana"], None), False, "Asana", ""

    secret, path = "a secret with spaces in it", tmp_path / "new" / "secret"
    saved = SecretFile(Context(), str(path))
    assert saved.read() == []
    saved.save(secret)
    assert saved.read() == [secret]
    with pytest.raises(errors.StoreError, match="has the secret of another receiver"):
        saved.save("what came to a second process")
    assert saved.read() == [secret]
    path.write_text("\n")
    done = here("webhook", "serve", "--port", "0", "--connector", ASANA, "--accept-handshake", str(path))
    assert (done.code, f"{path} has no secret" in done.err) == (2, True), done.err


@pytest.mark.parametrize(("name", "folder"), [("notion", NOTION), ("asana", ASANA)])
def test_the_handshake_can_be_tried(here, tmp_path, name, folder):
    receiver = Receiver(INSTALLED[name], None, inbox=f"sqlite:///{tmp_path}/i.db", save_secret=lambda _: None)
    with ServedReceiver(receiver) as served:
        done = here("webhook", "send", "challenge", "--sandbox", "--connector", folder,
                    "--to", f"http://127.0.0.1:{served.port}/hook")  # fmt: skip
    receiver.inbox.close()
    assert (done.code, done.out) == (0, "challenge: 200 the challenge was answered correctly\n"), done.err


def test_an_answer_without_the_header_that_was_asked_for_is_wrong(here, server):
    done = here("webhook", "send", "challenge", "--sandbox", "--connector", ASANA, "--to", server.url)
    assert (done.code, "answered wrongly" in done.out) == (1, True), done.out


def test_a_saved_handshake_is_explained(here, tmp_path):
    saved = {"headers": {"X-Hook-Secret": SHARED_SECRET}, "body": "{}"}
    (tmp_path / "handshake.json").write_text(json.dumps(saved))
    words = ("webhook", "verify", "-f", "handshake.json", "--connector", ASANA)
    done = here(*words, ASANA_HOOK_SECRET=SHARED_SECRET)
    assert (done.code, done.out) == (0, "Challenge: reply 200 with the header X-Hook-Secret.\n"), done.err
    done = here(*words, ASANA_HOOK_SECRET="another-secret-of-it")
    assert (done.code, "known already" in done.err, SHARED_SECRET in done.err) == (1, True, False)
