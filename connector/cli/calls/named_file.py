"""What a file is that -f names, where it cannot be what the command reads: nothing, a folder, a picture."""

from __future__ import annotations

from pathlib import Path

from connector.cli.help.near_files import suggest_file
from connector.errors import UsageError

_HEAD_BYTES = 4096
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_KINDS = {
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "an Excel workbook or another archive (ZIP)",
    b"\xd0\xcf\x11\xe0": "a document of an earlier Microsoft Office",
    b"\x1f\x8b": "a compressed file (gzip)",
    b"SQLite format 3": "a database (SQLite)",
}


def check_named_file(path: str, expected: str, hint: str, *, is_text: bool = True) -> None:
    """Check that -f names a file with something in it. Raises UsageError that says what it is, and what is expected.

    Standard input, pipes and devices cannot be looked into before they are read.
    """
    file = Path(path)
    if path == "-" or (file.exists() and not (file.is_file() or file.is_dir())):
        return
    missing = suggest_file(path)
    got = "there is no such file" if missing else _describe_wrong(file, is_text=is_text)
    if got:
        raise UsageError(f"{path}: {got}; expected {expected}.{missing}", hint=hint)


def _describe_wrong(file: Path, *, is_text: bool) -> str:
    """Return what a file is that cannot be read as expected; empty where it may be."""
    if file.is_dir():
        has_manifest = (file / "manifest.yaml").is_file()
        return "it is the folder of a connector, which --connector names" if has_manifest else "it is a folder"
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
    except FileNotFoundError:
        return "there is no such file"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if not head.strip():
        return "it is empty"
    if not is_text:
        return ""
    kind = next((f"it is {kind}" for mark, kind in _KINDS.items() if head.startswith(mark)), "")
    is_binary = b"\0" in head and not head.startswith(_UTF_16_MARKS)
    return kind or ("it is no text" if is_binary else "")
