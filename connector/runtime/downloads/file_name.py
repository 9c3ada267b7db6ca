"""Names of files that come from outside: from a URL, a header, a reply. They name a file in a folder, nothing else."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LONGEST = 180  # bytes; file systems take 255
UNNAMED = "download"
_BAD = re.compile(r'[<>:"/\\|?*%]')  # what a path, a shell or another system reads as more than a letter
_DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_PLAIN = re.compile(r'(?i);\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^";\s]+))')
_EXTENDED = re.compile(r"(?i);\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)")
_TYPES = {"audio/mp4": ".m4a", "audio/x-m4a": ".m4a", "audio/mpeg": ".mp3", "audio/mp3": ".mp3", "text/vtt": ".vtt",
          "application/octet-stream": "", "binary/octet-stream": ""}  # fmt: skip


def safe(name: str) -> str:
    """Return a name that stays in its folder, is not hidden, and is a file on every system; empty when nothing is left.

    Of a path its last part is taken.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join("-" if _BAD.match(char) else char for char in last if char.isprintable())
    shown = " ".join(shown.split()).strip(". ")
    extension = _extension(shown)
    stem = shown.removesuffix(extension).encode("utf-8", "ignore")[: LONGEST - len(extension)]
    shown = stem.decode("utf-8", "ignore").rstrip(". ") + extension
    return f"_{shown}" if _DEVICES.match(shown) else shown


def joined(values: Iterable[object]) -> str:
    """Return a name made of what fields hold, with - between."""
    return safe("-".join(re.sub(r"[/\\]", "-", str(value)) for value in values if value not in (None, "")))


def of_reply(url: str, disposition: str | None, content_type: str | None) -> str:
    """Return the name that a reply gives its file (RFC 6266), else the URL does."""
    name = safe(_disposed(disposition or "")) or safe(unquote(urlsplit(url).path)) or UNNAMED
    return name if _extension(name) else name + extension(disposition, content_type)


def extension(disposition: str | None, content_type: str | None) -> str:
    """Return the extension that a reply gives its file, such as .mp4; empty where it says none."""
    named = _extension(safe(_disposed(disposition or "")))
    kind = (content_type or "").partition(";")[0].strip().lower()
    return named or (_TYPES[kind] if kind in _TYPES else mimetypes.guess_extension(kind) or "")


def free(folder: Path, stem: str) -> Path | None:
    """Return the file that stands under a name, whatever its extension, or None."""
    taken = (one for one in folder.glob(f"{_escaped(stem)}*") if stem in (one.name, one.stem))
    return min(taken, default=None)


def _escaped(stem: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", stem)


def _extension(name: str) -> str:
    found = _EXTENSION.search(name)
    return found[0] if found and found.start() > 0 else ""


def _disposed(header: str) -> str:
    """Return the file name in a Content-Disposition; the extended form counts more."""
    extended = _EXTENDED.search(f";{header}")
    if extended:
        return unquote(extended[2], encoding=extended[1], errors="replace")
    plain = _PLAIN.search(f";{header}")
    if plain is None:
        return ""
    return re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
