"""The partial file of a download, which can be resumed.

One download at a time writes it. It resumes only with the same version of the same file (RFC 9110, 13.1.5 and 14.2),
and gets the target's name once it is complete and on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.core.response.reply import Failure, Reply
from connector.errors import StoreError, TransportError, UsageError
from connector.runtime.downloads.locked_file import LockedFile
from connector.runtime.downloads.refusal import SNIFFED_BYTES, Refusal
from connector.runtime.downloads.reply_headers import FileHeaders, UnusableReply
from connector.runtime.files import private_files
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from connector.core.request.builder import Request
    from connector.runtime.downloads.target import DownloadTarget

STALL_TIMEOUT = 30.0  # seconds without a byte
_PROGRESS_INTERVAL_BYTES = 1 << 18  # bytes between two progress reports


class PartialFile:
    """The BodySink of a download: `open()` it first, `finish()` it when complete, always `close()` it.

    `on_progress` is called with the bytes received and the size (None if unknown); setting `cancel` ends it between
    two chunks of the body. Safe to close from another thread.
    """

    stall_timeout = STALL_TIMEOUT

    def __init__(
        self,
        target: DownloadTarget,
        url: str,
        url_fingerprint: str,
        on_progress: Callable[[int, int | None], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self.target = target
        self.path = target.get_partial_path(url_fingerprint)
        self.current_size = 0
        self.complete = False
        self._metadata_path = self.path.with_name(f"{self.path.name}.json")
        self._url, self._url_fingerprint, self._on_progress, self._cancel = url, url_fingerprint, on_progress, cancel
        self._state_lock, self._closed, self._finished = ForkSafeLock(), False, False
        self._file: LockedFile | None = None
        self._digest = hashlib.sha256()
        self._file_headers: FileHeaders | None = None  # of the version in the file
        self._file_name: str | None = None
        self._is_accepted = False
        self._json_reply: tuple[FileHeaders, bytes] | None = None  # short JSON that may still be an error
        self.refusal: Refusal | None = None  # what came in the place of the file
        self._attempt_start_size = self._reported_size = 0
        self._write_error: OSError | None = None

    def open(self) -> None:
        """Open and lock the file, and read what it holds. Raises StoreError, UsageError."""
        with self._state_lock:
            if self._closed:
                raise UsageError("The download was closed before it started.")
            try:
                if self.target.name is None:
                    self.target.folder.mkdir(parents=True, exist_ok=True)
                self._file = LockedFile.open(self.path)
                if self._file is None:
                    target_path = str(self.target.folder / (self.target.name or ""))
                    hint = "Wait until it ends, or choose another name."
                    message = f"Another download is writing {target_path}."
                    raise StoreError(message, hint=hint, path=target_path, retryable=True)
                self._load_existing(self._file)
            except OSError as error:
                raise self.target.build_error(error, self.path) from error

    def _load_existing(self, file: LockedFile) -> None:
        """Read what an earlier download left, if it was of this URL and can be resumed."""
        size = file.size
        self._file_headers = FileHeaders.load(self._metadata_path, self._url_fingerprint) if size else None
        if self._file_headers is None:
            self._restart()
            return
        if self._file_headers.size is not None and size >= self._file_headers.size:
            # Requesting the last byte again shows that the version is still the same.
            size = max(self._file_headers.size - 1, 0)
        file.truncate(size)
        for data in file.read_chunks():
            self._digest.update(data)
            self.current_size += len(data)

    def resume_request(self, request: Request) -> Request:
        """Return the request of the missing bytes; of all bytes if the version is unknown."""
        if self.current_size and (self._file_headers is None or self._file_headers.validator is None):
            self._restart()
        self._is_accepted = self.complete = False
        self._json_reply = self.refusal = None
        self._attempt_start_size = self.current_size
        if not self.current_size or self._file_headers is None:
            return request
        range_headers = (("Range", f"bytes={self.current_size}-"), ("If-Range", str(self._file_headers.validator)))
        return replace(request, headers=(*request.headers, *range_headers))

    def accepts(self, status: int, headers: tuple[tuple[str, str], ...]) -> bool:
        """Whether a reply carries the file or the rest of it. Raises OSError if it cannot be used."""
        file_headers = FileHeaders.from_headers(headers)
        if not file_headers.has_file(status):
            return False
        try:
            self._accept_reply(status, file_headers)
        except OSError as error:
            self._write_error = error
            raise
        self._is_accepted = True
        return True

    def _accept_reply(self, status: int, file_headers: FileHeaders) -> None:
        if self._file_name is None:
            self._file_name = self.target.resolve_name(self._url, file_headers)
            self.target.require_free(self._file_name)
        if status == HTTPStatus.PARTIAL_CONTENT and self._file_headers is not None and self.current_size:
            try:
                file_headers.check_resume(self._file_headers, self.current_size)
            except UnusableReply:
                self._restart()
                raise
            self._file_headers = replace(self._file_headers, size=file_headers.size)
            return
        file_headers.check_full(status)
        self._restart()
        self._file_headers = file_headers
        if file_headers.validator is not None:
            metadata = json.dumps(file_headers.dump(self._url_fingerprint)).encode()
            private_files.create_private(self._metadata_path, metadata)

    def write(self, chunk: bytes) -> None:
        """Write a chunk of the body. Raises OSError."""
        assert self._file is not None
        try:
            if self._cancel is not None and self._cancel.is_set():
                raise UnusableReply(Failure("stopped", "it was cancelled", final=True))
            remaining = memoryview(chunk)
            while remaining:
                written = self._file.write(remaining)
                self._digest.update(remaining[:written])
                self.current_size += written
                remaining = remaining[written:]
        except OSError as error:
            self._write_error = error
            raise
        if self._on_progress is not None and self.current_size - self._reported_size >= _PROGRESS_INTERVAL_BYTES:
            self._report_progress()

    def _report_progress(self) -> None:
        if self._on_progress is not None:
            self._reported_size = self.current_size
            self._on_progress(self.current_size, self.total_size)

    def finish_attempt(self, reply_or_failure: Reply | Failure) -> Reply | Failure:
        """Return the outcome of an attempt for the whole file. Raises StoreError if it cannot be written."""
        write_error, self._write_error = self._write_error, None
        new_bytes = max(self.current_size - self._attempt_start_size, 0) if self._has_validator else 0
        if isinstance(write_error, UnusableReply):
            return replace(write_error.failure, received=new_bytes)
        if write_error is not None:
            raise self.target.build_error(write_error, self.path) from write_error
        if isinstance(reply_or_failure, Failure):
            is_stalled = self._is_accepted and reply_or_failure.kind == "read_timeout"
            message = "the rest did not arrive in time" if is_stalled else reply_or_failure.message
            return replace(reply_or_failure, received=new_bytes, message=message)
        if self._is_accepted:
            return self._judge_body_end(reply_or_failure, new_bytes)
        return self._judge_other_reply(reply_or_failure)

    def _judge_body_end(self, reply: Reply, new_bytes: int) -> Reply | Failure:
        """Check the size at the end of a body."""
        total_size = self.total_size
        if total_size is not None and self.current_size < total_size:
            return Failure("read", f"{self.current_size:,} of {total_size:,} bytes arrived", received=new_bytes)
        if total_size is not None and self.current_size > total_size:
            self._restart()
            return Failure("protocol", f"more than the {total_size:,} bytes of the file arrived", final=True)
        if total_size is None and not reply.header("transfer-encoding") and self.current_size < (self.target.size or 0):
            message = f"{self.current_size:,} of the {self.target.size:,} bytes that were listed arrived"
            return Failure("read", message, received=new_bytes)
        self.complete = True
        if refusal := self._find_refusal(reply):
            self._restart()
            return self._refuse(refusal)
        self._report_progress()
        return reply

    def _find_refusal(self, reply: Reply) -> Refusal | None:
        """Return what the file is if it is none, by its beginning."""
        assert self._file is not None
        assert self._file_headers is not None
        start = self._file.read_start(SNIFFED_BYTES)
        expected_file = self.target.expect_file(self._url, self._file_headers)
        return expected_file.find_refusal(reply, start, is_whole=len(start) == self.current_size)

    def _refuse(self, refusal: Refusal) -> Reply:
        self.refusal, self.complete = refusal, True
        return refusal.parsed_reply

    def _judge_other_reply(self, reply: Reply) -> Reply | Failure:
        """Check a reply that was not accepted: JSON that may be an error, or a range that does not exist."""
        file_headers = FileHeaders.from_headers(reply.headers)
        if reply.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and self.current_size:
            if file_headers.size == self.current_size:
                self.complete = True
                return Reply(200, reply.headers, b"", is_stored=True)
            self._restart()
            return Failure("protocol", "the partial file is of another version; the download restarts")
        expected_file = self.target.expect_file(self._url, file_headers)
        if reply.is_success and (refusal := expected_file.find_refusal(reply, reply.body, is_whole=True)):
            return self._refuse(refusal)
        if reply.status in (200, 203) and file_headers.may_be_error:
            self._json_reply, self.complete = (file_headers, reply.body), True
            return reply
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES and not file_headers.is_web_page:
            return Failure("protocol", f"the service answered {reply.status} without a file", final=True)
        return reply

    def _restart(self) -> None:
        """Empty the file and forget its version."""
        assert self._file is not None
        self._file.truncate()
        self._metadata_path.unlink(missing_ok=True)
        self.current_size, self._digest, self._file_headers = 0, hashlib.sha256(), None

    @property
    def _has_validator(self) -> bool:
        return self._file_headers is not None and self._file_headers.validator is not None

    @property
    def is_resumable(self) -> bool:
        """Whether a later download can resume with the bytes received."""
        return self.current_size > 0 and self._has_validator

    def build_resume_note(self) -> str:
        """Return a sentence about the saved bytes; empty if there are none."""
        if not self.is_resumable or self._finished:
            return ""
        total_suffix = f" of {self.total_size:,}" if self.total_size is not None else ""
        return f"{self.current_size:,}{total_suffix} bytes are saved: the same download resumes from there."

    @property
    def total_size(self) -> int | None:
        """The size of the complete file in bytes, if the service stated it."""
        return self._file_headers.size if self._file_headers else None

    def finish(self) -> dict[str, Any]:
        """Publish the complete file under its name, durably; return its facts. Raises StoreError."""
        with self._state_lock:
            assert self.complete
            assert self._file is not None
            try:
                if self._json_reply is not None:
                    self._accept_reply(200, self._json_reply[0])
                    self.write(self._json_reply[1])
                file_headers = self._file_headers or FileHeaders.from_headers(())
                file_name = self._file_name or self.target.resolve_name(self._url, file_headers)
                target_path = self.target.publish(self._file, file_name)
                self._metadata_path.unlink(missing_ok=True)
                private_files.sync_folder(self.target.folder)
            except UnusableReply as error:
                raise TransportError(f"The download: {error.failure.message}.", kind=error.failure.kind) from None
            except OSError as error:
                raise self.target.build_error(error, self.path) from error
            self._finished = True
        content_type = self._file_headers.content_type if self._file_headers else None
        return {
            "path": str(target_path),
            "size": self.current_size,
            "sha256": self._digest.hexdigest(),
            "content_type": content_type,
        }

    def close(self) -> None:
        """Close the file; remove it unless it was published or can be resumed."""
        with self._state_lock:
            self._closed = True
            if self._file is None:
                return
            if not self._finished and not self.is_resumable:
                with contextlib.suppress(OSError):
                    self._metadata_path.unlink(missing_ok=True)
                    self.path.unlink()
            self._file.close()
            self._file = None
