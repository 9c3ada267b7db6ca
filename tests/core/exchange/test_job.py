"""A job is started once, asked for until it is done, and its results are those of the call."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.servers import Counting, GivenClock, reply

from connector import AsyncClient, Client, Connection, Connector, errors

if TYPE_CHECKING:
    from collections.abc import Iterator

SALESFORCE = Connector.open(Path(__file__).parents[3] / "examples" / "salesforce")
SOQL = {"soql": "SELECT Id FROM Account"}
JOB = {"action": "getQueryJob", "inputs": {"jobId": "750"}}
STARTED = reply(json_={"id": "750", "state": "UploadComplete"})


def state(name: str, **more: Any) -> Any:
    return reply(json_={"id": "750", "state": name, **more})


def rows(body: str, locator: str) -> Any:
    return reply(body=body.encode(), headers=(("Content-Type", "text/csv"), ("Sforce-Locator", locator)))


PAGES = (rows("Id\n1\n", "next"), rows("Id\n2\n", "null"))


@pytest.fixture
def server() -> Iterator[Counting]:
    with Counting(reply(500, json_=[{"errorCode": "UNEXPECTED", "message": "not scripted"}])) as counting:
        yield counting


@pytest.fixture
def client(server: Counting) -> Iterator[Client]:
    connection = Connection(SALESFORCE, "session", domain="harbour.my.salesforce.com", accessToken="t")
    with Client(SALESFORCE, connection, base_url=server.url, clock=GivenClock()) as opened:
        yield opened


def sent(server: Counting) -> list[str]:
    return [f"{request.method} {request.target.decode().removeprefix('/v2')}" for request in server.requests]


START, POLL, RESULTS = "POST /jobs/query", "GET /jobs/query/750", "GET /jobs/query/750/results"


def test_one_call_starts_it_waits_and_has_every_page_of_its_results(server: Counting, client: Client) -> None:
    server.then(STARTED, state("InProgress"), state("JobComplete"), *PAGES)
    result = client.run("createQueryJob", SOQL)
    assert (result.data, result.pages, result.complete) == ([{"Id": "1"}, {"Id": "2"}], 2, True)
    assert (result.outcome, result.attempts, result.job) == ("done", 5, JOB)
    assert sent(server) == [START, POLL, POLL, RESULTS, f"{RESULTS}?locator=next"]


def test_its_rows_are_streamed_and_limited_as_those_of_a_listing(server: Counting, client: Client) -> None:
    server.then(STARTED, state("JobComplete"), *PAGES)
    with client.items("createQueryJob", SOQL, limit=1) as items:
        assert list(items) == [{"Id": "1"}]
    assert sent(server)[:3] == [START, POLL, RESULTS]


def test_tasks_wait_for_it_too(server: Counting) -> None:
    server.then(STARTED, state("JobComplete"), *PAGES)

    async def run() -> Any:
        connection = Connection(SALESFORCE, "session", domain="harbour.my.salesforce.com", accessToken="t")
        async with AsyncClient(SALESFORCE, connection, base_url=server.url, clock=GivenClock()) as client:
            return await client.run("createQueryJob", SOQL)

    assert asyncio.run(run()).data == [{"Id": "1"}, {"Id": "2"}]


def test_who_does_not_wait_has_the_started_job(server: Counting, client: Client) -> None:
    server.then(STARTED)
    started = client.run("createQueryJob", SOQL, no_wait=True)
    assert started.data == {"id": "750", "state": "UploadComplete"}
    assert started.job == {"action": "getQueryJob", "inputs": {"jobId": "750"}}
    server.then(STARTED)
    assert client.run_file({"action": "createQueryJob", "inputs": SOQL, "no_wait": True}).data["id"] == "750"
    assert sent(server) == [START, START]


def test_who_does_not_wait_is_not_told_of_a_reply_that_a_job_could_not_be_followed_by(
    server: Counting, client: Client
) -> None:
    server.then(reply(json_={"state": "UploadComplete"}))
    started = client.run("createQueryJob", SOQL, no_wait=True)
    assert (started.data, started.job) == ({"state": "UploadComplete"}, None)


def test_an_action_without_a_job_has_nothing_to_wait_for(server: Counting, client: Client) -> None:
    with pytest.raises(errors.InputError, match="no_wait: got true; expected none: query starts no job"):
        client.run("query", SOQL, no_wait=True)
    assert sent(server) == []


def test_a_job_that_failed_is_an_error_with_its_reply(server: Counting, client: Client) -> None:
    server.then(STARTED, state("Failed", errorMessage="too many rows"))
    with pytest.raises(errors.JobFailed, match="The job failed: state is Failed, too many rows") as caught:
        client.run("createQueryJob", SOQL)
    error = caught.value
    assert (error.code, error.outcome, error.retryable, error.job) == ("Failed", "done", False, JOB)
    assert error.result.data["errorMessage"] == "too many rows"


NO_JOB = reply(404, json_=[{"errorCode": "NOT_FOUND", "message": "no such job"}])


@pytest.mark.parametrize(
    ("replies", "kind", "requests"),
    [
        ((state("InProgress"), NO_JOB), errors.NotFound, [START, POLL, POLL]),
        ((state("JobComplete"), NO_JOB), errors.NotFound, [START, POLL, RESULTS]),
        ((state("JobComplete"), PAGES[0], rows('Id\n"2', "null")), errors.ServiceDown, None),
    ],
)
def test_what_fails_after_the_start_never_starts_it_again(
    server: Counting, client: Client, replies: Any, kind: Any, requests: Any
) -> None:
    server.then(STARTED, *replies)
    with pytest.raises(kind) as caught:
        client.run("createQueryJob", SOQL, retry={"maxRetries": 3})
    error = caught.value
    assert (error.outcome, error.retryable, error.job) == ("done", False, JOB)
    assert "ask for it with getQueryJob jobId=750" in error.hint
    assert sent(server).count(START) == 1
    assert requests is None or sent(server) == requests


def test_a_start_whose_reply_is_lost_is_uncertain_and_not_repeated(server: Counting, client: Client) -> None:
    with pytest.raises(errors.ServiceDown) as caught:
        client.run("createQueryJob", SOQL)
    assert (caught.value.outcome, caught.value.job, sent(server)) == ("uncertain", None, [START])


def test_the_time_of_the_whole_call_counts_and_the_job_is_asked_for_a_last_time(
    server: Counting, client: Client
) -> None:
    server.then(STARTED).always(state("InProgress"))
    with pytest.raises(errors.DeadlineError, match="The job is not done within 60 s: state is InProgress") as caught:
        client.run("createQueryJob", SOQL, timeout=60)
    error = caught.value
    assert (error.outcome, error.retryable, error.job) == ("done", False, JOB)
    assert 58 < error.elapsed <= 60
    waits = 9  # 1.25, 2.5, 5, then 10 s each, and what is left
    assert sent(server) == [START] + [POLL] * waits


def test_a_reply_that_lacks_the_id_says_so_and_that_the_job_is_started(server: Counting, client: Client) -> None:
    server.then(reply(json_={"state": "UploadComplete"}))
    with pytest.raises(errors.ApiError, match=r"a reply lacks id \(for jobId\)") as caught:
        client.run("createQueryJob", SOQL)
    assert (caught.value.outcome, caught.value.retryable) == ("done", False)


def test_a_wait_that_is_interrupted_tells_the_job(server: Counting, client: Client, monkeypatch: Any) -> None:
    server.then(STARTED)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GivenClock, "wait_or_stop", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        client.run("createQueryJob", SOQL)
    assert caught.value.__notes__ == [
        "The job was started, and goes on at the service: ask for it with getQueryJob jobId=750."
    ]
    assert sent(server) == [START]


def test_a_dry_run_shows_the_start_alone(client: Client) -> None:
    assert client.dry_run("createQueryJob", SOQL).path == "/jobs/query"
