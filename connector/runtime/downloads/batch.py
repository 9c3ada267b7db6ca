"""The files that a reply lists, downloaded into a folder, several at once; the action's `downloads` says where."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from connector.core.json_path import dig
from connector.errors import ConnectorError, InputError, Problem, SignInError, StoreError, UsageError
from connector.runtime.calls.factory import checked_limit
from connector.runtime.downloads import file_name as download_name
from connector.runtime.downloads import target as download_place
from connector.runtime.downloads.download import Wanted, must_be_called
from connector.runtime.downloads.target import Place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from connector.core.response.parser import Result
    from connector.definition.loader import Connector

MOST_AT_ONCE = 32


@dataclass(frozen=True, slots=True, repr=False)
class File:
    """One file that a reply lists: its URL, its name without and with extension (if that is known), its size."""

    url: str
    stem: str
    name: str | None
    size: int | None
    token: str | None

    def there(self, folder: Path) -> Path | None:
        """Return the file of this name that is there already, or None."""
        if self.name is None:
            return download_name.free(folder, self.stem)
        return folder / self.name if os.path.lexists(folder / self.name) else None


def listed(connector: Connector, action: str, data: Any) -> tuple[list[File], int]:
    """Return the files that a reply lists, each under a name of its own, and how many have no URL (yet)."""
    found: list[File] = []
    taken: dict[str, int] = {}
    without = 0
    for declared in connector.action(action).downloads:
        token = _text(dig(data, declared.token))
        for item in dig(data, declared.items) or ():
            url, extension, size = (
                _text(dig(item, declared.url)),
                dig(item, declared.extension),
                dig(item, declared.size),
            )
            if url is None:
                without += 1
                continue
            fields = [*(dig(item, one) for one in declared.name), declared.suffix]
            stem, name = _named(fields, _text(extension), taken)
            found.append(File(url, stem, name, size if type(size) is int else None, token))
    return found, without


def _named(fields: list[Any], extension: str | None, taken: dict[str, int]) -> tuple[str, str | None]:
    """Return a stem that no file before has with this extension, and the whole name where that is known."""
    stem, ending = download_name.joined(fields) or download_name.UNNAMED, f".{extension.lower()}" if extension else ""
    key = f"{stem}{ending}".lower()
    taken[key] = taken.get(key, 0) + 1
    stem = stem if taken[key] == 1 else f"{stem}-{taken[key]}"
    return stem, download_name.safe(stem + ending) if ending else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


@dataclass(slots=True, repr=False)
class Batch:
    """The downloads of one reply, at most `limit` of them, and what has become of them."""

    connector: Connector
    action: str
    folder: Path
    overwrite: bool
    at_once: int
    progress: Callable[[int, int | None], None] | None
    limit: int | None = None
    files: list[File] = field(default_factory=list)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    halt: threading.Event = field(default_factory=threading.Event)
    without: int = 0
    _listing: Result | None = None
    _held: dict[int, int] = field(default_factory=dict)
    _gate: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, connector: Connector, action: str, folder: Any, **how: Any) -> Self:
        """Read what a caller gives. Raises InputError, UsageError before anything is sent or made."""
        if not connector.action(action).downloads:
            able = [name for name in connector.files if connector.action(name).downloads]
            hint = f"These do: {', '.join(able)}." if able else "Download a URL of the reply."
            raise UsageError(f"{action} lists no files to download.", hint=hint)
        at_once = how["at_once"]
        if type(at_once) is not int or not 1 <= at_once <= MOST_AT_ONCE:
            raise InputError.of("download", [Problem("at_once", repr(at_once), f"1 to {MOST_AT_ONCE}")])
        must_be_called(how["progress"])
        checked_limit(how["limit"])
        return cls(connector, action, download_place.folder(folder), **how)

    @property
    def most_items(self) -> int | None:
        """How many items the listing is to bring; None for all, and where the action is one call."""
        return self.limit if self.connector.action(self.action).pages else None

    def take(self, listing: Result) -> None:
        """Take the reply that lists the files, and make the folder. Raises StoreError."""
        self._listing = listing
        self.files, self.without = listed(self.connector, self.action, listing.data)
        if self.limit is not None and len(self.files) > self.limit:
            self.files = self.files[: self.limit]
            self._listing = replace(listing, complete=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            hint = "Name a folder that this user may write to."
            where = str(self.folder)
            raise StoreError(f"{where}: {error.strerror or error}.", hint=hint, path=where) from error

    def wanted(self, place: int) -> Wanted | None:
        """Return what is to be downloaded of a file; None when it is there. Raises InputError for another file."""
        file = self.files[place]
        there = None if self.overwrite else file.there(self.folder)
        if there is not None and there.is_file() and file.size in (None, there.stat().st_size):
            self.rows[place] = {"path": str(there), "size": there.stat().st_size, "skipped": True}
            self._told(place, there.stat().st_size)
            return None
        where = Place(self.folder, file.name, None if file.name else file.stem, replaces=self.overwrite)
        taken = there.name if there is not None else file.name
        if taken is not None:
            where.check(taken)
        return Wanted(file.url, where, file.token, told=lambda held, _: self._told(place, held), halt=self.halt)

    def came(self, place: int, result: Result) -> None:
        """Note a file that came."""
        self.rows[place] = {**result.data, "skipped": False}

    def failed(self, place: int, error: ConnectorError) -> None:
        """Note a file that did not come. Raises the error when no other can come either."""
        if isinstance(error, SignInError) or (isinstance(error, StoreError) and not error.retryable):
            raise error  # what one download meets, all the others meet
        file = self.files[place]
        self.rows[place] = {"path": str(self.folder / (file.name or file.stem)), "error": error.to_dict()}

    def interrupted(self, error: BaseException) -> None:
        """Note on an interrupt how many files are here."""
        if not isinstance(error, ConnectorError):
            here = sum("error" not in row for row in self.rows.values())
            error.add_note(f"{here} of {len(self.files)} files are here: the same download goes on with the rest.")

    def _told(self, place: int, held: int) -> None:
        if self.progress is None:
            return
        with self._gate:
            self._held[place] = held
            sizes = [file.size for file in self.files]
            total = None if None in sizes else sum(filter(None, sizes))
            self.progress(sum(self._held.values()), total)

    def result(self) -> Result:
        """Return the listing's result with what became of the files as its data."""
        rows = [self.rows[place] for place in sorted(self.rows)]
        failed = sum("error" in row for row in rows)
        skipped = sum(row.get("skipped", False) for row in rows)
        listing = self._listing
        assert listing is not None
        data = {
            "folder": str(self.folder),
            "downloaded": len(rows) - failed - skipped,
            "skipped": skipped,
            "failed": failed,
            "files": rows,
        }
        warnings = (*listing.warnings, *self._unlike())
        many = "1 file has" if self.without == 1 else f"{self.without} files have"
        warnings = (*warnings, f"{many} no URL (yet).") if self.without else warnings
        return replace(listing, data=data, complete=listing.complete and not failed, warnings=warnings)

    def _unlike(self) -> Iterator[str]:
        """Yield a sentence for each file that came with another size than the reply said."""
        for place, row in sorted(self.rows.items()):
            said = self.files[place].size
            if said is not None and row.get("size", said) != said:
                yield f"{row['path']} has {row['size']:,} bytes, and the reply said {said:,}."


def in_threads(batch: Batch, download: Callable[[Wanted], Result]) -> None:
    """Download every file, `at_once` of them at a time. Raises what ends them all; then nothing goes on."""

    def one(place: int) -> None:
        try:
            wanted = batch.wanted(place)
            if wanted is not None:
                batch.came(place, download(wanted))
        except ConnectorError as error:
            batch.failed(place, error)

    pool = ThreadPoolExecutor(batch.at_once, thread_name_prefix="connector-download")
    try:
        for done in as_completed([pool.submit(one, place) for place in range(len(batch.files))]):
            done.result()
    except BaseException as error:
        batch.interrupted(error)
        batch.halt.set()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


async def in_tasks(batch: Batch, download: Callable[[Wanted], Awaitable[Result]]) -> None:
    """As `in_threads`, in the tasks of a loop."""
    gate = asyncio.Semaphore(batch.at_once)

    async def one(place: int) -> None:
        async with gate:
            try:
                wanted = batch.wanted(place)
                if wanted is not None:
                    batch.came(place, await download(wanted))
            except ConnectorError as error:
                batch.failed(place, error)

    tasks = [asyncio.ensure_future(one(place)) for place in range(len(batch.files))]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise
