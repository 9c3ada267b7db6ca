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
from connector.errors import ConnectorError, Finding
from connector.runtime.files import private_files
from connector.runtime.files.atomic import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.authoring.folder_reader import Report

MIN_FILES = 200  # of a folder; a smaller one is checked as fast as it is looked up
_MAX_KEPT = 20  # results
_PACKAGE = Path(__file__).parents[2]
_LOOKED_AT = ("actions", "schemas")


def find_findings(folder: Path, report: Report = ignore_progress) -> list[Finding]:
    """Return what lint finds: of a large folder that is as it was, what it found then. Raises what `report` does."""
    paths = list_files(folder)
    if len(paths) < MIN_FILES:
        return lint(folder, report)
    key = _compute_key(folder, paths)
    kept_path = _find_cache_folder() / f"{key}.json"
    findings = _read(kept_path)
    if findings is None:
        findings = lint(folder, report)
        if _compute_key(folder, list_files(folder)) == key:  # else they belong to no state of it
            _keep(kept_path, findings)
    return findings


def list_files(folder: Path) -> list[Path]:
    """Return what lint looks at: what is beside the manifest, and in the folders that it has."""
    inner = (path for name in _LOOKED_AT for path in (folder / name).rglob("*"))
    return sorted([*folder.glob("*.yaml"), *inner])


def _find_cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("connector", appauthor=False) / "lint"


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


def _read(path: Path) -> list[Finding] | None:
    """Return what is kept; None where there is nothing, or nothing that can be read."""
    try:
        return [Finding(**one) for one in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError):
        return None


def _keep(path: Path, findings: Iterable[Finding]) -> None:
    """Keep findings, and forget the oldest; a folder that cannot be written keeps none."""
    with contextlib.suppress(OSError, ConnectorError):
        private_files.make_folder(path.parent)
        replace_file(path, json.dumps([asdict(one) for one in findings]).encode("utf-8", "surrogatepass"))
        kept = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
        for old in kept[_MAX_KEPT:]:
            old.unlink(missing_ok=True)
