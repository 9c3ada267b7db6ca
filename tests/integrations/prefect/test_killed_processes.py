"""A run whose process is killed, and which is then run again."""

from __future__ import annotations

import pytest
from support.pace import wait_until

from connector import errors

prefect = pytest.importorskip("prefect", reason="prefect is not installed: pip install '.[prefect]'")
MEETING = {"userId": "me", "topic": "Standup"}


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
    wait_until(lambda: b"AwaitingRetry" in run.engine.server.read_history())  # not the log, which is written sooner
    run.kill()
    assert run.read_result()["status"] == 201
    assert [one.status for one in refusing.asked] == [429, 201]
