"""Signing in on the command line: with a browser, a pasted address or inputs alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from support.sandboxes.sign_in_service import SECRET, Terminal, address, browser, kept, sent_back, told_until

from connector.runtime.auth.loopback_server import CallbackServer
from connector.runtime.storage.encryption import generate_key
from connector.runtime.storage.file_store import FileStore

WHO = "as ada@example.com, Ada Byron"
UNENCRYPTED = "--unencrypted"


@pytest.fixture
def key() -> dict[str, str]:
    return {"CONNECTOR_KEY": generate_key()}


class TestBrowser:
    def test_a_person_signs_in_and_the_connection_is_kept_and_tested(self, cli, world, key):
        done = cli("connect", "work", env={**world.app(), **key})
        assert done.code == 0, done.err
        assert f"work: connected to Zoom with OAuth 2.0 {WHO}." in done.out
        assert "Tested with getUser: status 200." in done.out
        assert "user:read:user" in done.out
        words = ["run", "getUser", "--user-id", "me", "--connection", "work", "--query", "email"]
        run = cli(*words, env={**world.places, **key})
        assert (run.code, run.out) == (0, '"ada@example.com"\n'), run.err
        assert world.count("POST /oauth/token") == 1

    def test_data_alone_is_on_stdout_however_much_the_browser_talks(self, cli, world, key):
        done = cli("connect", "--output", "json", "--quiet", env={**world.app(), **key})
        assert done.code == 0, done.err
        told = done.data
        assert "a browser that talks" in done.err
        assert (told["connection"], told["connector"], told["kind"]) == ("oauth2", "zoom", "oauth2")
        shows = {"email": "ada@example.com", "display_name": "Ada Byron"}
        assert told["test"] == {"action": "getUser", "status": 200, "shows": shows}
        assert "encrypted with key" in told["store"]
        assert len(told["scopes"]) > 10

    def test_without_a_browser_and_a_person_it_ends_at_once_with_the_address(self, cli, world, tmp_path):
        done = cli("connect", UNENCRYPTED, env={**world.app(), "BROWSER": "", "PATH": str(tmp_path / "empty")})
        assert done.code == 3
        assert "--no-browser" in done.err
        assert world.places["ZOOM_AUTHORIZE_URL"] in address(done.err)

    def test_a_port_that_is_taken_is_told_before_anybody_consents(self, here, world, server, surroundings):
        done = here("connect", UNENCRYPTED, "--port", str(server.port), **world.app())
        assert done.code == 3
        assert f"port {server.port}" in done.err
        assert "--port" in done.err
        assert world.service.asked == []
        assert kept(surroundings) == b""

    @pytest.mark.parametrize(
        ("answers", "said"),
        [
            ("error=access_denied", "consent was not given"),
            ("error=server_error", "server_error"),
            ("", "has no code"),
            ("code=a&code=b", "repeats"),
            ("code=never-given", "Not signed in"),
            ("code=c&iss=https://evil.example", "another service"),
        ],
    )
    def test_a_callback_without_a_good_code_keeps_nothing(self, cli, world, tmp_path, surroundings, answers, said):
        browser(tmp_path, f"go(back + '?{answers}&state=' + state)")
        done = cli("connect", UNENCRYPTED, env=world.app())
        assert done.code == 3
        assert said in done.err
        assert b"connection" not in kept(surroundings)
        assert world.count("POST /oauth/token") == (answers == "code=never-given")

    def test_what_is_not_the_callback_is_answered_and_ignored(self, cli, world, tmp_path):
        noted = tmp_path / "noted"
        browser(
            tmp_path,
            f"""
