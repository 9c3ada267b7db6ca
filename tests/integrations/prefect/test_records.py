"""Flows that are run again: no write is repeated that was done, or may have been."""

from __future__ import annotations

import pytest
from support.processes.engines import OPEN_CLIENTS
from support.servers import reply

from connector import errors

prefect = pytest.importorskip("prefect", reason="prefect is not installed: pip install '.[prefect]'")
pytestmark = OPEN_CLIENTS
MEETING = {"userId": "me", "topic": "Standup"}
LAMP = {"switch": "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\n"}


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


def test_the_idempotency_key_is_the_same_in_each_attempt_and_each_run_of_the_flow(folder, server, app, monkeypatch):
    connector = folder("idempotency: {to: header.Idempotency-Key}\n", LAMP)
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


def test_a_write_whose_end_cannot_be_noted_has_its_result_and_is_uncertain_in_the_next_run(service, app, monkeypatch):
    from prefect.client.orchestration import SyncPrefectClient

    add = SyncPrefectClient.create_flow_run_input

    def lose_ends(self, flow_run_id, key, value, sender=None):
        if "ended" in key:
            raise ConnectionError("the server is away")
        add(self, flow_run_id, key, value, sender)

    served, statuses = service(), []
    monkeypatch.setattr(SyncPrefectClient, "create_flow_run_input", lose_ends)

    @prefect.flow(retries=1)
    def persist():
        statuses.append(app.run_action("createMeeting", MEETING)["status"])
        raise RuntimeError("what came after failed")

    with pytest.raises(errors.TransportError) as caught:
        persist()
    assert (caught.value.outcome, caught.value.kind) == ("uncertain", "interrupted")
    assert statuses == [201]
    assert len(served.asked) == 1
