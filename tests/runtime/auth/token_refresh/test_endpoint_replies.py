"""Replies of the token endpoint: which end a connection, which do not, and which are retried."""

from __future__ import annotations

import pytest
from support.oauth_server import INVALID, Authority, lost, mute, page, says, unheard
from support.servers import reply

from connector import Client, Connection, errors
from connector.core.auth import token_set
from connector.errors import StoreError
from connector.runtime.auth import token_endpoint
from connector.runtime.auth.connection_record import store_key
from connector.runtime.storage.memory_store import MemoryStore

ME = {"userId": "me"}
LATER = 1_900_000_000.0


def kept(zoom, store):
    return store.read(store_key(zoom, "work")).data


def lasting(zoom, authority, store, clock, seconds):
    """A stored connection whose token is due for a refresh."""
    token = {**authority.sign_in(clock.time() + seconds), "obtained_at": clock.time() - 3600}
    return authority.connection(zoom, store=store, name="work", token=token)


class Failing(MemoryStore):
    """A store that accepts only so many writes."""

    left = 99

    def write(self, key, data, *, version=None):
        self.left -= 1
        if self.left < 0:
            raise StoreError("canary-store: the disk is full.", path="memory")
        return super().write(key, data, version=version)


class TestAnEnd:
    def test_is_final_says_what_to_do_and_costs_no_further_request(self, zoom, authority, store, connection, get):
        authority.then(says(400, INVALID))
        with pytest.raises(errors.SignInError, match=r"invalid_grant.*Sign in again: connector connect work") as caught:
            get(connection)
        assert (caught.value.status, caught.value.code) == (400, "invalid_grant")
        for one in (connection, Connection.load(zoom, "work", store=store)):
            with pytest.raises(errors.SignInError, match=r"ended at 2027.*Sign in again: connector connect work"):
                get(one)
        assert len(authority.requests) == 1

    def test_is_over_with_the_next_sign_in(self, zoom, authority, store, connection, get):
        authority.then(says(400, INVALID))
        with pytest.raises(errors.SignInError):
            get(connection)
        authority.connection(zoom, store=store, name="work")
        assert get(connection) == 200
        assert kept(zoom, store)["dead"] is None

    def test_of_what_a_sibling_has_replaced_meanwhile_is_no_end(self, zoom, authority, store, connection, get):
        newer = authority.sign_in(LATER)

        def sibling_was_faster(_):
            record = kept(zoom, store)
            record["grant"] |= newer
            store.write(store_key(zoom, "work"), record)
            return reply(400, INVALID)

        authority.then(sibling_was_faster)
        assert get(connection) == 200
        assert authority.requests[-1].header("authorization") == f"Bearer {newer['access_token']}"
        assert kept(zoom, store)["grant"]["refresh_token"] == newer["refresh_token"]
        assert kept(zoom, store)["dead"] is None
        assert authority.asked == 1

    def test_that_cannot_be_written_down_is_told_all_the_same(self, zoom, authority, clock, get):
        store = Failing()
        connection = authority.connection(zoom, store=store, name="work")
        store.left = 1  # the intent
        authority.then(says(400, INVALID))
        with pytest.raises(errors.SignInError, match="can no longer be renewed: the token endpoint said invalid_grant"):
            get(connection)
        with pytest.raises(errors.SignInError, match=r"ended at .* said invalid_grant"):
            get(connection)
        assert authority.asked == 1
        store.left = 99
        Connection.load(zoom, "work", store=store).save(token_set.parse_token(authority.sign_in()))
        assert get(connection) == 200, "a new sign-in ends what was only remembered, too"

    def test_for_a_wrong_secret_is_over_with_the_right_one(self, zoom, authority, store, get):
        wrong = authority.connection(zoom, store=store, name="work", clientSecret="canary-wrong")
        with pytest.raises(errors.SignInError, match="invalid_client"):
            get(wrong)
        with pytest.raises(errors.SignInError, match="invalid_client"):
            get(wrong)
        assert authority.asked == 1
        assert get(Connection(zoom, "oauth2", store=store, name="work", **authority.inputs())) == 200

    def test_is_not_what_a_400_for_something_else_means(self, authority, connection, get):
        authority.then(says(400, {"error": "invalid_request", "reason": "odd"}))
        with pytest.raises(errors.SignInError, match="invalid_request: odd"):
            get(connection)
        assert get(connection) == 200


