"""Click's help pages, laid out as pages of ours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from connector.cli.terminal.page import GAP, WIDEST_TERM, TextPage
from connector.cli.terminal.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT_LINES = "\b"  # click's mark of a paragraph whose lines are kept


class PageFormatter(click.HelpFormatter):
    """Writes what click tells it to write on a page of the terminal's width, in its colours."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        screen = Screen.of(sys.stdout)
        super().__init__(indent_increment, width or screen.text_width, max_width)
        self.page = TextPage(screen)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that says how to call a command."""
        self.page.add_text(f"{prefix or 'Usage:'} {prog} {args}".rstrip(), next_indent="    ")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        self.page.add_heading(heading)

    def write_paragraph(self) -> None:
        """Begin a paragraph."""
        self.page.add_blank()

    def write_text(self, text: str) -> None:
        """Write paragraphs; one that begins with click's mark keeps its lines."""
        for place, paragraph in enumerate(text.split("\n\n")):
            if place:
                self.page.add_blank()
            if paragraph.startswith(_KEPT_LINES):
                lines = paragraph.removeprefix(_KEPT_LINES).strip("\n")
                self.page.add_text(lines, self.current_indent, next_indent="    ")
            else:
                self.page.add_text(" ".join(paragraph.split()), self.current_indent)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = WIDEST_TERM, col_spacing: int = GAP) -> None:
        """Write terms with their texts."""
        terms = [(term, " ".join(text.split())) for term, text in rows]
        self.page.add_terms(terms, self.current_indent, widest_term=col_max, gap=col_spacing)

    def write_examples(self, examples: Iterable[tuple[str, str]]) -> None:
        """Write command lines, each below what it does."""
        for words, command in examples:
            self.page.add_text(f"# {words}", self.current_indent, role="hint", next_indent="# ")
            self.page.add_command(command, self.current_indent)

    def getvalue(self) -> str:
        """Return the page."""
        return str(self.page)
