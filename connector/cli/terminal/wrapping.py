"""Lines of a width: texts wrapped at words, never inside one, and cells cut with an ellipsis."""

from __future__ import annotations

ELLIPSIS = "…"


def measure(text: str) -> int:
    """Return the columns that a text takes on a terminal; characters of some scripts take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # ASCII alone needs no tables of widths

    return cell_len(text)


def wrap(text: str, width: int, next_indent: str = "") -> list[str]:
    """Return the lines of a text wrapped at its spaces; a word that is longer than a line is a line of its own.

    Lines that go on are indented by `next_indent`; the indentation of the text's own lines is kept.
    """
    return [line for whole in text.split("\n") for line in _wrap_line(whole, width, next_indent)]


def _wrap_line(text: str, width: int, next_indent: str) -> list[str]:
    if measure(text) <= width:
        return [text]
    own_indent = text[: len(text) - len(text.lstrip(" "))]
    lines: list[str] = []
    line, is_empty = own_indent, True
    for word in text.split():
        if not is_empty and measure(line) + 1 + measure(word) > width:
            lines.append(line)
            line, is_empty = own_indent + next_indent, True
        line += word if is_empty else f" {word}"
        is_empty = False
    return [*lines, line]


def cut(text: str, width: int) -> str:
    """Return a text that takes at most `width` columns, cut behind a word where that loses little."""
    if measure(text) <= width:
        return text
    kept = _take(text, width - 1)
    head, space, _ = kept.rpartition(" ")
    is_inside_word = not text[len(kept) :].startswith(" ")
    if space and is_inside_word and measure(head) * 2 >= width:
        kept = head
    return kept.rstrip(" ,;:.(") + ELLIPSIS


def _take(text: str, width: int) -> str:
    """Return the beginning of a text that takes at most `width` columns."""
    taken = 0
    for position, character in enumerate(text):
        taken += measure(character)
        if taken > width:
            return text[:position]
    return text
