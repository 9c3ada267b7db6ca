"""A sync that is killed again and again ends with each record once."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from support import private_postgres
from support.servers import Counting, reply

from connector.runtime.records.records import Records

ROOT = Path(__file__).parents[3]
PAGE = 300
_SYNC = """
import sys
from connector import Client, Connection, Connector
from connector.runtime.records.records import Records
from connector.runtime.sync.sync import Sync
zoom = Connector.open()
work = Connection(zoom, "accessToken", name="work", accessToken="token-of-a-test")
with Records(sys.argv[2]) as records:
    with Client(zoom, work, base_url=sys.argv[1], rate_limit=False, records=records) as client:
        Sync(zoom, records, ("meetings",), None).run(client, "work", lambda _: None)
"""


class Meetings:
    """Answers the lists of one user with so many meetings, in pages."""

    def __init__(self, count):
        self.count = count

    def __call__(self, request):
        if request.path.endswith("/users"):
            return reply(json_={"users": [{"id": "ada", "email": "ada@example.com"}], "next_page_token": ""})
        start = int(dict(request.query).get("next_page_token") or 0)
        end = min(start + PAGE, self.count)
        meetings = [
            {"id": 9_000_000 + number, "host_id": "ada", "topic": f"n {number}"} for number in range(start, end)
        ]
        return reply(json_={"meetings": meetings, "next_page_token": "" if end == self.count else str(end)})


def start_sync(server, url):
    return subprocess.Popen([sys.executable, "-c", _SYNC, server.url, url], cwd=ROOT)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize(("count", "kills"), [(3_000, 2), pytest.param(100_000, 10, marks=pytest.mark.long)])
def test_a_sync_that_is_killed_keeps_each_record_once(tmp_path, count, kills, database):
    url = f"sqlite:///{tmp_path / 'records.sqlite'}" if database == "sqlite" else private_postgres.fresh()
    with Counting(Meetings(count)) as server:
        pages = count // PAGE
        for kill in range(kills):
            process, until = start_sync(server, url), server.count + 2 + pages * (kill + 1) // (kills + 1)
            while server.count < until and process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.002)
            assert process.poll() is None, "the sync ended before it was killed"
            process.kill()
            process.wait()
        assert start_sync(server, url).wait(300) == 0
    with Records(url) as records:
        ids = {record.id for record in records.find("zoom", "meetings")}
        changes, after = [], 0
        while page := records.read_changes("zoom", after):
            changes += page
            after = page[-1].seq
        assert records.find_complete_at("zoom", "work", "/users/ada/meetings?type=scheduled") is not None
    assert ids == {str(9_000_000 + number) for number in range(count)}
    assert sorted((change.change, change.id) for change in changes) == sorted(("added", one) for one in {*ids, "ada"})
