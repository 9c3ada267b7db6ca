"""What Celery adds to the contract: failures that keep their facts, and a killed worker's write, made once."""

from __future__ import annotations

import json
import os
import pickle
import signal
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from support.pace import wait_until

from connector import errors

celery = pytest.importorskip("celery", reason="celery is not installed: pip install '.[celery]'")
billiard = pytest.importorskip("billiard", reason="billiard comes with celery")


@pytest.fixture
def face():
    """The module under test, with an application that keeps everything in memory."""
    from connector.integrations import celery as face

    app = celery.Celery("one", broker="memory://", backend="cache+memory://", set_as_current=True)
    yield face
    app.close()


@pytest.fixture
def start_engine(tmp_path):
    """Start an application on Redis with a worker, after the service that it calls."""
    from support.processes.engines.celery_engine import start_engine

    started = []

    def start():
        (tmp_path / "engine").mkdir()
        started.append(start_engine(tmp_path / "engine", "Redis"))
        return started[-1]

    yield start
    for one in started:
        one.close()


MEETING = {"userId": "me", "topic": "Standup"}


def test_a_write_during_which_the_worker_was_killed_is_lost_and_never_repeated(service, start_engine):
    slow = service()
    slow.hold()
    engine = start_engine()
    write = engine.start("createMeeting", MEETING)
    engine.app.tasks["contract.repeated"].delay("me")  # acknowledged late: it shows when Redis delivers again
    wait_until(lambda: len(slow.asked) == 2)
    engine.kill_worker()
    slow.release()
    engine.start_worker(visibility_timeout=1)
    wait_until(lambda: len(slow.asked) == 3)
    assert sorted(one.method for one in slow.asked) == ["GET", "GET", "POST"]
    assert write.state == "PENDING"
    assert engine.read_result(engine.start("getUser", {"userId": "me"}))["status"] == 200
    assert len(slow.asked) == 4
    assert slow.list_topics() == ["Standup"]


def test_a_write_whose_process_was_killed_fails_and_is_never_repeated(service, start_engine):
    slow = service()
    slow.hold()
    engine = start_engine()
    write = engine.start("createMeeting", MEETING)
    wait_until(lambda: slow.asked)
    ((active,),) = engine.app.control.inspect().active().values()
    os.kill(active["worker_pid"], signal.SIGKILL)
    slow.release()
    with pytest.raises(billiard.exceptions.WorkerLostError):
        engine.read_result(write)
    assert engine.read_result(engine.start("getUser", {"userId": "me"}))["status"] == 200
    assert [one.method for one in slow.asked] == ["POST", "GET"]


def test_a_task_whose_worker_is_killed_while_it_waits_is_run_by_another(service, start_engine):
    refusing = service("429:1", retry_after=4)
    engine = start_engine()
    write = engine.start("createMeeting", MEETING)
    wait_until(lambda: any((engine.app.control.inspect().scheduled() or {}).values()))
    engine.kill_worker()
    engine.start_worker(
        visibility_timeout=6
    )  # longer than the wait, or this worker's own wait would be given to it anew
    assert engine.read_result(write)["data"]["topic"] == "Standup"
    assert [one.status for one in refusing.asked] == [429, 201]


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
