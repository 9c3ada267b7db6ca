"""Progress is drawn on a terminal that can clear it again, of work that takes a while, and nowhere else."""

from __future__ import annotations

import contextlib
import io

import pytest

from connector.cli.commands.authoring import author
from connector.cli.output.progress import ProgressBar, count_columns


class Screen(io.StringIO):
    """A terminal that remembers what was drawn."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _capable_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")


def draw(updates=3, stream=None):
    """Return what the progress of some rows writes to stderr."""
    screen = Screen() if stream is None else stream
    with contextlib.redirect_stderr(screen), ProgressBar(count_columns("rows"), total=9) as bar:
        for _ in range(updates):
            bar.advance()
    return screen.getvalue()


def test_work_of_several_updates_is_drawn():
    assert "3 of 9 rows" in draw()


def test_short_work_is_not():
    assert draw(updates=1) == ""


def test_a_terminal_that_cannot_clear_it_shows_none(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert draw() == ""


def test_a_pipe_gets_none():
    assert draw(stream=io.StringIO()) == ""


def lint_with_progress(*steps):
    """Return what lint's progress writes to stderr."""
    screen = Screen()
    with contextlib.redirect_stderr(screen), author.LintProgress(enabled=True) as progress:
        for step in steps:
            progress.report(*step)
    return screen.getvalue()


def test_lint_tells_how_many_files_are_read_and_checked(monkeypatch):
    monkeypatch.setattr(author, "_SHOW_SECONDS", 0.0)
    shown = lint_with_progress(("read", 1, 1719), ("read", 2, 1719), ("checked", 7, 1720))
    assert "7 of 1720 files checked" in shown


def test_lint_of_a_moment_shows_nothing(monkeypatch):
    monkeypatch.setattr(author, "_SHOW_SECONDS", 60.0)
    assert lint_with_progress(*(("read", done, 5) for done in range(5))) == ""
