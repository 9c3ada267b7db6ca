"""A chain is one durable workflow of DBOS: the same file, each call once, also when the worker is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.pace import wait_until
from support.processes.engines.chains import CHAIN

from connector import errors

dbos = pytest.importorskip("dbos", reason="dbos is not installed: pip install '.[dbos]'")
PROGRAM = """\
import json, sys, threading
from dbos import DBOS, SetWorkflowID
from connector.integrations.dbos_chain import run_chain
from support.processes.engines.dbos_app import launch
launch(sys.argv[1])
if len(sys.argv) > 2:
    with SetWorkflowID("chain-1"):
        DBOS.start_workflow(run_chain, json.loads(sys.argv[2]))
threading.Event().wait()
"""


@pytest.fixture
def engine(tmp_path, service):
    """The runtime in this process, on SQLite; `service` comes first."""
    from support.processes.engines.dbos_engine import start_engine

    import connector.integrations.dbos_chain  # noqa: F401  before the launch

    (tmp_path / "engine").mkdir()
    one = start_engine(tmp_path / "engine", "SQLite")
    yield one
    one.close()


def start_chain(chain, **options):
    from connector.integrations.dbos_chain import run_chain

    return dbos.DBOS.start_workflow(run_chain, chain, **options)


def test_a_chain_runs_each_call_once_and_returns_what_it_keeps(service, engine):
    served = service()
    assert start_chain(CHAIN).get_result() == {"topics": ["One", "Two", "Three"]}
    assert sorted(served.list_topics()) == ["One", "Three", "Two"]


def test_a_wrong_step_is_told_before_the_first_call(service, engine):
    served = service()
    steps = {**CHAIN["steps"], "last": {"action": "getUser", "inputs": {"userId": {"from": "nobody"}}}}
    with pytest.raises(errors.DefinitionError, match="nobody"):
        start_chain({**CHAIN, "steps": steps}).get_result()
    with pytest.raises(errors.UsageError, match="not a chain"):
        start_chain({"action": "getUser"}).get_result()
    assert not served.asked


def test_an_error_names_its_step(service, engine):
    service()
    steps = {"who": {"action": "getUser", "inputs": {"userId": "nobody@example.com"}}}
    with pytest.raises(errors.NotFound, match="Step who:"):
        start_chain({"steps": steps}).get_result()


def test_inputs_of_a_run_take_the_place_of_those_in_the_file(service, engine):
    served = service()
    given = {"topics": ["Four", {"env": "HOME"}]}
    with pytest.raises(errors.InputError, match=r"Step meetings\.2"):  # what is given is never looked up
        start_chain(CHAIN, inputs=given).get_result()
    assert start_chain(CHAIN, inputs={"topics": ["Five"]}).get_result() == {"topics": ["Five"]}
    assert sorted(served.list_topics()) == ["Five", "Four"]


def test_the_options_of_a_step_are_those_of_its_calls(service, engine):
    refusing = service("429:2")
    steps = {"me": {"action": "getUser", "inputs": {"userId": "me"}, "retry": {"maxRetries": 1}, "connection": "acme"}}
    with pytest.raises(errors.RateLimited):
        start_chain({"steps": steps}).get_result()
    assert [one.status for one in refusing.asked] == [429, 429]
    listing = {"users": {"action": "listUsers", "inputs": {}, "limit": 1, "page_size": 30}}
    assert len(start_chain({"steps": listing}).get_result()["users"]["users"]) == 1
    late = {**steps["me"], "timeout": "0.2s", "retry": {"maxRetries": 0}}
    refusing.hold()
    with pytest.raises(errors.DeadlineError, match="Step me"):
        start_chain({"steps": {"me": late}}).get_result()
    refusing.release()


def test_a_chain_whose_worker_was_killed_goes_on_where_it_was(service, tmp_path):
    refusing = service("429:2")
    database = f"sqlite:///{tmp_path}/dbos.sqlite"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    command = [sys.executable, "-c", PROGRAM, database]
    first = subprocess.Popen([*command, json.dumps(CHAIN)], **quiet)
    wait_until(lambda: refusing.asked)
    first.kill()
    first.wait()
    second = subprocess.Popen(command, **quiet)
    try:
        client = dbos.DBOSClient(system_database_url=database)
        wait_until(lambda: client.retrieve_workflow("chain-1").get_status().status == "SUCCESS")
        client.destroy()
    finally:
        second.kill()
        second.wait()
    assert sorted(refusing.list_topics()) == ["One", "Three", "Two"]