here = back.removesuffix("/callback")
codes = [
    go(back + "?code=c&state=forged"), go(back + "?code=c"), go(here + "/favicon.ico"),
    go(back + "?code=c&state=" + state, Host="evil.example"), go(url), go(back + "?code=c&state=" + state),
]
open({str(noted)!r}, "w").write(str(codes))""",
        )
        assert cli("connect", UNENCRYPTED, env=world.app()).code == 0
        assert noted.read_text().startswith("[404, 404, 404, 404, 200, ")
        assert world.count("POST /oauth/token") == 1

    def test_a_person_who_never_comes_back_ends_it(self, here, world, surroundings, monkeypatch):
        waits, opened = CallbackServer.wait, []
        monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
        monkeypatch.setattr(CallbackServer, "wait", lambda self: waits(self, 0.05))
        done = here("connect", UNENCRYPTED, **world.app())
        assert (done.code, len(opened)) == (3, 1)
        assert "Sign-in timed out after" in done.err
        assert b"client" not in kept(surroundings)
        port = urlsplit(parse_qs(urlsplit(opened[0]).query)["redirect_uri"][0]).port
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=10)

    def test_a_terminal_without_a_browser_is_told_the_address_and_waited_for(self, start, world, tmp_path):
        terminal = Terminal()
        env = world.app(BROWSER="", PATH=str(tmp_path / "empty"))
        process = start("connect", UNENCRYPTED, env=env, stdin=terminal.theirs)
        url = address(told_until(process.stderr, "code_challenge_method"))
        with contextlib.closing(socket.create_connection(("127.0.0.1", urlsplit(sent_back(url)).port), timeout=10)):
            pass  # a client that connects and sends nothing
        import urllib.request

        with urllib.request.urlopen(url, timeout=20) as page:
            assert b"You can close this window" in page.read()
            assert "code=" in page.url
        out, err = process.communicate(timeout=60)
        terminal.close()
        assert process.returncode == 0, err
        assert WHO in out.decode()

    def test_ctrl_c_closes_the_port_and_leaves_the_store_as_it_was(self, start, world, tmp_path, surroundings):
        idle = tmp_path / "idle"
        idle.write_text("#!/bin/sh\nexit 0\n")
        idle.chmod(0o755)
        process = start("connect", UNENCRYPTED, env=world.app(BROWSER=str(idle)))
        said = told_until(process.stderr, "code_challenge_method")
        back = urlsplit(parse_qs(urlsplit(address(said)).query)["redirect_uri"][0])
        socket.create_connection((back.hostname, back.port), timeout=10).close()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, b"")
        assert err.strip().endswith(b"Interrupted.")
        assert b"Traceback" not in err
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((back.hostname, back.port), timeout=10)
        assert b"client" not in kept(surroundings)


class TestPaste:
    @pytest.mark.parametrize(
        ("words", "redirect"),
        [
            ([], "http://127.0.0.1:8976/callback"),
            (["--port", "7001"], "http://127.0.0.1:7001/callback"),
            (["--redirect-url", "https://app.example/back"], "https://app.example/back"),
        ],
    )
    def test_the_address_is_printed_and_the_one_it_leads_to_is_taken(self, start, world, words, redirect):
        process = start("connect", "work", "--no-browser", UNENCRYPTED, *words, env=world.app(BROWSER=""), stdin=-1)
        url = address(told_until(process.stderr, "which may show an error page"))
        asked = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        assert asked == redirect
        back = sent_back(url)
        assert back.startswith(asked)
        out, err = process.communicate(f"  '{back}'\n".encode(), timeout=30)
        assert process.returncode == 0, err
        assert WHO in out.decode()

    @pytest.mark.parametrize(
        ("pasted", "said"),
        [
            ("", "No address was pasted"),
            ("\n", "No address was pasted"),
            ("http://127.0.0.1:8976/callback?code=c&state=forged\n", "state is unknown"),
            ("just-a-code\n", "state is unknown"),
        ],
    )
    def test_what_is_no_callback_of_this_sign_in_is_refused(self, cli, world, surroundings, pasted, said):
        done = cli("connect", "--no-browser", UNENCRYPTED, env=world.app(), given=pasted)
        assert done.code == 3
        assert said in done.err
        assert world.count("POST /oauth/token") == 0
        assert b"client" not in kept(surroundings)

    def test_a_redirect_url_is_for_a_paste_alone(self, here):
        done = here("connect", "--redirect-url", "https://app.example/")
        assert (done.code, "--no-browser" in done.err) == (2, True)


class TestWithoutAPerson:
    def test_a_token_is_got_once_and_kept(self, here, world, key):
        settings = world.app(ZOOM_ACCOUNT_ID="account-1", **key)
        done = here("connect", **settings)
        assert done.code == 0, done.err
        assert done.out.startswith("serverToServer: connected to Zoom with Server-to-Server OAuth.\n")
        assert "Tested with listUsers" in done.out
        assert here("connections", "test", "serverToServer").code == 0
        assert world.count("POST /oauth/token") == 1
        assert world.count("GET /oauth/authorize") == 0

    def test_a_token_that_came_from_elsewhere_is_kept_and_tested(self, here, world, key):
        done = here("connect", "mine", **world.places, **key, ZOOM_ACCESS_TOKEN="from-elsewhere")
        assert done.code == 0, done.err
        assert f"mine: connected to Zoom with Access Token {WHO}." in done.out

    def test_a_kind_that_no_action_can_test_is_kept_without_a_call(self, here, world, key):
        done = here("connect", **world.places, **key, ZOOM_API_KEY="k", ZOOM_API_SECRET="s" * 32)
        assert done.code == 0, done.err
        assert "The connector has no test for this kind" in done.out
        assert world.service.asked == []

    def test_inputs_that_the_service_does_not_take_keep_nothing(self, here, world, surroundings):
        settings = {**world.app(ZOOM_ACCOUNT_ID="account-1"), "ZOOM_CLIENT_SECRET": "invalid"}
        done = here("connect", UNENCRYPTED, **settings)
        assert done.code == 3
        assert b"client" not in kept(surroundings)

    def test_a_connection_whose_test_fails_is_kept_and_says_so(self, here, world):
        done = here("connect", "mine", UNENCRYPTED, **world.places, ZOOM_ACCESS_TOKEN="expired")
        assert done.code == 3
        assert "mine is stored, but its test failed:" in done.err
        assert "mine" in here("connections", "list").out


class TestAgain:
    def test_the_same_name_takes_the_inputs_that_are_kept(self, cli, world, key):
        assert cli("connect", "work", env={**world.app(), **key}).code == 0
        again = cli("connect", "work", env={**world.places, **key})
        assert again.code == 0, again.err
        assert world.count("GET /oauth/authorize") == 2

    def test_what_is_typed_wins_over_the_environment_and_that_over_what_is_kept(self, here, world):
        settings = {**world.app(ZOOM_ACCOUNT_ID="kept-1"), "MY_SECRET": SECRET}
        assert here("connect", "work", UNENCRYPTED, **settings).code == 0
        words = ["-i", "clientId=typed-1", "-i", "clientSecret=env:MY_SECRET", "-i", "account_id=typed-2"]
        assert here("connect", "work", UNENCRYPTED, *words, **settings).code == 0
        inputs = here("connections", "show", "work", "--output", "json").data["inputs"]
        assert (inputs["clientId"], inputs["accountId"], inputs["clientSecret"]) == ("typed-1", "typed-2", "***")


class TestKey:
    def test_without_a_key_nothing_is_kept_unless_somebody_says_so(self, here, world, surroundings):
        done = here("connect", **world.app())
        assert done.code == 2
        assert "CONNECTOR_KEY" in done.err
        assert "--unencrypted" in done.err
        assert world.service.asked == []
        assert kept(surroundings) == b""

    def test_with_a_key_no_secret_is_in_the_store(self, cli, world, key, surroundings):
        assert cli("connect", env={**world.app(), **key}).code == 0
        held = kept(surroundings)
        assert b"sealed" in held
        assert len(world.service.secrets) >= 5  # client secret, code, verifier, access and refresh token
        assert [secret for secret in world.service.secrets if secret.encode() in held] == []

    def test_a_store_that_cannot_be_written_is_told_before_anybody_consents(self, here, world, tmp_path):
        (tmp_path / "file").write_text("")
        done = here("connect", UNENCRYPTED, "--store", f"file:{tmp_path}/file/store", **world.app())
        assert done.code == 1
        assert str(tmp_path / "file") in done.err
        assert world.service.asked == []

    def test_memory_is_no_place_to_keep_a_connection(self, here, world):
        assert here("connect", UNENCRYPTED, "--store", "memory:", **world.app()).code == 2

    @pytest.mark.parametrize(
        "url",
        [
            f"postgresql://me:{SECRET}@h/d",
            f"postgresql://h/d?user=me&password={SECRET}",
            f"postgresql://[me:{SECRET}@h",
        ],
    )
    @pytest.mark.parametrize(
        "words", [["connect", UNENCRYPTED], ["connections", "list"], ["run", "getUser", "--user-id", "me"]]
    )
    def test_a_store_with_a_password_is_not_named_on_the_command_line(self, here, world, words, url):
        done = here(*words, "--store", url, **world.app())
        assert done.code == 2
        assert "CONNECTOR_STORE" in done.err
        assert SECRET not in done.err + done.out


class TestInputs:
    def test_everything_that_is_missing_or_wrong_is_told_at_once(self, here, tmp_path):
        words = [
            "-i",
            "clientSecret=" + SECRET,
            "-i",
            "clientSecert=" + SECRET,
            "-i",
            SECRET,
            "-i",
            "tokenUrl=a",
            "-i",
            "tokenUrl=b",
        ]
        done = here("connect", UNENCRYPTED, "--kind", "serverToServer", *words, "--output", "json")
        assert done.code == 2
        problems = {one["field"]: one for one in done.data["error"]["problems"]}
        assert problems.keys() == {"clientSecret", "clientSecert", "-i number 3", "tokenUrl", "accountId", "clientId"}
        assert "ZOOM_ACCOUNT_ID" in problems["accountId"]["fix"]
        assert "clientSecret=@FILE" in problems["clientSecret"]["fix"]
        assert "clientSecret" in problems["clientSecert"]["fix"]
        assert SECRET not in done.err + done.out

    def test_a_secret_comes_from_a_file_of_the_environment_too(self, here, world, tmp_path):
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        settings = {**world.app(ZOOM_ACCOUNT_ID="a"), "ZOOM_CLIENT_SECRET": ""}
        assert here("connect", UNENCRYPTED, **settings, ZOOM_CLIENT_SECRET_FILE=str(tmp_path / "secret")).code == 0
        words = ["-i", f"clientSecret=@{tmp_path / 'secret'}"]
        assert here("connect", "other", UNENCRYPTED, *words, ZOOM_CLIENT_SECRET_FILE="").code == 0

    def test_a_terminal_is_asked_for_what_is_missing_and_shows_no_secret(self, start, world, surroundings):
        terminal = Terminal()
        process = start(
            "connect", "work", "--kind", "serverToServer", env=world.places, stdin=terminal.theirs,
            stderr=terminal.theirs, start_new_session=True,
        )  # fmt: skip
        terminal.answer("Continue?", "y")
        terminal.answer("Account ID", "account-1")
        terminal.answer("Client ID", "app-1")
        terminal.answer("Client Secret", SECRET, hidden=True)
        out, _ = process.communicate(timeout=60)
        said = terminal.close()
        assert process.returncode == 0, said
        assert b"work: connected" in out
        assert SECRET not in said + out.decode()
        assert SECRET.encode() in kept(surroundings)  # unencrypted, as confirmed

    @pytest.mark.parametrize("answer", ["", "n"])
    def test_a_person_who_wants_no_clear_text_keeps_nothing(self, start, world, surroundings, answer):
        terminal = Terminal()
        process = start("connect", env=world.app(), stdin=terminal.theirs, stderr=terminal.theirs)
        terminal.answer("Continue?", answer)
        assert process.wait(timeout=60) == 2
        assert "Nothing was stored." in terminal.close()
        assert kept(surroundings) == b""

    def test_ctrl_c_at_a_question_keeps_nothing(self, start, world, surroundings):
        terminal = Terminal()
        process = start("connect", UNENCRYPTED, "--no-browser", env=world.app(), stdin=terminal.theirs, stderr=terminal.theirs,
                        start_new_session=True)  # fmt: skip
        terminal.answer("Paste the redirected address", "", hidden=True)
        terminal._read(lambda: terminal.said.count("Paste the redirected address") == 2)  # an empty line prompts again
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert "Traceback" not in terminal.close()
        assert b"client" not in kept(surroundings)


class TestPlace:
    def test_a_folder_without_the_right_to_write_is_told_with_the_command_that_mends_it(
        self, start, world, surroundings
    ):
        data = Path(surroundings["XDG_DATA_HOME"])
        data.mkdir(mode=0o500)
        process = start("connect", UNENCRYPTED, env=world.app(), preexec_fn=_as_anybody)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert f"Permission denied ({data} has mode 0500" in err.decode()
        assert f"chmod u+rwx {data}" in err.decode()
        assert world.service.asked == []

    def test_the_record_is_held_alone_while_it_is_written_and_while_it_is_removed(self, here, world, monkeypatch):
        seen = []
        hold, write, remove = FileStore.lock, FileStore.write, FileStore.remove

        @contextlib.contextmanager
        def lock(self, key, timeout):
            with hold(self, key, timeout):
                seen.append("held")
                yield
                seen.append("freed")

        monkeypatch.setattr(FileStore, "lock", lock)
        monkeypatch.setattr(FileStore, "write", lambda *words, **more: seen.append("written") or write(*words, **more))
        monkeypatch.setattr(FileStore, "remove", lambda *words: seen.append("removed") or remove(*words))
        assert here("connect", "mine", UNENCRYPTED, **world.places, ZOOM_ACCESS_TOKEN="t-1").code == 0
        assert here("connections", "remove", "mine").code == 0
        assert seen == ["held", "written", "freed", "held", "removed", "freed"]


def _as_anybody() -> None:
    """Drop root's permission to write everywhere, in a child process."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            library.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


