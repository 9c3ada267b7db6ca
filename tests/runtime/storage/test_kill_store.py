"""kill -9 at any moment leaves the old record or the new one, no temporary file, and no lock."""

from __future__ import annotations

import itertools
import sys

import pytest
from support import private_postgres
from support.processes import store_writers
from support.processes.forked import Sibling
from support.processes.store_writers import KEY, Found, content

from connector.runtime.storage.file_store import FileStore

pytestmark = pytest.mark.kills

KINDS = ["file", "sqlite", "postgres"]


def place(kind, folder):
    if kind == "postgres":
        return private_postgres.fresh()
    return {"file": f"file:{folder}/store", "sqlite": f"sqlite:///{folder}/place/store.db"}[kind]


def judge(kind, folder, kills):
    found = store_writers.storm(place(kind, folder), kills, seed=kills)
    sys.stdout.write(f"{kind}: {found}\n")
    assert found == Found(kills=kills, writes=found.writes)
    assert found.writes > kills, "the kills came before anything was written"


@pytest.mark.parametrize("kind", KINDS)
def test_kills_at_random_moments_corrupt_lose_and_leave_nothing(kind, tmp_path):
    judge(kind, tmp_path, 30)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "kills"), [("file", 1000), ("sqlite", 200), ("postgres", 200)])
def test_a_great_many_kills_corrupt_lose_and_leave_nothing(kind, kills, tmp_path):
    judge(kind, tmp_path, kills)


def test_a_kill_before_or_after_any_call_of_the_system_leaves_the_old_record_or_the_new(tmp_path):
    versions = []
    for step in itertools.count(1):
        folder = tmp_path / str(step)
        FileStore(folder).write(KEY, content(1))
        writer = Sibling(store_writers.write_and_die, str(folder), step)
        writer.process.join(30)
        if writer.heard() == ["wrote 2"]:
            break
        found = Found()
        versions.append(store_writers.look(f"file:{folder}", 1, found))
        assert found == Found(), f"killed at call {step}"
    assert len(versions) > 20
    assert versions == sorted(versions), "the new record stays once it is there"
    assert set(versions) == {1, 2}
