"""What of an example is the service's own, and how its times are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox.data.state import SandboxRecord
from connector.sandbox.data.template import SentPaths, drop_sent_fields, find_times

RECORD = SandboxRecord(id="1", position=1, created_at=1_700_000_000.25, updated_at=1_700_003_600.0)


def test_fields_that_a_caller_may_send_and_filled_lists_are_dropped():
    example = {
        "id": 1,
        "topic": "T",
        "settings": {"audio": "both", "made_up": 1},
        "owner": {"name": "Ada", "since": 1},
        "links": {"self": "/1"},
        "parts": [1, 2],
    }
    sent = SentPaths(frozenset({("topic",), ("owner", "name")}), frozenset({("settings",)}))
    assert drop_sent_fields(example, sent) == {"id": 1, "owner": {"since": 1}, "links": {"self": "/1"}, "parts": []}


@pytest.mark.parametrize(
    ("name", "example", "written"),
    [
        ("created_at", "2026-02-20T09:12:44Z", "2023-11-14T22:13:20Z"),
        ("created_at", "2026-02-20T09:12:44.123Z", "2023-11-14T22:13:20.250Z"),
        ("created_at", "2026-02-20T09:12:44+02:00", "2023-11-14T22:13:20+00:00"),
        ("updatedAt", "2026-02-20T09:12:44Z", "2023-11-14T23:13:20Z"),
        ("joined", "2026-02-20", "2023-11-14"),
        ("created", 1_600_000_000, 1_700_000_000),
        ("modified_time", 1_600_000_000_000, 1_700_003_600_000),
    ],
)
def test_a_time_is_written_as_the_example_writes_it(name, example, written):
    [time] = find_times({name: example})
    assert time.write(RECORD) == written


@given(st.dictionaries(st.sampled_from(["id", "size", "count", "title"]), st.text(max_size=12) | st.integers(0, 10**9)))
def test_what_is_no_time_is_left_alone(fields):
    assert list(find_times(fields)) == []
