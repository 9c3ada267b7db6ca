"""When a token is refreshed: before it expires, or once after a rejection; never in a storm."""

from __future__ import annotations

import pytest
from support.oauth_server import Authority, says
from support.servers import reply

from connector import Client, Connection, errors
from connector.runtime.auth.connection_record import store_key
from connector.runtime.storage.memory_store import MemoryStore

ME = {"userId": "me"}
MEETING = {"userId": "me", "topic": "Standup"}
EXPIRED = {"code": 124, "message": "Access token is expired."}
LATER = 1_900_000_000.0  # long after the given clock


def kept(zoom, store, name="work"):
    """The stored token."""
    return store.read(store_key(zoom, name)).data["grant"]


def refusing(authority):
    """Make the API reject every token."""
    authority.answers = lambda request: reply(401, EXPIRED)


@pytest.mark.parametrize(("life", "leeway"), [(3600, 120), (7200, 120), (1200, 120), (900, 90), (600, 60)])
def test_a_token_is_renewed_a_tenth_of_its_life_before_it_ends_and_two_minutes_at_most(
    zoom, runner, clock, life, leeway
):
    with Authority(expires_in=life) as authority:
        one = runner(authority.url, authority.connection(zoom), clock=clock)
        one.run("getUser", ME)
        clock.passed = life - leeway - 1
        one.run("getUser", ME)
        assert authority.asked == 1
        clock.passed = life - leeway
        one.run("getUser", ME)
        assert authority.asked == 2
        assert authority.api == {200: 3}, "the service saw no token that had ended"


@pytest.mark.parametrize("life", [0, -5, "0", 1, 59])
def test_a_token_that_ends_at_once_is_renewed_once_a_minute(zoom, runner, clock, life):
    with Authority(expires_in=life) as authority:
        one = runner(authority.url, authority.connection(zoom), clock=clock)
        for clock.passed in (0, 0, 1, 30, 59):
            assert one.run("getUser", ME).status == 200
        assert authority.asked == 1
        for clock.passed in (60, 61, 119):
            assert one.run("getUser", ME).status == 200
        assert authority.asked == 2


def test_a_token_whose_end_nobody_knows_is_used_until_it_is_refused(zoom, authority, runner, clock):
    given = {key: value for key, value in authority.sign_in().items() if key != "expires_at"}
    one = runner(authority.url, authority.connection(zoom, token=given), clock=clock)
    one.run("getUser", ME)
    clock.passed = 10 * 365 * 86_400
    one.run("getUser", ME)
    assert authority.asked == 0
    authority.expire()
    assert one.run("getUser", ME).status == 200
    assert authority.asked == 1


def test_a_refusal_of_a_good_looking_token_costs_one_refresh_and_one_replay(zoom, authority, runner, clock):
    store = MemoryStore()
    connection = authority.connection(zoom, ends=LATER, store=store, name="work")
    authority.expire()
    one = runner(authority.url, connection, clock=clock)
    result = one.run("getUser", ME)
    assert (result.status, result.attempts) == (200, 1)
    assert authority.api == {401: 1, 200: 1}
    assert authority.asked == 1
    assert authority.requests[-1].header("authorization") == f"Bearer {kept(zoom, store)['access_token']}"


def test_a_write_that_is_refused_for_its_token_is_done_once(zoom, authority, runner, clock):
    connection = authority.connection(zoom, ends=LATER)
    authority.expire()
    assert runner(authority.url, connection, clock=clock).run("createMeeting", MEETING).status == 201
    assert authority.created == 1
    assert authority.api == {401: 1, 201: 1}
    first, second = [one for one in authority.requests if one.path.startswith("/v2")]
    assert first.body == second.body


def test_a_token_that_a_sibling_has_renewed_is_taken_without_a_refresh(zoom, authority, runner, clock):
    store = MemoryStore()
    connection = authority.connection(zoom, ends=LATER, store=store, name="work")
    one = runner(authority.url, connection, clock=clock)
    one.run("getUser", ME)
    authority.expire()
    with Client(zoom, Connection.load(zoom, "work", store=store), base_url=authority.url, clock=clock) as sibling:
        sibling.run("getUser", ME)
    assert authority.asked == 1
    assert one.run("getUser", ME).status == 200
    assert authority.asked == 1, "the rejected token was not the newest any more"
    assert authority.api == {200: 3, 401: 2}


def test_a_second_refusal_ends_the_call_alone_and_costs_one_refresh_a_minute(zoom, authority, runner, clock):
    connection = authority.connection(zoom, ends=LATER)
    one = runner(authority.url, connection, clock=clock)
    refusing(authority)
    for clock.passed in (0, 1, 5, 20, 59):
        with pytest.raises(errors.SignInError) as caught:
            one.run("createMeeting", MEETING)
        assert caught.value.outcome == "rejected"
    assert authority.asked == 1
    for clock.passed in (60, 61, 100):
        with pytest.raises(errors.SignInError):
            one.run("getUser", ME)
    assert authority.asked == 2
    authority.answers = lambda request: None
    assert one.run("getUser", ME).status == 200, "the connection lives on"
    assert authority.asked == 2


