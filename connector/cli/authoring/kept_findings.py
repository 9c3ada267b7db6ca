"""What lint found in a large folder, kept by content: nothing is checked twice that has not changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from connector._version import __version__
from connector.authoring.folder_reader import ignore_progress
from connector.authoring.lint import lint
from connector.definition.validation import cache_folder
from connector.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.authoring.folder_reader import Report

MIN_FILES = 200  # of a folder; a smaller one is checked as fast as it is looked up
_PACKAGE = Path(__file__).parents[2]
_LOOKED_AT = ("actions", "schemas")


def find_findings(folder: Path, report: Report = ignore_progress) -> list[Finding]:
    """Return what lint finds: of a large folder that is as it was, what it found then. Raises what `report` does."""
    paths = list_files(folder)
    if len(paths) < MIN_FILES:
        return lint(folder, report)
    states, key = _read_states(folder, paths), _compute_key(folder, paths)
    kept = _parse(cache_folder.read_entry(key, cache_folder.FINDINGS))
    if kept is not None:
        return kept
    findings = lint(folder, report)
    if _read_states(folder, list_files(folder)) == states:  # else they belong to no state of it
        entry = json.dumps([asdict(one) for one in findings]).encode()
        cache_folder.keep_entry(key, entry, cache_folder.FINDINGS)
    return findings


def list_files(folder: Path) -> list[Path]:
    """Return what lint looks at: what is beside the manifest, and in the folders that it has."""
    inner = (path for name in _LOOKED_AT for path in (folder / name).rglob("*"))
    return sorted([*folder.glob("*.yaml"), *inner])


def _parse(entry: bytes | None) -> list[Finding] | None:
    """Return the findings of an entry; None for anything else."""
    with contextlib.suppress(RecursionError, TypeError, ValueError):
        found = json.loads(entry or b"null")
        return [Finding(**one) for one in found] if isinstance(found, list) else None
    return None


def _read_states(folder: Path, paths: Iterable[Path]) -> list[tuple[Path, int, int, int, int]]:
    """Return what shows that any of it was changed, even if it was changed back."""
    states = []
    for path in (folder, *(folder / name for name in _LOOKED_AT), *paths):
        with contextlib.suppress(OSError):
            status = path.stat()
            states.append((path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
    return states


def _compute_key(folder: Path, paths: Iterable[Path]) -> str:
    """Return a text that changes with the files, with where they are, and with the rules."""
    digest = hashlib.blake2b(digest_size=20)
    for part in (str(folder), sys.version, __version__, _describe_rules()):
        digest.update(f"{part}\0".encode("utf-8", "surrogatepass"))
    for path in paths:
        kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "file"
        content = b""
        with contextlib.suppress(OSError):  # removed meanwhile, or unreadable, which is a state too
            content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path}\0{kind}\0{len(content)}\0".encode("utf-8", "surrogatepass"))
        digest.update(content)
    return digest.hexdigest()


@cache
def _describe_rules() -> str:
    """Return a text that changes with this package, whose rules may be under work."""
    digest = hashlib.blake2b(digest_size=16)
    for line in sorted(_iter_sources()):
        digest.update(line.encode())
    return digest.hexdigest()


def _iter_sources() -> Iterator[str]:
    for path in _PACKAGE.rglob("*"):
        if path.suffix in (".py", ".yaml", ".json"):
            status = path.stat()
            yield f"{path.relative_to(_PACKAGE)} {status.st_mtime_ns} {status.st_size}\n"
