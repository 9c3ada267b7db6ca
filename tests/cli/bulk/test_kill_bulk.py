"""A bulk run that is killed repeatedly ends with one result per row and no repeated create; interrupted rows are uncertain."""

from __future__ import annotations

import json
import random
import sys
import threading
from dataclasses import dataclass
from subprocess import DEVNULL

import pytest
from support.servers import Counting, reply

pytestmark = pytest.mark.kills

TOKEN = "token-1"
CONCURRENCY = 8


@dataclass(frozen=True)
class Ended:
    """The outcome of all runs: the last exit code, its results by row, and the creates per user."""

    code: int
    err: str
    results: list
    created: list


def people(number):
    rows = "".join(f"u{place}@example.com,U,{place}\n" for place in range(1, number + 1))
    return f"email,firstName,lastName\n{rows}"


def storm(start, folder, rows, kills, *words):
    """Create users with runs that are killed at random moments, then with a run to the end."""
    chance = random.Random(rows)
    (folder / "rows.csv").write_text(people(rows), encoding="utf-8")
    with Counting(lambda request: reply(201, {"id": request.json()["user_info"]["email"]})) as server:
        command = ("run", "createUser", "-f", "rows.csv", "-i", "userType=1", "--base-url", server.url, *words)
        for kill in range(kills):
            one = start(*command, env={"ZOOM_ACCESS_TOKEN": TOKEN}, stdout=DEVNULL, stderr=DEVNULL)
            wanted = min(server.count + chance.randint(1, max(1, rows // (kills + 2))), rows - kills + kill)
            while server.count < wanted and one.poll() is None:
                threading.Event().wait(0.002)
            threading.Event().wait(chance.random() * 0.01)  # anywhere between two requests, or in one
            one.kill()
            one.wait(60)
        with open(folder / "out", "wb") as out:
            last = start(*command, "--keep-going", env={"ZOOM_ACCESS_TOKEN": TOKEN}, stdout=out)
            _, err = last.communicate(timeout=600)
        created = [request.json()["user_info"]["email"] for request in server.requests]
    results = [json.loads(line) for line in (folder / "out").read_text(encoding="utf-8").splitlines()]
    return Ended(last.returncode, err.decode(), results, created)


def judge(ended, rows, kills):
    assert sorted(one["row"] for one in ended.results) == list(range(1, rows + 1)), "each row has one result"
    assert len(ended.created) == len(set(ended.created)) <= rows, "nobody is created twice"
    done = {one["row"] for one in ended.results if one["outcome"] == "done"}
    lost = {one["row"] for one in ended.results if one["outcome"] == "uncertain"}
    assert done | lost == set(range(1, rows + 1))
    assert {f"u{row}@example.com" for row in done} <= set(ended.created)
    assert {f"u{row}@example.com" for row in set(range(1, rows + 1)) - lost} <= set(ended.created)
    assert len(lost) <= kills * CONCURRENCY, "no more than was under way"
    assert ended.code == (5 if lost else 0)
    for row in sorted(lost)[:20]:
        assert f"Row {row} (line {row + 1})" in ended.err
    sys.stdout.write(f"{rows} rows, {kills} kills: {len(ended.created)} creates, {len(lost)} uncertain\n")


def test_however_often_it_is_killed_each_row_has_one_result_and_no_create_is_made_twice(start, tmp_path):
    judge(storm(start, tmp_path, 300, 5), 300, 5)


@pytest.mark.long
def test_ten_thousand_creates_and_ten_kills(start, tmp_path):
    judge(storm(start, tmp_path, 10_000, 10), 10_000, 10)


@pytest.mark.long
def test_many_kills_of_few_rows(start, tmp_path):
    judge(storm(start, tmp_path, 400, 60), 400, 60)


def test_a_disk_that_fills_stops_it_before_it_sends_what_it_cannot_note(start, tmp_path, server):
    """With a journal of at most 2 KB, rows that do not fit are not sent; with more room the same command continues."""
    server.always(reply(201, {"id": "x" * 50}))
    (tmp_path / "rows.csv").write_text(people(200), encoding="utf-8")
    words = ("run", "createUser", "-f", "rows.csv", "-i", "userType=1", "--base-url", server.url, "--concurrency", "4")
    one = start(*words, env={"ZOOM_ACCESS_TOKEN": TOKEN}, preexec_fn=_little_room)
    out, err = one.communicate(timeout=60)
    assert one.returncode == 1, err
    assert b"A row that cannot be recorded is not sent" in err
    noted = [json.loads(line) for line in _whole_lines(tmp_path / "rows.csv.createUser.journal")]
    begun = {line["begin"] for line in noted if "begin" in line}
    assert 0 < server.count <= len(begun) < 200
    sent = [json.loads(line)["row"] for line in out.splitlines() if json.loads(line)["outcome"] == "done"]
    assert set(sent) <= begun
    done = start(*words, "--keep-going", env={"ZOOM_ACCESS_TOKEN": TOKEN})
    out, err = done.communicate(timeout=60)
    results = {json.loads(line)["row"]: json.loads(line)["outcome"] for line in out.splitlines()}
    assert sorted(results) == list(range(1, 201))
    assert list(results.values()).count("uncertain") <= 4 + 1
    assert len({request.body for request in server.requests}) == server.count, "nobody is created twice"


def _little_room():
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))


def _whole_lines(path):
    return [line for line in path.read_bytes().split(b"\n")[:-1] if line]
