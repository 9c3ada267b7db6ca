"""The sandbox enforces the rate limits of a plan, with the service's headers."""

from __future__ import annotations

import pytest

from connector import Client, Connection, Connector, errors
from connector.core.rate_limit import DAY_SECONDS
from connector.sandbox.api.rate_limits import RateLimiter
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

ONCE = {"maxRetries": 0}
ME = {"userId": "me"}


@pytest.fixture
def sandbox(zoom, clock):
    return Sandbox(zoom, clock=clock, plan="free")


@pytest.fixture(params=["in process", "over HTTP"])
def client(request, zoom, sandbox, clock):
    """A client without a rate budget, over each transport."""
    if request.param == "in process":
        with Client(zoom, sandbox.connection, http=sandbox.http, clock=clock) as one:
            yield one
        return
    connection = Connection(zoom, "accessToken", accessToken="t")
    with serve(sandbox.service) as server, Client(zoom, connection, base_url=server.url, clock=clock) as one:
        yield one


def test_a_second_holds_what_the_plan_says_and_the_refusal_says_how_much_that_is(client, clock):
    for _ in range(4):  # light is 4/s
        client.run("getUser", ME, retry=ONCE)
    with pytest.raises(errors.RateLimited) as caught:
        client.run("getUser", ME, retry=ONCE)
    error = caught.value
    headers = error.result.headers
    assert (error.status, error.outcome, error.code) == (429, "rejected", 429)
    said = {name: headers[f"x-ratelimit-{name}"] for name in ("category", "type", "limit", "remaining", "reset")}
    assert said == {
        "category": "Light",
        "type": "QPS",
        "limit": "4",
        "remaining": "0",
        "reset": str(int(clock.start) + 1),
    }
    clock.passed += 0.25
    assert client.run("getUser", ME, retry=ONCE).status == 200
    with pytest.raises(errors.RateLimited):
        client.run("getUser", ME, retry=ONCE)


def test_a_tier_that_is_used_up_leaves_the_others(client):
    for _ in range(2):  # medium is 2/s
        client.run("listUsers", {"status": "active"}, retry=ONCE)
    with pytest.raises(errors.RateLimited):
        client.run("listUsers", {"status": "active"}, retry=ONCE)
    assert client.run("getUser", ME, retry=ONCE).status == 200


def test_a_hosts_day_is_used_up_for_that_host_and_begins_anew_at_midnight(client, clock):
    for _ in range(100):
        clock.passed += 1
        client.run("createMeeting", ME, retry=ONCE)
    clock.passed += 1
    with pytest.raises(errors.RateLimited) as caught:
        client.run("createMeeting", ME, retry=ONCE)
    midnight = clock.start - clock.start % DAY_SECONDS + DAY_SECONDS
    assert caught.value.retry_at.timestamp() == midnight
    assert caught.value.result.headers["x-ratelimit-type"] == "Daily-limit"
    assert client.run("getUser", ME, retry=ONCE).status == 200
    clock.passed = midnight - clock.start
    assert client.run("createMeeting", ME, retry=ONCE).status == 201


def test_a_client_with_the_plans_budget_is_never_refused(zoom, sandbox, clock):
    with Client(zoom, sandbox.connection, http=sandbox.http, clock=clock, rate_limit="free") as client:
        assert [client.run("getUser", ME, retry=ONCE).status for _ in range(50)] == [200] * 50
    assert clock.passed >= 49 / 4


def test_a_plan_that_is_not_known_is_reported(zoom: Connector):
    with pytest.raises(errors.UsageError, match=r"has no plan 'por'.*pro"):
        Sandbox(zoom, plan="por")


def test_a_minutes_requests_may_come_at_once_and_the_next_when_the_first_is_a_minute_old(folder):
    door = folder(whole=DOOR, actions={"knock": KNOCK})
    limiter, action = RateLimiter(door, "small"), door.action("knock")
    assert [limiter.check_request(action, (), now) for now in (0.0, 0.0, 10.0)] == [None] * 3
    for now in (10.0, 59.0):
        assert dict(limiter.check_request(action, (), now))["x-ratelimit-reset"] == "60"
    assert [limiter.check_request(action, (), 60.0) for _ in range(2)] == [None] * 2
    assert limiter.check_request(action, (), 60.0) is not None


DOOR = """\
connector: door
label: Door
summary: Knock.
base_url: https://door.example
rates: {plans: {small: {light: 3/min}}}
"""
KNOCK = """\
action: knock
label: Knock
summary: Knock.
request: GET /knock
rate: light
returns: {example: {}}
"""
