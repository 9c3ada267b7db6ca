"""A list that can be asked for what is new is read whole once, and then only what was changed since."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from connector import Client, Connector, errors
from connector.runtime.records.records import Records
from connector.runtime.sync.sync import Sync
from connector.sandbox.sandbox import Sandbox
from connector.testing.clock import ManualClock

ROOT = Path(__file__).parents[3]
ISSUES = {"owner": "octocat", "repository": "Hello-World"}
SERVICES = {  # the folder, the resource, the inputs of its list, the query that asks for news, and a new record
    "github": (ROOT / "examples/github", "issues", ISSUES, "since", {"number": 8, "parent": "octocat/Hello-World"}),
    "shopify": (ROOT / "tests/connectors/shopify", "products", {}, "updated_at_min", {"id": 9}),
}


@pytest.fixture(params=SERVICES)
def service(request, tmp_path):
    folder, resource, given, name, record = SERVICES[request.param]
    connector, clock = Connector.open(folder), ManualClock(1_800_000_000.0)
    sandbox = Sandbox(connector, clock=clock)
    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}", clock=clock) as records:
        client = Client(connector, sandbox.connection, http=sandbox.http, records=records, clock=clock)
        parts = {"connector": connector, "clock": clock, "sandbox": sandbox, "records": records, "client": client}
        yield SimpleNamespace(**parts, resource=resource, given=given, query_name=name, record=record)


def read(service, **options):
    sync = Sync(service.connector, service.records, (service.resource,), given=service.given, **options)
    [report] = sync.run(service.client, "sandbox", lambda _: None)
    return report.records, report.since


def find_since(service, **options):
    sync = Sync(service.connector, service.records, (service.resource,), given=service.given, **options)
    [(_, request)] = sync.list_requests(service.client, "sandbox")
    return dict(request.query).get(service.query_name)


def test_a_sync_reads_only_what_is_new(service):
    assert read(service) == (1, 0)
    service.clock.advance(3600)
    assert read(service) == (1, 1)  # it came within the lag before the first reading
    service.clock.advance(3600)
    assert read(service) == (0, 1)
    service.sandbox.seed(service.resource, [service.record])
    service.clock.advance(60)
    assert read(service) == (1, 1)
    assert len(service.records.find(service.connector.name, service.resource)) == 2
    assert read(service, is_full=True) == (2, 0)


def test_once_a_day_all_is_read_which_tells_what_is_gone(service):
    read(service)
    service.clock.advance(3600)
    assert read(service)[1] == 1
    service.clock.advance(23 * 3600 + 1)
    assert read(service)[1] == 0


def test_what_is_asked_for_begins_a_lag_before_the_last_reading(service):
    assert find_since(service) is None
    read(service)
    first = find_since(service)
    service.clock.advance(3600)
    assert find_since(service) == first  # it was not read meanwhile
    read(service)
    assert find_since(service) > first
    assert find_since(service, is_full=True) is None


def test_a_sync_that_fails_is_made_again_from_where_it_began(service):
    read(service)
    service.clock.advance(3600)
    before = find_since(service)
    service.sandbox.seed(service.resource, [service.record])
    service.sandbox.add_fault("html:1")
    with pytest.raises(errors.ConnectorError):
        read(service)
    assert find_since(service) == before
    assert read(service) == (2, 1)


def test_a_list_that_was_only_asked_for_what_is_new_answers_no_read_of_all(service):
    read(service)
    service.clock.advance(3600)
    read(service)
    sync = Sync(service.connector, service.records, (service.resource,), given=service.given)
    [(one, _)] = sync.list_requests(service.client, "sandbox")
    given = {key: value for key, value in one.given.items() if key in service.given}
    assert not service.client.run(one.action, given, max_age="10m").from_records
    assert not service.client.run(one.action, one.given, max_age="10m").from_records


def test_inputs_that_a_list_needs_are_asked_for_by_name(tmp_path):
    github = Connector.open(ROOT / "examples/github")
    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as records:
        with pytest.raises(errors.InputError, match="-i owner"):
            Sync(github, records, ("issues",))
        with pytest.raises(errors.InputError, match="onwer"):
            Sync(github, records, ("issues",), given={**ISSUES, "onwer": "a"})
