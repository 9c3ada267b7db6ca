"""An error is rebuilt from its data, whole; what is no error's data says why."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import errors
from connector.errors import CallProblem, Finding, Problem

CLASSES = sorted(
    (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.ConnectorError)),
    key=lambda one: one.__name__,
)
TEXT = st.text(max_size=20)
COUNT = st.integers(0, 1 << 70)
SECONDS = st.floats(0, 1e9)
VALUES = {
    "hint": TEXT, "retryable": st.booleans(), "attempts": COUNT, "outcome": st.sampled_from(["done", "not_sent", "rejected", "uncertain"]),
    "retry_at": st.none() | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))])),
    "idempotency_key": st.none() | TEXT, "job": st.none() | st.fixed_dictionaries({"action": TEXT, "inputs": st.dictionaries(TEXT, TEXT)}), "status": st.integers(100, 599), "code": st.none() | TEXT | st.integers(), "request_id": st.none() | TEXT,
    "scopes": st.lists(TEXT, max_size=3).map(tuple), "kind": TEXT, "limit": SECONDS, "elapsed": SECONDS, "message": TEXT, "cursor": st.none() | TEXT,
    "pages": COUNT, "path": TEXT, "conflict": st.booleans(), "reason": TEXT,
    "findings": st.lists(st.builds(Finding, TEXT, COUNT, COUNT, TEXT, TEXT), max_size=3).map(tuple),
    "problems": st.lists(
        st.builds(Problem, TEXT, TEXT, TEXT, TEXT)
        | st.builds(CallProblem, TEXT, TEXT, TEXT, TEXT, file=TEXT, line=COUNT, action=TEXT),
        max_size=3,
    ).map(tuple),
}  # fmt: skip


@st.composite
def any_errors(draw, classes=CLASSES):
    error_class = draw(st.sampled_from(classes))
    names = [name for name in VALUES if hasattr(error_class, name)]
    chosen = draw(st.lists(st.sampled_from(names), unique=True))
    return error_class(draw(TEXT), **{name: draw(VALUES[name]) for name in chosen})


def facts(error):
    return {name: getattr(error, name) for name in VALUES if hasattr(error, name)}


@given(any_errors())
def test_an_error_comes_back_whole_from_its_data(error) -> None:
    back = errors.from_dict(json.loads(json.dumps(error.to_dict())))
    assert type(back) is type(error)
    assert (back.args, facts(back), str(back)) == (error.args, facts(error), str(error))
    assert back.to_dict() == error.to_dict()
    assert [type(one) for one in getattr(back, "problems", ())] == [type(one) for one in getattr(error, "problems", ())]
    assert pickle.loads(pickle.dumps(back)).to_dict() == error.to_dict()


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda one: one.__name__)
def test_the_data_of_a_class_has_every_fact_of_it_but_what_is_large(error_class) -> None:
    annotations = {name for one in error_class.__mro__ for name in getattr(one, "__annotations__", {})}
    shown = {"message" if key == "said" else key for key in error_class("x").to_dict()} - {"type"}
    assert shown == (annotations | {"message"}) - {"debug", "result"}


@pytest.mark.parametrize(
    ("like", "nearest"),
    [
        ("RateLimited", "ApiError"),
        ("NotFound", "ApiError"),
        ("DeadlineError", "DeadlineError"),
        ("TransportError", "TransportError"),
        ("StoreError", "StoreError"),
        ("InputError", "InputError"),
        ("DefinitionError", "DefinitionError"),
        ("SignInError", "SignInError"),
        ("PageError", "PageError"),
        ("WebhookError", "WebhookError"),
        ("UsageError", "ConnectorError"),
    ],
)
def test_a_class_of_a_newer_version_becomes_the_nearest_that_is_known(like, nearest) -> None:
    data = {**getattr(errors, like)("No.", retryable=True).to_dict(), "type": "Newer", "newer_fact": {"a": [1]}}
    back = errors.from_dict(data)
    assert type(back) is getattr(errors, nearest)
    assert (back.args, back.retryable) == (("No.",), True)


def test_data_of_an_older_version_has_its_facts_and_defaults_for_the_rest() -> None:
    back = errors.from_dict({"type": "RateLimited", "message": "Slow down.", "status": 429})
    assert (type(back), back.status, back.retryable, back.outcome) == (errors.RateLimited, 429, True, "rejected")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, ["NoneType"]),
        ([], ["type", "message"]),
        ("text", ["mapping"]),
        ({}, ["type", "message"]),
        ({"type": "ApiError"}, ["message"]),
        ({"type": ["ApiError"], "message": 5}, ["type", "message"]),
        ({"type": "ApiError", "message": "x", "status": "404", "outcome": "maybe"}, ["status", "outcome"]),
        ({"type": "ApiError", "message": "x", "retry_at": "tomorrow"}, ["retry_at"]),
        ({"type": "ApiError", "message": "x", "retry_at": "2030-01-31T09:00:00"}, ["retry_at"]),
        ({"type": "InputError", "message": "x", "problems": [5]}, ["problems"]),
        ({"type": "DefinitionError", "message": "x", "findings": [{"file": "a"}]}, ["findings"]),
        ({"type": "ApiError", "message": "x", "hint": {1, 2}}, ["JSON"]),
    ],
)
def test_what_is_no_errors_data_is_a_value_error_that_says_all_that_is_wrong(data, told) -> None:
    with pytest.raises(ValueError) as caught:
        errors.from_dict(data)
    assert all(word in str(caught.value) for word in told)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(any_errors(), st.dictionaries(st.sampled_from(["type", "message", "said", *VALUES]), JSON, max_size=4))
def test_odd_data_is_an_error_or_a_value_error_never_anything_else(error, odd) -> None:
    try:
        back = errors.from_dict({**error.to_dict(), **odd})
    except ValueError:
        return
    assert isinstance(back, errors.ConnectorError)
    json.dumps(back.to_dict())
