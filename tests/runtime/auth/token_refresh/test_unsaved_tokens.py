"""A new token that cannot be stored is used from memory, stored before it is spent, and logged when lost."""

from __future__ import annotations

import pytest
from support.sandboxes.token_refreshing import (
    ACCOUNT,
    AGAIN,
    ENDED,
    KEY,
    NOW,
    SEED,
    START,
    THEIRS,
    Endpoint,
    Watched,
    as_kept,
    fails,
    granted,
    new,
    owned,
)

from connector import errors
from connector.core.auth.token_set import TokenSet
from connector.runtime.auth import unsaved_tokens
from connector.runtime.storage import store as keeping

FIRST = TokenSet("canary-new-1", NOW + 3600, NOW, "canary-refresh-1", ("a",))
OWN = TokenSet("canary-old", NOW - 1, NOW - 3601)
ONLY, STILL, KEPT = "in memory only, and it ends", "still in memory only", "in memory only is kept now"
LOST = "this process ends, and with it the only token: /disk/store: Input/output error."


@pytest.fixture(autouse=True)
def saving_time(monkeypatch):
    """The seconds in which an ending process tries to store a token."""
    monkeypatch.setattr(unsaved_tokens, "SAVING_TIMEOUT", 0.0)
    monkeypatch.setattr(unsaved_tokens, "_SAVING_INTERVAL", 0.01)
    yield
    unsaved_tokens.forget_all()
    unsaved_tokens.IS_ENDING.clear()


@pytest.fixture
def clock(clock):
    """The given clock, some time after its start."""
    clock.passed = NOW - START
    return clock


@pytest.fixture
def store():
    """A store with an expired token that rejects a new one."""
    made = Watched()
    made.begin(ENDED)
    made.on = fails("write", only=new)
    return made


@pytest.fixture
def endpoint():
    return Endpoint(granted())


@pytest.fixture
def renewal(store, endpoint, clock):
    """A refresher whose new token is in memory only."""
    made = owned(store, endpoint)
    assert made.refresh(None, clock) == FIRST
    return made


def heal(store):
    store.on = lambda *_: None


def own(store, *answers):
    """The refresher of a connection without a refresh token."""
    return owned(store, Endpoint(*answers), ACCOUNT)


def test_it_is_told_and_used_for_five_seconds_before_the_store_is_tried_again(renewal, store, caplog):
    (told,) = (record.getMessage() for record in caplog.get_records("setup"))
    assert ONLY in told
    assert "Input/output error" in told
    assert store.count("write") == 2, "one mark, one try"
    at_hand = {passed: renewal.get_cached(None, NOW + passed) for passed in (-1.0, 0.0, 4.9, 5.0)}
    assert at_hand == {-1.0: None, 0.0: FIRST, 4.9: FIRST, 5.0: None}


def test_each_try_that_fails_is_told_and_buys_five_seconds_more(renewal, store, endpoint, clock, caplog):
    clock.passed += 5
    assert renewal.refresh(None, clock) == FIRST
    assert STILL in caplog.text
    assert [renewal.get_cached(None, NOW + passed) for passed in (5.0, 9.9, 10.0)] == [FIRST, FIRST, None]
    assert (store.count("lock"), len(endpoint.forms)) == (2, 1)


def test_it_is_kept_as_soon_as_the_store_takes_it(renewal, store, endpoint, clock, caplog):
    heal(store)
    clock.passed += 5
    assert renewal.refresh(None, clock) == FIRST
    assert KEPT in caplog.text
    assert store.has() == {**SEED, "grant": as_kept(FIRST)}
    assert [renewal.get_cached(None, NOW + passed) for passed in (5.0, 1000.0)] == [FIRST, FIRST]
    did = len(store.did)
    assert renewal.refresh(None, clock) == FIRST
    assert store.did[did:] == [("read",)], "from now on it is one like any other"
    assert len(endpoint.forms) == 1


def test_its_refresh_token_is_not_spent_before_it_is_kept(renewal, store, endpoint, clock):
    clock.passed += 3500
    assert renewal.refresh(None, clock) == FIRST, "in the last minutes of its life it is used on"
    clock.passed += 100
    with pytest.raises(errors.StoreError, match="Input/output error"):
        renewal.refresh(None, clock)
    assert len(endpoint.forms) == 1
    heal(store)
    endpoint.answers = [granted(2)]
    assert renewal.refresh(None, clock).access_token == "canary-new-2"
    assert endpoint.forms[-1]["refresh_token"] == "canary-refresh-1"
    assert store.has()["grant"]["access_token"] == "canary-new-2"


def test_without_a_refresh_token_the_next_is_asked_for_and_the_newest_is_kept_in_the_end(clock):
    store = Watched()
    store.begin(OWN)
    store.on = fails("write")
    renewal = own(store, granted(1, refresh_token=None), granted(2, refresh_token=None))
    renewal.refresh(None, clock)
    clock.passed += 3600
    newest = renewal.refresh(None, clock)
    assert newest.access_token == "canary-new-2"
    heal(store)
    clock.passed += 5
    assert renewal.refresh(None, clock) == newest
    assert store.has() == {**SEED, "grant": as_kept(newest)}


