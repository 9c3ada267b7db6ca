"""A file that a command names with @: opened anew for each sending, never held in memory as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connector.core.inputs.coerce import Bad


@dataclass(frozen=True, slots=True)
class Upload:
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


def named(path: str) -> Upload:
    """Return the recipe of a file. Raises Bad naming the path and the reason when it cannot be read."""
    found = Path(path).expanduser()
    try:
        with found.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise _unreadable(path, error) from None
    return Upload(found)


def text(path: str) -> str:
    """Return a file's text without its last line end, as a shell does. Raises Bad."""
    try:
        read = Path(path).expanduser().read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError as error:
        raise Bad("a file of UTF-8 text", f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8") from None
    return read.removesuffix("\n").removesuffix("\r")


def body(path: str) -> str | bytes:
    """Return a file as the body of a raw request: text where it is text, else its bytes. Raises Bad."""
    raw = bytes(named(path))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _unreadable(path: str, error: OSError) -> Bad:
    return Bad("a file that can be read", f"{path or 'the name is empty'}: {error.strerror or error}".rstrip())