class TestSandbox:
    def test_the_whole_of_it_needs_no_account_no_browser_and_no_network(self, cli, surroundings):
        quiet = {"BROWSER": "", "PATH": "/nowhere"}
        done = cli("connect", "--sandbox", env=quiet)
        assert done.code == 0, done.err
        assert f"oauth2: connected to Zoom with OAuth 2.0 {WHO}." in done.out
        assert done.err == "Sandbox: a simulated Zoom. Nothing leaves this machine.\n"
        assert cli("connections", "list", "--sandbox", "--output", "json").data["connections"][0]["state"] == "alive"
        assert cli("connections", "list", "--output", "json").data["connections"] == []
        run = cli("run", "getUser", "--user-id", "me", "--sandbox", "--connection", "oauth2", "--query", "email")
        assert (run.code, run.out) == (0, '"ada@example.com"\n'), run.err
        assert cli("connections", "remove", "oauth2", "--sandbox").out.splitlines() == [
            "The access token was revoked at the service.",
            "The refresh token was revoked at the service.",
            "oauth2 was removed.",
        ]
        assert not Path(surroundings["XDG_DATA_HOME"]).exists()

    @pytest.mark.parametrize("kind", ["serverToServer", "apiJwt", "accessToken"])
    def test_every_kind_is_let_in(self, here, kind):
        assert here("connect", "--sandbox", "--kind", kind).code == 0
        assert here("connections", "test", kind, "--sandbox").code == 0

    def test_a_store_beside_it_is_refused(self, here):
        for words in (["connect"], ["connections", "list"], ["run", "getUser", "--user-id", "me"]):
            assert here(*words, "--sandbox", "--store", "file:x").code == 2


def test_a_database_keeps_it_as_well(here, world, key, tmp_path):
    pytest.importorskip("sqlalchemy")
    place = f"sqlite:///{tmp_path / 'kept.db'}"
    settings = world.app(ZOOM_ACCOUNT_ID="account-1", CONNECTOR_STORE=place, **key)
    assert here("connect", "work", **settings).code == 0
    assert f"{place}, encrypted" in here("connections", "list", "--output", "json").data["store"]
    assert here("run", "listUsers", "--connection", "work", ZOOM_CLIENT_SECRET="").code == 0
    assert world.count("POST /oauth/token") == 1
    assert SECRET.encode() not in (tmp_path / "kept.db").read_bytes()
    assert here("connections", "remove", "work").code == 0
    assert here("connections", "list", "--output", "json").data["connections"] == []


def test_another_connector_without_connections_has_nothing_to_sign_in_to(here, folder, tmp_path):
    folder(
        whole="connector: bare\nlabel: Bare\nsummary: Bare.\nbase_url: https://api.bare.example\nallowed_hosts: [api.bare.example]\n"
    )
    done = here("--connector", str(tmp_path), "connect", UNENCRYPTED)
    assert (done.code, "needs no connection" in done.err) == (2, True)
