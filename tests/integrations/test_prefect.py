"""What Prefect adds to the contract: flows that are run again, killed processes, credentials in blocks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from support.receivers import wait_until
from support.servers import TOKEN, reply

from connector import errors
from connector.core.webhook.event import Event
from connector.integrations.work import run_once

prefect = pytest.importorskip("prefect", reason="prefect is not installed: pip install '.[prefect]'")
# Prefect leaves a client of its own open where it asks the server for the place of results.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
MEETING = {"userId": "me", "topic": "Standup"}
LAMP = {"switch": "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\n"}


@pytest.fixture
def server_of_prefect():
    """A Prefect server, of which this process is a client."""
    from support.processes.engines import prefect_engine

    with prefect_engine.use_server() as server:
        yield server


@pytest.fixture
def face(server_of_prefect):
    """The module under test."""
    from connector.integrations import prefect as face

    return face


@pytest.fixture
def app(server_of_prefect):
    """The flows."""
    from support.processes.engines import prefect_app

    return prefect_app


@pytest.fixture
def api(server_of_prefect):
    """A client of the server's API."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as api:
        yield api


def test_a_write_that_is_done_is_not_repeated_when_its_flow_is_run_again(service, app):
    served = service()
    (meeting,) = app.run_twice([("createMeeting", MEETING)])
    assert meeting["data"]["topic"] == "Standup"
    assert [one.status for one in served.asked] == [201]


def test_an_uncertain_write_is_not_repeated_when_its_flow_is_run_again(service, app, api):
    dropping = service("drop-reply:1")
    state = app.run_twice([("createMeeting", MEETING)], return_state=True)
    with pytest.raises(errors.TransportError) as caught:
        state.result()
    assert caught.value.outcome == "uncertain"
    assert caught.value.kind != "interrupted"  # it is what the first run of the flow was told
    assert api.read_flow_run(state.state_details.flow_run_id).run_count == 2
    assert len(dropping.asked) == 1


@pytest.mark.parametrize("is_concurrent", [False, True], ids=["in turn", "side by side"])
def test_equal_writes_of_one_flow_are_each_made_once(service, app, is_concurrent):
    served = service()
    first, second = app.run_twice([("createMeeting", MEETING)] * 2, is_concurrent)
    assert first["data"]["id"] != second["data"]["id"]
    assert served.list_topics() == ["Standup", "Standup"]


@pytest.mark.parametrize("fault", ["", "drop-reply:1"], ids=["done", "uncertain"])
def test_a_write_of_a_subflow_is_not_repeated_when_the_flow_around_it_is_run_again(service, app, fault):
    served = service(*filter(None, [fault]))
    outcomes = []

    @prefect.flow
    def persist(topic):
        return app.run_action("createMeeting", {"userId": "me", "topic": topic})

    @prefect.flow(retries=1)
    def persist_around():
        for topic in ("Standup", "Standup", "Review"):
            state = persist(topic, return_state=True)
            outcomes.append(state.name if state.is_completed() else state.result(raise_on_failure=False).outcome)
        if app.flow_run.run_count == 1:
            raise RuntimeError("what came after failed")

    persist_around()
    first = "uncertain" if fault else "Completed"
    assert outcomes == [first, "Completed", "Completed"] * 2
    assert sorted(served.list_topics()) == ["Review", "Standup", "Standup"]
    assert len(served.asked) == 3


def test_an_uncertain_write_is_not_repeated_whatever_retries_a_program_asks_prefect_for(service, app):
    dropping = service("drop-reply:1")
    stubborn = app.run_action.with_options(retries=3, retry_condition_fn=lambda *_: True, retry_delay_seconds=0)

    @prefect.flow
    def persist():
        return stubborn("createMeeting", MEETING)

    with pytest.raises(errors.TransportError) as caught:
        persist()
    assert caught.value.outcome == "uncertain"
    assert len(dropping.asked) == 1


def test_a_flow_of_an_event_loop_runs_actions_too(service, app):
    served = service("429:1")

    @prefect.flow
    async def create():
        meeting = app.run_action("createMeeting", MEETING)
        return [meeting["status"], app.run_action.submit("getUser", {"userId": "me"}).result()["status"]]

    assert asyncio.run(create()) == [201, 200]
    assert [one.status for one in served.asked] == [429, 201, 200]


def test_reads_are_made_again_when_their_flow_is_run_again(service, app):
    served = service()
    app.run_twice([("getUser", {"userId": "me"})])
    assert [one.method for one in served.asked] == ["GET", "GET"]


def test_a_write_that_was_refused_is_made_when_its_flow_is_run_again(service, app):
    refusing = service("429:1")

    @prefect.flow(retries=1)
    def persist():
        return app.run_action("createMeeting", MEETING, attempts=1)["status"]

    assert persist() == 201
    assert [one.status for one in refusing.asked] == [429, 201]


def test_prefect_itself_waits_until_the_moment_that_the_error_names(service, app, api):
    refusing = service("429:1", retry_after=2)
    state = app.run.fn("getUser", {"userId": "me"}, {"return_state": True})
    history = []

    def read_history():
        history[:] = api.read_task_run_states(state.state_details.task_run_id)
        return "Completed" in [one.name for one in history]

    wait_until(read_history)
    assert [one.name for one in history if one.name != "Pending"] == [
        "Running",
        "AwaitingRetry",
        "Retrying",
        "Completed",
    ]
    (waiting,) = [one for one in history if one.name == "AwaitingRetry"]
    refused, accepted = refusing.asked
    assert (
        abs((waiting.state_details.scheduled_time - datetime.fromtimestamp(refused.at, UTC)).total_seconds() - 2) < 0.5
    )
    assert accepted.at - refused.at >= 1.9


