"""Scopes that a token names are checked before a request is sent; a token that names none passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from support.exchange_world import NOW, World, bad, ok, ready

from connector import Connector, errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import GetToken, SendRequest
from connector.core.request.credential import Credential
from connector.definition.action import Scopes

MEETING = "meeting:write:meeting"


def token(*scopes, value="held"):
    return Credential(value, headers=(("Authorization", f"Bearer {value}"),), renewable=True, scopes=scopes or None)


def create(zoom, world):
    plan, request, how = ready(zoom, "createMeeting", {"userId": "me"})
    return world.drive(exchange.run_call(plan, request, how, NOW + how.timeout, NOW))


@pytest.mark.parametrize(
    "scopes",
    [
        (),
        (MEETING,),
        ("user:read:user", f"{MEETING}:admin"),
        (f"{MEETING}:master",),
        ("meeting:write:admin",),
        ("meeting:write:master",),
    ],
)
def test_any_scope_that_the_action_names_is_enough_at_any_level(zoom, scopes):
    world = World(ok({"id": 1}, 201), tokens=[token(*scopes)])
    assert create(zoom, world).data == {"id": 1}
    assert len(world.of(GetToken)) == 1


@pytest.mark.parametrize("scopes", [("user:read:user:admin",), ("meeting:read:meeting", "meeting:read"), ("admin",)])
def test_a_token_that_lacks_the_scope_is_told_before_anything_is_sent(zoom, scopes):
    world = World(ok({"id": 1}, 201), tokens=[token(*scopes)])
    with pytest.raises(errors.SignInError) as caught:
        create(zoom, world)
    error = caught.value
    assert world.of(SendRequest) == []
    assert (error.outcome, error.retryable, error.attempts) == ("not_sent", False, 0)
    assert MEETING in error.scopes
    assert all(name in str(error) for name in ("createMeeting", MEETING, *scopes, "connect again"))


def test_what_was_consented_to_meanwhile_is_looked_for_before_that_is_said(zoom):
    world = World(ok({"id": 1}, 201), tokens=[token("user:read:user"), token(MEETING, value="newer")])
    assert create(zoom, world).data == {"id": 1}
    assert [(ask.rejected_token, ask.lacks_scope) for ask in world.of(GetToken)] == [(None, False), ("held", True)]
    assert [ask.credential.secret for ask in world.sends] == ["newer"]


def test_a_raw_request_is_not_judged(zoom):
    plan, request, how = ready(zoom, None, {"method": "GET", "path": "/users/me"})
    world = World(ok({}), tokens=[token("nothing:of:this")])
    assert world.drive(exchange.run_call(plan, request, how, NOW + 60, NOW)).status == 200


def test_a_refusal_for_a_scope_names_what_it_wants_and_what_the_token_has(zoom):
    refused = bad(400, 4711, "Invalid access token, does not contain scopes:[meeting:write:meeting:admin].")
    world = World(refused, tokens=[token(MEETING, "user:read:user")])
    with pytest.raises(errors.SignInError) as caught:
        create(zoom, world)
    assert caught.value.scopes == ("meeting:write:meeting:admin",)
    assert f"The token has {MEETING}, user:read:user." in str(caught.value)


def test_many_scopes_are_counted_and_not_all_listed(zoom):
    world = World(ok(), tokens=[token(*(f"a:b:{number}" for number in range(50)))])
    with pytest.raises(errors.SignInError, match=r"a:b:19 and 30 more\."):
        create(zoom, world)


def own_token(*scopes, value="held", at=NOW + 60):
    """A token that needs no person."""
    return replace(token(*scopes, value=value), scopes_renewed_at=at)


REFUSED = bad(400, 4711, "Invalid access token, does not contain scopes:[meeting:write:meeting:admin].")


def test_a_refusal_for_a_scope_is_sent_once_more_with_a_better_token(zoom):
    world = World(REFUSED, ok({"id": 1}, 201), tokens=[token(), token(value="newer")])
    assert create(zoom, world).data == {"id": 1}
    assert [ask.credential.secret for ask in world.sends] == ["held", "newer"]
    assert [(ask.rejected_token, ask.lacks_scope) for ask in world.of(GetToken)] == [(None, False), ("held", True)]


def test_a_better_token_that_is_refused_too_is_the_last(zoom):
    world = World(REFUSED, tokens=[token(), token(value="newer"), token(value="newest")])
    with pytest.raises(errors.SignInError, match="lacks a scope"):
        create(zoom, world)
    assert len(world.sends) == 2


def test_without_a_better_token_a_refusal_for_a_scope_is_sent_once(zoom):
    world = World(REFUSED, tokens=[token()])
    with pytest.raises(errors.SignInError, match="lacks a scope"):
        create(zoom, world)
    assert len(world.sends) == 1


@pytest.mark.parametrize(
    "tokens", [[own_token("user:read:user")], [own_token("user:read:user"), own_token("x", value="y")]]
)
def test_a_token_that_needs_no_person_is_said_to_be_renewed_and_when(zoom, tokens):
    world = World(ok({"id": 1}, 201), tokens=tokens)
    with pytest.raises(errors.SignInError) as caught:
        create(zoom, world)
    assert "a call after 2027-01-15T08:01:00+00:00 requests a token that has it" in caught.value.hint
    assert "connect again" not in str(caught.value).replace("nobody needs to connect again", "")
    assert world.sends == []
    world = World(REFUSED, tokens=[own_token()])
    with pytest.raises(errors.SignInError) as caught:
        create(zoom, world)
    assert "Add meeting:write:meeting:admin to the app: a call after 2027-" in caught.value.hint


def test_a_scope_is_still_what_is_missing_if_no_other_token_can_be_had(zoom):
    away = errors.ServiceDown("No new token: HTTP 503 from the token endpoint.")
    for replies, tokens in (((ok({}),), [own_token("x"), away]), ((REFUSED,), [own_token(), away])):
        with pytest.raises(errors.SignInError) as caught:
            create(zoom, World(*replies, tokens=tokens))
        assert "No other token could be had: No new token: HTTP 503" in caught.value.hint


X = Path(__file__).parents[2] / "connectors" / "x"  # getMe: scopes: {all: [tweet.read, users.read]}


def get_me(*scopes):
    world = World(ok({"data": {}}), tokens=[token(*scopes)])
    plan, request, how = ready(Connector.open(X), "getMe", {})
    return world, lambda: world.drive(exchange.run_call(plan, request, how, NOW + how.timeout, NOW))


@pytest.mark.parametrize("scopes", [(), ("tweet.read", "users.read"), ("users.read", "tweet.write", "tweet.read")])
def test_a_token_with_all_scopes_passes(scopes):
    world, run = get_me(*scopes)
    run()
    assert len(world.of(SendRequest)) == 1


@pytest.mark.parametrize(
    ("scopes", "missing"), [(("tweet.read",), ("users.read",)), (("offline.access",), ("tweet.read", "users.read"))]
)
def test_of_scopes_that_are_all_needed_those_that_are_missing_are_told(scopes, missing):
    world, run = get_me(*scopes)
    with pytest.raises(errors.SignInError, match=r"all of these scopes: tweet\.read, users\.read") as caught:
        run()
    assert (caught.value.scopes, world.of(SendRequest)) == (missing, [])
    assert f"Add {', '.join(missing)} to the app" in caught.value.hint


def test_scopes_are_all_needed_or_any_is_enough_never_both():
    assert Scopes.model_validate("none").names == []
    assert Scopes.model_validate(["a", "b"]).wanted == ["a", "b"]
    with pytest.raises(ValidationError):
        Scopes.model_validate({"all": ["a"], "granular": ["b"]})
