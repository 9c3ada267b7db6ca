"""Unusable token replies reveal nothing and lose no refresh token; unusual ones are accepted."""

from __future__ import annotations

import pytest
from support.oauth_server import page, says

from connector import errors
from connector.runtime.auth.connection_record import store_key

ME = {"userId": "me"}


def kept(zoom, store):
    return store.read(store_key(zoom, "work")).data


def odd(**changed):
    """A token reply with something changed; None leaves it out."""
    made = {"access_token": "canary-odd", "token_type": "bearer", "expires_in": 3600, "refresh_token": "canary-new"}
    return says(200, {key: value for key, value in {**made, **changed}.items() if value is not None})


UNUSABLE = {
    "a page": (page(), errors.ServiceDown, "text/html"),
    "a page of a 403": (page(403), errors.ServiceDown, "text/html"),
    "an error with 200": (
        says(200, {"error": "odd_canary?", "access_token": "canary-odd"}),
        errors.SignInError,
        "said",
    ),
    "no access token": (odd(access_token=None), errors.ServiceDown, "no access token"),
    "an empty access token": (odd(access_token=""), errors.ServiceDown, "no access token"),
    "a list for a token": (odd(access_token=["canary-odd"]), errors.ServiceDown, "no access token"),
    "a token with a line end": (odd(access_token="canary-odd\r\nX: y"), errors.ServiceDown, "no access token"),
    "another kind of token": (odd(token_type="mac"), errors.ServiceDown, "only bearer .* of type mac"),
    "a list": (says(200, ["canary-odd"]), errors.ServiceDown, "JSON token"),
}


KEEPS_THE_REST = [case for case in UNUSABLE if "token" in case]


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_reply_that_is_no_token_shows_nothing_and_only_a_refresh_token_in_it_is_kept(
    zoom, authority, store, connection, get, case
):
    play, kind, said = UNUSABLE[case]
    before = kept(zoom, store)["grant"]
    if case in KEEPS_THE_REST:
        before = {**before, "refresh_token": "canary-new"}
        authority.families[-1].good = "canary-new"
    authority.then(play)
    with pytest.raises(kind, match=said) as caught:
        get(connection)
    assert "canary-odd" not in repr(caught.value)
    assert "canary-page" not in repr(caught.value)
    assert not caught.value.retryable
    assert authority.asked == 1
    assert (kept(zoom, store)["grant"], kept(zoom, store)["dead"]) == (before, None)
    assert get(connection) == 200


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        (None, 3600),
        ("soon", 3600),
        (True, 3600),
        ([3600], 3600),
        ("", 3600),
        ("600", 600),
        (600.5, 600.5),
        (-1, 0),
        (0, 0),
        (10**30, 315_360_000),
        (1e300, 315_360_000),
    ],
)
def test_every_life_is_taken_and_an_hour_where_it_is_no_number(
    zoom, authority, store, connection, get, clock, life, seconds
):
    authority.own.add("canary-odd")
    authority.then(odd(expires_in=life))
    assert get(connection) == 200
    assert kept(zoom, store)["grant"]["expires_at"] == clock.start + seconds


ODD = {
    "token_type": [None, "", "Bearer ", "bot", "user", 5, ["bearer"], {}],
    "expires_in": ["", "3600.0", 3600.5, -1, 0, 1e12, "soon", True, [3600], {}],
    "scope": [["user:read:user"], "user:read:user,user:write:user", 5, {}, []],
    "id_token": ["x", 5],
    "api_url": [5, ""],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in ODD.items() for value in values])
def test_a_connection_lives_on_whatever_a_service_writes_beside_its_tokens(
    zoom, authority, store, connection, get, clock, field, value
):
    authority.fields[field] = value
    for _ in range(3):
        assert get(connection) == 200
        clock.passed += 4000
    assert authority.refused == {}
    assert kept(zoom, store)["grant"]["refresh_token"] == authority.families[-1].good


@pytest.mark.parametrize("changed", [{"token_type": "mac"}, {"access_token": ["x"]}])
def test_a_connection_lives_on_after_replies_that_were_refused(zoom, authority, store, connection, get, changed):
    issued = authority._granted
    authority._granted = lambda *family: {**issued(*family), **changed}
    for _ in range(2):
        with pytest.raises(errors.ServiceDown, match="No new token") as caught:
            get(connection)
        assert "The new refresh token that came with the reply is kept" in caught.value.hint
        assert kept(zoom, store)["grant"]["refresh_token"] == authority.families[-1].good
    authority._granted = issued
    assert get(connection) == 200
    assert authority.refused == {}


def test_fewer_scopes_are_taken_and_told(zoom, authority, store, get, clock, caplog):
    authority.own.add("canary-odd")
    token = {**authority.sign_in(), "scope": "user:read meeting:write"}
    authority.then(odd(scope="user:read"))
    assert get(authority.connection(zoom, store=store, name="work", token=token)) == 200
    assert "lacks scopes it had: meeting:write" in caplog.text
    assert kept(zoom, store)["grant"]["scopes"] == ["user:read"]
