"""Undo the escapes in which a service may echo a text: percent, JSON and HTML, also one inside another.

The plain form of a text is its UTF-8 without backslashes: a slash is the same with any number of them before it, and a
tab is the letter t. A space and a plus sign are one too, because a form's body writes one as the other.
"""

from __future__ import annotations

import html
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING

from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    import re

MAX_ESCAPE_LENGTH = 16  # characters that one character is usually written in, at most
MAX_NESTING = 4  # escapes of escapes
_ESCAPE_SIGN = prepare_pattern(r"[%\\&]")
# Each alternative is bounded, or takes a run that cannot begin anywhere else: time is linear in the text's length.
# Each begins with a single character, so that `re` looks for these characters first, ten times as fast.
_ESCAPE = prepare_pattern(
    rb"%[0-9a-fA-F]{2}"
    rb"|\\\\*+u[dD][89abAB][0-9a-fA-F]{2}\\\\*+u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\\\*+(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})?"
    rb"|&(?:#[xX]0*+[0-9a-fA-F]{1,6}|#0*+[0-9]{1,7});?"
    rb"|&[A-Za-z][A-Za-z0-9]{1,31};"
)
_ONE_FORM = bytes.maketrans(b"+\n\r\t\b\f", b" nrtbf")


def has_escape(text: str) -> bool:
    """Whether a text has a character that begins an escape."""
    return _ESCAPE_SIGN.search(text) is not None


def to_form(text: str) -> bytes:
    """Return a text without escapes as it stands in a plain form; with its backslashes."""
    return _encode(text).translate(_ONE_FORM)


def to_plain_forms(text: str) -> list[bytes]:
    """Return a text with its escapes undone, then those that this brought to light, and so on; the last is plain."""
    forms = [_encode(text)]
    while len(forms) <= MAX_NESTING:
        form = _ESCAPE.sub(_replace_escape, forms[-1])
        if form == forms[-1]:
            break
        forms.append(form)
    return [form.translate(_ONE_FORM) for form in forms]


class PlaceMap:
    """Maps the bytes of a plain form to the characters of the text that they were written in."""

    def __init__(self, text: str, level: int) -> None:
        """Follow a text through `level` rounds of undoing its escapes."""
        form = _encode(text)
        widths = [len(_encode(char)) for char in text] if len(form) > len(text) else None
        self._starts = array("L", range(len(text)))
        if widths is not None:
            self._starts = array("L", (place for place, width in enumerate(widths) for _ in range(width)))
        self._ends = array("L", (start + 1 for start in self._starts))
        for _ in range(level):
            form = self._undo(form)

    def _undo(self, form: bytes) -> bytes:
        starts, ends, position = array("L"), array("L"), 0
        pieces: list[bytes] = []
        for match in _ESCAPE.finditer(form):
            first, last = match.span()
            unit = _undo_escape(match[0])
            pieces += (form[position:first], unit)
            starts += self._starts[position:first] + array("L", [self._starts[first]] * len(unit))
            ends += self._ends[position:first] + array("L", [self._ends[last - 1]] * len(unit))
            position = last
        pieces.append(form[position:])
        self._starts, self._ends = starts + self._starts[position:], ends + self._ends[position:]
        return b"".join(pieces)

    def to_place(self, first: int, last: int) -> tuple[int, int]:
        """Return where the characters of the bytes from `first` up to `last` begin and end in the text."""
        return self._starts[first], self._ends[last - 1]


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _replace_escape(match: re.Match[bytes]) -> bytes:
    return _undo_escape(match[0])


@lru_cache(maxsize=1024)
def _undo_escape(escape: bytes) -> bytes:
    """Return what an escape stands for; a lone backslash for nothing."""
    if escape.startswith(b"%"):
        return bytes((int(escape[-2:], 16),))
    if escape.startswith(b"&"):
        return _encode(html.unescape(escape.decode()))
    units = [part[1:] for part in escape.split(b"\\") if part]
    if not units:
        return b""
    if len(units[0]) == len(b"2f"):
        return _encode(chr(int(units[0], 16)))
    return _encode(bytes.fromhex(b"".join(units).decode()).decode("utf-16-be", "surrogatepass"))