def test_a_connection_that_was_never_kept_is_not_taken_for_one_that_was_removed(clock):
    store = Watched()
    store.on = fails("write")
    renewal = own(store, granted(1, refresh_token=None))
    made = renewal.refresh(None, clock)
    clock.passed += 5
    assert renewal.refresh(None, clock) == made
    heal(store)
    clock.passed += 5
    assert renewal.refresh(None, clock) == made
    assert (store.has()["grant"], store.version()) == (as_kept(made), 1)
    store.end()
    clock.passed += 60
    with pytest.raises(errors.SignInError, match="no longer in its store"):
        renewal.refresh("canary-new-1", clock)


def test_a_connection_that_was_removed_meanwhile_stays_removed(renewal, store, clock):
    heal(store)
    store.end()
    clock.passed += 5
    with pytest.raises(errors.SignInError, match="no longer in its store"):
        renewal.refresh(None, clock)
    assert store.keys() == []
    assert renewal.read_token_set() is None


def test_who_signs_in_meanwhile_wins(renewal, store, clock):
    heal(store)
    store.begin(THEIRS)
    clock.passed += 5
    assert renewal.refresh(None, clock) == THEIRS
    assert renewal.get_cached(None, NOW + 1000) == THEIRS
    assert store.has() == {**SEED, "grant": as_kept(THEIRS)}


# At the end of the process


def test_at_exit_it_is_kept_if_the_store_takes_it_by_then(renewal, store, caplog):
    heal(store)
    before = len(store.did)
    assert unsaved_tokens.settle() == []
    assert store.did[before] == ("lock", KEY, 5.0), "an end does not wait long for others"
    assert store.has() == {**SEED, "grant": as_kept(FIRST)}
    assert KEPT in caplog.text
    assert unsaved_tokens.list_at_stake() == []


def test_at_exit_a_store_that_comes_back_in_time_is_waited_for_and_that_is_told(renewal, store, monkeypatch):
    monkeypatch.setattr(unsaved_tokens, "SAVING_TIMEOUT", 60.0)
    waits = []

    def on(name, data):
        if store.count("lock") < 4:
            fails("lock")(name, data)

    store.on = on
    assert unsaved_tokens.settle(waits.append) == []
    assert store.has() == {**SEED, "grant": as_kept(FIRST)}
    assert waits == [f"Waiting up to 60 s for the store to take the new token of {KEY}."]


def test_at_exit_there_is_nothing_to_do_for_what_was_kept_meanwhile(renewal, store, clock):
    heal(store)
    clock.passed += 5
    renewal.refresh(None, clock)
    before = len(store.did)
    assert unsaved_tokens.settle() == []
    assert len(store.did) == before


def test_at_exit_a_token_that_is_lost_is_told_once_with_what_to_do(renewal):
    (loss,) = unsaved_tokens.settle()
    assert LOST in loss
    assert loss.endswith(AGAIN)
    assert unsaved_tokens.settle() == []
    assert renewal.get_cached(None, NOW + 4) == FIRST, "what still runs then may use it"


def test_at_exit_a_store_that_somebody_holds_is_told_too(renewal, store):
    store.on = fails("lock")
    assert LOST in unsaved_tokens.settle()[0]


def test_at_exit_each_connection_is_told_once_however_many_tokens_were_not_kept(renewal, clock):
    clock.passed += 5
    renewal.refresh(None, clock)
    assert len(unsaved_tokens.settle()) == 1


def test_a_process_that_ends_spends_no_refresh_token(clock):
    store, endpoint = Watched(), Endpoint(granted())
    store.begin(ENDED)
    assert unsaved_tokens.settle() == []
    with pytest.raises(errors.TransportError, match="This process ends"):
        owned(store, endpoint).refresh(None, clock)
    assert endpoint.forms == []
    assert store.has()["intent"] is None
    assert unsaved_tokens.list_at_stake() == []


def test_at_exit_a_token_that_can_be_requested_again_is_not_waited_for(clock):
    store = Watched()
    store.begin(OWN)
    store.on = fails("write")
    own(store, granted(1, refresh_token=None)).refresh(None, clock)
    assert unsaved_tokens.settle() == []


def test_a_store_where_somebody_always_was_quicker_is_tried_ten_times_and_has_not_taken_it(clock, caplog):
    store = Watched()
    store.begin(ENDED)

    def on(name, data):
        if name == "write" and new(data):
            raise keeping.build_conflict_error("there", KEY, 2)

    store.on = on
    renewal = owned(store, Endpoint(granted()))
    assert renewal.refresh(None, clock) == FIRST
    assert ONLY in caplog.text
    assert store.count("write") == 11, "the mark is one of them"
    heal(store)
    clock.passed += 5
    renewal.refresh(None, clock)
    assert store.has()["grant"] == as_kept(FIRST)
