"""Handle closed, non-UTF-8 or broken-pipe stdout and stderr."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from connector.cli.terminal.screen import Screen
from connector.cli.terminal.wrapping import wrap
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator
    from typing import Any, TextIO

    from connector.cli.terminal.screen import Role

_WARNING = "Warning:"  # the first word of a warning

# C0 without tab and line end, DEL, C1, marks of direction, line separators, and tags
_CONTROLS = prepare_pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def make_printable(stream: TextIO | None) -> TextIO:
    """Return a stream that escapes characters its encoding lacks; a closed stream becomes the null device."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  it lives as long as the process
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


STDOUT_NAME = "stdout"  # filename of the errors of stdout
_KNOWN_CODE = "known_exit_code"  # attribute of the errors of stdout


class _StdoutFile(io.FileIO):
    """A file whose errors carry its name, to tell them from errors of other files."""

    def write(self, data: Any, /) -> int:
        """Write as FileIO does. Raises OSError whose filename is STDOUT_NAME."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STDOUT_NAME
            raise


def tag_stdout_errors(stream: TextIO) -> TextIO:
    """Return stdout with errors that carry its name; a replaced stdout is returned unchanged."""
    if stream is not sys.__stdout__ or not isinstance(stream, io.TextIOWrapper):
        return stream
    raw_file = getattr(stream.buffer, "raw", stream.buffer)
    if type(raw_file) is not io.FileIO:
        return stream
    stream.flush()
    tagged_file = _StdoutFile(stream.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        tagged_file if raw_file is stream.buffer else io.BufferedWriter(tagged_file),  # -u: no buffer
        stream.encoding, stream.errors, line_buffering=stream.line_buffering, write_through=stream.write_through,
    )  # fmt: skip


def escape_controls(text: str) -> str:
    """Return a text without what a terminal would obey, such as ESC, CSI and marks of direction; lines are kept."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def escape_json_controls(text: str) -> str:
    """Return JSON with the same data, and escapes for what a terminal would obey."""
    return _CONTROLS.sub(_escape_for_json, text)


def _escape_for_json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


_note_formats: list[Callable[[str, str], str]] = []  # the one in force, unless notes are plain text


def set_note_format(format_note: Callable[[str, str], str] | None) -> None:
    """Set how the lines of `print_stderr` look, by text and level; None for plain text."""
    _note_formats[:] = [] if format_note is None else [format_note]


def has_note_format() -> bool:
    """Whether `print_stderr` writes something else than plain text."""
    return bool(_note_formats)


def print_stderr(text: str, role: Role | None = None, *, level: str = "info", is_wrapped: bool = True) -> None:
    """Write a line to stderr, controls escaped; on a terminal in the colour of its role, and wrapped at words."""
    is_warning = text.startswith(_WARNING)
    if _note_formats:
        write_stderr(_note_formats[0](text, "warning" if is_warning else level))
        return
    screen = Screen.of(sys.stderr)
    text = escape_controls(text)
    if screen.is_terminal and is_wrapped:
        text = "\n".join(wrap(text, screen.text_width, "  "))
    if is_warning:
        text = screen.paint(_WARNING, "uncertain") + text.removeprefix(_WARNING)
    write_stderr(text if is_warning else "\n".join(screen.paint(line, role) for line in text.split("\n")))


def write_stderr(text: str) -> None:
    """Write a line to stderr as it is; one that cannot be written is dropped, and changes nothing else."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        return


def is_stdout_error(error: BaseException) -> bool:
    """Whether an error says that stdout cannot be written."""
    return isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and error.filename == STDOUT_NAME)


@contextmanager
def keeping_code(find_code: Callable[[], int]) -> Iterator[None]:
    """Have an error of stdout carry the code that the command would end with: what failed, failed for any reader."""
    try:
        yield
    except OSError as error:
        if is_stdout_error(error):
            setattr(error, _KNOWN_CODE, find_code())
        raise


def get_known_code(error: OSError) -> int:
    """Return the code that an error of stdout carries, or 0."""
    return int(getattr(error, _KNOWN_CODE, 0))


def discard_output() -> None:
    """Discard buffered output, because its reader is gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def is_stdout_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


@contextmanager
def redirect_stdout_to_stderr() -> Iterator[None]:
    """Redirect the output of started programs to stderr: stdout is for data."""
    try:
        saved = os.dup(1)
    except OSError:  # stdout was closed before the start
        yield
        return
    try:
        with suppress(OSError):  # stderr may be closed too
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


def can_prompt() -> bool:
    """Whether stdin is a terminal, where a user can answer."""
    return sys.stdin is not None and sys.stdin.isatty()
