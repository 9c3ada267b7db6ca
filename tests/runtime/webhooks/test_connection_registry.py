"""Who has made the server wait the longest makes room for others, and nobody whose request is complete."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from support.servers import GivenClock

from connector.runtime.webhooks.connection_registry import MAX_HELD_BYTES, ConnectionRegistry


@dataclass(eq=False)
class Line:
    """A connection that notes whether it was given up."""

    peer: str = "a"
    given_up: list = field(default_factory=list)

    def abort(self):
        self.given_up.append(True)


@pytest.fixture
def clock():
    return GivenClock()


@pytest.fixture
def registry(clock):
    return ConnectionRegistry(10, clock.monotonic)


def start(registry, clock, count, stage="head", peer="a"):
    lines = []
    for _ in range(count):
        lines.append(Line(peer))
        registry.start_waiting(lines[-1], stage)
        clock.passed += 1
    return lines


def given_up(lines):
    return [number for number, line in enumerate(lines) if line.given_up]


def test_within_the_limit_all_are_kept(registry, clock):
    lines = start(registry, clock, 10)
    registry.make_room(10)
    assert given_up(lines) == []


def test_the_oldest_of_the_largest_group_makes_room(registry, clock):
    idle, stalled = start(registry, clock, 4), start(registry, clock, 7, "body")
    registry.make_room(11)
    assert (given_up(idle), given_up(stalled)) == ([], [0])
    for count in (11, 11, 11):
        registry.make_room(count)
    assert (len(given_up(idle)), len(given_up(stalled))) == (1, 3), "of two groups of one size, the older one"


def test_the_address_with_most_connections_makes_room(registry, clock):
    few, many = start(registry, clock, 3, peer="few"), start(registry, clock, 8, peer="many")
    registry.make_room(11)
    assert (given_up(few), given_up(many)) == ([], [0])


def test_a_complete_request_is_never_given_up(registry, clock):
    lines = start(registry, clock, 11, "body")
    for line in lines:
        registry.stop_waiting(line)
    registry.make_room(11)
    registry.hold(lines[0], MAX_HELD_BYTES + 1)
    assert given_up(lines) == []


def test_who_goes_on_to_another_stage_waits_anew(registry, clock):
    lines = start(registry, clock, 11)
    registry.start_waiting(lines[0], "body")
    registry.start_waiting(lines[0], "head")
    registry.start_waiting(lines[1], "head")
    registry.make_room(11)
    assert given_up(lines) == [1]


def test_who_holds_most_for_longest_pays_for_memory(registry, clock):
    long, short, small = (start(registry, clock, 1, "body")[0] for _ in range(3))
    registry.hold(small, 1000)
    registry.hold(long, MAX_HELD_BYTES // 2)
    registry.hold(short, MAX_HELD_BYTES // 2)
    assert given_up([long, short, small]) == [0]
    registry.hold(short, MAX_HELD_BYTES * 3 // 4)
    assert given_up([short, small]) == []


def test_what_is_free_again_counts_no_more(registry, clock):
    lines = start(registry, clock, 10, "body")
    for line in lines:
        registry.hold(line, MAX_HELD_BYTES - 1)
        registry.hold(line, 0)
    registry.hold(lines[0], MAX_HELD_BYTES - 1)
    registry.forget(lines[0])
    registry.hold(lines[1], MAX_HELD_BYTES - 1)
    registry.forget(lines[0])
    assert given_up(lines) == []
