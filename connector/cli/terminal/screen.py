"""What a stream shows: its width and height, and colours where a person wants them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TextIO

    Role = Literal["heading", "key", "done", "refused", "uncertain", "hint"]

_DEFAULT_WIDTH, _DEFAULT_HEIGHT = 80, 24  # characters and lines, where nothing says another size
_WIDEST_TEXT = 200  # characters of a line that one reads; a table has all of the width
_SEQUENCES = {  # of the terminal's own palette, which its user chose to be legible on light or dark
    "heading": "1", "key": "36", "done": "32", "refused": "1;31", "uncertain": "1;33", "hint": "2",
}  # fmt: skip


class Screen:
    """The size of a stream in characters, and whether it is a terminal and shows colours; texts are wrapped earlier.

    No named tuple: the first one of a process has Python make the classes of its syntax trees.
    """

    def __init__(
        self,
        width: int = _DEFAULT_WIDTH,
        height: int = _DEFAULT_HEIGHT,
        *,
        text_width: int | None = None,
        is_terminal: bool = False,
        has_colour: bool = False,
    ) -> None:
        self.width, self.height = width, height
        self.text_width = width if text_width is None else text_width
        self.is_terminal, self.has_colour = is_terminal, has_colour

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] | None = None) -> Screen:
        """Return what a stream shows; COLUMNS and LINES outrank its own size."""
        environ = os.environ if environ is None else environ
        is_terminal = stream.isatty()
        width, height = _measure(stream) if is_terminal else (0, 0)
        width = _read_count(environ.get("COLUMNS")) or width or _DEFAULT_WIDTH
        return cls(
            width=width,
            text_width=min(width, _WIDEST_TEXT),
            height=_read_count(environ.get("LINES")) or height or _DEFAULT_HEIGHT,
            is_terminal=is_terminal,
            has_colour=_wants_colour(environ, is_terminal=is_terminal),
        )

    def paint(self, text: str, role: Role | None) -> str:
        """Return a text in the colour of its role."""
        return f"\x1b[{_SEQUENCES[role]}m{text}\x1b[0m" if role and text and self.has_colour else text


def _measure(stream: TextIO) -> tuple[int, int]:
    try:
        return os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return 0, 0


def _read_count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and text.isascii() else 0


def _wants_colour(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour, by the conventions of no-color.org, force-color.org and bixense.com/clicolors."""
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0", "false") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    is_refused = environ.get("FORCE_COLOR") in ("0", "false") or environ.get("CLICOLOR") == "0"
    return is_terminal and not is_refused and environ.get("TERM") != "dumb"
