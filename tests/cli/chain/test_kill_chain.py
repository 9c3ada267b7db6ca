"""A chain that is killed repeatedly makes each write once: what is uncertain waits for somebody who looks."""

from __future__ import annotations

import json
import random
import re
import sys
import threading
from collections import Counter
from subprocess import DEVNULL

import pytest
from support.servers import Counting, reply

pytestmark = pytest.mark.kills

STEPS = ("one", "two", "three", "four", "five")


def write_chain(items):
    steps = {
        name: {
            "each": {"from": "inputs", "query": "items"},
            "action": "createMeeting",
            "inputs": {"userId": name, "topic": {"from": "each"}},
        }
        for name in STEPS
    }
    keep = {name: {"from": name, "query": "length(@)"} for name in STEPS}
    return json.dumps({"inputs": {"items": [f"t{place}" for place in range(items)]}, "steps": steps, "keep": keep})


def list_writes(server):
    return [(one.path.split("/")[-2], one.json()["topic"]) for one in server.requests]


def judge(server, err, judged):
    """Return --settle for the steps that a run calls uncertain, by what the service has; note those it has not."""
    written, words = set(list_writes(server)), []
    for name, place in re.findall(r"--settle (\w+)\.(\d+)=done", err):
        word = "@reply.json" if (name, f"t{int(place) - 1}") in written else "not-done"
        words += ["--settle", f"{name}.{place}={word}"]
        judged |= {(name, f"t{int(place) - 1}")} if word == "not-done" else set()
    return words


def wait_until_quiet(server):
    """Wait until what a killed process had sent has arrived: the server has read each connection to its end."""
    seen = -1
    while seen != server.count or server.live:
        seen = server.count
        threading.Event().wait(0.5)


def storm(start, folder, items, kills):
    """Run a chain that is killed at random moments, each time settled by what the service has; then to its end."""
    chance, judged = random.Random(items), set()
    (folder / "reply.json").write_text('{"id": 1}', encoding="utf-8")
    (folder / "chain.json").write_text(write_chain(items), encoding="utf-8")
    with Counting(lambda _: reply(201, {"id": 1})) as server:
        command = ("run", "-f", "chain.json", "--base-url", server.url, "--query", "@", "--resume")
        env = {"ZOOM_ACCESS_TOKEN": "t"}

        def settle():
            words, code, sent, err = [], 5, server.count, b""
            while code == 5:  # a step that is not uncertain is told, before anything is sent
                look = start(*command, *words, "--settle", "nothing=done", env=env)
                _, err = look.communicate(timeout=60)
                words, code = judge(server, err.decode(), judged), look.returncode
            assert (code, server.count) == (2, sent), err

        for _ in range(kills):
            one = start(*command, env=env, stdout=DEVNULL, stderr=DEVNULL)
            wanted = server.count + chance.randint(1, max(1, 5 * items // (kills + 2)))
            while server.count < wanted and one.poll() is None:
                threading.Event().wait(0.002)
            threading.Event().wait(chance.random() * 0.01)  # anywhere between two requests, or in one
            one.kill()
            one.wait(60)
            wait_until_quiet(server)
            settle()
        last = start(*command, env=env)
        out, err = last.communicate(timeout=600)
        writes = list_writes(server)
    assert last.returncode == 0, err.decode()
    assert json.loads(out) == dict.fromkeys(STEPS, items)
    twice = [write for write, count in Counter(writes).items() if count > 1]
    assert not twice, f"made twice: {twice}; of these, called not done by who looked: {set(twice) & judged}"
    assert len(writes) == 5 * items, "each write is made once"
    sys.stdout.write(f"{5 * items} writes, {kills} kills\n")


def test_however_often_a_chain_is_killed_each_write_is_made_once(start, tmp_path):
    storm(start, tmp_path, 30, 3)


@pytest.mark.long
def test_five_steps_over_a_thousand_items_and_ten_kills(start, tmp_path):
    storm(start, tmp_path, 1000, 10)
