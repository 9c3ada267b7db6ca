"""A download: a prepared call and the partial file that receives its body."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from connector.core import redaction
from connector.core.exchange.retry import RetryPolicy
from connector.core.request.download_request import build_download_request
from connector.core.response.trace import Trace
from connector.core.url_policy import HEADER_VALUE_PATTERN
from connector.errors import ConnectorError, Denied, InputError, Problem, SignInError, UsageError
from connector.first_use import dataclass
from connector.runtime.auth.credentials import GivenToken
from connector.runtime.calls.call_options import MAX_TIMEOUT
from connector.runtime.calls.observer import TraceObserver
from connector.runtime.calls.prepared import PreparedCall
from connector.runtime.downloads.partial_file import PartialFile
from connector.runtime.downloads.refusal import build_refusal_error
from connector.runtime.downloads.target import DownloadTarget

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable

    from connector.core.exchange.asks import Steps
    from connector.core.response.result import Result
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.factory import CallFactory

_EMPTY_WARNING = "The service sent a file of 0 bytes."
_EXPIRED_HINT = "Get a fresh token with the reply or the event that named the file; such a token ends soon."
_SIZE_UNKNOWN_WARNING = "The service did not state the size of the file, so it may be incomplete."


@dataclass(frozen=True, slots=True, repr=False)
class DownloadRequest:
    """One download: URL, target, a token that replaces the connection's, progress callback, cancel event."""

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
        """Check a caller's arguments. Raises InputError, UsageError."""
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
    """One download: a prepared call whose body is written to a partial file.

    Call `open()` first, `finish()` with the result of its steps, and always `close()`; as a context manager it closes
    itself, and adds to an error what is saved for the next attempt.
    """

    call: PreparedCall
    partial_file: PartialFile

    @classmethod
    def prepare(cls, factory: CallFactory, download_request: DownloadRequest, options: CallOptions) -> Download:
        """Validate the download; nothing is sent or written yet. Raises InputError, UsageError."""
        if options.problems:
            raise InputError.from_problems("options", list(options.problems))
        compiled = factory.compiled.raw_request
        credentials: Credentials | None
        if download_request.token is not None:
            owner = factory.connection_resolver.default  # a token beside a connection belongs to its service
            hosts = owner.allowed_hosts if owner is not None else None
            credentials = GivenToken(download_request.token, factory.base_url_for(owner), hosts)
        else:
            credentials = factory.connection_resolver.resolve(download_request.connection, compiled.action)
        secrets = credentials.secrets() if credentials else ()
        base_url = factory.base_url_for(credentials)
        request = build_download_request(
            factory.connector,
            download_request.url,
            base_url,
            secrets,
            allowed_hosts=credentials.allowed_hosts if credentials else None,
        )
        fingerprint = _fingerprint_url(request.redactor.redact_url(request.url))
        partial_file = PartialFile(
            download_request.target, request.url, fingerprint, download_request.on_progress, download_request.cancel
        )
        retry_policy = options.retry.apply(RetryPolicy()) if options.retry else RetryPolicy()
        trace = Trace() if options.debug else None
        observers = (*factory.observers, *((TraceObserver(trace),) if trace is not None else ()))
        call = PreparedCall(factory.context, compiled, request, credentials, retry_policy, options, observers, trace)
        call.sink = partial_file
        return cls(call, partial_file)

    def open(self) -> None:
        """Open the partial file, and read what it holds. Raises StoreError, UsageError."""
        self.partial_file.open()

    def build_steps(self) -> Steps:
        """Return the steps: one call, with no deadline while bytes arrive."""
        return self.call.build_steps(MAX_TIMEOUT)

    def finish(self, result: Result) -> Result:
        """Publish the file under its name and return the result. Raises StoreError, ApiError for a refusal."""
        try:
            if self.partial_file.refusal is not None:
                raise build_refusal_error(self.call, self.partial_file.refusal)
            data = self.partial_file.finish()
        except ConnectorError as error:
            self.call.fail(error)
            raise
        warnings = list(result.warnings)
        if self.partial_file.total_size is None and "transfer-encoding" not in result.headers:
            warnings.append(_SIZE_UNKNOWN_WARNING)
        if not data["size"]:
            warnings.append(_EMPTY_WARNING)
        return self.call.finish(replace(result, data=data, warnings=tuple(warnings)))

    def annotate_error(self, error: BaseException) -> None:
        """Add to an error or interrupt how many bytes are saved for the next attempt, or where a token comes from."""
        if isinstance(self.call.credentials, GivenToken) and isinstance(error, SignInError | Denied):
            error.hint = _EXPIRED_HINT
        resume_note = self.partial_file.build_resume_note()
        if not resume_note:
            return
        if isinstance(error, ConnectorError):
            error.with_hint(resume_note)
        else:
            error.add_note(resume_note)

    def close(self) -> None:
        """Close the partial file, which stays if a later download can resume it."""
        self.partial_file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self.annotate_error(error)
        self.close()


def check_progress_callback(progress: Any) -> None:
    """Reject a `progress` that is not callable. Raises UsageError."""
    if progress is not None and not callable(progress):
        hint = "Pass a function that takes the bytes received and the total size, or omit it."
        raise UsageError(f"progress={redaction.preview(progress)} is not a function.", hint=hint)


def _fingerprint_url(url: str) -> str:
    """Return the fingerprint of a redacted URL: another token in it does not change it."""
    return hashlib.sha256(url.encode()).hexdigest()
