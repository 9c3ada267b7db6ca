"""Safe file names from URLs, headers and replies, which never leave their folder."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_NAME_BYTES = 180  # file systems allow 255
DEFAULT_NAME = "download"
_UNSAFE_CHARACTERS = prepare_pattern(r'[<>:"/\\|?*%]')  # special in a path, a shell or on another system
_DEVICE_NAMES = prepare_pattern(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
_EXTENSION_PATTERN = prepare_pattern(r"\.[A-Za-z0-9]{1,10}\Z")
_FILENAME_PARAMETER = prepare_pattern(r'(?i);\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^";\s]+))')
_EXTENDED_FILENAME_PARAMETER = prepare_pattern(r"(?i);\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)")
_EXTENSION_BY_TYPE = {
    **dict.fromkeys(("audio/mp4", "audio/x-m4a"), ".m4a"),
    **dict.fromkeys(("audio/mpeg", "audio/mp3"), ".mp3"),
    "text/vtt": ".vtt",
    **dict.fromkeys(("application/octet-stream", "binary/octet-stream"), ""),
}


def sanitize_name(name: str) -> str:
    """Return a visible file name that is valid on every system; empty if nothing is left.

    Only the last part of a path is used.
    """
    last_part = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    cleaned = "".join("-" if _UNSAFE_CHARACTERS.match(char) else char for char in last_part if char.isprintable())
    cleaned = " ".join(cleaned.split()).strip(". ")
    extension = extension_of(cleaned)
    stem = cleaned.removesuffix(extension).encode("utf-8", "ignore")[: MAX_NAME_BYTES - len(extension)]
    cleaned = stem.decode("utf-8", "ignore").rstrip(". ") + extension
    return f"_{cleaned}" if _DEVICE_NAMES.match(cleaned) else cleaned


def join_fields(values: Iterable[object]) -> str:
    """Return a name made of field values, joined by hyphens."""
    return sanitize_name("-".join(re.sub(r"[/\\]", "-", str(value)) for value in values if value not in (None, "")))


def name_from_reply(url: str, disposition: str | None, content_type: str | None) -> str:
    """Return the file name from a reply (RFC 6266), else from the URL."""
    name = next(filter(None, names_from_reply(url, disposition)), DEFAULT_NAME)
    return name if extension_of(name) else name + extension_from_reply(disposition, content_type)


def names_from_reply(url: str, disposition: str | None) -> tuple[str, str]:
    """Return the file names in a reply and in the URL; each may be empty."""
    return sanitize_name(_parse_disposition(disposition or "")), sanitize_name(unquote(urlsplit(url).path))


def extension_from_reply(disposition: str | None, content_type: str | None) -> str:
    """Return the file extension from a reply, such as .mp4; empty if it has none."""
    from_name = extension_of(sanitize_name(_parse_disposition(disposition or "")))
    media_type = (content_type or "").partition(";")[0].strip().lower()
    return from_name or (
        _EXTENSION_BY_TYPE[media_type]
        if media_type in _EXTENSION_BY_TYPE
        else mimetypes.guess_extension(media_type) or ""
    )


def find_by_stem(folder: Path, stem: str) -> Path | None:
    """Return the existing file with a stem, whatever its extension, or None."""
    matches = (path for path in folder.glob(f"{_escape_glob(stem)}*") if stem in (path.name, path.stem))
    return min(matches, default=None)


def _escape_glob(stem: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", stem)


def extension_of(name: str) -> str:
    """Return the extension of a name, such as .mp4; empty if it has none."""
    match = _EXTENSION_PATTERN.search(name)
    return match[0] if match and match.start() > 0 else ""


def _parse_disposition(header: str) -> str:
    """Return the file name of a Content-Disposition header; the extended form takes precedence."""
    extended_match = _EXTENDED_FILENAME_PARAMETER.search(f";{header}")
    if extended_match:
        return unquote(extended_match[2], encoding=extended_match[1], errors="replace")
    plain_match = _FILENAME_PARAMETER.search(f";{header}")
    if plain_match is None:
        return ""
    return re.sub(r"\\(.)", r"\1", plain_match[1]) if plain_match[1] is not None else plain_match[2]
