"""Signing in on the command line: a browser, a paste, or no person at all; what is kept, and what is refused."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from signing import SECRET, World, address, kept, sent_back

from connector.edge.seal import new_key

if TYPE_CHECKING:
    from collections.abc import Iterator

WHO = "as ada@example.com, Ada Byron"
PLAIN = "--plain"


@pytest.fixture
def world(zoom, tmp_path) -> Iterator[World]:
    one = World(zoom, tmp_path)
    with one.server:
        yield one


@pytest.fixture
def key() -> dict[str, str]:
    return {"CONNECTOR_KEY": new_key()}


def told_until(stream, mark: str) -> str:
    """Read a pipe up to a mark."""
    said = ""
    while mark not in said:
        part = os.read(stream.fileno(), 65536)
        assert part, said
        said += part.decode()
    return said


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
        assert "sealed with key" in told["store"]
        assert len(told["scopes"]) > 10

    def test_without_a_browser_and_a_person_it_ends_at_once_with_the_address(self, cli, world, tmp_path):
        done = cli("connect", PLAIN, env={**world.app(), "BROWSER": "", "PATH": str(tmp_path / "empty")})
        assert done.code == 3
        assert "--no-browser" in done.err
        assert world.places["ZOOM_AUTHORIZE_URL"] in address(done.err)

    def test_a_port_that_is_taken_is_told_before_anybody_consents(self, here, world, server, surroundings):
        done = here("connect", PLAIN, "--port", str(server.port), **world.app())
        assert done.code == 3
        assert f"Port {server.port}" in done.err
        assert "--port" in done.err
        assert world.service.asked == []
        assert kept(surroundings) == b""

    def test_a_refused_consent_keeps_nothing(self, cli, world, tmp_path, surroundings):
        browser = Path(world.browser)
        refusing = browser.read_text().replace("sys.argv[1]", "refused(sys.argv[1])").replace(
            "print(", "from urllib.parse import urlsplit, parse_qs\n"
            "def refused(url):\n"
            "    asked = parse_qs(urlsplit(url).query)\n"
            "    return f\"{asked['redirect_uri'][0]}?error=access_denied&state={asked['state'][0]}\"\n"
            "print(", 1,
        )  # fmt: skip
        browser.write_text(refusing)
        done = cli("connect", PLAIN, env=world.app())
        assert done.code == 3
        assert "consent was not given" in done.err
        assert b"connection" not in kept(surroundings)
        assert world.service.asked == []

    def test_ctrl_c_closes_the_port_and_leaves_the_store_as_it_was(self, start, world, tmp_path, surroundings):
        idle = tmp_path / "idle"
        idle.write_text("#!/bin/sh\nexit 0\n")
        idle.chmod(0o755)
        process = start("connect", PLAIN, env=world.app(BROWSER=str(idle)))
        said = told_until(process.stderr, "code_challenge_method")
        back = urlsplit(parse_qs(urlsplit(address(said)).query)["redirect_uri"][0])
        socket.create_connection((back.hostname, back.port), timeout=10).close()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (130, b"")
        assert err.strip().endswith(b"Interrupted.")
        assert b"Traceback" not in err
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((back.hostname, back.port), timeout=10)
        assert b"client" not in kept(surroundings)


class TestPaste:
    @pytest.mark.parametrize("redirect", [[], ["--port", "7001"], ["--redirect-url", "https://app.example/back"]])
    def test_the_address_is_printed_and_the_one_it_leads_to_is_taken(self, start, world, redirect):
        process = start("connect", "work", "--no-browser", PLAIN, *redirect, env=world.app(BROWSER=""), stdin=-1)
        url = address(told_until(process.stderr, "need not find anything there"))
        asked = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        assert asked == {2: redirect[-1]}.get(len(redirect) * (redirect[:1] == ["--redirect-url"]), asked)
        assert asked.startswith(("https://app.example/back", "http://127.0.0.1:"))
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
        done = cli("connect", "--no-browser", PLAIN, env=world.app(), given=pasted)
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
        assert "No action of this connector can test this kind" in done.out
        assert world.service.asked == []

    def test_inputs_that_the_service_does_not_take_keep_nothing(self, here, world, surroundings):
        settings = {**world.app(ZOOM_ACCOUNT_ID="account-1"), "ZOOM_CLIENT_SECRET": "invalid"}
        done = here("connect", PLAIN, **settings)
        assert done.code == 3
        assert b"client" not in kept(surroundings)

    def test_a_connection_whose_test_fails_is_kept_and_says_so(self, here, world):
        done = here("connect", "mine", PLAIN, **world.places, ZOOM_ACCESS_TOKEN="expired")
        assert done.code == 3
        assert "mine is kept; its test failed:" in done.err
        assert "mine" in here("connections", "list").out


class TestAgain:
    def test_the_same_name_takes_the_inputs_that_are_kept(self, cli, world, key):
        assert cli("connect", "work", env={**world.app(), **key}).code == 0
        again = cli("connect", "work", env={**world.places, **key})
        assert again.code == 0, again.err
        assert world.count("GET /oauth/authorize") == 2

    def test_what_is_typed_wins_over_the_environment_and_that_over_what_is_kept(self, here, world):
        settings = {**world.app(ZOOM_ACCOUNT_ID="kept-1"), "MY_SECRET": SECRET}
        assert here("connect", "work", PLAIN, **settings).code == 0
        words = ["-i", "clientId=typed-1", "-i", "clientSecret=env:MY_SECRET", "-i", "account_id=typed-2"]
        assert here("connect", "work", PLAIN, *words, **settings).code == 0
        inputs = here("connections", "show", "work", "--output", "json").data["inputs"]
        assert (inputs["clientId"], inputs["accountId"], inputs["clientSecret"]) == ("typed-1", "typed-2", "***")


class TestKey:
    def test_without_a_key_nothing_is_kept_unless_somebody_says_so(self, here, world, surroundings):
        done = here("connect", **world.app())
        assert done.code == 2
        assert "CONNECTOR_KEY" in done.err
        assert "--plain" in done.err
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
        done = here("connect", PLAIN, "--store", f"file:{tmp_path}/file/store", **world.app())
        assert done.code == 1
        assert str(tmp_path / "file") in done.err
        assert world.service.asked == []

    def test_memory_is_no_place_to_keep_a_connection(self, here, world):
        assert here("connect", PLAIN, "--store", "memory:", **world.app()).code == 2

    @pytest.mark.parametrize(
        "url", [f"postgresql://me:{SECRET}@h/d", f"postgresql://h/d?user=me&password={SECRET}", f"postgresql://[me:{SECRET}@h"]
    )
    @pytest.mark.parametrize("words", [["connect", PLAIN], ["connections", "list"], ["run", "getUser", "--user-id", "me"]])
    def test_a_store_with_a_password_is_not_named_on_the_command_line(self, here, world, words, url):
        done = here(*words, "--store", url, **world.app())
        assert done.code == 2
        assert "CONNECTOR_STORE" in done.err
        assert SECRET not in done.err + done.out


class TestInputs:
    def test_everything_that_is_missing_or_wrong_is_told_at_once(self, here, tmp_path):
        words = ["-i", "clientSecret=" + SECRET, "-i", "clientSecert=" + SECRET, "-i", SECRET, "-i", "tokenUrl=a", "-i", "tokenUrl=b"]
        done = here("connect", PLAIN, "--kind", "serverToServer", *words, "--output", "json")
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
        assert here("connect", PLAIN, **settings, ZOOM_CLIENT_SECRET_FILE=str(tmp_path / "secret")).code == 0
        words = ["-i", f"clientSecret=@{tmp_path / 'secret'}"]
        assert here("connect", "other", PLAIN, *words, ZOOM_CLIENT_SECRET_FILE="").code == 0

    def test_a_terminal_is_asked_for_what_is_missing_and_shows_no_secret(self, start, world, surroundings):
        ours, theirs = pty.openpty()
        process = start(
            "connect", "work", "--kind", "serverToServer", env=world.places, stdin=theirs, stderr=theirs,
            preexec_fn=lambda: os.setsid(),
        )  # fmt: skip
        said = b""
        for mark, answer in (
            (b"Keep unencrypted?", "y"), (b"Account ID", "account-1"), (b"Client ID", "app-1"), (b"Client Secret", SECRET),
        ):  # fmt: skip
            while mark not in said or select.select([ours], [], [], 0.2)[0]:
                said += os.read(ours, 4096)
            os.write(ours, f"{answer}\n".encode())
        os.close(theirs)
        out, _ = process.communicate(timeout=30)
        while select.select([ours], [], [], 0)[0]:
            try:
                said += os.read(ours, 4096)
            except OSError:
                break
        os.close(ours)
        assert process.returncode == 0, said
        assert b"work: connected" in out
        assert SECRET.encode() not in said + out
        assert SECRET.encode() in kept(surroundings)  # in clear, as the person wanted

    def test_a_person_who_wants_no_clear_text_keeps_nothing(self, start, world, surroundings):
        ours, theirs = pty.openpty()
        process = start("connect", env=world.app(), stdin=theirs)
        told_until(process.stderr, "Keep unencrypted?")
        os.write(ours, b"\n")
        _, err = process.communicate(timeout=30)
        os.close(ours)
        os.close(theirs)
        assert process.returncode == 2
        assert b"Nothing was kept." in err
        assert kept(surroundings) == b""


class TestSandbox:
    def test_the_whole_of_it_needs_no_account_no_browser_and_no_network(self, cli, surroundings):
        quiet = {"BROWSER": "", "PATH": "/nowhere"}
        done = cli("connect", "--sandbox", env=quiet)
        assert done.code == 0, done.err
        assert f"oauth2: connected to Zoom with OAuth 2.0 {WHO}." in done.out
        assert done.err == "Sandbox: a stand-in for Zoom. Nothing leaves this machine.\n"
        assert cli("connections", "list", "--sandbox", "--output", "json").data["connections"][0]["state"] == "alive"
        assert cli("connections", "list", "--output", "json").data["connections"] == []
        run = cli("run", "getUser", "--user-id", "me", "--sandbox", "--connection", "oauth2", "--query", "email")
        assert (run.code, run.out) == (0, '"ada@example.com"\n'), run.err
        assert cli("connections", "remove", "oauth2", "--sandbox").out.splitlines() == [
            "The access token was ended at the service.",
            "The refresh token was ended at the service.",
            "oauth2 is forgotten.",
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
    assert f"{place}, sealed" in here("connections", "list", "--output", "json").data["store"]
    assert here("run", "listUsers", "--connection", "work", ZOOM_CLIENT_SECRET="").code == 0
    assert world.count("POST /oauth/token") == 1
    assert SECRET.encode() not in (tmp_path / "kept.db").read_bytes()
    assert here("connections", "remove", "work").code == 0
    assert here("connections", "list", "--output", "json").data["connections"] == []


def test_another_connector_without_connections_has_nothing_to_sign_in_to(here, folder, tmp_path):
    folder(whole="connector: bare\nlabel: Bare\nsummary: Bare.\nbase_url: https://api.bare.example\nhosts: [api.bare.example]\n")
    done = here("--connector", str(tmp_path), "connect", PLAIN)
    assert (done.code, "needs no connection" in done.err) == (2, True)


