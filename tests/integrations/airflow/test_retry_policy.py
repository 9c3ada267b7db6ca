"""Airflow runs a task again exactly when the service says, and never what may have been done."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connector import errors


def refuse_for(seconds):
    return errors.RateLimited("x", retry_at=datetime.now(UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("make_error", "decision", "seconds"),
    [
        (lambda: refuse_for(600), "retry", 600),
        (lambda: refuse_for(-5), "retry", 0),
        (lambda: errors.ServiceDown("x", retryable=True), "retry", 1),
        (lambda: refuse_for(7200), "fail", None),
        (lambda: errors.TransportError("x", outcome="uncertain", retryable=True), "fail", None),
        (lambda: errors.SignInError("x"), "fail", None),
        (lambda: errors.NotFound("x", status=404), "fail", None),
        (lambda: ValueError("of another part of the task"), "default", None),
    ],
    ids=["at a moment", "now", "soon", "too late", "uncertain", "sign-in", "not found", "another error"],
)
def test_a_task_is_repeated_at_the_moment_that_its_error_names(make_error, decision, seconds):
    from connector.integrations.airflow.retry_policy import ConnectorRetryPolicy

    got = ConnectorRetryPolicy(longest_wait=3600).evaluate(make_error(), try_number=1, max_tries=4)
    assert got.action.value == decision
    if seconds is None:
        assert got.retry_delay is None
    else:
        assert abs(got.retry_delay.total_seconds() - seconds) < 5


def test_a_policy_is_kept_as_json():
    from connector.integrations.airflow.retry_policy import ConnectorRetryPolicy

    kept = json.loads(json.dumps(ConnectorRetryPolicy(longest_wait=60).serialize()))
    assert ConnectorRetryPolicy.deserialize(kept).longest_wait == 60
