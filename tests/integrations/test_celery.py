"""What Celery adds to the contract: failures that keep their facts, a message that is acknowledged first."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector import errors

celery = pytest.importorskip("celery", reason="celery is not installed: pip install '.[celery]'")


@pytest.fixture
def face():
    """The module under test, with an application that keeps everything in memory."""
    from connector.integrations import celery as face

    app = celery.Celery("one", broker="memory://", backend="cache+memory://", set_as_current=True)
    yield face
    app.close()


def test_a_failure_keeps_every_fact_through_json_and_pickle(face):
    from celery.backends.base import Backend

    error = errors.NotFound("Nothing there.", status=404, code=3001, request_id="r", hint="Look it up.", attempts=1)
    failure = face.TaskFailure(error.to_dict())
    backend = Backend(celery.current_app, serializer="json")
    stored = json.loads(json.dumps(backend.prepare_exception(failure, "json")))
    for rebuilt in (backend.exception_to_python(stored), pickle.loads(pickle.dumps(failure))):
        assert isinstance(rebuilt, face.TaskFailure)
        assert isinstance(rebuilt.error, errors.NotFound)
        assert rebuilt.error.to_dict() == error.to_dict()
        assert str(rebuilt) == str(error)


@pytest.mark.parametrize(
    ("error", "is_repeated"),
    [
        (errors.RateLimited("x", retry_at=datetime.now(UTC) + timedelta(seconds=600)), True),
        (errors.RateLimited("x", retry_at=datetime.now(UTC) + timedelta(seconds=1800)), False),
        (errors.TransportError("x", outcome="uncertain", retryable=True), False),
        (errors.SignInError("x"), False),
    ],
    ids=["soon", "too late for a broker", "uncertain", "sign-in"],
)
def test_a_task_is_repeated_at_the_moment_that_its_error_names(face, error, is_repeated):
    asked = []

    def retry(**options):
        asked.append(options)
        return celery.exceptions.Retry()

    with pytest.raises(celery.exceptions.Retry if is_repeated else face.TaskFailure):
        face.retry_or_fail(SimpleNamespace(retry=retry), error, attempts=3)
    assert len(asked) == is_repeated
    for options in asked:
        assert abs((options["eta"] - error.retry_at).total_seconds()) < 5
        assert options["max_retries"] == 2
        assert options["exc"].error.to_dict() == error.to_dict()


def test_a_message_is_acknowledged_before_the_attempt_whatever_the_application_says(face):
    app = celery.current_app
    app.conf.task_acks_late = True
    assert app.tasks["connector.run"].acks_late is False


def test_a_task_that_is_called_as_a_function_gives_its_result_or_its_failure(face, service):
    dropping = service("drop-reply:1")
    with pytest.raises(face.TaskFailure) as caught:
        face.run_action("createMeeting", {"userId": "me"})
    assert caught.value.error.outcome == "uncertain"
    assert face.run_action("getUser", {"userId": "me"})["data"]["email"] == "ada@example.com"
    assert len(dropping.asked) == 2
