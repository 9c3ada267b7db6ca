"""The rate budget on the command line: set by the environment, shared by commands through a database."""

from __future__ import annotations

import json
import re

import pytest
from support.sandboxes.sign_in_service import Terminal
from support.servers import reply

ME = ("run", "getUser", "--user-id", "me")
MEETING = ("run", "createMeeting", "--user-id", "ada")


def test_config_shows_plan_and_budget_without_a_password(here):
    url = "postgresql://keeper:pg-canary@db.example/budget"
    done = here("config", "--output", "json", ZOOM_PLAN="pro", ZOOM_BUDGET=url)
    rows = {one["name"]: (one["value"], one["source"]) for one in done.data["settings"]}
    assert rows["plan"] == ("pro", "environment ZOOM_PLAN")
    assert rows["budget"][0].endswith("@db.example/budget")
    assert "canary" not in done.out


def test_without_a_plan_and_a_database_the_budget_is_in_memory(here):
    rows = {one["name"]: one["value"] for one in here("config", "--output", "json").data["settings"]}
    assert (rows["plan"], rows["budget"]) == (None, "memory:")


def test_a_plan_that_is_not_known_is_told(here, server):
    done = here(*ME, "--base-url", server.url, ZOOM_ACCESS_TOKEN="t", ZOOM_PLAN="por")
    assert (done.code, server.count) == (2, 0)
    assert "zoom has no plan 'por'" in done.err


def test_commands_share_a_budget_and_end_with_4_when_it_is_used_up(here, server, tmp_path):
    how = {"ZOOM_ACCESS_TOKEN": "t", "ZOOM_BUDGET": f"sqlite:///{tmp_path / 'budget.db'}"}
    rows = [here(*MEETING, "--base-url", server.url, **how).code for _ in range(2)]
    assert rows == [0, 0]
    from connector.runtime.rate_budget import sql_ledger

    for one in sql_ledger._LEDGERS.values():
        one.close()  # each command is a new process
    spend(tmp_path / "budget.db")
    done = here(*MEETING, "--base-url", server.url, "--output", "json", **how)
    assert (done.code, server.count) == (4, 2)
    assert done.data["error"]["outcome"] == "not_sent"
    assert done.data["error"]["retry_at"].endswith("T00:00:00+00:00")


def spend(path):
    """Use up the daily quotas."""
    import sqlite3

    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT key, line FROM connector_budget WHERE key LIKE '%meetings-per-host%'"
        ).fetchall()
        for key, line in rows:
            numbers, logs, [[day, count]] = json.loads(line)
            assert count == 2
            changed = json.dumps([numbers, logs, [[day, 100]]])
            connection.execute("UPDATE connector_budget SET line = ? WHERE key = ?", (changed, key))
    connection.close()
    assert len(rows) == 1


def test_the_sandbox_has_no_budget_whatever_the_environment_says(here):
    assert here(*ME, "--sandbox", ZOOM_PLAN="por").code == 0


@pytest.mark.parametrize(("words", "told"), [((), True), (("--quiet",), False)])
def test_a_long_wait_is_told_on_a_terminal(start, server, words, told):
    server.then(reply(429, {}, headers=[("Retry-After", "2")])).always(reply(json_={"id": "me"}))
    terminal = Terminal()
    one = start(*ME, "--base-url", server.url, *words, env={"ZOOM_ACCESS_TOKEN": "t"}, stderr=terminal.theirs)
    out, _ = one.communicate(timeout=60)
    assert (one.returncode, json.loads(out)["data"]["id"], server.count) == (0, "me", 2)
    assert bool(re.search(r"Waiting (up to )?[23] s before the next request\.", terminal.close())) is told


def test_a_wait_is_told_nowhere_else(here, server):
    server.then(reply(429, {}, headers=[("Retry-After", "2")])).always(reply(json_={"id": "me"}))
    done = here(*ME, "--base-url", server.url, ZOOM_ACCESS_TOKEN="t")
    assert (done.code, done.err, server.count) == (0, "", 2)
