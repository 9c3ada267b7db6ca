"""Rows of cells at the width of a screen: side by side where they fit, else each row as a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.cli.terminal.page import TextPage
from connector.cli.terminal.wrapping import cut, measure, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.cli.terminal.screen import Role, Screen

_GAP = 2  # characters between columns
_NARROWEST = 9  # characters of a column of texts, which are wrapped; ids, times and links stay whole
_ROLES: dict[str, Role] = {
    "done": "done", "rejected": "refused", "not_sent": "refused", "uncertain": "uncertain", "interrupted": "uncertain",
}  # fmt: skip
_MAX_LINES = 3  # of a cell; the rest is cut with an ellipsis


def format_grid(names: Sequence[str], rows: Sequence[Sequence[str]], screen: Screen) -> str | None:
    """Return rows below the names of their columns; None where they do not fit side by side."""
    widths = _fit_columns(names, rows, screen.width)
    if widths is None:
        return None
    header = [
        f"{screen.paint(name, 'heading')}{'':{width - measure(name)}}"
        for name, width in zip(names, widths, strict=True)
    ]
    lines = [(" " * _GAP).join(header).rstrip()] if any(names) else []
    for row in rows:
        cells = [_wrap_cell(cell, width) for cell, width in zip(row, widths, strict=True)]
        for place in range(max(map(len, cells))):
            line = [cell[place] if place < len(cell) else "" for cell in cells]
            shown = [
                f"{screen.paint(text, _find_role(name, text))}{'':{width - measure(text)}}"
                for name, text, width in zip(names, line, widths, strict=True)
            ]
            lines.append((" " * _GAP).join(shown).rstrip())
    return "\n".join(lines)


def _find_role(name: str, text: str) -> Role | None:
    """Return the colour of a cell: of an outcome, what it says."""
    return _ROLES.get(text) if name == "outcome" else None


def count_fitting_columns(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int:
    """Return how many columns, from the first, fit side by side."""
    counts = range(len(names), 0, -1)
    return next((n for n in counts if _fit_columns(names[:n], [row[:n] for row in rows], width) is not None), 0)


def format_cards(names: Sequence[str], rows: Sequence[Sequence[str]], screen: Screen) -> str:
    """Return each row as a card: a line for each of its cells, none of them cut."""
    page = TextPage(screen)
    for row in rows:
        page.add_blank()
        page.add_terms([(name, cell) for name, cell in zip(names, row, strict=True) if cell], 0)
    return str(page)


def _fit_columns(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Return the width of each column; None where even the narrowest texts leave too little room."""
    columns = list(zip(names, *rows, strict=True))
    widths = [max(map(measure, column)) for column in columns]
    floors = [
        min(natural, max(_NARROWEST, measure(column[0]))) if any(" " in cell for cell in column[1:]) else natural
        for natural, column in zip(widths, columns, strict=True)
    ]
    room = width - _GAP * (len(widths) - 1)
    if sum(floors) > room:
        return None
    while sum(widths) > room:  # the widest of those that may shrink gives a character
        place = max((place for place in range(len(widths)) if widths[place] > floors[place]), key=widths.__getitem__)
        widths[place] -= 1
    return widths


def _wrap_cell(text: str, width: int) -> list[str]:
    lines = wrap(text, width)
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], " ".join(lines[_MAX_LINES - 1 :])]
    return [cut(line, width) for line in lines]
