"""A file that a command names with @: opened anew for each sending, never held in memory as a whole."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connector.core.invalid_value import InvalidValue
from connector.errors import StoreError


@dataclass(frozen=True, slots=True)
class FileArgument:
    """The recipe of a file's bytes; `path` was readable when it was named."""

    path: Path

    @property
    def name(self) -> str:
        """The file's own name, without its folder."""
        return self.path.name

    def open_again(self) -> BinaryIO:
        """Open the file from its beginning."""
        return self.path.open("rb")

    def __bytes__(self) -> bytes:
        return self.path.read_bytes()


def open_file_argument(path: str) -> FileArgument:
    """Return the recipe of a file. Raises Bad naming the path and the reason when it cannot be read."""
    resolved = Path(path).expanduser()
    try:
        with resolved.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise _build_unreadable_error(path, error) from None
    return FileArgument(resolved)


def read_text(path: str) -> str:
    """Return a file's text without its last line end, as a shell does. Raises Bad."""
    try:
        content = Path(path).expanduser().read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _build_unreadable_error(path, error) from None
    except UnicodeDecodeError as error:
        raise InvalidValue(
            "a file of UTF-8 text", f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8"
        ) from None
    return content.removesuffix("\n").removesuffix("\r")


def read_body(path: str) -> str | bytes:
    """Return a file as the body of a raw request: text where it is text, else its bytes. Raises Bad."""
    raw = bytes(open_file_argument(path))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _build_unreadable_error(path: str, error: OSError) -> InvalidValue:
    return InvalidValue("a file that can be read", f"{path or 'the name is empty'}: {error.strerror or error}".rstrip())


def read_file(path: str) -> bytes:
    """Return what a file or standard input holds. Raises StoreError naming the path and the reason."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}.", path=path, hint="Check the path and its rights.") from None
