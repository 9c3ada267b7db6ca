"""A run that an older program began, and that was killed, goes on with this one: each write is sent once."""

from __future__ import annotations

import json

import pytest
from support.processes.left_data import ROWS_JOURNAL, load_private

from connector import __version__


@pytest.fixture
def left(tmp_path):
    """Put the rows, the chain and their journals where commands run; return the topics of the meetings."""
    for name in ("rows.csv", ROWS_JOURNAL, "chain.yaml", "chain.journal"):
        load_private(name, tmp_path)


def topics(here):
    meetings = here("request", "GET", "/users/me/meetings", "--sandbox", "--query", "meetings[].topic").data
    return sorted(meetings)


def test_a_bulk_run_goes_on_with_the_rows_that_were_not_sent(here, left):
    done = here("run", "createMeeting", "-f", "rows.csv", "--sandbox", "--output", "lines")
    assert done.code == 0, done.err
    assert [json.loads(line)["outcome"] for line in done.out.splitlines()] == ["done"] * 3
    assert topics(here) == ["One", "Three"]


def test_a_chain_goes_on_with_the_step_that_was_not_sent(here, left):
    done = here("run", "-f", "chain.yaml", "--sandbox", "--journal", "chain.journal", "--resume")
    assert done.code == 0, done.err
    assert topics(here) == ["Two"]


def test_a_journal_of_a_newer_program_is_refused_by_a_sentence_that_says_who_wrote_it(here, left, tmp_path):
    journal = tmp_path / ROWS_JOURNAL
    header, _, rest = journal.read_text().partition("\n")
    journal.write_text(
        json.dumps({**json.loads(header), "journal": 9, "program": "9.8.7"}, separators=(",", ":")) + f"\n{rest}"
    )
    done = here("run", "createMeeting", "-f", "rows.csv", "--sandbox")
    assert done.code == 1
    assert "was written by connector 9.8.7, as version 9; this is connector" in done.err
    assert "Install connector 9.8.7 or a newer one" in done.err


def test_a_journal_says_which_program_wrote_it_and_is_its_own_whatever_that_was(here, tmp_path):
    load_private("rows.csv", tmp_path)
    assert here("run", "createMeeting", "-f", "rows.csv", "--sandbox").code == 0
    journal = tmp_path / ROWS_JOURNAL
    header, _, rest = journal.read_text().partition("\n")
    assert json.loads(header)["program"] == __version__
    journal.write_text(header.replace(f'"{__version__}"', '"0.0.9"') + f"\n{rest}")
    assert here("run", "createMeeting", "-f", "rows.csv", "--sandbox").code == 0
    assert topics(here) == ["One", "Three", "Two"]
