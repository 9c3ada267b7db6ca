"""Tables fit the terminal: ids, times and links stay whole, texts are wrapped, and what does not fit becomes cards."""

from __future__ import annotations

import pytest

from connector.cli.terminal.grid import count_fitting_columns, format_cards, format_grid
from connector.cli.terminal.screen import Screen
from connector.cli.terminal.wrapping import measure

NAMES = ("id", "topic", "start_time", "join_url")
LINK = "https://example.com/j/84512370966"
ROWS = [
    ("84512370966", "Weekly planning of the harbour team", "2030-01-07T09:00:00Z", LINK),
    ("84512370967", "会議 予定", "2030-01-08T09:00:00Z", LINK),
]


@pytest.mark.parametrize("width", range(79, 201))
def test_four_columns_stand_side_by_side_where_they_fit(width):
    lines = format_grid(NAMES, ROWS, Screen(width)).splitlines()
    assert tuple(lines[0].split()) == NAMES
    assert all(measure(line) <= width for line in lines)
    assert ROWS[0][0] in lines[1]
    assert all(any(part in line for line in lines) for row in ROWS for part in (row[0], row[2], row[3]))


@pytest.mark.parametrize("width", range(40, 79))
def test_what_does_not_fit_side_by_side_is_a_card_with_nothing_cut(width):
    assert format_grid(NAMES, ROWS, Screen(width)) is None
    cards = format_cards(NAMES, ROWS, Screen(width))
    assert all(" ".join(cards.split()).count(value) for row in ROWS for value in row)
    assert [line.split()[0] for line in cards.splitlines() if line and not line.startswith(" ")] == [*NAMES, *NAMES]


def test_a_link_is_never_cut():
    rows = [("1", "a topic", "2030-01-07T09:00:00Z", "https://example.com/" + "a" * 100)]
    assert format_grid(NAMES, rows, Screen(80)) is None
    assert rows[0][3] in format_cards(NAMES, rows, Screen(40))


def test_a_text_of_more_than_three_lines_is_cut_with_an_ellipsis():
    lines = format_grid(("id", "text"), [("1", "word " * 30)], Screen(20)).splitlines()
    assert len(lines) == 4
    assert lines[-1].endswith("…")


def test_columns_that_nobody_chose_are_shown_as_far_as_they_fit():
    assert count_fitting_columns(NAMES, ROWS, 80) == 4
    assert count_fitting_columns(NAMES, ROWS, 50) == 3
    assert count_fitting_columns(NAMES, ROWS, 5) == 0


def test_an_outcome_has_its_colour():
    rows = [("1", "done"), ("2", "rejected"), ("3", "uncertain"), ("4", "running")]
    lines = format_grid(("done", "outcome"), rows, Screen(80, has_colour=True)).splitlines()[1:]
    assert [line.split()[1] for line in lines] == [
        "\x1b[32mdone\x1b[0m", "\x1b[1;31mrejected\x1b[0m", "\x1b[1;33muncertain\x1b[0m", "running",
    ]  # fmt: skip


def test_no_rows_are_a_header_alone():
    assert format_grid(("id", "name"), [], Screen(80)) == "id  name"
    assert format_cards(("id", "name"), [], Screen(80)) == ""
