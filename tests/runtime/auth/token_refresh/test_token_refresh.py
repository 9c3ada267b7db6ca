"""TokenRefresher alone: which token is used, what is stored first, and what ends a connection."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from functools import partial

import pytest
from support.sandboxes.token_refreshing import (
    ACCOUNT,
    AGAIN,
    ENDED,
    KEY,
    LASTS,
    LOST,
    NOW,
    SEED,
    START,
    THEIRS,
    UNSIGNED,
    URL,
    USER,
    Endpoint,
    Watched,
    as_kept,
    busy,
    fails,
    granted,
    new,
    owned,
    refused,
)

from connector import errors
from connector.core.auth import oauth
from connector.core.auth.oauth_client import OAuthClient
from connector.core.auth.signing import Signer
from connector.core.auth.token_set import TokenSet
from connector.runtime.auth.refresh_context import RefreshContext
from connector.runtime.storage import store as keeping

FIRST = TokenSet("canary-new-1", NOW + 3600, NOW, "canary-refresh-1", ("a",))
EARLIER = {"at": START, "pid": 7}  # the mark of a sending whose answer nobody heard
INTERRUPTED = "interrupted refresh at"


@pytest.fixture
def clock(clock):
    """The given clock, some time after its start, so that monotonic time is not 0 either."""
    clock.passed = NOW - START
    return clock


@pytest.fixture
def store():
    """A store with an expired token."""
    made = Watched()
    made.begin(ENDED)
    return made


# What a renewal does


def test_a_renewal_reads_marks_asks_and_keeps_in_this_order_and_nothing_twice(store, clock):
    endpoint = Endpoint(granted())
    during = []
    endpoint.meanwhile = lambda: during.append((store.has()["intent"], len(store.did)))
    assert owned(store, endpoint).refresh(None, clock) == FIRST
    assert store.did == [
        ("read",), ("lock", KEY, 120.0), ("read",), ("prepare", KEY), ("write", 1), ("read",), ("write", 2),
    ]  # fmt: skip
    assert during == [({"at": NOW, "pid": os.getpid()}, 5)], "the mark is there before the refresh token goes"
    assert store.has() == {**SEED, "grant": as_kept(FIRST)}
    assert endpoint.forms == [{"grant_type": "refresh_token", "refresh_token": "canary-refresh"}]


def test_a_connection_without_refresh_tokens_marks_nothing_and_keeps_its_first_token(clock):
    store, endpoint = Watched(), Endpoint(granted(refresh_token=None))
    got = owned(store, endpoint, ACCOUNT).refresh(None, clock)
    assert store.did == [("read",), ("lock", KEY, 120.0), ("read",), ("read",), ("write", 0)]
    assert store.has() == {**SEED, "grant": as_kept(got)}
    assert got.refresh_token is None


def test_what_a_reply_leaves_out_of_a_token_stays_as_it_was(store, clock):
    got = owned(store, Endpoint(granted(refresh_token=None))).refresh(None, clock)
    assert (got.refresh_token, got.scopes) == ("canary-refresh", ("a",))


def test_a_token_that_a_sibling_has_kept_is_taken_without_waiting_for_the_lock(store, clock):
    store.begin(THEIRS)
    renewal = owned(store, Endpoint())
    assert renewal.refresh("canary-old", clock) == THEIRS
    assert store.did == [("read",)]
    assert renewal.get_cached(None, NOW) == THEIRS


def test_what_is_known_is_the_token_at_hand_else_the_stores(store, clock):
    renewal = owned(store, Endpoint(granted()))
    assert renewal.read_token_set() == ENDED
    renewal.refresh(None, clock)
    store.begin(THEIRS)
    assert renewal.read_token_set() == FIRST
    assert owned(Watched(), Endpoint()).read_token_set() is None


def follow(inputs, kind="oauth2", auth="body"):
    """Read the client of a record, as a connection does."""
    return OAuthClient(kind, inputs["tokenUrl"], inputs["clientId"], inputs["clientSecret"], auth), Signer()


GIVEN = {"tokenUrl": URL, "clientId": "id-2", "clientSecret": "canary-second"}


@pytest.mark.parametrize(
    ("follows", "record", "client"),
    [(None, {"inputs": GIVEN}, "id-1"), (follow, {"inputs": GIVEN}, "id-2"),
     (follow, {"inputs": GIVEN, "kind": "other"}, "id-1")],
)  # fmt: skip
def test_the_inputs_of_a_record_are_followed_where_that_is_asked_for_and_its_kind_is_the_same(
    clock, follows, record, client
):
    store, endpoint = Watched(), Endpoint(granted())
    store.begin(ENDED, **record)
    app = replace(USER, client_auth="body")
    owned(store, endpoint, app, read_inputs=follows).refresh(None, clock)
    assert endpoint.forms[0]["client_id"] == client


def test_the_inputs_of_a_record_without_a_token_are_followed_too(clock):
    store, endpoint = Watched(), Endpoint(refused("invalid_client", 401), granted())
    store.begin(None, inputs=GIVEN)
    renewal = owned(store, endpoint, ACCOUNT, read_inputs=partial(follow, kind=ACCOUNT.kind, auth="basic"))
    with pytest.raises(errors.SignInError):
        renewal.refresh(None, clock)
    assert [base64.b64decode(one) for one in endpoint.clients] == [b"id-2:canary-second"]
    assert (store.has()["inputs"], store.version()) == (GIVEN, 2)
    assert store.has()["dead"]["at"] == NOW


def test_an_app_is_followed_only_once_there_is_a_record():
    owner = RefreshContext(ACCOUNT, Watched(), KEY, [], UNSIGNED, AGAIN, read_inputs=follow)
    assert owner.oauth_client_for(None) is ACCOUNT
    assert owner.is_durable is True


# Which token is good enough


def test_a_token_that_was_refused_is_not_at_hand_any_more(store, clock):
    renewal = owned(store, Endpoint(granted()))
    assert renewal.get_cached(None, NOW) is None
    renewal.refresh(None, clock)
    assert renewal.get_cached("canary-old", NOW) == FIRST
    assert renewal.get_cached("canary-new-1", NOW) is None


def test_a_token_that_lasts_is_used_on_for_half_a_minute_after_a_renewal_that_failed(clock):
    store, endpoint = Watched(), Endpoint(busy())
    store.begin(LASTS)
    renewal = owned(store, endpoint)
    assert renewal.refresh(None, clock) == LASTS
    at_hand = {passed: renewal.get_cached(None, NOW + passed) for passed in (-1.0, 0.0, 29.9, 30.0)}
    assert at_hand == {-1.0: None, 0.0: LASTS, 29.9: LASTS, 30.0: None}


def test_a_token_that_lasts_is_used_on_until_it_ends_and_then_the_trouble_is_told(clock):
    store, endpoint = Watched(), Endpoint(busy(after=60))
    store.begin(LASTS)
    renewal = owned(store, endpoint)
    renewal.refresh(None, clock)
    clock.passed += 59
    assert renewal.refresh(None, clock) == LASTS
    assert [renewal.get_cached(None, NOW + passed) for passed in (59.9, 60.0)] == [LASTS, None]
    endpoint.answers = [busy()]
    clock.passed += 1
    with pytest.raises(errors.RateLimited):
        renewal.refresh(None, clock)


def test_a_refused_token_is_not_used_on_however_long_it_lasts(clock):
    store = Watched()
    store.begin(LASTS)
    with pytest.raises(errors.RateLimited):
        owned(store, Endpoint(busy())).refresh("canary-old", clock)


def test_nor_where_the_store_fails(store, clock):
    renewal = owned(store, Endpoint(granted()))
    renewal.refresh(None, clock)
    store.on = fails("lock")
    clock.passed += 3500
    assert renewal.refresh(None, clock) == FIRST
    with pytest.raises(errors.StoreError):
        renewal.refresh("canary-new-1", clock)


@pytest.mark.parametrize(("age", "asked"), [(0.0, 0), (59.0, 0), (60.0, 1)])
def test_a_refused_token_younger_than_a_minute_is_not_renewed_whoever_made_it(clock, age, asked):
    store, endpoint = Watched(), Endpoint(granted())
    store.begin(replace(THEIRS, obtained_at=NOW - age))
    renewal = owned(store, endpoint)
    if asked:
        assert renewal.refresh("canary-theirs", clock).access_token == "canary-new-1"
    else:
        with pytest.raises(errors.SignInError, match="less than a minute old") as caught:
            renewal.refresh("canary-theirs", clock)
        assert caught.value.outcome == "rejected"
        assert caught.value.hint.endswith(AGAIN)
    assert len(endpoint.forms) == asked


@pytest.mark.parametrize("jump", [600.0, -600.0])
def test_one_that_was_made_here_is_young_for_a_minute_whatever_the_clock_says(store, clock, jump):
    endpoint = Endpoint(granted(expires_in=60), granted(2))
    renewal = owned(store, endpoint)
    made = renewal.refresh(None, clock)
    clock.start += jump
    clock.passed += 59
    assert renewal.refresh(None, clock) == made
    with pytest.raises(errors.SignInError, match="less than a minute old"):
        renewal.refresh("canary-new-1", clock)
    clock.passed += 1
    assert renewal.refresh("canary-new-1", clock).access_token == "canary-new-2"


# What somebody else writes meanwhile


def test_who_signs_in_before_the_request_goes_is_not_overwritten_and_nothing_is_asked(clock):
    store, endpoint = Watched(), Endpoint()
    store.begin(LASTS)
    store.on = lambda name, data: name == "prepare" and store.begin(THEIRS)
    renewal = owned(store, endpoint)
    assert renewal.refresh(None, clock) == THEIRS
    assert renewal.get_cached(None, NOW) == THEIRS
    assert (endpoint.forms, store.has()["grant"], store.count("lock")) == ([], as_kept(THEIRS), 1)


@pytest.mark.parametrize("answer", [granted(), refused(), refused("invalid_client", 401), busy()])
def test_who_signs_in_during_the_request_wins(store, clock, answer):
    endpoint = Endpoint(answer)
    endpoint.meanwhile = lambda: store.begin(THEIRS)
    renewal = owned(store, endpoint)
    assert renewal.refresh(None, clock) == THEIRS
    assert renewal.get_cached(None, NOW) == THEIRS
    assert store.has() == {**SEED, "grant": as_kept(THEIRS)}


def test_who_signs_in_just_before_the_new_token_is_kept_wins(store, clock):
    def on(name, data):
        if name == "write" and new(data):
            store.on = lambda *_: None
            store.begin(THEIRS)

    store.on = on
    assert owned(store, Endpoint(granted())).refresh(None, clock) == THEIRS
    assert store.has() == {**SEED, "grant": as_kept(THEIRS)}


def test_a_connection_removed_during_the_request_is_not_kept_again(store, clock):
    endpoint = Endpoint(granted())
    endpoint.meanwhile = store.end
    with pytest.raises(errors.SignInError, match="no longer in its store"):
        owned(store, endpoint).refresh(None, clock)
    assert store.keys() == []


def test_a_connection_removed_since_it_was_used_is_not_renewed(store, clock):
    renewal = owned(store, Endpoint(granted()))
    renewal.refresh(None, clock)
    store.end()
    for _ in range(2):
        with pytest.raises(errors.SignInError) as caught:
            renewal.refresh("canary-new-1", clock)
        assert caught.value.hint == AGAIN
    assert renewal.get_cached(None, NOW) is None


def test_a_record_that_lost_its_token_meanwhile_leaves_the_new_one_to_this_process(store, clock):
    endpoint = Endpoint(granted())
    endpoint.meanwhile = lambda: store.begin(None)
    renewal = owned(store, endpoint)
    assert renewal.refresh(None, clock) == FIRST
    assert renewal.get_cached(None, NOW) == FIRST
    assert store.has()["grant"] is None


def test_a_store_where_somebody_always_was_quicker_is_tried_ten_times(store, clock):
    def on(name, _):
        if name == "write":
            raise keeping.build_conflict_error("there", KEY, 1)

    store.on = on
    with pytest.raises(errors.StoreError) as caught:
        owned(store, Endpoint()).refresh(None, clock)
    assert caught.value.conflict
    assert (store.count("write"), store.count("lock")) == (10, 1)


def test_a_store_that_fails_is_tried_once(store, clock):
    store.on = fails("write")
    with pytest.raises(errors.StoreError, match="Input/output error"):
        owned(store, Endpoint()).refresh(None, clock)
    assert (store.count("write"), store.count("lock")) == (1, 1)


# What the endpoint says no to


def test_a_request_that_was_answered_takes_its_mark_away(store, clock):
    with pytest.raises(errors.RateLimited, match="No new token"):
        owned(store, Endpoint(busy())).refresh(None, clock)
    assert (store.has(), store.version()) == ({**SEED, "grant": as_kept(ENDED)}, 3)


@pytest.mark.parametrize("answer", [LOST, busy(503)])
def test_one_whose_answer_may_be_lost_leaves_it(store, clock, answer):
    with pytest.raises(errors.ConnectorError):
        owned(store, Endpoint(answer, answer)).refresh(None, clock)
    assert store.has()["intent"] == {"at": NOW, "pid": os.getpid()}
    assert store.version() == 2


def test_the_mark_of_an_earlier_request_stays_until_a_token_is_there(store, clock):
    store.begin(ENDED, intent=EARLIER)
    endpoint = Endpoint(busy(after=11), granted())
    renewal = owned(store, endpoint)
    with pytest.raises(errors.RateLimited):
        renewal.refresh(None, clock)
    assert (store.has()["intent"], store.version()) == (EARLIER, 2)
    clock.passed += 11
    renewal.refresh(None, clock)
    assert (store.has()["intent"], store.version(), store.count("prepare")) == (None, 3, 2)


def test_where_nothing_was_marked_nothing_is_taken_away(clock):
    store = Watched()
    with pytest.raises(errors.RateLimited):
        owned(store, Endpoint(busy()), ACCOUNT).refresh(None, clock)
    assert store.count("write") == 0


def test_an_end_is_kept_and_told_with_its_reason_and_costs_one_request(store, clock):
    endpoint = Endpoint(refused())
    renewal = owned(store, endpoint)
    with pytest.raises(errors.SignInError) as caught:
        renewal.refresh(None, clock)
    why = "the token endpoint said invalid_grant: No"
    assert str(caught.value) == f"The connection can no longer be renewed: {why}. {AGAIN}"
    assert (caught.value.status, caught.value.code) == (400, "invalid_grant")
    dead = {"at": NOW, "why": why, "of": oauth.fingerprint_credential(USER, ENDED)}
    assert store.has() == {**SEED, "grant": as_kept(ENDED), "dead": dead}
    assert renewal.get_cached(None, NOW) is None
    with pytest.raises(errors.SignInError) as caught:
        owned(store, endpoint).refresh(None, clock)
    assert str(caught.value) == f"The connection ended at 2027-01-15T08:16:40+00:00: {why}. {AGAIN}"
    assert len(endpoint.forms) == 1


def test_an_end_after_a_request_that_was_never_answered_says_when_that_was(store, clock):
    store.begin(ENDED, intent=EARLIER)
    with pytest.raises(errors.SignInError, match=f"{INTERRUPTED} 2027-01-15T08:00:00"):
        owned(store, Endpoint(refused())).refresh(None, clock)
    assert INTERRUPTED in store.has()["dead"]["why"]
    assert store.has()["intent"] is None


def test_so_does_an_end_after_an_answer_that_was_lost_just_now(store, clock):
    with pytest.raises(errors.SignInError, match=f"{INTERRUPTED} 2027-01-15T08:16:40"):
        owned(store, Endpoint(LOST, refused())).refresh(None, clock)


def test_an_end_holds_for_the_credential_that_it_was_said_of(store, clock):
    dead = {
        "at": NOW,
        "why": "gone",
        "of": oauth.fingerprint_credential(USER, replace(ENDED, refresh_token="canary-before")),
    }
    store.begin(ENDED, dead=dead)
    assert owned(store, Endpoint(granted())).refresh(None, clock) == FIRST
    assert store.has()["dead"] is None


def test_whose_end_it_was_is_seen_by_the_inputs_that_the_record_has_now(clock):
    store, theirs = Watched(), follow(GIVEN)[0]
    store.begin(ENDED, inputs=GIVEN, dead={"at": NOW, "why": "gone", "of": oauth.fingerprint_credential(theirs, ENDED)})
    with pytest.raises(errors.SignInError, match="The connection ended"):
        owned(store, Endpoint(), read_inputs=follow).refresh(None, clock)


@pytest.mark.parametrize("begun", [True, False], ids=["kept", "not kept"])
def test_an_end_that_could_not_be_kept_is_remembered(clock, begun):
    store, endpoint = Watched(), Endpoint(refused("invalid_client", 401))
    if begun:
        store.begin(None)
    renewal = owned(store, endpoint, ACCOUNT)
    store.on = fails("write")
    with pytest.raises(errors.SignInError, match="can no longer be renewed"):
        renewal.refresh(None, clock)
    with pytest.raises(errors.SignInError, match="The connection ended"):
        renewal.refresh(None, clock)
    assert len(endpoint.forms) == 1
    store.begin(None)
    store.on = lambda *_: None
    endpoint.answers = [granted()]
    assert renewal.refresh(None, clock).access_token == "canary-new-1", "somebody has signed in anew since"


def test_an_end_that_was_kept_goes_with_its_record(clock):
    store, endpoint = Watched(), Endpoint(refused("invalid_client", 401), granted())
    renewal = owned(store, endpoint, ACCOUNT)
    with pytest.raises(errors.SignInError):
        renewal.refresh(None, clock)
    store.end()
    assert renewal.refresh(None, clock).access_token == "canary-new-1"


# When it is not asked at all


def test_a_secret_goes_to_none_but_the_connectors_hosts(store, clock):
    endpoint = Endpoint()
    with pytest.raises(errors.SignInError, match="the secret was not sent") as caught:
        owned(store, endpoint, replace(USER, token_url="https://evil.example/token")).refresh(None, clock)
    assert "tokenUrl" in caught.value.hint
    assert store.count("write") == 0


@pytest.mark.parametrize(
    ("grant", "said"), [(None, "is not signed in"), (replace(ENDED, refresh_token=None), "holds no refresh token")]
)
def test_what_only_a_person_can_renew_says_so(clock, grant, said):
    store = Watched()
    store.begin(grant)
    with pytest.raises(errors.SignInError, match=said) as caught:
        owned(store, Endpoint()).refresh(None, clock)
    assert caught.value.hint == AGAIN


@pytest.mark.parametrize(("after", "seconds"), [(20, 20.0), (600, 60.0)])
def test_an_endpoint_that_asks_for_time_gets_it_but_a_minute_at_most(store, clock, after, seconds):
    endpoint = Endpoint(busy(after=after), granted())
    renewal = owned(store, endpoint)
    heard = []
    for clock.passed in (NOW - START, NOW - START + 1, NOW - START + seconds - 0.5):
        with pytest.raises(errors.RateLimited) as caught:
            renewal.refresh(None, clock)
        heard.append(caught.value)
    assert len(endpoint.forms) == 1
    assert len({id(one) for one in heard}) == 3, "each its own, since a call writes on it"
    clock.passed = NOW - START + seconds
    assert renewal.refresh(None, clock).access_token == "canary-new-1"


# What is worth a word


@pytest.mark.parametrize(
    ("lasting", "grant", "answer", "told"),
    [(False, ENDED, granted(), True), (True, ENDED, granted(), False),
     (False, ENDED, granted(refresh_token="canary-refresh"), False), (False, ENDED, granted(refresh_token=None), False)],
)  # fmt: skip
def test_a_new_refresh_token_that_ends_with_the_process_is_told(clock, caplog, lasting, grant, answer, told):
    store = Watched()
    store.begin(grant)
    owned(store, Endpoint(answer), is_durable=lasting).refresh(None, clock)
    assert ("the new refresh token ends with this process" in caplog.text) is told


@pytest.mark.parametrize("refresh", [None, "canary-refresh-1"])
def test_the_first_token_of_a_connection_that_signs_in_by_itself_is_nothing_to_tell(clock, caplog, refresh):
    owned(Watched(), Endpoint(granted(refresh_token=refresh)), ACCOUNT, is_durable=False).refresh(None, clock)
    assert caplog.text == ""


@pytest.mark.parametrize(("scope", "told"), [("b", True), ("a b", False)])
def test_a_token_that_may_do_less_than_before_is_told(store, clock, caplog, scope, told):
    owned(store, Endpoint(granted(scope=scope))).refresh(None, clock)
    assert ("lacks scopes it had: a" in caplog.text) is told