def test_a_refused_token_that_is_a_minute_old_is_renewed(zoom, authority, runner, clock):
    one = runner(authority.url, authority.connection(zoom), clock=clock)
    one.run("getUser", ME)
    authority.expire()
    clock.passed = 59
    with pytest.raises(errors.SignInError, match="less than a minute old"):
        one.run("getUser", ME)
    clock.passed = 60
    assert one.run("getUser", ME).status == 200
    assert authority.asked == 2


@pytest.mark.parametrize("jump", [600.0, -600.0, -3600.0])
class TestAClockThatIsPutRight:
    def test_costs_one_refresh_at_most(self, zoom, authority, runner, clock, jump):
        one = runner(authority.url, authority.connection(zoom), clock=clock)
        one.run("getUser", ME)
        clock.start += jump
        for _ in range(5):
            assert one.run("getUser", ME).status == 200
        assert authority.asked <= 2

    def test_and_a_token_that_ended_meanwhile_costs_one(self, zoom, authority, runner, clock, jump):
        one = runner(authority.url, authority.connection(zoom), clock=clock)
        one.run("getUser", ME)
        clock.start += jump
        clock.passed += 61
        authority.expire()
        for _ in range(5):
            assert one.run("getUser", ME).status == 200
        assert authority.asked == 2
        assert authority.api[401] == 1

    def test_starts_no_storm_where_the_service_refuses_everything(self, zoom, authority, runner, clock, jump):
        one = runner(authority.url, authority.connection(zoom, ends=LATER), clock=clock)
        refusing(authority)
        for step in range(10):
            clock.start += jump * (1 if step % 2 else -1)
            clock.passed = step * 5.9  # all within a minute by the clock that only moves forward
            with pytest.raises(errors.SignInError):
                one.run("getUser", ME)
        assert authority.asked == 1

    def test_leaves_short_tokens_to_one_refresh_a_minute(self, zoom, runner, clock, jump):
        with Authority(expires_in=0) as authority:
            one = runner(authority.url, authority.connection(zoom), clock=clock)
            for step in range(10):
                clock.start += jump * (1 if step % 2 else -1)
                clock.passed = step * 5.9
                assert one.run("getUser", ME).status == 200
            assert authority.asked == 1


def test_a_token_lives_from_the_moment_its_reply_is_there(zoom, authority, clock):
    store = MemoryStore()

    def slowly(grant):
        clock.passed += 20
        return grant()

    authority.then(slowly)
    connection = authority.connection(zoom, store=store, name="work")
    with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
        client.run("getUser", ME)
    token = kept(zoom, store)
    assert (token["obtained_at"], token["expires_at"]) == (clock.start + 20, clock.start + 3620)


def test_a_removed_connection_is_not_renewed(zoom, authority, runner, clock):
    store = MemoryStore()
    connection = authority.connection(zoom, store=store, name="work")
    one = runner(authority.url, connection, clock=clock)
    one.run("getUser", ME)
    assert connection.delete() is True
    assert connection.delete() is False
    clock.passed = 4000
    with pytest.raises(errors.SignInError, match="removed"):
        one.run("getUser", ME)
    assert authority.asked == 1
    assert store.keys() == []


def test_a_token_that_cannot_be_renewed_says_so(zoom, authority, runner, clock):
    only = {"access_token": "canary-alone", "expires_at": clock.start - 1}
    one = runner(authority.url, authority.connection(zoom, token=only), clock=clock)
    with pytest.raises(errors.SignInError, match=r"no refresh token.*Sign in again"):
        one.run("getUser", ME)
    assert authority.requests == []


def test_a_connection_that_begins_with_a_refresh_token_alone_renews_first(zoom, authority, runner, clock):
    token = {"refresh_token": authority.sign_in()["refresh_token"]}
    assert runner(authority.url, authority.connection(zoom, token=token), clock=clock).run("getUser", ME).status == 200
    assert (authority.asked, authority.api) == (1, {200: 1})


def test_a_connection_that_never_signed_in_says_so(zoom, authority, runner, clock):
    one = runner(authority.url, Connection(zoom, "oauth2", **authority.inputs()), clock=clock)
    with pytest.raises(errors.SignInError, match=r"not signed in.*Sign in again"):
        one.run("getUser", ME)
    assert authority.requests == []


def test_a_refresh_that_keeps_the_refresh_token_keeps_the_connection(zoom, authority, runner, clock):
    authority.own.add("canary-kept")
    once = {"access_token": "canary-kept", "token_type": "bearer", "expires_in": 3600}
    authority.then(says(200, once), says(200, once))
    one = runner(authority.url, authority.connection(zoom), clock=clock)
    for clock.passed in (0, 4000, 8000):
        assert one.run("getUser", ME).status == 200
    assert len({form["refresh_token"] for form in authority.forms}) == 1
    assert authority.refused == {}
