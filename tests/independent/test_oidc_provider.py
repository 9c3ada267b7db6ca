"""Connections live with an OAuth server that is not ours: it checks PKCE, rotates, and ends a grant on reuse."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from support.servers import GivenClock

from connector import Client, Connection, Result, begin_sign_in, finish_sign_in
from connector.errors import SignInError
from connector.runtime.auth.connection_record import store_key
from connector.runtime.auth.revocation import revoke
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.memory_store import MemoryStore
from connector.runtime.storage.open import open_store

PERSON = (
    "by basic:1",
    "canary/secret+50%:of=it&all",
)  # each sign would end a header or a form if it were sent as it is
BY_BODY = ("by-body", "canary/secret+60%:of=it&all")
PROGRAM = ("a-program", "canary/secret+70%:of=it&all")
REDIRECT = "http://127.0.0.1:8976/callback"
LIFETIME = 300  # seconds that an access token lives there
THREADS = 20

INPUTS = """\
    inputs:
      authorizeUrl: {label: Authorize URL, help: Where people consent., type: string, required: true}
      tokenUrl: {label: Token URL, help: Where tokens come from., type: string, required: true}
      revokeUrl: {label: Revoke URL, help: Where tokens are taken back., type: string}
      scopes: {label: Scopes, help: What it may do., type: string, default: openid read}
      clientId: {label: Client ID, help: The app's., type: string, required: true}
      clientSecret: {label: Client Secret, help: The app's., type: password, required: true}
"""
MANIFEST = f"""\
connector: lantern
label: Lantern
summary: Say who is signed in.
base_url: https://api.lantern.example
allowed_hosts: [api.lantern.example]
test: {{action: getMe, identity_fields: [sub]}}
errors: {{code: error, message: error_description}}
connections:
  person:
    label: A person
    kind: oauth2
{INPUTS}\
  byBody:
    label: A person, the secret in the body
    kind: oauth2
    client_auth: body
{INPUTS}\
  program:
    label: A program
    kind: oauth2_client_credentials
{INPUTS.replace("openid read", "read").replace("required: true}", "required: false}", 1)}\
"""
GET_ME = "action: getMe\nlabel: Get Me\nsummary: Say who is signed in.\nrequest: GET /me\n"


@pytest.fixture
def lantern(folder):
    return folder(whole=MANIFEST, actions={"get-me": GET_ME})


@pytest.fixture
def store():
    return MemoryStore()


class Home:
    """One connector, store and clock; its clock and the server's move together."""

    def __init__(self, connector, provider, store):
        self.connector, self.provider, self.store, self.clock = connector, provider, store, GivenClock()
        self.before = provider.tally

    def begin(self, app=PERSON, kind="person"):
        inputs = self.provider.inputs(*app)
        asked = {"name": "work", "redirect_uri": REDIRECT, "store": self.store, "inputs": inputs, "kind": kind}
        return begin_sign_in(self.connector, **asked, clock=self.clock)

    def finish(self, callback):
        return finish_sign_in(self.connector, callback, store=self.store, clock=self.clock)

    def sign_in(self, app=PERSON, kind="person"):
        return self.finish(self.provider.consent(self.begin(app, kind).url))

    def stored(self):
        return Connection.load(self.connector, "work", store=self.store)

    def client(self, connection=None, path=""):
        return Client(
            self.connector, connection or self.stored(), base_url=self.provider.origin + path, clock=self.clock
        )

    def later(self, seconds=LIFETIME + 100):
        self.clock.passed += seconds
        self.provider.later(seconds)

    def record(self):
        return self.store.read(store_key(self.connector, "work")).data

    def added(self, of, what=None):
        """How much a count of the server's has grown in this test."""
        now, before = self.provider.tally[of], self.before[of]
        return now - before if what is None else now.get(what, 0) - before.get(what, 0)

    def alive(self, token, app=PERSON):
        """Whether the server itself says that a token is good."""
        return self.provider.post("/token/introspection", app, token=token).json()["active"]


@pytest.fixture
def home(lantern, provider, store):
    return Home(lantern, provider, store)


class TestSignIn:
    def test_a_person_consents_and_calls_go_out_with_the_token(self, home):
        home.sign_in()
        with home.client() as client:
            assert client.run("getMe").data == {"sub": "ada"}
        grant = home.record()["grant"]
        assert grant["scopes"] == ["openid", "read"]
        assert grant["expires_at"] == home.clock.start + LIFETIME
        assert grant["refresh_token"]
        assert home.added("asked") == 1

    def test_the_callback_names_the_service_and_that_is_accepted(self, home):
        callback = home.provider.consent(home.begin().url)
        assert parse_qs(urlsplit(callback).query)["iss"] == [home.provider.origin]
        home.finish(callback)
        assert home.record()["grant"]

    def test_a_callback_of_another_service_is_refused_before_anything_is_sent(self, home):
        callback = home.provider.consent(home.begin().url)
        with pytest.raises(SignInError, match="another service"):
            home.finish(
                callback.replace(
                    f"iss={home.provider.origin}".replace(":", "%3A").replace("/", "%2F"),
                    "iss=https%3A%2F%2Fevil.example",
                )
            )
        assert home.added("asked") == 0

    def test_the_client_says_who_it_is_in_a_header(self, home):
        assert ways(home, PERSON, "person") == {"basic": 2, "body": 0}

    def test_the_client_says_who_it_is_in_the_body_where_the_manifest_has_it(self, home):
        assert ways(home, BY_BODY, "byBody") == {"basic": 0, "body": 2}

    def test_a_wrong_secret_is_refused_and_nothing_is_kept(self, home):
        begun = home.begin((PERSON[0], "canary-wrong-secret"))
        with pytest.raises(SignInError, match="invalid_client"):
            home.finish(home.provider.consent(begun.url))
        assert home.store.read(store_key(home.connector, "work")) is None

    def test_a_wrong_verifier_is_refused(self, home):
        begun = home.begin()
        (key,) = home.store.keys("sign-in:")
        waiting = home.store.read(key).data
        home.store.write(key, {**waiting, "verifier": waiting["verifier"][::-1]})
        with pytest.raises(SignInError, match="invalid_grant"):
            home.finish(home.provider.consent(begun.url))
        assert home.store.keys() == []

    def test_without_a_challenge_nobody_is_even_asked(self, home):
        url = home.begin().url
        bare = "&".join(part for part in url.split("&") if "code_challenge" not in part)
        assert bare != url
        with pytest.raises(SignInError, match=r"the service said invalid_request: .*PKCE"):
            home.finish(home.provider.consent(bare))

    def test_a_person_who_refuses_is_taken_at_his_word(self, home):
        with pytest.raises(SignInError, match="consent was not given") as caught:
            home.finish(home.provider.consent(home.begin().url, refuse=True))
        assert caught.value.code == "access_denied"
        assert home.added("asked") == 0

    def test_a_code_is_good_once(self, home):
        callback = home.provider.consent(home.begin().url)
        home.finish(callback)
        with pytest.raises(SignInError, match="already used"):
            home.finish(callback)
        assert home.added("asked") == 1

    def test_a_program_signs_in_as_itself(self, home):
        inputs = home.provider.inputs(*PROGRAM)
        connection = Connection(home.connector, "program", name="work", store=home.store, **inputs)
        with home.client(connection, "/api") as client:
            assert client.run("getMe").data == {"sub": "a-program", "scope": "read"}
            home.later()
            assert client.run("getMe").data == {"sub": "a-program", "scope": "read"}
        assert home.added("granted", "client_credentials") == 2


class TestRenewal:
    def test_an_expired_token_is_renewed_with_one_request_and_the_new_pair_is_kept(self, home):
        home.sign_in()
        first = home.record()["grant"]
        home.later()
        assert not home.alive(first["access_token"])
        with home.client() as client:
            assert client.run("getMe").data == {"sub": "ada"}
        second = home.record()["grant"]
        assert second["refresh_token"] != first["refresh_token"]
        assert second["access_token"] != first["access_token"]
        assert (home.added("asked"), home.added("granted", "refresh_token")) == (2, 1)

    def test_a_token_that_ended_there_alone_is_renewed_after_the_refusal(self, home):
        home.sign_in()
        home.provider.later(LIFETIME + 100)
        home.clock.passed += 100  # fresh by our clock
        with home.client() as client:
            assert client.run("getMe").data == {"sub": "ada"}
        assert home.added("granted", "refresh_token") == 1

    def test_many_threads_renew_once_and_the_connection_lives_on(self, home, tmp_path):
        home.store = FileStore(tmp_path / "store")
        home.sign_in()
        clients = [home.client(), home.client()]  # two that share nothing but the store
        for round_ in range(1, 4):
            home.later()
            got = together([partial(clients[number % 2].run, "getMe") for number in range(THREADS)])
            assert [one.data if isinstance(one, Result) else one for one in got] == [{"sub": "ada"}] * THREADS
            assert home.added("granted", "refresh_token") == round_
        for client in clients:
            client.close()
        assert home.provider.tally["refused"] == home.before["refused"]
        assert home.added("ended") == 0
        grant = home.record()["grant"]
        assert home.alive(grant["access_token"])
        assert home.alive(grant["refresh_token"])

    def test_a_spent_refresh_token_ends_the_connection_there_and_it_is_told_once(self, home):
        """What the test above must not do: this server means it."""
        home.sign_in()
        spent = home.record()["grant"]["refresh_token"]
        home.later()
        with home.client() as client:
            client.run("getMe")
            again = home.provider.post("/token", PERSON, grant_type="refresh_token", refresh_token=spent)
            assert again.json()["error"] == "invalid_grant"
            ended(home, client)

    def test_a_grant_that_was_revoked_ends_the_connection_and_it_is_told_once(self, home):
        home.sign_in()
        token = home.record()["grant"]["refresh_token"]
        assert home.provider.post("/token/revocation", PERSON, token=token).status_code == 200
        with home.client() as client:
            ended(home, client)

    def test_a_new_sign_in_brings_a_dead_connection_back(self, home):
        home.sign_in()
        home.provider.post("/token/revocation", PERSON, token=home.record()["grant"]["refresh_token"])
        with home.client() as client:
            ended(home, client)
        home.sign_in()
        with home.client() as client:
            assert client.run("getMe").data == {"sub": "ada"}


class TestRevocation:
    def test_revoking_ends_both_tokens_there(self, home):
        connection = home.sign_in()
        grant = home.record()["grant"]
        tokens = [grant["access_token"], grant["refresh_token"]]
        assert [home.alive(token) for token in tokens] == [True, True]
        assert [(one.token_kind, one.error) for one in revoke(connection)] == [
            ("access token", ""),
            ("refresh token", ""),
        ]
        assert [home.alive(token) for token in tokens] == [False, False]

    def test_what_another_client_holds_is_not_ended(self, home):
        connection = home.sign_in()
        grant = home.record()["grant"]
        inputs = home.provider.inputs(*BY_BODY)
        thief = Connection(home.connector, "byBody", token={**grant, "scopes": None}, **inputs)
        assert all("not authorized" in one.error for one in revoke(thief))
        assert home.alive(grant["access_token"])
        assert revoke(connection)


def ways(home, app, kind):
    """Sign in and have the token renewed; in which way the client said both times who it is."""
    home.sign_in(app, kind)
    home.later()
    with home.client() as client:
        assert client.run("getMe").data == {"sub": "ada"}
    assert home.added("granted", "refresh_token") == 1
    return {way: home.added("ways", way) for way in ("basic", "body")}


def ended(home, client):
    """Let the connection's token end, and see it told that a person must sign in: by the server once, then by us."""
    home.later()
    asked = home.provider.tally["asked"]
    with pytest.raises(SignInError, match="invalid_grant") as caught:
        client.run("getMe")
    assert "connector connect work" in caught.value.hint
    assert home.record()["dead"]["why"]
    with pytest.raises(SignInError, match="ended at"):
        client.run("getMe")
    assert home.provider.tally["asked"] == asked + 1


def together(calls):
    """Make calls at one moment, each in a thread of its own; return what each gave, or its error."""
    gate, got = threading.Barrier(len(calls)), [None] * len(calls)

    def work(place, call):
        gate.wait()
        try:
            got[place] = call()
        except Exception as error:
            got[place] = error

    threads = [threading.Thread(target=work, args=one) for one in enumerate(calls)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return got


class TestCommandLine:
    def test_connect_takes_a_pasted_address_tests_and_keeps_and_remove_ends_it_there(self, home, provider, tmp_path):
        around = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2]),
            "LANTERN_CLIENT_SECRET": PERSON[1], "LANTERN_BASE_URL": provider.origin,
        }  # fmt: skip
        home.store = open_store(f"file:{tmp_path / 'store'}")
        command = [sys.executable, "-m", "connector", "--connector", str(home.connector.folder)]
        place = ["--store", f"file:{tmp_path / 'store'}"]
        inputs = {key: value for key, value in provider.inputs(*PERSON).items() if key != "clientSecret"}
        typed = [word for key, value in inputs.items() for word in ("-i", f"{key}={value}")]
        words = [*command, "connect", "work", "--kind", "person", "--no-browser", "--unencrypted", *place, *typed]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with subprocess.Popen(words, env=around, cwd=tmp_path, text=True, **pipes) as begun:
            told = ""
            while "code_challenge=" not in told:
                line = begun.stderr.readline()
                assert line, told
                told += line
            url = next(word for word in told.split() if "code_challenge=" in word)
            out, err = begun.communicate(provider.consent(url) + "\n", timeout=60)
        assert begun.returncode == 0, err
        assert "work: connected to Lantern with A person as ada." in out
        assert home.added("asked") == 1
        grant = home.record()["grant"]
        tokens = [grant["access_token"], grant["refresh_token"]]
        assert [home.alive(token) for token in tokens] == [True, True]
        assert not [secret for secret in (PERSON[1], *tokens) if secret in out + err + told]
        words = [*command, "connections", "remove", "work", *place]
        removed = subprocess.run(
            words, env=around, cwd=tmp_path, text=True, timeout=60, check=False, capture_output=True
        )
        assert removed.returncode == 0, removed.stderr
        assert [home.alive(token) for token in tokens] == [False, False]
        assert home.store.keys() == []
