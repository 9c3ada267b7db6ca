"""The file of a backup: a zip with a manifest that lists every entry with its checksum."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import asdict, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from connector._version import __version__
from connector.errors import StoreError, UsageError
from connector.first_use import dataclass
from connector.runtime.database.schema import build_version_error
from connector.runtime.files import atomic, private_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

BACKUP_VERSION = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20  # bytes
_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, KeyError, TypeError, EOFError)


@dataclass(frozen=True, slots=True)
class TableCopy:
    """The rows of a table, in an entry of the archive."""

    table: str
    entry: str
    rows: int


@dataclass(frozen=True, slots=True)
class PartCopy:
    """The tables of one kind of data; `place` is where they were, `name` tells several of a kind apart."""

    kind: str
    name: str
    version: int
    place: str
    tables: Sequence[TableCopy]

    @property
    def rows(self) -> int:
        """The rows of the main table, which is the first."""
        return self.tables[0].rows


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A file, in an entry of the archive."""

    path: str
    entry: str


@dataclass(slots=True)
class BackupManifest:
    """What a backup holds. `sealed_with` are the fingerprints of the keys that connections are encrypted with.

    `plain_records` counts those that are not encrypted; `checksums` are SHA-256 by entry.
    """

    backup: int = BACKUP_VERSION
    program: str = __version__
    made_at: str = ""
    parts: list[PartCopy] = field(default_factory=list)
    journals: list[FileCopy] = field(default_factory=list)
    settings: FileCopy | None = None
    sealed_with: list[str] = field(default_factory=list)
    plain_records: int = 0
    key: str | None = None  # the entry that holds the key
    checksums: dict[str, str] = field(default_factory=dict)


class ArchiveWriter:
    """Writes an archive, private and under another name until it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = BackupManifest(made_at=datetime.now(UTC).isoformat(timespec="seconds"))
        self._temp_path = atomic.build_temp_path(path)

    def __enter__(self) -> Self:
        if os.path.lexists(self.path):
            raise UsageError(f"{self.path} exists.", hint="Name a new file: a backup never replaces another.")
        try:
            self._temp_path.unlink(missing_ok=True)
            private_files.create_private(self._temp_path, b"")
            self._file = self._temp_path.open("wb")
            self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        except OSError as error:
            raise private_files.build_store_error(error, self.path) from error
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        try:
            if failed is None:
                self._add(_MANIFEST, [json.dumps(asdict(self.manifest), indent=1).encode()])
            self._zip.close()
            self._file.flush()
            if failed is None:
                os.fsync(self._file.fileno())
                self._file.close()
                atomic.rename_to_new(self._temp_path, self.path)
                private_files.sync_folder(self.path.parent)
        except OSError as error:
            raise private_files.build_store_error(error, self.path) from error
        finally:
            for opened in (self._zip, self._file):
                with contextlib.suppress(OSError):  # on a full disk, what is buffered cannot be written either
                    opened.close()
            self._temp_path.unlink(missing_ok=True)

    def add(self, entry: str, chunks: Iterable[bytes]) -> None:
        """Add an entry. Raises StoreError."""
        try:
            self.manifest.checksums[entry] = self._add(entry, chunks)
        except OSError as error:
            raise private_files.build_store_error(error, self.path) from error

    def add_table(self, entry: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Add the rows of a table, one a line after that of the columns; return how many there are."""
        count = 0

        def build_lines() -> Iterator[bytes]:
            nonlocal count
            yield json.dumps(list(columns)).encode() + b"\n"
            for row in rows:
                count += 1
                yield json.dumps([_encode(value) for value in row]).encode() + b"\n"

        self.add(entry, build_lines())
        return count

    def _add(self, entry: str, chunks: Iterable[bytes]) -> str:
        digest = hashlib.sha256()
        info = zipfile.ZipInfo(entry)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()


class ArchiveReader:
    """An archive that is complete and undamaged. Raises StoreError, and for a newer version of it too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = self._read_manifest()
            self._check()
        except OSError as error:
            raise private_files.build_store_error(error, path, "Nothing was restored.") from error
        except _DAMAGE as error:
            raise self.build_error(str(error) or type(error).__name__) from None

    def build_error(self, reason: str) -> StoreError:
        """Return the error of a damaged archive."""
        message = f"{self.path} is not a whole backup: {reason.rstrip('.')}. Nothing was restored."
        return StoreError(message, hint="Use another backup.", path=str(self.path))

    def read(self, entry: str) -> bytes:
        """Return the content of an entry."""
        return self._zip.read(entry)

    def read_table(self, table: TableCopy) -> tuple[list[str], Iterator[list[Any]]]:
        """Return the columns and the rows of a table."""
        file = self._zip.open(table.entry)
        columns: list[str] = json.loads(file.readline())
        return columns, ([_decode(value) for value in json.loads(line)] for line in file)

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_manifest(self) -> BackupManifest:
        facts = json.loads(self._zip.read(_MANIFEST))
        version = facts["backup"]
        if version != BACKUP_VERSION:
            raise build_version_error(str(self.path), "the backup", (version, facts.get("program")), BACKUP_VERSION)
        manifest = BackupManifest(**{one.name: facts[one.name] for one in fields(BackupManifest)})
        manifest.parts = [
            PartCopy(**{**part, "tables": [TableCopy(**table) for table in part["tables"]]}) for part in facts["parts"]
        ]
        manifest.journals = [FileCopy(**one) for one in facts["journals"]]
        manifest.settings = FileCopy(**facts["settings"]) if facts["settings"] else None
        return manifest

    def _check(self) -> None:
        """Compare every entry with its checksum."""
        names = set(self._zip.namelist())
        if names != {_MANIFEST, *self.manifest.checksums}:
            raise ValueError("it lacks entries, or has others than it lists")
        for entry, checksum in self.manifest.checksums.items():
            digest = hashlib.sha256()
            with self._zip.open(entry) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
            if digest.hexdigest() != checksum:
                raise ValueError(f"the checksum of {entry} does not match")


def _encode(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def _decode(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
