"""A page of text for a person: headings, paragraphs, lists of terms and command lines, at the width of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.cli.terminal.wrapping import measure, wrap
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.cli.terminal.screen import Role, Screen

INDENT = 2
GAP = 2  # characters between a term and its text
WIDEST_TERM = 32  # characters; the text of a longer one begins below it
_NARROWEST_TEXT = 24  # characters beside a term; where fewer are left, every text is below its term
_WORD = prepare_pattern(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")  # of a command line, with its quotes


class TextPage:
    """Collects the lines of a page; `str()` is its text."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._lines: list[str] = []

    def __str__(self) -> str:
        return "\n".join(self._lines)

    @property
    def is_long(self) -> bool:
        """Whether the page has more lines than its screen."""
        return len(self._lines) >= self.screen.height

    def add_blank(self) -> None:
        """Add an empty line, unless the page begins here or has one already."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def add_heading(self, text: str) -> None:
        """Add a heading, below an empty line."""
        self.add_blank()
        self.add_text(text, role="heading")

    def add_text(self, text: str, indent: int = 0, *, role: Role | None = None, next_indent: str = "") -> None:
        """Add a text, wrapped at words."""
        room = self.screen.text_width - indent
        self.add_lines([self.screen.paint(line, role) for line in wrap(text, room, next_indent)], indent)

    def add_labelled(self, label: str, role: Role, text: str, indent: int = 0) -> None:
        """Add a text behind a label in the colour of its role."""
        first, *others = wrap(f"{label} {text}", self.screen.text_width - indent, "  ")
        self.add_lines([self.screen.paint(label, role) + first.removeprefix(label), *others], indent)

    def add_lines(self, lines: Sequence[str], indent: int = 0) -> None:
        """Add lines as they are."""
        self._lines += [f"{'':{indent}}{line}".rstrip() for line in lines]

    def add_terms(
        self, rows: Sequence[tuple[str, str]], indent: int = INDENT, *, widest_term: int = WIDEST_TERM, gap: int = GAP
    ) -> None:
        """Add terms with their texts beside them, or below them where little room is left."""
        fitting = [measure(term) for term, _ in rows if measure(term) <= widest_term]
        column = indent + max(fitting, default=0) + gap
        is_stacked = self.screen.text_width - column < _NARROWEST_TEXT
        if is_stacked:
            column = indent * 2
        for term, text in rows:
            self._add_term(term, wrap(text, self.screen.text_width - column) if text else [], indent, column)

    def _add_term(self, term: str, lines: list[str], indent: int, column: int) -> None:
        """Add a term; its text begins on the same line where the term ends before the column."""
        key = self.screen.paint
        if lines and measure(term) + indent < column:
            first = f"{key(term, 'key')}{'':{column - indent - measure(term)}}{lines[0]}"
            self.add_lines([first], indent)
            lines = lines[1:]
        else:
            words = wrap(term, self.screen.text_width - indent, "  ")
            self.add_lines([key(line, "key") for line in words], indent)
        self.add_lines(lines, column)

    def add_command(self, command: str, indent: int = INDENT) -> None:
        r"""Add a command line that can be copied: where it is too long, its lines end with a backslash."""
        room = self.screen.text_width - indent
        if measure(command) <= room:
            self.add_lines([command], indent)
            return
        lines: list[str] = []
        line = ""
        for phrase in _split_phrases(command):
            if line and measure(line) + measure(phrase) + len("  \\") > room:
                lines.append(f"{line} \\")
                line = f"  {phrase}"
            else:
                line += f" {phrase}" if line else phrase
        self.add_lines([*lines, line], indent)


def _split_phrases(command: str) -> list[str]:
    """Return the words of a command line as they are quoted, each option with its value."""
    phrases: list[str] = []
    for word in _WORD.findall(command):
        if phrases and phrases[-1].startswith("-") and " " not in phrases[-1] and not word.startswith("-"):
            phrases[-1] += f" {word}"
        else:
            phrases.append(word)
    return phrases
