"""Files that arguments name with @; @- is standard input."""

from __future__ import annotations

import io
import sys
from dataclasses import field
from pathlib import Path
from typing import BinaryIO, TextIO
from weakref import WeakSet

from connector.cli.help.near_files import suggest_file
from connector.core.invalid_value import InvalidValue
from connector.errors import UsageError
from connector.first_use import dataclass

_STDIN = "-"
_READ: WeakSet[TextIO] = WeakSet()


@dataclass(frozen=True, slots=True)
class FileArgument:
    """A file to send, opened again for each attempt; it was readable when the argument was parsed.

    Standard input is read once, to its end.
    """

    path: Path
    content: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    def open_again(self) -> BinaryIO:
        """Open the file from its beginning."""
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)

    def __bytes__(self) -> bytes:
        return self.path.read_bytes() if self.content is None else self.content


def open_file_argument(path: str) -> FileArgument:
    """Return a file to send. Raises InvalidValue with path and reason if it cannot be read."""
    if path == _STDIN:
        return FileArgument(Path("stdin"), _read_stdin())
    resolved = Path(path).expanduser()
    try:
        with resolved.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise _build_unreadable_error(path, error) from None
    return FileArgument(resolved)


def read_text(path: str) -> str:
    """Return a file's text without its last line end, as a shell does. Raises InvalidValue."""
    try:
        content = (_read_stdin() if path == _STDIN else Path(path).expanduser().read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise _build_unreadable_error(path, error) from None
    except UnicodeDecodeError as error:
        raise InvalidValue(
            "a file of UTF-8 text", f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8"
        ) from None
    return content.removesuffix("\n").removesuffix("\r")


def read_body(path: str) -> str | bytes:
    """Return a file as the body of a raw request: text if it is UTF-8, else bytes. Raises InvalidValue."""
    raw = bytes(open_file_argument(path))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _read_stdin() -> bytes:
    """Return standard input to its end. Raises InvalidValue if it is a terminal, or was read for another argument."""
    if sys.stdin is None or sys.stdin.isatty():
        raise InvalidValue("standard input from a pipe", "pipe the data into the command, or name a file: @FILE")
    if sys.stdin in _READ:
        raise InvalidValue("@- once, as standard input can be read once", "name a file for one of them: @FILE")
    content = sys.stdin.buffer.read()
    _READ.add(sys.stdin)
    return content


def _build_unreadable_error(path: str, error: OSError) -> InvalidValue:
    near = suggest_file(path)
    reason = f"{path or 'the path is empty'}: {error.strerror or error}".rstrip()
    return InvalidValue("a readable file", f"{reason}.{near}" if near else reason)


def read_file(path: str) -> bytes:
    """Return the content of a file, or of standard input for -. Raises UsageError with path and reason."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        hint = suggest_file(path).strip() or "Check the path and its permissions."
        raise UsageError(f"{path}: {error.strerror}.", hint=hint) from None
