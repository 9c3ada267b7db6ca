"""Markdown: tables, code, and links to headings, with whatever they contain escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def render_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(map(_escape_cell, row))} |"


def format_code(text: str) -> str:
    """Return a text as inline code; an empty text stays empty."""
    if not text:
        return ""
    fence = "`" * (1 + max((len(backticks) for backticks in re.findall("`+", text)), default=0))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def link_heading(heading: str) -> str:
    """Return a link to a heading of the same page."""
    anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    return f"[{heading}](#{anchor})"


def _escape_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")
