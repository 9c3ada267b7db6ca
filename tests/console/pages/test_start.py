"""The first page says whose console it is, what is connected, and what failed lately."""

from __future__ import annotations

import time

from connector.runtime.run_log.run import Run


def test_the_first_page_names_the_service_and_that_it_is_a_sandbox(visitor):
    seen = visitor.get("/")
    assert "Zoom" in seen.text
    assert "nothing leaves this machine" in seen.text


def test_it_leads_to_what_is_not_connected_yet_and_shows_what_is(visitor):
    assert "Nothing is stored yet" in visitor.get("/").text
    visitor.post("/connections", {"kind": "serverToServer", "name": "work"})
    assert '<a href="/connections/work">work</a>' in visitor.get("/").html


def test_it_shows_what_failed_in_the_last_days_and_nothing_older(visitor):
    for run_id, age in (("new1", 60), ("old1", 8 * 86_400)):
        run = Run(
            id=run_id, connector="zoom", door="cli", connection="", action="getUser", request="GET /users/me",
            is_write=False, started_at=time.time() - age, outcome="rejected", message="No such user.",
        )  # fmt: skip
        visitor.desk.log.write(run, wait=True)
    seen = visitor.get("/")
    assert "/runs/new1" in seen.html
    assert "No such user." in seen.text
    assert "/runs/old1" not in seen.html
