"""A truncated journal still gives each row's state: never new when it may have been sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.bulk.journal_state import (
    ROW_DONE,
    ROW_FAILED,
    ROW_NEW,
    ROW_REPEATABLE,
    ROW_STARTED,
    ROW_UNCERTAIN,
    CorruptJournal,
    JournalState,
)

FIRST = {"journal": 1, "count": 3}
ENDS = {"done": ROW_DONE, "rejected": ROW_FAILED, "not_sent": ROW_FAILED, "uncertain": ROW_UNCERTAIN}


def text(*lines):
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


def read(raw):
    story = JournalState()
    story.replay(raw.splitlines(keepends=True))
    return story


@st.composite
def runs(draw):
    """Lines as runs write them: each row is begun, then ended, undone, or left; some rows are begun again."""
    lines = []
    for number in draw(st.lists(st.integers(1, 12), max_size=30)):
        again, key = draw(st.booleans()), draw(st.sampled_from([None, "key-1", "key-2"]))
        begin = {"begin": number, "line": number + 1}
        begin |= {"again": True} if again else {}
        begin |= {"key": key} if key else {}
        lines.append((begin, number, ROW_REPEATABLE if again else ROW_STARTED))
        end = draw(st.sampled_from([*ENDS, "undo", None]))
        if end == "undo":
            lines.append(({"undo": number}, number, ROW_NEW))
        elif end:
            lines.append(({"row": number, "line": number + 1, "outcome": end}, number, ENDS[end]))
    order = draw(st.permutations(range(len(lines)))) if draw(st.booleans()) else range(len(lines))
    return [lines[place] for place in order]


@given(runs(), st.data())
def test_a_journal_killed_at_any_byte_is_the_story_of_the_lines_before_it(lines, data):
    whole = text(FIRST, *(line for line, _, _ in lines))
    kill = data.draw(st.integers(0, len(whole)))
    story = read(whole[:kill])

    expected = {}
    complete = whole[:kill].count(b"\n") - 1
    for line, number, state in lines[: max(complete, 0)]:
        expected[number] = (state, line)
    for number in range(1, 14):
        assert story.state_of(number) == expected.get(number, (ROW_NEW, None))[0]
    assert story.valid_bytes == (whole[:kill].rfind(b"\n") + 1)
    for number, (_, line) in expected.items():
        assert json.loads(whole[story.offset_of(number) :].split(b"\n", 1)[0]) == line


class World:
    """Runs of rows as bulk makes them, in one thread, killed after any step: a disk that may lose what was not synced."""

    def __init__(self, data, rows, repeatable):
        self.data, self.rows, self.repeatable = data, rows, repeatable
        self.disk, self.synced, self.sent = b"", 0, dict.fromkeys(range(1, rows + 1), 0)

    def write(self, line, *, sync):
        self.disk += text(line)
        self.synced = len(self.disk) if sync else self.synced

    def run(self, steps):
        """Go on with what is left; return False when killed, which is after so many steps."""
        story = read(self.disk)
        self.disk = self.disk[: story.valid_bytes]
        self.synced = min(self.synced, len(self.disk))
        if story.header is None:
            self.write(FIRST, sync=True)
        for number in range(1, self.rows + 1):
            if story.state_of(number) not in (ROW_NEW, ROW_REPEATABLE):
                continue
            again = number in self.repeatable
            for step in ("begin", "send", "end"):
                if not steps:
                    self.disk = self.disk[: self.data.draw(st.integers(self.synced, len(self.disk)))]
                    return False
                steps -= 1
                if step == "begin":
                    self.write({"begin": number, "line": number} | ({"again": True} if again else {}), sync=True)
                elif step == "send":
                    self.sent[number] += 1
                else:
                    self.write({"row": number, "line": number, "outcome": "done"}, sync=False)
        return True


@given(st.data())
def test_however_often_a_run_is_killed_no_row_is_sent_twice_and_none_is_forgotten(data):
    rows = data.draw(st.integers(1, 8))
    repeatable = data.draw(st.sets(st.integers(1, rows)))
    world = World(data, rows, repeatable)
    kills = data.draw(st.lists(st.integers(0, 10), max_size=6))
    cut = sum(not world.run(steps) for steps in kills)
    assert world.run(10_000)
    story = read(world.disk)
    states = {number: story.state_of(number) for number in world.sent}
    assert set(states.values()) <= {ROW_DONE, ROW_STARTED}
    assert all(count <= 1 for number, count in world.sent.items() if number not in repeatable)
    assert all(world.sent[number] for number, state in states.items() if state == ROW_DONE)
    assert all(states[number] == ROW_DONE for number in repeatable)
    lost = [number for number, state in states.items() if state == ROW_STARTED]
    assert len(lost) <= 2 * cut, "a kill leaves what it cut, and at most what was not synced before it"


def test_the_key_of_a_row_stays_until_its_outcome_is_known():
    begin = {"begin": 1, "line": 2, "key": "k-1", "again": True}
    assert read(text(FIRST, begin)).key_of(1) == "k-1"
    uncertain = {"row": 1, "line": 2, "outcome": "uncertain"}
    assert read(text(FIRST, begin, uncertain, {"undo": 1})).key_of(1) == "k-1"
    assert read(text(FIRST, begin, {"row": 1, "line": 2, "outcome": "done"})).key_of(1) is None


def test_the_time_of_a_key_is_that_of_its_first_start():
    first, second = ({"begin": 1, "line": 2, "key": "k-1", "at": at, "again": True} for at in (100.5, 900.0))
    assert read(text(FIRST, first, second)).sent_at(1) == 100.5
    assert read(text(FIRST, {"begin": 1, "line": 2, "key": "k-1", "again": True})).sent_at(1) == 0.0


@pytest.mark.parametrize("tail", [b'{"begin":2', b"\0" * 900, b'{"begin":2\0\0\n', b"\0\n\0"])
def test_a_torn_end_is_passed_over(tail):
    good = text(FIRST, {"begin": 1, "line": 2})
    story = read(good + tail)
    assert (story.state_of(1), story.state_of(2), story.valid_bytes) == (ROW_STARTED, ROW_NEW, len(good))


@pytest.mark.parametrize(
    "raw",
    [
        b"email,name\na,b\n",
        b"email,name",
        b"\x00\x00",
        text({"begin": 1, "line": 2}),
        text(FIRST) + b"not json\n" + text({"begin": 2, "line": 3}),
        text(FIRST) + b"not json\n",
        text(FIRST) + b"\0\0\n" + text({"begin": 2, "line": 3}),
        text(FIRST, {"begin": -1, "line": 3}),
        text(FIRST, {"begin": 10**12, "line": 3}),
        text(FIRST, {"begin": True, "line": 3}),
        text(FIRST, {"row": 1, "outcome": "perhaps"}),
        text(FIRST, [1]),
    ],
)
def test_damage_is_told_and_never_taken_for_an_end(raw):
    with pytest.raises(CorruptJournal):
        read(raw)


@pytest.mark.parametrize("raw", [b"", b"{", b'{"journal":1,"cou'])
def test_a_first_line_that_was_cut_is_a_journal_to_be_begun(raw):
    story = read(raw)
    assert (story.header, story.valid_bytes) == (None, 0)