def test_a_task_of_a_programs_own_is_run_again_as_its_error_says(service, face):
    dropping = service("429:1", "drop-reply:1")

    @prefect.task(**face.RETRIES)
    def create():
        return run_once("createMeeting", MEETING).status

    with pytest.raises(errors.TransportError) as caught:
        create()
    assert caught.value.outcome == "uncertain"
    assert len(dropping.asked) == 2


def test_the_idempotency_key_is_the_same_in_each_attempt_and_each_run_of_the_flow(folder, server, app, monkeypatch):
    connector = folder("idempotency: {header: Idempotency-Key}\n", LAMP)
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    server.then(reply(429, {}, headers=[("Retry-After", "1")]))

    @prefect.flow(retries=1)
    def switch_twice():
        for _ in range(2):
            app.run_action("switch", {}, folder=str(connector.folder))
        if app.flow_run.run_count == 1:
            raise RuntimeError("what came after failed")

    switch_twice()
    first, again, second, *later = [one.header("Idempotency-Key") for one in server.requests]
    assert first == again != second
    assert later == [first, second]


def test_credentials_in_a_block_work_and_are_nowhere_in_clear(
    service, face, api, server_of_prefect, monkeypatch, tmp_path
):
    served = service()
    monkeypatch.delenv("ZOOM_ACCESS_TOKEN")
    block = face.ConnectorCredentials(kind="accessToken", inputs={"accessToken": TOKEN}, base_url=served.url)
    block.save("zoom-in-a-block")

    @prefect.flow(persist_result=True)
    def read():
        return face.run_action("getUser", {"userId": "me"}, credentials="zoom-in-a-block")["data"]["email"]

    assert read() == "ada@example.com"
    kept = api.read_block_document_by_name("zoom-in-a-block", "connector-credentials", include_secrets=False)
    history = server_of_prefect.read_history()
    assert b"zoom-in-a-block" in history
    for seen in (history.decode(errors="replace"), repr(block), str(block), repr(kept)):
        assert TOKEN not in seen


def test_a_block_may_only_name_a_stored_connection(service, face):
    served = service()
    face.ConnectorCredentials(connection="acme").save("by-name")
    result = face.run_action("getUser", {"userId": "me"}, credentials="by-name")
    assert result["data"]["email"] == "ada@example.com"
    assert len(served.asked) == 1


@pytest.mark.parametrize(
    "fields", [{"connection": "acme", "kind": "accessToken"}, {"inputs": {"accessToken": "x"}}], ids=["both", "no kind"]
)
def test_a_block_that_contradicts_itself_is_refused(face, fields):
    with pytest.raises(ValueError, match="kind"):
        face.ConnectorCredentials(**fields)


def test_the_server_knows_the_type_of_the_block(server_of_prefect, api):
    kind = api.read_block_type_by_slug("connector-credentials")
    assert kind.name == "Connector Credentials"


def test_an_event_starts_one_run_from_a_thread_and_from_a_loop(service, face, app, api):
    service()
    app.read_user.to_deployment("events").apply()
    data = {"payload": {"object": {"id": "me"}}}
    event = Event("webhook", "user.updated", None, None, data["payload"]["object"], data, b"", "key-of-it", "me")

    runs = [
        face.start_for_event(event, "contract.on_event/events"),
        asyncio.run(face.start_for_event_async(event, "contract.on_event/events")),
    ]
    assert len({run.id for run in runs}) == 1
    assert api.read_flow_run(runs[0].id).parameters["event"]["subject"] == "me"


class KilledRun:
    """A run on a worker whose process is killed, and which is then run again."""

    def __init__(self, engine, api) -> None:
        self.engine, self.api = engine, api

    def start(self, action, given):
        self.handle = self.engine.start(action, given)

    def kill(self):
        """End its process as the machine's end would, and wait until the worker has noticed."""
        self.engine.kill_runs()
        wait_until(lambda: self.engine.read_state(self.handle).is_crashed())

    def read_result(self):
        """Run it again, as the button Retry does, and wait for the result."""
        self.api.set_flow_run_state(self.handle, prefect.states.Scheduled(), force=True)
        return self.engine.read_result(self.handle)


@pytest.fixture
def killed(server_of_prefect, make_engine, api):
    """A run that is killed; `service` comes first."""
    return lambda: KilledRun(make_engine(), api)


def test_a_write_during_which_the_process_was_killed_is_uncertain_and_not_repeated(service, killed):
    slow = service()
    slow.hold()
    run = killed()
    run.start("createMeeting", MEETING)
    wait_until(lambda: slow.asked)
    run.kill()
    slow.release()
    with pytest.raises(errors.TransportError) as caught:
        run.read_result()
    assert (caught.value.outcome, caught.value.kind) == ("uncertain", "interrupted")
    assert len(slow.asked) == 1
    assert slow.list_topics() == ["Standup"]


def test_a_read_during_which_the_process_was_killed_is_made_again(service, killed):
    slow = service()
    slow.hold()
    run = killed()
    run.start("getUser", {"userId": "me"})
    wait_until(lambda: slow.asked)
    run.kill()
    slow.release()
    assert run.read_result()["data"]["email"] == "ada@example.com"
    assert [one.method for one in slow.asked] == ["GET", "GET"]


def test_a_write_whose_process_was_killed_while_it_waited_is_made(service, killed):
    refusing = service("429:1", retry_after=60)
    run = killed()
    run.start("createMeeting", MEETING)
    wait_until(lambda: refusing.asked)
    wait_until(lambda: b"Retry 1/" in run.engine.read_history())
    run.kill()
    assert run.read_result()["status"] == 201
    assert [one.status for one in refusing.asked] == [429, 201]
