"""Download the files that a reply lists into a folder, several at a time."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import field, replace
from http import HTTPStatus
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from connector.core.json_path import get_at_path
from connector.errors import ConnectorError, InputError, Problem, SignInError, StoreError, UsageError
from connector.first_use import dataclass
from connector.runtime.calls.call_options import check_limit
from connector.runtime.downloads import file_name
from connector.runtime.downloads.download import DownloadRequest, check_progress_callback
from connector.runtime.downloads.size_note import is_complete, note_size
from connector.runtime.downloads.target import DownloadTarget, check_folder
from connector.runtime.process.fork_safety import ForkSafeEvent, ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from connector.core.response.result import Result
    from connector.definition.loader import Connector

MAX_CONCURRENCY = 32


@dataclass(frozen=True, slots=True, repr=False)
class RemoteFile:
    """A file that a reply lists: URL, name without and with its extension (if known), size in bytes."""

    url: str
    stem: str
    name: str | None
    size: int | None
    token: str | None
    may_be_json: bool = False

    def find_existing(self, folder: Path) -> Path | None:
        """Return the existing file of this name, or None."""
        if self.name is None:
            return file_name.find_by_stem(folder, self.stem)
        return folder / self.name if os.path.lexists(folder / self.name) else None


def list_files(connector: Connector, action: str, data: Any) -> tuple[list[RemoteFile], int]:
    """Return the files that a reply lists, each with a unique name, and the number without a URL (yet)."""
    files: list[RemoteFile] = []
    name_counts: dict[str, int] = {}
    missing_url_count = 0
    for settings in connector.action(action).downloads:
        token = _text_or_none(get_at_path(data, settings.token))
        for item in get_at_path(data, settings.items) or ():
            url, extension, size = (
                _text_or_none(get_at_path(item, settings.url)),
                get_at_path(item, settings.extension),
                get_at_path(item, settings.size),
            )
            if url is None:
                missing_url_count += 1
                continue
            fields = [*(get_at_path(item, path) for path in settings.name), settings.suffix]
            stem, name = _assign_name(fields, _text_or_none(extension), name_counts)
            files.append(RemoteFile(url, stem, name, size if type(size) is int else None, token, settings.may_be_json))
    return files, missing_url_count


def _assign_name(fields: list[Any], extension: str | None, name_counts: dict[str, int]) -> tuple[str, str | None]:
    """Return a stem that is unique with this extension, and the complete name if it is known."""
    stem, suffix = file_name.join_fields(fields) or file_name.DEFAULT_NAME, f".{extension.lower()}" if extension else ""
    key = f"{stem}{suffix}".lower()
    name_counts[key] = name_counts.get(key, 0) + 1
    stem = stem if name_counts[key] == 1 else f"{stem}-{name_counts[key]}"
    return stem, file_name.sanitize_name(stem + suffix) if suffix else None


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


@dataclass(slots=True, repr=False)
class DownloadBatch:
    """The downloads of one reply, at most `limit` of them, and their results."""

    connector: Connector
    action: str
    folder: Path
    overwrite: bool
    concurrency: int
    on_progress: Callable[[int, int | None], None] | None
    limit: int | None = None
    files: list[RemoteFile] = field(default_factory=list)
    rows_by_index: dict[int, dict[str, Any]] = field(default_factory=dict)
    warnings_by_index: dict[int, tuple[str, ...]] = field(default_factory=dict)
    cancel: threading.Event = field(default_factory=ForkSafeEvent)
    missing_url_count: int = 0
    _listing: Result | None = None
    _received_by_index: dict[int, int] = field(default_factory=dict)
    _progress_lock: ForkSafeLock = field(default_factory=ForkSafeLock)

    @classmethod
    def from_arguments(cls, connector: Connector, action: str, folder: Any, **options: Any) -> Self:
        """Check a caller's arguments. Raises InputError, UsageError before anything is sent or created."""
        if not connector.action(action).downloads:
            supported = [name for name in connector.action_files if connector.action(name).downloads]
            hint = f"These do: {', '.join(supported)}." if supported else "Download a URL of the reply."
            raise UsageError(f"{action} lists no files to download.", hint=hint)
        concurrency = options["concurrency"]
        if type(concurrency) is not int or not 1 <= concurrency <= MAX_CONCURRENCY:
            raise InputError.from_problems(
                "download", [Problem("concurrency", repr(concurrency), f"1 to {MAX_CONCURRENCY}")]
            )
        check_progress_callback(options["on_progress"])
        if options["limit"] is not None:
            check_limit(options["limit"])
        return cls(connector, action, check_folder(folder), **options)

    @property
    def max_items(self) -> int | None:
        """The maximum items of the listing; None for all, or for an action without pages."""
        return self.limit if self.connector.action(self.action).pagination else None

    def load_listing(self, listing: Result) -> None:
        """Read the reply that lists the files, and create the folder. Raises StoreError."""
        self._listing = listing
        self.files, self.missing_url_count = list_files(self.connector, self.action, listing.data)
        if self.limit is not None and len(self.files) > self.limit:
            self.files = self.files[: self.limit]
            self._listing = replace(listing, complete=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            hint = "Choose a folder that this user can write to."
            folder_text = str(self.folder)
            raise StoreError(f"{folder_text}: {error.strerror or error}.", hint=hint, path=folder_text) from error

    def build_request(self, index: int) -> DownloadRequest | None:
        """Return the download of a file; None if it exists. Raises InputError if another file has its name."""
        file = self.files[index]
        existing = None if self.overwrite else file.find_existing(self.folder)
        if existing is not None and existing.is_file() and is_complete(existing, file.size):
            self.rows_by_index[index] = {"path": str(existing), "size": existing.stat().st_size, "skipped": True}
            self._report_progress(index, existing.stat().st_size)
            return None
        stem = None if file.name else file.stem
        target = DownloadTarget(
            self.folder, file.name, stem, overwrite=self.overwrite, may_be_json=file.may_be_json, size=file.size
        )
        used_name = existing.name if existing is not None else file.name
        if used_name is not None:
            target.check_name(used_name)
        return DownloadRequest(
            file.url,
            target,
            file.token,
            on_progress=lambda received, _: self._report_progress(index, received),
            cancel=self.cancel,
        )

    def record_success(self, index: int, result: Result) -> None:
        """Record a downloaded file; one of another size than listed is known again by a note beside it."""
        self.rows_by_index[index] = {**result.data, "skipped": False}
        self.warnings_by_index[index] = result.warnings
        note_size(Path(result.data["path"]), self.files[index].size, result.data["size"])

    def record_failure(self, index: int, error: ConnectorError) -> None:
        """Record a failed file. Raises the error if every other file would meet it."""
        if _concerns_every_file(error):
            raise error
        file = self.files[index]
        self.rows_by_index[index] = {"path": str(self.folder / (file.name or file.stem)), "error": error.to_dict()}

    def annotate_interrupt(self, error: BaseException) -> None:
        """Add the number of complete files to an interrupt."""
        if not isinstance(error, ConnectorError):
            present_count = sum("error" not in row for row in self.rows_by_index.values())
            error.add_note(
                f"{present_count} of {len(self.files)} files are complete; run the same download again for the rest."
            )

    def _report_progress(self, index: int, received: int) -> None:
        if self.on_progress is None:
            return
        with self._progress_lock:
            self._received_by_index[index] = received
            sizes = [file.size for file in self.files]
            total = None if None in sizes else sum(filter(None, sizes))
            self.on_progress(sum(self._received_by_index.values()), total)

    def build_result(self) -> Result:
        """Return the listing's result with the results of the files as its data."""
        rows = [self.rows_by_index[index] for index in sorted(self.rows_by_index)]
        failed_count = sum("error" in row for row in rows)
        skipped_count = sum(row.get("skipped", False) for row in rows)
        listing = self._listing
        assert listing is not None
        data = {
            "folder": str(self.folder),
            "downloaded": len(rows) - failed_count - skipped_count,
            "skipped": skipped_count,
            "failed": failed_count,
            "files": rows,
        }
        warnings = (*listing.warnings, *self._collect_file_warnings())
        subject = "1 file has" if self.missing_url_count == 1 else f"{self.missing_url_count} files have"
        warnings = (*warnings, f"{subject} no URL (yet).") if self.missing_url_count else warnings
        return replace(listing, data=data, complete=listing.complete and not failed_count, warnings=warnings)

    def _collect_file_warnings(self) -> Iterator[str]:
        """Yield the warnings of each downloaded file, and one if its size differs from the reply's."""
        for index, warnings in sorted(self.warnings_by_index.items()):
            row, expected_size = self.rows_by_index[index], self.files[index].size
            yield from (f"{row['path']}: {warning}" for warning in warnings)
            if expected_size not in (None, row["size"]):
                yield f"{row['path']} has {row['size']:,} bytes; the reply said {expected_size:,}."


def _concerns_every_file(error: ConnectorError) -> bool:
    """Whether every other download would meet an error too; a token that was refused with 200 is refused for a file."""
    if isinstance(error, SignInError):
        return error.status is None or error.status >= HTTPStatus.BAD_REQUEST
    return isinstance(error, StoreError) and not error.retryable


def download_in_threads(batch: DownloadBatch, download: Callable[[DownloadRequest], Result]) -> None:
    """Download every file, `concurrency` of them at a time. An error that is raised cancels the others.

    On daemon threads, so that a program that was interrupted ends at once; what they have so far can be resumed.
    """
    indexes = iter(range(len(batch.files)))
    outcomes: SimpleQueue[BaseException | None] = SimpleQueue()

    def download_files() -> None:
        try:
            while (index := next(indexes, None)) is not None and not batch.cancel.is_set():
                download_file(index)
        except BaseException as error:  # noqa: BLE001  raised again by the caller
            outcomes.put(error)
        else:
            outcomes.put(None)

    def download_file(index: int) -> None:
        try:
            download_request = batch.build_request(index)
            if download_request is not None:
                batch.record_success(index, download(download_request))
        except ConnectorError as error:
            batch.record_failure(index, error)

    threads = [
        threading.Thread(target=download_files, name="connector-download", daemon=True)
        for _ in range(min(batch.concurrency, len(batch.files)))
    ]
    try:
        for thread in threads:
            thread.start()
        _raise_first_error(outcomes.get() for _ in threads)
    except BaseException as error:
        batch.annotate_interrupt(error)
        batch.cancel.set()
        raise


def _raise_first_error(outcomes: Iterator[BaseException | None]) -> None:
    for error in outcomes:
        if error is not None:
            raise error


async def download_in_tasks(batch: DownloadBatch, download: Callable[[DownloadRequest], Awaitable[Result]]) -> None:
    """As `download_in_threads`, in the tasks of a loop."""
    semaphore = asyncio.Semaphore(batch.concurrency)

    async def download_file(index: int) -> None:
        async with semaphore:
            try:
                download_request = batch.build_request(index)
                if download_request is not None:
                    batch.record_success(index, await download(download_request))
            except ConnectorError as error:
                batch.record_failure(index, error)

    tasks = [asyncio.ensure_future(download_file(index)) for index in range(len(batch.files))]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise
