"""The meters of the rate budget, of each connection."""

from __future__ import annotations

import pytest
from support.servers import reply

from connector.console.pages.rates import describe_use
from connector.runtime.rate_budget.meters import RateUse

CANARY = "c4n4ry-rate"


@pytest.fixture
def counted(visit, monkeypatch, server):
    """A console of a service on this machine, with a plan, after one call."""
    server.always(reply(json_={"id": "me"}))
    monkeypatch.setenv("ZOOM_BASE_URL", server.url)
    monkeypatch.setenv("ZOOM_ACCESS_TOKEN", CANARY)
    monkeypatch.setenv("ZOOM_PLAN", "free")
    return visit(sandbox=False)


def test_a_call_is_counted_in_the_meters_of_its_connection(counted):
    assert "0 of 6,000 today" in counted.get("/rates").text
    assert "Done" in counted.post("/actions/getUser/run", {"in.userId": "me"}).text
    seen = counted.get("/rates")
    assert "1 of 6,000 today" in seen.text
    assert "The plan is free." in seen.text
    assert CANARY not in seen.html


def test_a_connection_that_cannot_be_opened_says_why(visit):
    seen = visit(sandbox=False).get("/rates")
    assert seen.status == 200
    assert "No plan is set" in seen.text
    assert "ZOOM_" in seen.text


def test_a_sandbox_has_none(visitor):
    assert "A sandbox has no rate budget" in visitor.get("/rates").text


@pytest.mark.parametrize(
    ("use", "told"),
    [
        (RateUse(1200, 6000, 86_400, 1.0), "1,200 of 6,000 today"),
        (RateUse(3, 10, 59.99), "3 of 10 in 1 min"),
    ],
)
def test_a_use_is_told_in_words(use, told):
    assert describe_use(use) == told
