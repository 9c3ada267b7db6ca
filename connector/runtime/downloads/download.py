"""A download: what both clients do around its one call - where it may go, the part it grows in, what it comes to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.exchange import exchange
from connector.core.exchange.exchange import Credential, ExchangeOptions
from connector.core.exchange.plan import compile_raw_action
from connector.core.exchange.retry import RetryPolicy, parse_retry_policy
from connector.core.request.download_request import build_download_request
from connector.core.response.trace import Trace
from connector.core.url_policy import HEADER_VALUE_PATTERN
from connector.errors import ConnectorError, InputError, Problem, UsageError
from connector.runtime.calls.factory import MAX_TIMEOUT, parse_duration
from connector.runtime.calls.prepared import PreparedCall
from connector.runtime.downloads.partial_file import PartialFile
from connector.runtime.downloads.target import DownloadTarget

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable

    from connector.core.exchange.exchange import GetToken, Steps
    from connector.core.response.parser import Result
    from connector.runtime.calls.factory import CallFactory, CallOptions

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


@dataclass(slots=True, repr=False, kw_only=True)
class Download(PreparedCall):
    """One download that is ready: `open()` first, `finished()` when its steps are done, `close()` always."""

    partial_file: PartialFile
    token: str | None = None

    @classmethod
    def prepare(cls, factory: CallFactory, download_request: DownloadRequest, options: CallOptions) -> Download:
        """Judge where it would go; nothing is sent or written yet. Raises InputError, UsageError."""
        compiled = compile_raw_action(factory.connector)
        connection = None
        if download_request.token is None:
            connection = factory.connection_resolver.resolve(
                download_request.connection, compiled.action, load_named=True
            )
        base_url = factory.base_url_override or (
            connection.base_url if connection else factory.connector.manifest.base_url
        )
        secrets = (download_request.token,) if download_request.token else connection.secrets() if connection else ()
        request = build_download_request(factory.connector, download_request.url, base_url, secrets)
        partial_file = PartialFile(
            download_request.target,
            request.url,
            _fingerprint_url(request.redactor.redact_url(request.url)),
            download_request.on_progress,
            download_request.cancel,
        )
        return cls(
            factory,
            compiled,
            request,
            connection,
            parse_retry_policy(RetryPolicy(), options.retry),
            None if options.timeout is None else parse_duration(options.timeout),
            None,
            Trace() if options.debug else None,
            partial_file=partial_file,
            token=download_request.token,
        )

    def open(self) -> None:
        """Open the part; it takes as long as reading what is there. Raises StoreError, UsageError."""
        self.partial_file.open()

    def build_steps(self) -> Steps:
        """Return the steps: one call, as long as bytes come."""
        now, timeout = self.now(), MAX_TIMEOUT if self.timeout is None else self.timeout
        options = ExchangeOptions(timeout, self.retry_policy, sink=self.partial_file)
        return exchange.run_call(self.compiled, self.request, options, now + timeout, now)

    def get_credential(self, ask: GetToken) -> Credential | ConnectorError | None:
        """Answer a Token ask: with the token that was given, else with the connection's."""
        if self.token is not None:
            return Credential(self.token, headers=(("Authorization", f"Bearer {self.token}"),))
        return PreparedCall.get_credential(self, ask)

    def with_base_url(self, credential: Credential | ConnectorError) -> Credential | ConnectorError:
        """Leave the URL as it is, whatever base URL a token names."""
        return replace(credential, base_url=None) if isinstance(credential, Credential) else credential

    def finish(self, result: Result) -> Result:
        """Bring the file under its name and return what is told of it. Raises StoreError."""
        try:
            data = self.partial_file.finish()
        except ConnectorError as error:
            self.annotate_error(error)
            raise
        is_size_known = self.partial_file.total_size is not None or "transfer-encoding" in result.headers
        warnings = result.warnings if is_size_known else (*result.warnings, _SIZE_UNKNOWN_WARNING)
        return PreparedCall.finish(self, replace(result, data=data, warnings=warnings))

    def annotate_error(self, error: BaseException) -> None:
        """Say on what ended it, an interrupt too, how much is here and stays for the next time."""
        PreparedCall.annotate_error(self, error)
        resume_note = self.partial_file.build_resume_note()
        if not resume_note:
            return
        if isinstance(error, ConnectorError):
            error.hint = f"{error.hint} {resume_note}".strip()
        else:
            error.add_note(resume_note)

    def close(self) -> None:
        """Let go of the part, which stays where a later download can go on with it."""
        self.partial_file.close()


def check_progress_callback(progress: Any) -> None:
    """Refuse a `progress` that cannot be called. Raises UsageError."""
    if progress is not None and not callable(progress):
        hint = "Give a function that takes the bytes that are there and the size, or leave it out."
        raise UsageError(f"progress={redaction.preview(progress)} is no function.", hint=hint)


def _fingerprint_url(url: str) -> str:
    """Return what stands for a URL beside its part: another token in it makes no other file."""
    return hashlib.sha256(url.encode()).hexdigest()
