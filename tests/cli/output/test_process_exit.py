"""A command that ends while a token is renewed, or with one that is not stored yet, does not lose the connection."""

from __future__ import annotations

import signal
import threading

import pytest
from support import private_postgres
from support.oauth_server import Authority, when
from support.pace import PATIENCE, wait_until
from support.proxies import Gate
from support.servers import held, reply

from connector.runtime.auth.connection_record import store_key
from connector.runtime.storage.open import open_store

CALL = ("run", "getUser", "--user-id", "me", "--connection", "work")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture
def authority():
    """A service whose refresh tokens are good once."""
    with Authority() as one:
        yield one


@pytest.fixture
def gate():
    """What a reply of the token endpoint waits for."""
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture(autouse=True)
def _hangups_are_heard():
    """Whoever runs the tests by nohup has hangups ignored, in what is started too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def surroundings(surroundings, authority, tmp_path):
    return {**surroundings, "CONNECTOR_STORE": f"file:{tmp_path}/store", "ZOOM_BASE_URL": authority.url}


@pytest.fixture
def begin(start, authority, zoom, surroundings):
    """Start a call whose token has ended, and return it when the token endpoint was asked."""
    authority.connection(zoom, name="work", store=open_store(surroundings["CONNECTOR_STORE"]))

    def call(*words):
        process = start(*CALL, *words)
        wait_until(lambda: authority.asked == 1)
        return process

    return call


def assert_alive(zoom, authority, cli, surroundings):
    """Assert that the newest refresh token is stored, and that the next command works."""
    stored = open_store(surroundings["CONNECTOR_STORE"]).read(store_key(zoom, "work")).data
    assert (stored["grant"]["refresh_token"], stored["intent"]) == (authority.families[-1].good, None)
    done = cli(*CALL)
    assert (done.code, done.err) == (0, "")
    assert (authority.asked, authority.refused) == (1, {})


def test_a_deadline_leaves_the_refresh_its_time(begin, zoom, authority, cli, gate, surroundings):
    authority.then(when(gate))
    process = begin("--timeout", "1s")
    assert b"No token within" in process.stderr.readline()
    assert b"Waiting up to 35 s for the token of connection:zoom:work" in process.stderr.readline()
    assert process.poll() is None
    gate.set()
    assert process.wait(60) == 4
    assert_alive(zoom, authority, cli, surroundings)


@pytest.mark.parametrize("number", CODES)
def test_so_does_a_signal(begin, zoom, authority, cli, gate, surroundings, number):
    authority.then(when(gate))
    process = begin()
    process.send_signal(number)
    assert b"Interrupted." in process.stderr.readline()
    gate.set()
    assert process.wait(60) == CODES[number]
    assert_alive(zoom, authority, cli, surroundings)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_cuts_it_off_and_says_what_that_may_cost(begin, authority, gate, number):
    authority.then(when(gate))
    process = begin()
    process.send_signal(number)
    assert b"Interrupted." in process.stderr.readline()
    assert b"Waiting up to 35 s" in process.stderr.readline()
    process.send_signal(number)
    said = process.stderr.read()
    assert process.wait(60) == CODES[number]
    assert b"cut off while its token was renewed; it may need a new sign-in." in said
    assert b"connector connect work" in said


def test_an_ending_command_makes_no_further_attempt(begin, authority, gate):
    authority.then(lambda _: held(gate, reply(503)))
    process = begin("--timeout", "1s")
    assert b"No token within" in process.stderr.readline()
    gate.set()
    assert process.wait(60) == 4
    assert authority.asked == 1


@pytest.fixture
def database(surroundings):
    """A database behind a gate."""
    url = private_postgres.fresh()
    address = url.rpartition("@")[2].partition("/")[0]
    with Gate(int(address.rpartition(":")[2])) as made:
        surroundings["CONNECTOR_STORE"] = url.replace(address, f"127.0.0.1:{made.port}")
        yield made


def test_a_database_that_comes_back_gets_the_token(database, begin, zoom, authority, cli, surroundings):
    authority.on_token = lambda: setattr(database, "mode", "away")
    process = begin()
    said = b"".join(
        iter(
            process.stderr.readline,
            b"Waiting up to 15 s for the store to take the new token of connection:zoom:work.\n",
        )
    )
    assert b"in memory only" in said
    database.mode = "open"
    assert process.wait(60) == 0
    assert_alive(zoom, authority, cli, surroundings)


def test_a_database_that_stays_away_is_told_with_an_exit_code(database, begin, authority):
    authority.on_token = lambda: setattr(database, "mode", "away")
    process = begin()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert b'"id"' in out, "the call itself was done"
    assert b"this process ends, and with it the only token" in err
    assert b"connector connect work" in err


def test_a_silent_database_costs_no_more_than_the_timeout(database, start, authority, zoom, surroundings):
    authority.connection(zoom, name="work", store=open_store(surroundings["CONNECTOR_STORE"]))
    database.mode = "silent"
    process = start(*CALL, "--timeout", "1s")
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, authority.asked) == (4, 0)
    assert b"was not read from its store within 1.0 s" in err