class TestTroubleOfTheEndpoint:
    @pytest.mark.parametrize("status", [408, 409, 423, 425, 429, 500, 502, 503, 504, 599])
    def test_is_waited_out(self, authority, connection, get, clock, status):
        authority.then(says(status, {"error": "invalid_grant"}), page(status))
        assert get(connection) == 200
        assert clock.waits == [0.5, 1.0]
        assert len({form["refresh_token"] for form in authority.forms}) == 1

    @pytest.mark.parametrize("status", [408, 409, 423, 425, 429, 500, 502, 503, 504])
    def test_that_lasts_ends_the_call_and_not_the_connection(self, zoom, authority, store, connection, get, status):
        before = kept(zoom, store)["grant"]
        authority.then(*[says(status)] * 3)
        kind = errors.RateLimited if status == 429 else errors.ServiceDown
        with pytest.raises(kind, match="Nothing is lost; try again later") as caught:
            get(connection)
        assert (caught.value.retryable, caught.value.status, caught.value.outcome) == (True, status, "not_sent")
        assert (kept(zoom, store)["grant"], kept(zoom, store)["dead"]) == (before, None)
        assert authority.asked == 3
        assert get(connection) == 200

    def test_leaves_the_old_token_in_use_while_it_lasts(self, zoom, authority, store, get, clock):
        connection = lasting(zoom, authority, store, clock, 100)
        authority.then(*[says(503)] * 6)
        began = clock.passed
        assert get(connection) == 200
        assert authority.asked == 3
        assert get(connection) == 200
        assert authority.asked == 3, "a failed renewal rests for a while"
        clock.passed = began + 40
        assert get(connection) == 200
        assert authority.asked == 6
        clock.passed = began + 101
        assert get(connection) == 200
        assert authority.asked == 7
        assert authority.api == {200: 4}

    def test_does_not_bring_back_a_token_that_was_refused(self, zoom, authority, store, get):
        connection = authority.connection(zoom, store=store, name="work", ends=LATER)
        authority.expire()
        authority.then(*[says(503)] * 3)
        with pytest.raises(errors.ServiceDown):
            get(connection)
        assert authority.api == {401: 1}

    def test_is_waited_for_as_long_as_it_asks_if_that_is_short(self, authority, connection, get, clock):
        authority.then(says(503, retry_after="7"))
        assert get(connection) == 200
        assert clock.waits == [7.0]

    def test_is_left_alone_for_a_minute_if_it_asks_for_long(self, authority, connection, get, clock):
        authority.then(says(429, retry_after="600"))
        for clock.passed in (0, 1, 59):
            with pytest.raises(errors.RateLimited) as caught:
                get(connection)
            assert caught.value.retry_at.timestamp() == clock.start + 600
        assert authority.asked == 1
        clock.passed = 60
        assert get(connection) == 200


class TestALostReply:
    @pytest.fixture(params=["hangs up", "says nothing"])
    def losing(self, request, monkeypatch):
        if request.param == "hangs up":
            return lost()
        monkeypatch.setattr(token_endpoint, "SEND_TIMEOUT", 0.3)
        return mute()

    def test_is_asked_for_once_more_and_then_told_clearly(self, authority, connection, get, clock, losing):
        authority.then(losing)
        with pytest.raises(errors.SignInError, match=r"interrupted refresh at 2027-.*never received") as caught:
            get(connection)
        assert "Sign in again" in str(caught.value)
        first, second = authority.forms
        assert first["refresh_token"] == second["refresh_token"]
        with pytest.raises(errors.SignInError, match=r"ended at .*interrupted refresh"):
            get(connection)
        assert authority.asked == 2

    def test_is_made_good_by_a_service_that_keeps_the_token_before(self, zoom, store, clock, losing):
        with Authority(lenient=True) as authority:
            connection = authority.connection(zoom, store=store, name="work")
            authority.then(losing)
            with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
                assert client.run("getUser", ME).status == 200
            assert authority.asked == 2
        assert kept(zoom, store)["intent"] is None

    def test_twice_ends_the_call_and_not_the_connection(self, zoom, authority, store, connection, get):
        authority.then(unheard(), unheard())
        with pytest.raises(errors.TransportError, match=r"No new token.*Nothing is lost") as caught:
            get(connection)
        assert caught.value.retryable
        assert authority.asked == 2
        assert kept(zoom, store)["intent"]["at"] > 0
        assert get(connection) == 200
        assert kept(zoom, store)["intent"] is None

    def test_is_remembered_until_the_next_call(self, zoom, authority, store, connection, get, clock):
        authority.then(lost(), unheard())
        with pytest.raises(errors.TransportError):
            get(connection)
        clock.passed = 3600
        with pytest.raises(errors.SignInError, match="interrupted refresh at 2027-01-15T08:00:00"):
            get(Connection.load(zoom, "work", store=store))
