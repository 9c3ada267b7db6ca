"""Copy everything that is kept into one file, while it is in use."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.core.bulk.journal_state import CorruptJournal, JournalState, is_journal_header
from connector.errors import UsageError
from connector.first_use import dataclass
from connector.runtime.backup.archive import ArchiveWriter, FileCopy, PartCopy, TableCopy
from connector.runtime.backup.places import open_places
from connector.runtime.files import private_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from connector.runtime.backup.archive import BackupManifest
    from connector.runtime.backup.places import Location

_SEALED_FIELDS = {"sealed", "key"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSources:
    """What to copy: databases and folders, journals of bulk runs and chains, the config file, and the keys."""

    locations: Sequence[Location]
    journals: Sequence[Path] = ()
    settings: Path | None = None
    keys: str | None = field(default=None, repr=False)


def make_backup(path: Path, sources: BackupSources) -> BackupManifest:
    """Write a backup into a new file, and return what it holds. Raises StoreError, UsageError.

    Each database is read in one snapshot; nothing has to be stopped.
    """
    with ArchiveWriter(path) as archive:
        for place, locations in open_places(sources.locations):
            if not place.exists():
                continue
            with place.reading() as reader:
                for location in locations:
                    schema = place.schemas[location.kind]
                    tables = []
                    for table in schema.tables:
                        entry = "/".join(filter(None, (location.kind, location.name, f"{table}.jsonl")))
                        columns, rows = reader.read(table)
                        if location.kind == "store":
                            rows = _note_keys(archive.manifest, columns, rows)
                        tables.append(TableCopy(table, entry, archive.add_table(entry, columns, rows)))
                    part = PartCopy(location.kind, location.name, schema.version, place.display_url, tables)
                    archive.manifest.parts.append(part)
        for number, journal in enumerate(sources.journals, 1):
            entry = f"journals/{number}.journal"
            archive.add(entry, [read_journal(journal)])
            archive.manifest.journals.append(FileCopy(str(journal.absolute()), entry))
        if sources.settings is not None:
            archive.add("settings/config.yaml", [sources.settings.read_bytes()])
            archive.manifest.settings = FileCopy(str(sources.settings), "settings/config.yaml")
        if sources.keys is not None:
            archive.add("key", [sources.keys.encode()])
            archive.manifest.key = "key"
    return archive.manifest


def read_journal(path: Path) -> bytes:
    """Return the whole lines of a journal, which may be growing. Raises StoreError, UsageError for another file."""
    content = private_files.read_file(path)
    if content is None:
        raise UsageError(f"There is no journal {path}.", hint="Check the path.")
    whole = content[: content.rfind(b"\n") + 1]
    if not is_whole_journal(whole):
        raise UsageError(f"{path} is not a journal.", hint="Name the journals alone: ROWS.ACTION.journal.")
    return whole


def is_whole_journal(content: bytes) -> bool:
    """Whether these are the lines of a journal, and nothing else."""
    try:
        JournalState().replay(content.splitlines(keepends=True))
    except CorruptJournal:
        return False
    return is_journal_header(content)


def _note_keys(
    manifest: BackupManifest, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    """Yield the rows of a store, and note which keys their records are encrypted with."""
    at = columns.index("data")
    for row in rows:
        key = _find_key(row[at])
        if key is None:
            manifest.plain_records += 1
        elif key not in manifest.sealed_with:
            manifest.sealed_with.append(key)
        yield row


def _find_key(text: str) -> str | None:
    """Return the fingerprint of the key of a record; None for one that is not encrypted."""
    try:
        data = json.loads(text)["data"]
    except (ValueError, TypeError, KeyError):  # damaged
        return None
    return str(data["key"]) if isinstance(data, dict) and set(data) == _SEALED_FIELDS else None
