"""Colours by the conventions, texts wrapped at words, and pages through the pager of a person alone."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from connector.cli.terminal import grid
from connector.cli.terminal.page import TextPage
from connector.cli.terminal.screen import Screen
from connector.cli.terminal.wrapping import cut, measure, wrap


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "1"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colours_follow_the_conventions(environ, on_terminal, in_pipe):
    assert Screen.of(Terminal(), environ).has_colour is on_terminal
    assert Screen.of(io.StringIO(), environ).has_colour is in_pipe


def test_colours_are_of_the_terminals_own_palette_which_is_light_or_dark():
    painted = Screen(has_colour=True).paint("x", "done")
    assert painted == "\x1b[32mx\x1b[0m"
    assert Screen().paint("x", "done") == "x"


def test_the_width_is_said_by_columns_else_by_the_terminal_else_eighty(monkeypatch):
    assert Screen.of(io.StringIO(), {}).width == 80
    assert Screen.of(io.StringIO(), {"COLUMNS": "120"}).width == 120
    assert Screen.of(io.StringIO(), {"COLUMNS": "wide"}).width == 80


def test_a_text_has_no_more_than_two_hundred_characters_a_line_and_a_table_all_of_the_width():
    screen = Screen.of(io.StringIO(), {"COLUMNS": "300"})
    page = TextPage(screen)
    page.add_text("word " * 100)
    page.add_terms([("term", "word " * 100)])
    assert 190 < max(map(len, str(page).splitlines())) <= 200
    assert len(grid.format_grid(("id", "text"), [("1", "word " * 100)], screen).splitlines()[1]) > 290
    assert Screen.of(io.StringIO(), {"COLUMNS": "50"}).text_width == 50


TEXT = "Schedule a meeting of the harbour's friends at https://example.com/a/very/long/link?with=a&query=too, 会議 予定 です."


@pytest.mark.parametrize("width", range(10, 201))
def test_a_text_is_wrapped_at_its_words_and_never_inside_one(width):
    lines = wrap(TEXT, width)
    assert " ".join(lines).split() == TEXT.split()
    assert all(measure(line) <= width or " " not in line for line in lines)


@pytest.mark.parametrize("width", range(1, 130))
def test_a_cut_text_fits_and_says_that_it_is_cut(width):
    shown = cut(TEXT, width)
    assert measure(shown) <= width
    assert shown == TEXT or shown.endswith("…")
    assert TEXT.startswith(shown.removesuffix("…"))


PROGRAM = """
import sys
from connector.cli.terminal.pager import show_page
show_page("\\n".join(f"line {n}" for n in range(int(sys.argv[1]))), is_allowed=sys.argv[2] == "yes")
"""


@pytest.mark.parametrize(
    ("lines", "allowed", "more", "is_paged"),
    [("10", "yes", {}, False), ("50", "yes", {}, True), ("50", "no", {}, False), ("50", "yes", {"PAGER": ""}, False),
     ("50", "yes", {"PAGER": "cat"}, False), ("50", "yes", {"TERM": "dumb"}, False)],
)  # fmt: skip
def test_only_long_pages_go_through_the_pager_and_only_on_a_terminal(tmp_path, lines, allowed, more, is_paged):
    if not hasattr(os, "openpty"):
        pytest.skip("this system has no pseudo terminals")
    script = tmp_path / "pager"
    script.write_text("#!/bin/sh\nsed 's/^/paged /'\n")
    script.chmod(0o700)
    environ = {**os.environ, "PAGER": str(script), "TERM": "xterm", "COLUMNS": "80", "LINES": "24", **more}
    ours, theirs = os.openpty()
    words = [sys.executable, "-c", PROGRAM, lines, allowed]
    done = subprocess.run(words, stdin=theirs, stdout=theirs, env=environ, check=True, timeout=30)
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert shown.startswith("paged line 0" if is_paged else "line 0")
    piped = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env=environ, check=True, timeout=30)
    assert piped.stdout.startswith(b"line 0")


def test_a_pager_that_is_less_shows_colours_as_colours_and_what_the_user_says_of_less_stays(tmp_path):
    if not hasattr(os, "openpty"):
        pytest.skip("this system has no pseudo terminals")
    script = tmp_path / "less"
    script.write_text('#!/bin/sh\necho "less has $LESS"\ncat > /dev/null\n')
    script.chmod(0o700)
    for more, expected in (({}, "less has -FRX"), ({"LESS": "-i"}, "less has -i")):
        environ = {key: value for key, value in os.environ.items() if key != "LESS"}
        environ |= {"PAGER": str(script), "TERM": "xterm", "COLUMNS": "80", "LINES": "24", **more}
        ours, theirs = os.openpty()
        words = [sys.executable, "-c", PROGRAM, "50", "yes"]
        subprocess.run(words, stdin=theirs, stdout=theirs, env=environ, check=True, timeout=30)
        os.close(theirs)
        assert os.read(ours, 65_536).decode().startswith(expected)
        os.close(ours)
