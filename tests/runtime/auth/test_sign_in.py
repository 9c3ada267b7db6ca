"""Sign-in in two steps: only the expected callback counts, once, in time; else nothing is requested or stored."""

from __future__ import annotations

import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from support import private_postgres
from support.calling import attempt
from support.oauth_server import INVALID, lost, page, says
from support.proxies import Gate

from connector import Client, Connection, begin_sign_in, errors, finish_sign_in
from connector.runtime.auth.connection_record import store_key
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.memory_store import MemoryStore
from connector.runtime.storage.open import open_store

REDIRECT = "https://app.example/callback"


@pytest.fixture(params=["memory", "a file"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "store")


@pytest.fixture
def begin(zoom, authority, store, clock):
    """Start a sign-in; return its URL, its state, and the callback URL after consent."""

    def make(**changed):
        wanted = {
            "name": "work",
            "redirect_uri": REDIRECT,
            "store": store,
            "inputs": authority.inputs(),
            "clock": clock,
        }
        return begin_sign_in(zoom, **wanted | changed)

    return make


@pytest.fixture
def finish(zoom, store, clock):
    def done(url):
        return finish_sign_in(zoom, url, store=store, clock=clock)

    return done


def with_(url, **changed):
    """A URL with parameters changed; None leaves one out."""
    parts = urlsplit(url)
    pairs = {**dict(parse_qsl(parts.query)), **changed}
    return parts._replace(query=urlencode({name: text for name, text in pairs.items() if text is not None})).geturl()


def test_a_consent_becomes_a_kept_connection(zoom, authority, store, begin, finish, clock):
    connection = finish(authority.consent(begin().url))
    assert store.keys() == [store_key(zoom, "work")]
    form = authority.forms[0]
    assert (form["grant_type"], form["redirect_uri"]) == ("authorization_code", REDIRECT)
    assert "client_secret" not in form
    for one in (connection, Connection.load(zoom, "work", store=store)):
        with Client(zoom, one, base_url=authority.url, clock=clock) as client:
            assert attempt(client) == 200
    assert authority.asked == 1


def test_the_callback_may_be_its_query_alone_and_have_a_fragment_and_spaces_around(authority, begin, finish):
    for dress in (
        lambda url: urlsplit(url).query,
        lambda url: f"?{urlsplit(url).query}",
        lambda url: f"  {url}\n",
        lambda url: f"{url}#_=_",
        lambda url: f"/callback?{urlsplit(url).query}",
    ):
        finish(dress(authority.consent(begin().url)))


def test_every_sign_in_has_its_own_state_and_a_challenge_of_its_own_verifier(authority, begin, finish):
    seen = set()
    for _ in range(20):
        began = begin()
        asked = {name: one for name, (one,) in parse_qs(urlsplit(began.url).query).items()}
        finish(authority.consent(began.url))
        verifier = authority.forms[-1]["code_verifier"]
        assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        assert (asked["code_challenge"], asked["code_challenge_method"]) == (digest, "S256")
        assert asked["state"] == began.state
        assert len(began.state) >= 43, "256 bits"
        assert verifier not in began.url
        assert authority.forms[-1].get("client_secret") is None
        seen |= {verifier, began.state}
    assert len(seen) == 40


REFUSED = {
    "no state": ({"state": None}, "unknown, already used, or expired"),
    "an empty state": ({"state": ""}, "unknown, already used, or expired"),
    "another state": ({"state": "x" * 43}, "unknown, already used, or expired"),
    "a state with more": ({"state": "STATE+"}, "unknown, already used, or expired"),
    "a refusal": ({"error": "access_denied", "code": None}, "consent was not given"),
    "a refusal with a code": ({"error": "access_denied"}, "consent was not given"),
    "a refusal that says why": ({"error": "access_denied", "error_description": "Not\nyou"}, r"not given: Not\\nyou"),
    "another issuer": ({"iss": "https://evil.example"}, "another service"),
    "an issuer that is no URL": ({"iss": "https://[evil"}, "another service"),
    "an empty issuer": ({"iss": ""}, "another service"),
    "no code": ({"code": None}, "has no code"),
    "an empty code": ({"code": ""}, "has no code"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_callback_that_is_not_right_asks_for_nothing_and_keeps_nothing(zoom, authority, store, begin, finish, case):
    changed, said = REFUSED[case]
    began = begin()
    changed = {name: text and text.replace("STATE", began.state) for name, text in changed.items()}
    with pytest.raises(errors.SignInError, match=said) as caught:
        finish(with_(authority.consent(began.url), **changed))
    assert "Start the sign-in again" in str(caught.value)
    assert authority.requests == []
    assert store.read(store_key(zoom, "work")) is None


@pytest.mark.parametrize(
    "url",
    ["", "?", "x", "http://[::1?code=a&state=b", "?state=\ud800&code=x", "?code=\x00", "https://app.example/callback",
     "?code=a&code=b&state=c", "?state=a&state=b", "?" + "&".join(f"a{one}=b" for one in range(5000))],
)  # fmt: skip
def test_what_is_no_callback_at_all_is_refused(authority, store, begin, finish, url):
    begin()
    before = store.keys()
    with pytest.raises(errors.SignInError, match="Not signed in"):
        finish(url)
    assert authority.requests == []
    assert store.keys() == before, "who guesses ends nobody else's sign-in"


@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
def test_a_parameter_that_comes_twice_is_refused(authority, begin, finish, name):
    back = authority.consent(begin().url)
    with pytest.raises(errors.SignInError, match="repeats a parameter"):
        finish(f"{back}&{name}=a&{name}=b")
    assert authority.requests == []


def test_the_issuer_that_was_asked_may_say_its_name(authority, begin, finish):
    assert finish(with_(authority.consent(begin().url), iss=authority.origin)).name == "work"


def test_a_callback_is_good_once(zoom, authority, store, begin, finish):
    back = authority.consent(begin().url)
    finish(back)
    kept = store.read(store_key(zoom, "work"))
    for again in (back, with_(back, code="canary-other")):
        with pytest.raises(errors.SignInError, match="already used"):
            finish(again)
    assert authority.asked == 1
    assert store.read(store_key(zoom, "work")).data == kept.data


def test_of_callbacks_at_once_one_is_taken(authority, begin, finish):
    def once(_):
        try:
            return finish(back).name
        except errors.SignInError as error:
            return type(error)

    for round_ in range(1, 11):
        back = authority.consent(begin().url)
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(once, range(8)))
        assert sorted(map(str, got)) == sorted(map(str, ["work", *[errors.SignInError] * 7]))
        assert authority.asked == round_
    assert authority.refused == {}


def test_a_state_is_good_for_ten_minutes_and_what_is_too_old_is_forgotten(zoom, authority, store, begin, finish, clock):
    began, early = begin(), begin(name="early")
    assert began.expires_at == clock.time() + 600
    back = authority.consent(began.url)
    clock.passed = 599
    finish(authority.consent(early.url))
    clock.passed = 601
    with pytest.raises(errors.SignInError, match="expired"):
        finish(back)
    assert authority.asked == 1
    assert store.keys() == [store_key(zoom, "early")]
    begin()
    clock.passed = 1300
    begin()
    assert len(store.keys("sign-in:")) == 1, "what nobody came back from holds a secret"


def test_a_sign_in_of_another_connector_is_not_finished(authority, store, begin, folder, clock):
    back = authority.consent(begin().url)
    with pytest.raises(errors.UsageError, match="was started for zoom, not for lamp"):
        finish_sign_in(folder(), back, store=store, clock=clock)
    assert authority.requests == []


UNGIVEN = {
    "a code it does not know": (says(400, INVALID), errors.SignInError, "invalid_grant: Invalid Token!"),
    "a client it does not know": (says(401, {"error": "invalid_client"}), errors.SignInError, "invalid_client"),
    "a page": (page(), errors.SignInError, "text/html"),
    "trouble": (says(503), errors.SignInError, "HTTP 503"),
    "no reply": (lost(), errors.TransportError, "Not signed in"),
    "no token": (says(200, {"token_type": "bearer"}), errors.SignInError, "no access token"),
}


@pytest.mark.parametrize("case", UNGIVEN)
def test_a_service_that_gives_no_token_is_asked_once_and_nothing_is_kept(authority, store, begin, finish, case):
    play, kind, said = UNGIVEN[case]
    authority.then(play)
    back = authority.consent(begin().url)
    with pytest.raises(kind, match=said) as caught:
        finish(back)
    assert "Start the sign-in again" in str(caught.value)
    assert authority.asked == 1
    assert store.keys() == []
    with pytest.raises(errors.SignInError, match="already used"):
        finish(back)


def test_a_sign_in_that_fails_leaves_the_connection_that_was_there(zoom, authority, store, begin, finish, clock):
    finish(authority.consent(begin().url))
    before = store.read(store_key(zoom, "work"))
    authority.then(says(400, INVALID))
    back = authority.consent(begin().url)
    with pytest.raises(errors.SignInError):
        finish(back)
    assert store.read(store_key(zoom, "work")).data == before.data


@pytest.mark.parametrize(
    "uri",
    ["http://app.example/callback", "https://me@app.example/", "ftp://app.example/", "/callback", "",
     "https://[app.example/", "https://app.example/#part"],
)  # fmt: skip
def test_a_redirect_uri_that_is_not_fit_for_a_code_is_refused(store, begin, uri):
    with pytest.raises(errors.UsageError, match="cannot receive a code"):
        begin(redirect_uri=uri)
    assert store.keys() == []


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1234/callback", "http://localhost/x", "https://app.example/a?b=c"])
def test_a_redirect_uri_that_is_fit_is_sent_as_it_is(authority, begin, finish, uri):
    began = begin(redirect_uri=uri)
    assert parse_qs(urlsplit(began.url).query)["redirect_uri"] == [uri]


def test_kinds_without_consent_and_wrong_inputs_are_told(zoom, authority, store, begin):
    with pytest.raises(errors.UsageError, match="serverToServer need no consent"):
        begin(kind="serverToServer", inputs=authority.inputs("serverToServer"))
    with pytest.raises(errors.InputError, match="clientSecret"):
        begin(inputs={"clientId": "a"})
    assert store.keys() == []


class Counted(MemoryStore):
    """A store that counts the records that are read and removed; `failures` of its writes of connections fail."""

    def __init__(self):
        super().__init__()
        self.touched, self.failures = 0, 0

    def read(self, key):
        self.touched += 1
        return super().read(key)

    def remove(self, key):
        self.touched += 1
        return super().remove(key)

    def write(self, key, data, *, version=None):
        if self.failures and key.startswith("connection:"):
            self.failures -= 1
            raise errors.StoreError("The store is away.")
        return super().write(key, data, version=version)


def test_a_sign_in_begins_with_as_much_work_however_many_wait(begin, clock):
    store = Counted()
    work = []
    for _ in range(60):
        store.touched = 0
        begin(store=store)
        work.append(store.touched)
    assert work == [1] * 60, "what is stored under its name"
    clock.passed += 601
    left = []
    for _ in range(8):
        store.touched = 0
        begin(store=store)
        assert store.touched <= 11
        left.append(len(store.keys("sign-in:")))
    assert left == [51, 42, 33, 24, 15, 6, 7, 8], "what has expired goes, some with each that begins"


def test_a_sign_in_begins_and_ends_over_few_connections_of_the_database(zoom, authority, begin, clock):
    url = private_postgres.fresh()
    address = url.rpartition("@")[2].partition("/")[0]
    with Gate(int(address.rpartition(":")[2])) as gate:
        store = open_store(url.replace(address, f"127.0.0.1:{gate.port}"))
        for _ in range(20):
            begin(store=store)
        clock.passed += 601
        gate.accepted = 0
        back = authority.consent(begin(store=store).url)
        assert gate.accepted == 1, "although it removes what has expired"
        assert len(store.keys("sign-in:")) == 11
        gate.accepted = 0
        finish_sign_in(zoom, back, store=store, clock=clock)
        assert gate.accepted == 2


@pytest.mark.parametrize(
    "changed",
    [{"token_type": None}, {"token_type": "bot"}, {"expires_in": "soon"}, {"expires_in": None}, {"scope": ["user:read:user"]},
     {"id_token": 5, "extra": []}],
)  # fmt: skip
def test_an_odd_reply_to_a_code_is_taken(zoom, authority, store, begin, finish, clock, changed):
    authority.fields.update(changed)
    connection = finish(authority.consent(begin().url))
    with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
        assert attempt(client) == 200
    assert authority.asked == 1


@pytest.mark.parametrize("changed", [{"access_token": None}, {"access_token": 5}, {"token_type": "mac"}])
def test_a_refresh_token_without_a_token_that_can_be_used_is_kept_before_that_is_told(
    zoom, authority, store, begin, finish, clock, changed
):
    came = {"access_token": "x", "refresh_token": "canary-first", "token_type": "bearer"}
    authority.then(says(200, {**came, **changed}))
    with pytest.raises(errors.SignInError, match="Not signed in") as caught:
        finish(authority.consent(begin().url))
    assert "The refresh token that came with it is stored" in caught.value.hint
    authority.sign_in()
    authority.families[-1].good = "canary-first"
    with Client(zoom, Connection.load(zoom, "work", store=store), base_url=authority.url, clock=clock) as client:
        assert attempt(client) == 200


def test_a_store_that_is_away_for_a_moment_costs_no_sign_in(zoom, authority, begin, clock):
    store = Counted()
    back = authority.consent(begin(store=store).url)
    store.failures = 3
    finish_sign_in(zoom, back, store=store, clock=clock)
    assert store.read(store_key(zoom, "work")).data["grant"]["refresh_token"] == authority.families[-1].good
    assert clock.waits == [0.5, 1.0, 2.0]
    back = authority.consent(begin(store=store).url)
    store.failures = 9
    with pytest.raises(errors.StoreError, match="away"):
        finish_sign_in(zoom, back, store=store, clock=clock)
