"""Workers that are killed again and again: each row has one result, and nobody is created twice."""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from support import private_postgres

from .conftest import Commands, end

if TYPE_CHECKING:
    from pathlib import Path

    from support.servers import Counting

pytest.importorskip("dbos", reason="dbos is not installed: pip install '.[dbos]'")
CONCURRENCY = 4


def rage(commands: Commands, people: Counting, rows: int, kills: int) -> None:
    """Create users with workers that are killed at random moments, each replaced by another; judge what is left."""
    chance = random.Random(rows)
    commands.write_people(rows)
    options = ("--concurrency", str(CONCURRENCY))
    running = [commands.start_creating("--keep-going", *options)]
    for kill in range(kills):
        running.append(commands.start_worker(*options))
        wanted = min(people.count + chance.randint(1, max(1, rows // (kills + 1))), rows - kills + kill)
        while people.count < wanted and any(one.poll() is None for one in running):
            threading.Event().wait(0.002)
        threading.Event().wait(chance.random() * 0.01)  # anywhere between two requests, or in one
        victim = running.pop(chance.randrange(len(running)))
        victim.kill()
        end(victim)
    done = commands.create("--keep-going", *options)
    created = Counter(request.json()["user_info"]["email"] for request in people.requests)
    lost = {row for row, outcome in done.outcomes.items() if outcome == "uncertain"}
    assert sorted(done.outcomes) == list(range(1, rows + 1)), "each row has one result"
    assert max(created.values()) == 1, "nobody is created twice"
    assert set(done.outcomes.values()) <= {"done", "uncertain"}
    assert {f"u{row}@example.com" for row in set(done.outcomes) - lost} <= set(created)
    assert len(lost) <= 2 * CONCURRENCY * kills, "no more than was under way, or answered and not yet written down"
    assert done.code == (5 if lost else 0)
    sys.stdout.write(f"{rows} rows, {kills} kills: {len(created)} creates, {len(lost)} uncertain\n")


def test_two_workers_of_which_one_is_killed_give_each_row_one_result(commands, people):
    rage(commands, people, 60, 1)


@pytest.mark.kills
def test_however_often_workers_are_killed_each_row_has_one_result_and_no_create_is_made_twice(commands, people):
    rage(commands, people, 600, 8)


@pytest.mark.kills
@pytest.mark.long
def test_ten_thousand_creates_and_a_dozen_kills(tmp_path: Path, people):
    commands = Commands(tmp_path, private_postgres.fresh(), people.url)
    try:
        rage(commands, people, 10_000, 12)
    finally:
        commands.close()
