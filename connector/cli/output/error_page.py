"""An error as a person sees it on a terminal: what is wrong, and on a line of its own what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.cli.output.stdio import escape_controls
from connector.cli.terminal.page import INDENT, TextPage
from connector.errors import InputError

if TYPE_CHECKING:
    from connector.cli.terminal.screen import Screen
    from connector.errors import ConnectorError, Problem


def format_page(error: ConnectorError, details: str, screen: Screen) -> str:
    """Return an error for a screen; `details` say what is known of its call."""
    page = TextPage(screen)
    message, *lines = escape_controls(str(error.args[0])).splitlines() or [""]
    if error.outcome == "uncertain":
        page.add_labelled("Uncertain:", "uncertain", message)
    else:
        page.add_labelled("Error:", "refused", message)
    problems = error.problems if isinstance(error, InputError) else ()
    for problem in problems:
        _add_problem(page, problem)
    for line in () if problems else lines:
        page.add_text(line.strip(), INDENT, next_indent="  ")
    hint = escape_controls(error.hint)
    if "\n" in hint:  # an excerpt of a file, with a mark below the place
        page.add_lines(hint.split("\n"))
    elif hint:
        page.add_text(hint, INDENT)
    if details:
        page.add_text(escape_controls(details).strip(), INDENT, role="hint")
    return str(page)


def _add_problem(page: TextPage, problem: Problem) -> None:
    """Add what is wrong with a value, and below it how to mend it."""
    page.add_text(escape_controls(str(replace(problem, fix=""))), INDENT, next_indent="  ")
    if problem.fix:
        page.add_labelled("Fix:", "done", escape_controls(problem.fix), INDENT * 2)
