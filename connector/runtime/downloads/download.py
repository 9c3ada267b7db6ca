"""A download: what both clients do around its one call - where it may go, the part it grows in, what it comes to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from connector.core import redaction
from connector.core.exchange.retry import RetryPolicy
from connector.core.request.download_request import build_download_request
from connector.core.response.trace import Trace
from connector.core.url_policy import HEADER_VALUE_PATTERN
from connector.errors import ConnectorError, InputError, Problem, UsageError
from connector.runtime.auth.credentials import GivenToken
from connector.runtime.calls.call_options import MAX_TIMEOUT
from connector.runtime.calls.observer import TraceObserver
from connector.runtime.calls.prepared import PreparedCall
from connector.runtime.downloads.partial_file import PartialFile
from connector.runtime.downloads.target import DownloadTarget

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable

    from connector.core.exchange.asks import Steps
    from connector.core.response.parser import Result
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.factory import CallFactory

_SIZE_UNKNOWN_WARNING = "The service did not say how large the file is: that all of it came is not certain."


@dataclass(frozen=True, slots=True, repr=False)
class DownloadRequest:
    """What is to be downloaded, where to, with which token in place of the connection's; who is told, who ends it."""

    url: str
    target: DownloadTarget
    token: str | None = None
    connection: str | None = None
    on_progress: Callable[[int, int | None], None] | None = None
    cancel: threading.Event | None = None

    @classmethod
    def from_arguments(
        cls, url: str, path: str | os.PathLike[str], *, overwrite: bool = False, **fields: Any
    ) -> DownloadRequest:
        """Read what a caller gives. Raises InputError, UsageError."""
        check_progress_callback(fields.get("on_progress"))
        token = fields.get("token")
        if token is not None and not (isinstance(token, str) and token and HEADER_VALUE_PATTERN.match(token)):
            got = "an empty text" if token == "" else redaction.MASK
            raise InputError.from_problems(
                "download", [Problem("token", got, "a token of printable ASCII on one line")]
            )
        return cls(url, DownloadTarget.from_path(path, overwrite=overwrite), **fields)


@dataclass(slots=True, repr=False)
class Download:
    """One download: a prepared call whose body grows in a partial file.

    `open()` it first, `finish()` it with the result of its steps, `close()` it always; as a context manager it closes
    itself, and says on an error what is kept for the next time.
    """

    call: PreparedCall
    partial_file: PartialFile

    @classmethod
    def prepare(cls, factory: CallFactory, download_request: DownloadRequest, options: CallOptions) -> Download:
        """Check where it would go; nothing is sent or written yet. Raises InputError, UsageError."""
        if options.problems:
            raise InputError.from_problems("options", list(options.problems))
        compiled = factory.compiled.raw_request
        credentials: Credentials | None
        if download_request.token is not None:
            credentials = GivenToken(download_request.token, factory.base_url_for(None))
        else:
            credentials = factory.connection_resolver.resolve(
                download_request.connection, compiled.action, load_named=True
            )
        secrets = credentials.secrets() if credentials else ()
        base_url = factory.base_url_for(credentials)
        request = build_download_request(factory.connector, download_request.url, base_url, secrets)
        fingerprint = _fingerprint_url(request.redactor.redact_url(request.url))
        partial_file = PartialFile(
            download_request.target, request.url, fingerprint, download_request.on_progress, download_request.cancel
        )
        retry_policy = options.retry.apply(RetryPolicy()) if options.retry else RetryPolicy()
        trace = Trace() if options.debug else None
        observers = (*factory.observers, *((TraceObserver(trace),) if trace is not None else ()))
        call = PreparedCall(factory.context, compiled, request, credentials, retry_policy, options, observers, trace)
        call.sink, call.keeps_url = partial_file, True
        return cls(call, partial_file)

    def open(self) -> None:
        """Open the partial file; it takes as long as reading what is there. Raises StoreError, UsageError."""
        self.partial_file.open()

    def build_steps(self) -> Steps:
        """Return the steps: one call, as long as bytes come."""
        return self.call.build_steps(MAX_TIMEOUT)

    def finish(self, result: Result) -> Result:
        """Publish the file under its name and return the result. Raises StoreError."""
        try:
            data = self.partial_file.finish()
        except ConnectorError as error:
            self.call.annotate_error(error)
            raise
        has_known_size = self.partial_file.total_size is not None or "transfer-encoding" in result.headers
        warnings = result.warnings if has_known_size else (*result.warnings, _SIZE_UNKNOWN_WARNING)
        return self.call.finish(replace(result, data=data, warnings=warnings))

    def annotate_error(self, error: BaseException) -> None:
        """Say on what ended it, an interrupt too, how much is here and stays for the next time."""
        resume_note = self.partial_file.build_resume_note()
        if not resume_note:
            return
        if isinstance(error, ConnectorError):
            error.with_hint(resume_note)
        else:
            error.add_note(resume_note)

    def close(self) -> None:
        """Let go of the partial file, which stays where a later download can go on with it."""
        self.partial_file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self.annotate_error(error)
        self.close()


def check_progress_callback(progress: Any) -> None:
    """Refuse a `progress` that cannot be called. Raises UsageError."""
    if progress is not None and not callable(progress):
        hint = "Give a function that takes the bytes that are there and the size, or leave it out."
        raise UsageError(f"progress={redaction.preview(progress)} is no function.", hint=hint)


def _fingerprint_url(url: str) -> str:
    """Return what stands for a URL beside its part: another token in it makes no other file."""
    return hashlib.sha256(url.encode()).hexdigest()
