"""Errors on a terminal: wrapped at words, coloured by outcome, and what to do on a line of its own."""

from __future__ import annotations

import re

import pytest

from connector.cli.output.error_page import format_page
from connector.cli.terminal.screen import Screen
from connector.errors import DefinitionError, InputError, Problem, TransportError, UsageError

PROBLEMS = [
    Problem("duration", '"hour"', "a whole number", "write digits only"),
    Problem(
        "startTime", '"tomorrow"', "a date and time, yyyy-MM-ddTHH:mm:ssZ in UTC, or with an offset", "such as 2030"
    ),
]
MANY = InputError.from_problems("createMeeting", PROBLEMS)
LOST = TransportError(
    "POST https://api.example.com/v2/users/me/meetings: the connection broke while the reply was awaited.",
    hint="The write may have succeeded; check before retrying.", outcome="uncertain",
)  # fmt: skip
WRONG = UsageError("Unknown option --outpt.", hint="Try 'connector list --help'.")


def test_each_problem_has_its_fix_on_a_line_of_its_own():
    assert format_page(MANY, "", Screen(60)).splitlines() == [
        "Error: createMeeting: 2 problems, nothing was sent.",
        '  duration: got "hour"; expected a whole number.',
        "    Fix: write digits only",
        '  startTime: got "tomorrow"; expected a date and time,',
        "    yyyy-MM-ddTHH:mm:ssZ in UTC, or with an offset.",
        "    Fix: such as 2030",
    ]


def test_what_to_do_and_what_is_known_of_the_call_stand_below_the_message():
    assert format_page(LOST, "  outcome: uncertain · attempts: 1", Screen(200)).splitlines() == [
        f"Uncertain: {LOST.args[0]}",
        "  The write may have succeeded; check before retrying.",
        "  outcome: uncertain · attempts: 1",
    ]


def test_an_error_is_red_and_an_uncertain_write_is_yellow():
    assert format_page(WRONG, "", Screen(80, has_colour=True)).startswith("\x1b[1;31mError:\x1b[0m Unknown")
    assert format_page(LOST, "", Screen(80, has_colour=True)).startswith("\x1b[1;33mUncertain:\x1b[0m POST")


def test_what_an_error_quotes_cannot_colour_the_terminal():
    error = UsageError("got \x1b[31mred", hint="not \x1b[31mred")
    assert "\x1b" not in format_page(error, "", Screen(80))


@pytest.mark.parametrize("width", range(40, 201, 5))
@pytest.mark.parametrize("error", [MANY, LOST, WRONG], ids=["problems", "uncertain", "usage"])
def test_no_word_of_an_error_is_broken_at_any_width(error, width):
    text = format_page(error, "", Screen(width))
    assert text.split() == format_page(error, "", Screen(1000)).split()
    assert all(len(line) <= width or re.fullmatch(r"\s*\S+", line) for line in text.splitlines())


def test_an_excerpt_of_a_file_keeps_its_lines():
    error = DefinitionError("a.yaml:1:3: yaml: what.")
    error.hint = "a: [\n   ^"
    assert format_page(error, "", Screen(80)).splitlines()[1:] == ["a: [", "   ^"]
