"""The part of a download: the file beside the target that grows until it is whole, and what is needed to go on with it.

It is written by one download at a time, goes on only with the same version of the same file (RFC 9110, 13.1.5 and
14.2), and comes under the target's name when it is whole and on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import filelock

from connector.core.response.parser import Failure, Reply
from connector.errors import StoreError, TransportError, UsageError
from connector.runtime.downloads.reply_headers import Head, Unwanted
from connector.runtime.downloads.target import Taken
from connector.runtime.files import private_files as private
from connector.runtime.files.locks import HELD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.core.request.builder import Request
    from connector.runtime.downloads.target import Place

STALL = 30.0  # seconds without a byte
_READ = 1 << 20
_TOLD = 1 << 18  # bytes between two words of progress


class Part:
    """Takes the body of a download (`edge.sink`): `open()` it first, `finish()` when all is there, `close()` always.

    `told` is called with the bytes that are there and the size (None where it is not known) as they come; `halt` ends
    it between two parts of the body. Safe to close from another thread.
    """

    stall = STALL

    def __init__(
        self, place: Place, url: str, identity: str, told: Callable[[int, int | None], None] | None = None,
        halt: threading.Event | None = None,
    ) -> None:  # fmt: skip
        self.place = place
        self.path = place.part(identity)
        self.held = 0
        self.complete = False
        self._notes = self.path.with_name(f"{self.path.name}.json")
        self._url, self._identity, self._told, self._halt = url, identity, told, halt
        self._gate = threading.Lock()
        self._closed = self._finished = False
        self._handle = -1
        self._digest = hashlib.sha256()
        self._head: Head | None = None  # of the version that is held
        self._name: str | None = None
        self._taken = False
        self._data: tuple[Head, bytes] | None = None  # a short JSON that came, until it is known to be no error
        self._begun_at = self._told_at = 0
        self._trouble: OSError | None = None

    def open(self) -> None:
        """Open and lock the part, and read what is there already. Raises StoreError, UsageError."""
        with self._gate:
            if self._closed:
                raise UsageError("The download was ended before it began.")
            try:
                if self.place.name is None:
                    self.place.folder.mkdir(parents=True, exist_ok=True)
                self._lock()
                self._go_on()
            except OSError as error:
                raise self.place.failure(error, self.path) from error

    def _lock(self) -> None:
        """Hold the part: what is locked must still be the file of that name, and no name of a finished one."""
        while True:
            self._handle = HELD.take(lambda: private.open_own(self.path))
            if not filelock.lock_descriptor(self._handle, blocking=False):
                self._drop()
                target = str(self.place.folder / (self.place.name or ""))
                hint = "Wait until it is done, or give this one another name."
                said = f"Another download writes {target}."
                raise StoreError(said, hint=hint, path=target, retryable=True)
            found = os.fstat(self._handle)
            with contextlib.suppress(FileNotFoundError):
                there = self.path.lstat()
                if (there.st_ino, there.st_dev) == (found.st_ino, found.st_dev):
                    return
            self._drop()

    def _go_on(self) -> None:
        """Read what an older download left, if it was of this URL and its version can be asked for again."""
        size = os.fstat(self._handle).st_size
        self._head = Head.noted(self._notes, self._identity) if size else None
        if self._head is None:
            self._forget()
            return
        if self._head.size is not None and size >= self._head.size:
            size = max(self._head.size - 1, 0)  # the last byte comes again, and with it that the version is the same
            os.ftruncate(self._handle, size)
        os.lseek(self._handle, 0, os.SEEK_SET)
        while data := os.read(self._handle, _READ):
            self._digest.update(data)
            self.held += len(data)

    def rest(self, request: Request) -> Request:
        """Return the request of what is not there yet; of all where a part of it could not be told to fit."""
        if self.held and (self._head is None or self._head.validator is None):
            self._forget()
        self._taken, self._data, self._begun_at, self.complete = False, None, self.held, False
        if not self.held or self._head is None:
            return request
        wanted = (("Range", f"bytes={self.held}-"), ("If-Range", str(self._head.validator)))
        return replace(request, headers=(*request.headers, *wanted))

    def takes(self, status: int, headers: tuple[tuple[str, str], ...]) -> bool:
        """Whether a reply has the file, or the rest of it. Raises OSError when it cannot be used."""
        head = Head.of(headers)
        if not head.has_file(status):
            return False
        try:
            self._take(status, head)
        except OSError as error:
            self._trouble = error
            raise
        self._taken = True
        return True

    def _take(self, status: int, head: Head) -> None:
        if self._name is None:
            self._name = self.place.named(self._url, head)
            self._check_name()
        if status == 206 and self._head is not None and self.held:  # noqa: PLR2004
            try:
                head.must_continue(self._head, self.held)
            except Unwanted:
                self._forget()
                raise
            self._head = replace(self._head, size=head.size)
            return
        head.must_be_whole(status)
        self._forget()
        self._head = head
        if head.validator is not None:
            private.write_new(self._notes, json.dumps(head.notes(self._identity)).encode())

    def _check_name(self) -> None:
        """Refuse a name that is taken. Raises Taken."""
        assert self._name is not None
        problem = self.place.taken(self._name)
        if problem is not None:
            raise Taken(problem)

    def write(self, part: bytes) -> None:
        """Take bytes of the body. Raises OSError."""
        try:
            if self._halt is not None and self._halt.is_set():
                raise Unwanted(Failure("stopped", "it was ended", final=True))
            rest = memoryview(part)
            while rest:
                count = os.write(self._handle, rest)
                self._digest.update(rest[:count])
                self.held += count
                rest = rest[count:]
        except OSError as error:
            self._trouble = error
            raise
        if self._told is not None and self.held - self._told_at >= _TOLD:
            self._tell()

    def _tell(self) -> None:
        self._told_at = self.held
        if self._told is not None:
            self._told(self.held, self.size)

    def settled(self, got: Reply | Failure) -> Reply | Failure:
        """Return what an attempt came to for the whole file. Raises StoreError when it cannot be kept."""
        trouble, self._trouble = self._trouble, None
        gained = max(self.held - self._begun_at, 0) if self._resumable else 0
        if isinstance(trouble, Unwanted):
            return replace(trouble.failure, received=gained)
        if trouble is not None:
            raise self.place.failure(trouble, self.path) from trouble
        if isinstance(got, Failure):
            late = self._taken and got.kind == "read_timeout"
            return replace(got, received=gained, message="the rest did not come in time" if late else got.message)
        return self._whole(got, gained) if self._taken else self._other(got)

    def _whole(self, reply: Reply, gained: int) -> Reply | Failure:
        """Judge the end of a body: all of it, too little, or too much."""
        size = self.size
        if size is not None and self.held < size:
            return Failure("read", f"{self.held:,} of {size:,} bytes came", received=gained)
        if size is not None and self.held > size:
            self._forget()
            return Failure("protocol", f"more than the {size:,} bytes of the file came", final=True)
        self.complete = True
        self._tell()
        return reply

    def _other(self, reply: Reply) -> Reply | Failure:
        """Judge a reply that was not taken: data that may be an error, and a range that does not exist."""
        head = Head.of(reply.headers)
        if reply.status == 416 and self.held:  # noqa: PLR2004
            if head.size == self.held:
                self.complete = True
                return Reply(200, reply.headers, b"")
            self._forget()
            return Failure("protocol", "the part that was there is of another file; it begins anew")
        if reply.status in (200, 203) and head.is_data:
            self._data, self.complete = (head, reply.body), True
            return reply
        if 200 <= reply.status < 300 and not head.is_page:  # noqa: PLR2004
            return Failure("protocol", f"the service answered {reply.status} without a file", final=True)
        return reply

    def _forget(self) -> None:
        """Begin anew."""
        os.ftruncate(self._handle, 0)
        os.lseek(self._handle, 0, os.SEEK_SET)
        self._notes.unlink(missing_ok=True)
        self.held, self._digest, self._head = 0, hashlib.sha256(), None

    @property
    def _resumable(self) -> bool:
        return self._head is not None and self._head.validator is not None

    @property
    def kept(self) -> bool:
        """Whether what came so far stays for a later download to go on with."""
        return self.held > 0 and self._resumable

    def so_far(self) -> str:
        """Return a sentence of what came and stays; empty where nothing does."""
        if not self.kept or self._finished:
            return ""
        of = f" of {self.size:,}" if self.size is not None else ""
        return f"{self.held:,}{of} bytes are here and kept: the same download goes on from there."

    @property
    def size(self) -> int | None:
        """How large the whole file is, where the service said it."""
        return self._head.size if self._head else None

    def finish(self) -> dict[str, Any]:
        """Bring the whole file under its name, down to the disk; return what is told of it. Raises StoreError."""
        with self._gate:
            assert self.complete
            try:
                if self._data is not None:
                    self._take(200, self._data[0])
                    self.write(self._data[1])
                target = self.place.folder / (self._name or self.place.named(self._url, self._head or Head.of(())))
                self._name_it(target)
            except Unwanted as error:
                raise TransportError(f"The download: {error.failure.message}.", kind=error.failure.kind) from None
            except OSError as error:
                raise self.place.failure(error, self.path) from error
            self._finished = True
        kind = self._head.kind if self._head else None
        return {"path": str(target), "size": self.held, "sha256": self._digest.hexdigest(), "content_type": kind}

    def _name_it(self, target: Path) -> None:
        os.fsync(self._handle)
        if self.place.replaces and target.is_file() and hasattr(os, "fchmod"):
            os.fchmod(self._handle, target.stat().st_mode & 0o777)  # what is replaced keeps its mode
        self._name = target.name
        self._check_name()
        self.path.replace(target)
        self._notes.unlink(missing_ok=True)
        private.sync_folder(self.place.folder)

    def close(self) -> None:
        """Let go of the part; it stays only where a later download can go on with it."""
        with self._gate:
            self._closed = True
            if self._handle < 0:
                return
            if not self._finished and not self.kept:
                with contextlib.suppress(OSError):
                    self._notes.unlink(missing_ok=True)
                    self.path.unlink()
            self._drop()

    def _drop(self) -> None:
        handle, self._handle = self._handle, -1
        HELD.drop(handle)
        os.close(handle)
