"""What DBOS adds to the contract: a killed worker, one run for an id, a queue."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.pace import wait_until

from connector import errors
from connector.core.webhook.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

dbos = pytest.importorskip("dbos", reason="dbos is not installed: pip install '.[dbos]'")
MEETING = {"userId": "me", "topic": "Standup"}


@pytest.fixture
def engine(tmp_path, service):
    """The runtime in this process, on SQLite; `service` comes first."""
    from support.processes.engines.dbos_engine import start_engine

    (tmp_path / "engine").mkdir()
    one = start_engine(tmp_path / "engine", "SQLite")
    yield one
    one.close()


class Worker:
    """A process with the runtime; it recovers what the one before it left."""

    def __init__(self, folder: Path, *orders: str) -> None:
        self.database = f"sqlite:///{folder}/dbos.sqlite"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", "support.processes.engines.dbos_app", self.database, *orders]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """End it as the machine's end would."""
        self.process.kill()
        self.process.wait()

    def list_steps(self, workflow: str) -> list[str]:
        """Return the names of the steps that a workflow has recorded, read from outside."""
        return [step["function_name"] for step in self._ask(lambda client: client.list_workflow_steps(workflow))]

    def read_status(self, workflow: str) -> str:
        """Return the status of a workflow."""
        return self._ask(lambda client: client.retrieve_workflow(workflow).get_status().status)

    def read_error(self, workflow: str) -> Exception:
        """Return the error that a workflow ended with."""
        return self._ask(lambda client: client.retrieve_workflow(workflow).get_status().error)

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        client = dbos.DBOSClient(system_database_url=self.database)
        try:
            return question(client)
        finally:
            client.destroy()


def test_a_worker_that_is_killed_between_attempts_goes_on_where_it_was(service, tmp_path):
    refusing = service("429:1")
    first = Worker(tmp_path, "run-1", "createMeeting", '{"userId": "me", "topic": "Standup"}')
    wait_until(lambda: refusing.asked)
    wait_until(lambda: "DBOS.sleep" in first.list_steps("run-1"))
    first.kill()
    second = Worker(tmp_path)
    try:
        wait_until(lambda: second.read_status("run-1") == "SUCCESS")
    finally:
        second.kill()
    assert [one.status for one in refusing.asked] == [429, 201]
    assert refusing.list_topics() == ["Standup"]


@pytest.fixture
def cut_off(service, tmp_path):
    """Kill a worker while the service has done what it was asked and not answered yet; return the service."""

    def start_and_kill(action: str, given: str) -> Any:
        slow = service()
        slow.hold()
        worker = Worker(tmp_path, "run-1", action, given)
        wait_until(lambda: slow.asked)
        worker.kill()
        slow.release()
        return slow

    return start_and_kill


@pytest.fixture
def recover(tmp_path):
    """Let another worker end the run; return its error, or None."""

    def wait_for(status: str) -> Exception | None:
        worker = Worker(tmp_path)
        try:
            wait_until(lambda: worker.read_status("run-1") == status)
            return worker.read_error("run-1")
        finally:
            worker.kill()

    return wait_for


def test_a_write_during_which_the_worker_was_killed_is_uncertain_and_not_repeated(cut_off, recover):
    slow = cut_off("createMeeting", '{"userId": "me", "topic": "Standup"}')
    error = recover("ERROR")
    assert isinstance(error, errors.TransportError)
    assert (error.outcome, error.kind) == ("uncertain", "interrupted")
    assert len(slow.asked) == 1
    assert slow.list_topics() == ["Standup"]


def test_a_write_that_was_cut_off_is_uncertain_also_when_its_connection_is_gone(cut_off, recover, monkeypatch):
    slow = cut_off("createMeeting", '{"userId": "me", "topic": "Standup"}')
    monkeypatch.delenv("ZOOM_ACCESS_TOKEN")
    assert recover("ERROR").outcome == "uncertain"
    assert len(slow.asked) == 1


def test_a_read_during_which_the_worker_was_killed_is_made_again(cut_off, recover):
    slow = cut_off("getUser", '{"userId": "me"}')
    assert recover("SUCCESS") is None
    assert [one.method for one in slow.asked] == ["GET", "GET"]


def test_the_same_id_is_the_same_run_and_its_result_is_kept(service, engine):
    served = service()
    results = []
    for _ in range(2):
        with dbos.SetWorkflowID("order-17"):
            results.append(engine.read_result(engine.start("createMeeting", MEETING)))
    assert results[0] == results[1]
    assert len(served.asked) == 1


@pytest.mark.parametrize("queue", [None, "contract"])
def test_an_event_is_the_id_of_its_run(service, engine, queue):
    from support.processes.engines import dbos_app

    from connector.integrations.dbos import start_for_event

    served = service()
    data = {"payload": {"object": {"id": "me"}}}
    event = Event("webhook", "user.updated", None, None, data["payload"]["object"], data, b"", "key-of-it", "me")
    handles = [start_for_event(event, dbos_app.read_user, queue=queue) for _ in range(3)]
    assert [handle.get_result() for handle in handles] == ["ada@example.com"] * 3
    assert {handle.workflow_id for handle in handles} == {"key-of-it"}
    assert len(served.asked) == 1


def test_each_call_within_a_workflow_has_a_key_of_its_own_that_stays_the_same(folder, server, engine, monkeypatch):
    from support.servers import reply

    lines = "idempotency: {to: header.Idempotency-Key}\n"
    connector = folder(lines, {"switch": "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\n"})
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    server.then(reply(429, {}, headers=[("Retry-After", "1")]))
    with dbos.SetWorkflowID("order-17"):
        engine.read_result(engine.start("switch", {}, folder=str(connector.folder)))
    with dbos.SetWorkflowID("order-18"):
        engine.read_result(engine.start("switch", {}, folder=str(connector.folder)))
    assert [one.header("Idempotency-Key") for one in server.requests] == ["order-17", "order-17", "order-18"]
