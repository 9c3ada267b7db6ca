"""The steps of a job, driven by hand: what is read at its end, and what an error after the start says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from support.exchange_world import NOW, World, bad, ok, ready

from connector import errors
from connector.core.exchange import job
from connector.core.exchange.asks import YieldPage

START = """\
action: paint
label: Paint
summary: Paint every lamp.
request: {method} /paintings
poll:
  action: getPainting
  inputs: {{paintingId: id}}
  until: {{state: [dry]}}
  failed: {{state: [cracked]}}
  every: 8s
"""
THEN = "then: {action: readPainting, inputs: {paintingId: id}}\n"
INPUT = "inputs: {paintingId: {label: Painting, help: Its ID., type: integer, required: true, to: path.paintingId}}\n"
POLL = "action: getPainting\nlabel: Get\nsummary: Read it.\nrequest: GET /paintings/{paintingId}\n" + INPUT
RESULTS = "action: readPainting\nlabel: Read\nsummary: Read all.\nrequest: GET /paintings/{paintingId}/all\n" + INPUT
PAGED = "pagination: {style: cursor, items: lamps, next: next, cursor_param: query.after}\n"
CALL = {"action": "getPainting", "inputs": {"paintingId": 7}}


@dataclass
class Job:
    """A connector whose job has these parts, and how it is run."""

    connector: Any

    def prepare(self, part, found):
        plan, request, options = ready(self.connector, "getPainting" if part == "poll" else "readPainting", found)
        return job.ReadyCall(plan, request, options, found)

    def run(self, world, **how):
        plan, request, options = ready(self.connector, "paint", {})
        return world.drive(job.run_job(job.ReadyCall(plan, request, options, {}), self.prepare, NOW, **how))

    def fail(self, world):
        with pytest.raises(errors.ConnectorError) as caught:
            self.run(world)
        return caught.value


@pytest.fixture
def make(folder):
    def make(method="POST", then=THEN, pages=""):
        start = START.format(method=method) + then
        actions = {"paint": start, "get-painting": POLL, "read-painting": RESULTS + pages}
        return Job(folder("", actions))

    return make


def sent(world):
    return [f"{ask.request.method} {ask.request.request_target}" for ask in world.sends]


STARTED, WET, DRY = ok({"id": 7}), ok({"id": 7, "state": "wet"}), ok({"id": 7, "state": "dry"})
BEGIN, ASK, READ = "POST /paintings", "GET /paintings/7", "GET /paintings/7/all"


def test_a_job_without_results_ends_with_its_last_state(make):
    world = World(STARTED, WET, DRY)
    result = make(then="").run(world)
    assert sent(world) == [BEGIN, ASK, ASK]
    assert (result.data, result.attempts, result.job) == ({"id": 7, "state": "dry"}, 3, CALL)


def test_results_that_are_one_reply_are_read_by_one_request(make):
    world = World(STARTED, DRY, ok({"lamps": [1, 2], "next": "A"}))
    result = make().run(world)
    assert sent(world) == [BEGIN, ASK, READ]
    assert (result.data, result.attempts, result.job) == ({"lamps": [1, 2], "next": "A"}, 3, CALL)


def test_results_in_pages_are_merged_or_handed_out(make):
    replies = (STARTED, DRY, ok({"lamps": [1], "next": "A"}), ok({"lamps": [2]}))
    merged = make(pages=PAGED).run(World(*replies))
    assert (merged.data["lamps"], merged.pages, merged.complete) == ([1, 2], 2, True)
    world = World(*replies)
    last = make(pages=PAGED).run(world, in_pages=True)
    assert [ask.result.data["lamps"] for ask in world.of(YieldPage)] == [[1]]
    assert (last.data["lamps"], last.job) == ([2], CALL)
    assert sent(world) == [BEGIN, ASK, READ, f"{READ}?after=A"]


def test_each_wait_is_twice_the_one_before_up_to_the_longest_and_names_the_job(make):
    world = World(STARTED, WET, WET, WET, WET, WET, DRY)
    make(then="").run(world)
    assert [ask.min_delay for ask in world.waits] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert [ask.reason for ask in world.waits[:2]] == ["job: started", "job: state is wet"]
    assert {str(ask.job) for ask in world.waits} == {str(CALL)}


def test_a_wait_that_is_ended_is_the_error_of_a_job_that_goes_on(make):
    world = World(STARTED, DRY)
    world.stop_waiting = errors.UsageError("The client was closed.")
    error = make().fail(world)
    assert type(error) is errors.UsageError
    assert (error.outcome, error.retryable, error.attempts, error.job) == ("done", False, 1, CALL)
    assert error.hint.startswith("The job was started, and goes on at the service: ask for it with getPainting")
    assert sent(world) == [BEGIN]


def test_a_value_that_does_not_fit_the_next_request_is_an_error_of_the_service(make):
    world = World(ok({"id": "seven"}), DRY)
    error = make().fail(world)
    assert type(error) is errors.ApiError
    assert "What the service said of the job does not fit the next request: paintingId" in str(error)
    assert "a whole number" in str(error)
    assert (error.outcome, error.retryable, error.job) == ("done", False, None)
    assert error.hint == "The job was started: look for it at the service, and do not start it again."
    assert sent(world) == [BEGIN]


def test_a_job_that_changes_nothing_may_be_started_again(make):
    world = World(STARTED, bad(404))
    error = make(method="GET").fail(world)
    assert type(error) is errors.NotFound
    assert (error.outcome, error.attempts, error.job) == ("rejected", 2, CALL)
    assert "was started" not in str(error)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (None, "look for it at the service, and do not start it again."),
        ({"action": "getPainting", "inputs": {}}, "ask for it with getPainting."),
        ({"action": "getPainting", "inputs": {"a": 1, "b": "x"}}, "ask for it with getPainting a=1 b=x."),
    ],
)
def test_how_to_go_on_with_a_started_job_is_told(call, told):
    assert job.describe_start(call).endswith(told)
