"""A token set: expiry and cooldown, tokens passed by a program, and lost scopes."""

from __future__ import annotations

import pytest

from connector.core.auth import token_set
from connector.core.auth.token_set import MAX_LEEWAY, NO_EXPIRY, REFRESH_COOLDOWN, TokenSet
from connector.core.redaction import preview
from connector.errors import InputError

NOW = 1_800_000_000.0
OPTIONAL = ("expires_at", "scope", "scopes", "api_url", "obtained_at", "token_type")


def problems(token):
    with pytest.raises(InputError) as caught:
        token_set.parse_token(token)
    assert str(caught.value).startswith("token: ")
    return {one.field: one for one in caught.value.problems}


# Expiry


@pytest.mark.parametrize(
    ("life", "age", "fresh"),
    [
        (3600, 3479, True), (3600, 3480, False), (3600, 3600, False),  # two minutes before its expiry
        (300, 269, True), (300, 270, False),  # a tenth of a short lifetime before its expiry
        (60, 59, True), (60, 60, False), (10, 59, True),  # never within a minute of its issue
        (0, 0, True), (0, 60, False),
    ],
)  # fmt: skip
def test_a_token_is_renewed_before_its_end_and_not_as_soon_as_it_is_made(life, age, fresh):
    assert TokenSet("a", NOW + life, NOW).is_fresh(NOW + age) is fresh


def test_young_is_less_than_a_minute_and_never_what_comes_from_the_future():
    made = TokenSet("a", NOW + 3600, NOW)
    assert [made.is_in_cooldown(NOW + age) for age in (-1, 0, 59.9, 60)] == [False, True, True, False]
    assert (REFRESH_COOLDOWN, MAX_LEEWAY) == (60.0, 120.0)


def test_a_grant_comes_back_from_what_is_kept_of_it():
    for made in (TokenSet("a", NOW, 1.0, "r", ("x", "y"), "https://a"), TokenSet("a", NOW)):
        kept = {**made.to_dict(), "scopes": None if made.scopes is None else list(made.scopes)}
        assert TokenSet.from_dict(kept) == made
    assert TokenSet("a", NOW).to_dict() == {
        "access_token": "a", "expires_at": NOW, "obtained_at": 0.0, "refresh_token": None, "scopes": None, "api_url": None,
    }  # fmt: skip
    assert repr(TokenSet("canary", NOW)) == "<TokenSet until 2027-01-15T08:00:00+00:00>"


# Tokens that can be sent


@pytest.mark.parametrize(
    ("token", "fits"),
    [("!", True), ("~", True), ("aZ9./+=", True), ("", False), (" ", False), ("a b", False), ("a\n", False), ("\x7f", False),
     ("é", False), ("aé", False), (None, False), (5, False), (b"a", False), (["a"], False)],
)  # fmt: skip
def test_a_token_in_a_header_is_printable_ascii_without_spaces(token, fits):
    assert token_set.is_header_safe(token) is fits


# Tokens passed by a program


def test_a_token_is_taken_with_each_of_its_parts():
    given = {
        "access_token": "a", "refresh_token": "r", "expires_at": 5, "scope": "x  y", "api_url": "https://a",
        "obtained_at": 3, "token_type": "Bearer",
    }  # fmt: skip
    assert token_set.parse_token(given) == TokenSet("a", 5.0, 3.0, "r", ("x", "y"), "https://a")
    assert type(token_set.parse_token(given).expires_at) is float
    assert token_set.parse_token({"access_token": "a", "scopes": ["x", "y"], "scope": "z"}).scopes == ("x", "y")
    assert token_set.parse_token({"access_token": "a", "scopes": ()}).scopes == ()
    assert token_set.parse_token({"access_token": "a", "scope": ""}).scopes == ()


def test_what_is_not_given_or_none_is_not_known():
    assert token_set.parse_token({"access_token": "a", **dict.fromkeys(OPTIONAL)}) == TokenSet("a", NO_EXPIRY)
    assert token_set.parse_token({"access_token": "a", "refresh_token": None}) == TokenSet("a", NO_EXPIRY)
    assert token_set.parse_token({"refresh_token": "r", "expires_at": 5}) == TokenSet("", 0.0, refresh_token="r"), (
        "to be had first"
    )


def test_one_token_at_least_is_given():
    for nothing in ({}, {"scope": "x"}, {"access_token": None}):
        assert {name: one.got for name, one in problems(nothing).items()} == {"access_token": "nothing"}
    assert token_set.parse_token({"refresh_token": "r"}).refresh_token == "r"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        *((key, "t", f"one of {', '.join(token_set._TOKEN_KEYS)}") for key in ("refreshToken", "acess_token", "expires-at")),
        ("refresh_token", "a b", "printable ASCII without spaces"),
        ("refresh_token", 5, "printable ASCII without spaces"),
        *(("expires_at", value, "epoch seconds, such as 1800000000") for value in (-1, 1e11, NO_EXPIRY + 1, True, "5", float("nan"), float("inf"))),
        ("obtained_at", 1_800_000_000_000, "epoch seconds, such as 1800000000"),
        ("scope", 5, "text or a list of scopes"),
        ("scopes", ["a", 5], "text or a list of scopes"),
        ("scopes", {"a": 1}, "text or a list of scopes"),
        ("api_url", 5, "a URL"),
    ],
)  # fmt: skip
def test_what_a_part_cannot_be_is_told_without_any_secret(key, value, expected):
    (problem,) = problems({"access_token": "canary", key: value}).values()
    assert (problem.field, problem.expected) == (key, expected)
    assert problem.got == ("***" if key == "refresh_token" else "an unknown key" if value == "t" else preview(value))
    assert "canary" not in str(problem)


@pytest.mark.parametrize("value", [0, 5, 5.5, 99_999_999_999, NO_EXPIRY])
def test_a_moment_is_seconds_up_to_where_only_milliseconds_are(value):
    assert token_set.parse_token({"access_token": "a", "expires_at": value}).expires_at == value


def test_every_problem_of_a_token_is_told_and_secrets_are_not():
    found = problems(
        {
            "access_token": "ca nary",
            "refresh_token": "ca\nnary",
            "expires_at": "soon",
            "api_url": 5,
            "refreshToken": "x",
        }
    )
    assert set(found) == {"access_token", "refresh_token", "expires_at", "api_url", "refreshToken"}
    assert (found["access_token"].got, found["refresh_token"].got) == ("***", "***")
    assert (found["expires_at"].got, found["api_url"].got) == ('"soon"', "5")


@pytest.mark.parametrize(
    ("token", "kind"), [("canary", "a str"), (["canary"], "a list"), (None, "a NoneType"), (5, "an int")]
)
def test_what_is_no_mapping_is_told_by_its_kind(token, kind):
    assert problems(token)["token"].got == kind


# Lost scopes


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [(("a", "b", "c"), ("b",), ("a", "c")), (("a",), ("a", "b"), ()), (("a",), None, ()), (None, ("a",), ()), (("a",), (), ("a",))],
)  # fmt: skip
def test_what_a_newer_token_lacks_is_named_where_both_are_known(old, new, gone):
    assert token_set.find_lost_scopes(TokenSet("b", NOW, scopes=new), TokenSet("a", NOW, scopes=old)) == gone
    assert token_set.find_lost_scopes(TokenSet("b", NOW, scopes=new), None) == ()
