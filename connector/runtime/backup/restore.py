"""Put back what a backup holds: all of it or nothing."""

from __future__ import annotations

import contextlib
import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import ConnectorError, StoreError
from connector.first_use import dataclass
from connector.runtime.backup.backup import is_whole_journal
from connector.runtime.backup.places import KINDS, open_places
from connector.runtime.bulk.journal_file import lock_journal, open_journal
from connector.runtime.database.schema import build_version_error
from connector.runtime.files import atomic, private_files
from connector.runtime.process.command_lines import format_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connector.runtime.backup.archive import ArchiveReader, FileCopy, PartCopy
    from connector.runtime.backup.places import Location, Place, Writer

JOURNAL_NEW, JOURNAL_SAME, JOURNAL_AHEAD, JOURNAL_OTHER = "new", "same", "ahead", "other"


@dataclass(frozen=True, slots=True)
class RestoredPart:
    """A part of a backup and its place; `present` is how many rows of the main table would be replaced."""

    part: PartCopy
    place: str
    present: int

    @property
    def rows(self) -> int:
        """The rows of the main table that come back."""
        return self.part.rows


@dataclass(frozen=True, slots=True)
class RestoredJournal:
    """A journal of a backup; `state` compares it with what is at its path.

    `ahead`: what is there begins as the one of the backup, and has gone on since; it is left as it is.
    """

    path: Path
    entry: str
    state: str


class Restore:
    """The restore of one backup. `locate` returns where a part belongs; `note_path` notes that one is not finished.

    Raises StoreError for a backup that this program cannot read, UsageError for an unsupported place.
    """

    def __init__(self, archive: ArchiveReader, locate: Callable[[PartCopy], Location], note_path: Path) -> None:
        self._archive, self._note_path = archive, note_path
        for part in archive.manifest.parts:
            if part.kind not in KINDS:
                found = part.version, archive.manifest.program
                raise build_version_error(str(archive.path), f"its part {part.kind}", found, 0)
        located = [(locate(part), part) for part in archive.manifest.parts]
        self._places = [
            (place, [part for one in locations for location, part in located if location is one])
            for place, locations in open_places(location for location, _ in located)
        ]
        for place, parts in self._places:
            if len(parts) != len({part.kind for part in parts}):
                kinds = ", ".join(sorted({part.kind for part in parts}))
                message = f"Several parts of the backup have one place, {place.display_url}: {kinds}."
                raise StoreError(message, hint="Name another place for one of them.", path=place.display_url)
            for part in parts:
                schema = place.schemas[part.kind]
                schema.check_version(part.version, archive.manifest.program, str(archive.path))
                if {table.table for table in part.tables} != set(schema.tables):
                    raise archive.build_error(f"{part.kind} does not have the tables of its version")
        self.parts = [one for place, parts in self._places for one in _compare_parts(place, parts)]
        self.journals = [self._compare_journal(one) for one in archive.manifest.journals]

    @property
    def replaces(self) -> bool:
        """Whether something would be overwritten."""
        return any(one.present for one in self.parts) or any(one.state == JOURNAL_OTHER for one in self.journals)

    def run(self) -> None:
        """Replace what is in the places. Raises StoreError; then all is as it was, unless it says otherwise.

        Everything is written first, and then committed, place by place. One that fails or dies between two commits
        leaves a note, which `find_unfinished` returns.
        """
        restored: list[str] = []
        try:
            with contextlib.ExitStack() as stack:
                for place, parts in self._places:
                    stack.push(partial(_note_restored, restored, place.display_url))  # called when it is committed
                    writer = stack.enter_context(place.replacing())
                    for part in parts:
                        self._replace(writer, part)
                self._write_note()
            for journal in self._list_journals():
                self._put_journal(journal)
                restored.append(str(journal.path))
        except ConnectorError as error:
            if restored:
                error.with_hint(self._describe_progress(restored))
            raise
        self._note_path.unlink(missing_ok=True)

    def _list_journals(self) -> list[RestoredJournal]:
        """Return the journals that are written."""
        return [one for one in self.journals if one.state in (JOURNAL_NEW, JOURNAL_OTHER)]

    def _describe_progress(self, restored: Sequence[str]) -> str:
        """Return which places have what the backup holds, which do not, and how the restore is ended."""
        places = [*(place.display_url for place, _ in self._places), *(str(one.path) for one in self._list_journals())]
        missing = ", ".join(place for place in places if place not in restored)
        command = format_command("restore", str(self._archive.path.absolute()), "--yes")
        done = ", ".join(place for place in places if place in restored)
        return f"Restored: {done}. Not restored: {missing}. To end it, run it again: {command}"

    def _replace(self, writer: Writer, part: PartCopy) -> None:
        for table in part.tables:
            columns, rows = self._archive.read_table(table)
            unknown = set(columns) - set(writer.list_columns(table.table))
            if unknown:
                raise self._archive.build_error(f"{table.table} has no columns {', '.join(sorted(unknown))}")
            try:
                writer.replace(table.table, columns, rows)
            except ValueError as error:
                raise self._archive.build_error(str(error)) from None

    def _write_note(self) -> None:
        try:
            self._note_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic.replace_file(self._note_path, json.dumps({"file": str(self._archive.path.absolute())}).encode())
        except OSError as error:
            raise private_files.build_store_error(error, self._note_path) from error

    def _compare_journal(self, copy: FileCopy) -> RestoredJournal:
        path, content = Path(copy.path), self._archive.read(copy.entry)
        if not path.is_absolute() or not is_whole_journal(content):
            raise self._archive.build_error(f"{copy.entry} is not a journal")
        present = private_files.read_file(path)
        if present is None:
            return RestoredJournal(path, copy.entry, JOURNAL_NEW)
        if present == content:
            return RestoredJournal(path, copy.entry, JOURNAL_SAME)
        state = JOURNAL_AHEAD if present.startswith(content) else JOURNAL_OTHER
        return RestoredJournal(path, copy.entry, state)

    def _put_journal(self, journal: RestoredJournal) -> None:
        with _holding(journal.path) if journal.state == JOURNAL_OTHER else contextlib.nullcontext():
            try:
                journal.path.parent.mkdir(parents=True, exist_ok=True)
                atomic.replace_file(journal.path, self._archive.read(journal.entry))
            except OSError as error:
                raise private_files.build_store_error(error, journal.path) from error


def _note_restored(restored: list[str], place: str, error_type: type[BaseException] | None, *_: object) -> None:
    """Note a place whose with block ended, unless an error ended it."""
    if error_type is None:
        restored.append(place)


def find_unfinished(note_path: Path) -> str | None:
    """Return the file of a restore that did not end, whose places have old data or new; None if there is none."""
    content = private_files.read_file(note_path)
    return None if content is None else str(json.loads(content)["file"])


def _compare_parts(place: Place, parts: list[PartCopy]) -> list[RestoredPart]:
    if not place.exists():
        return [RestoredPart(part, place.display_url, 0) for part in parts]
    with place.reading() as reader:
        counts = [reader.count(place.schemas[part.kind].tables[0]) for part in parts]
        return [RestoredPart(part, place.display_url, count) for part, count in zip(parts, counts, strict=True)]


@contextlib.contextmanager
def _holding(path: Path) -> Iterator[None]:
    """Hold a journal, so that no run is writing it. Raises StoreError."""
    handle = open_journal(path)
    try:
        lock_journal(handle, path)
        yield
    finally:
        os.close(handle)
