"""The BodySink protocol, which receives the body of a download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.response.reply import Failure, Reply


class BodySink(Protocol):
    """Takes the body of a reply as it arrives, undecoded; its request asks for no compression.

    `stall_timeout` is seconds without a byte; the call's own deadline bounds the whole besides. An OSError of `accepts`
    or `write` ends the attempt as a Failure of kind "file".
    """

    stall_timeout: float

    def resume_request(self, request: Request) -> Request:
        """Return the request for the bytes that are missing: the whole, or a Range. Called before each attempt."""
        ...

    def accepts(self, status: int, headers: tuple[tuple[str, str], ...]) -> bool:
        """Return whether the sink takes the body of this reply; any other is read into memory, up to a limit."""
        ...

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""

    def finish_attempt(self, reply_or_failure: Reply | Failure) -> Reply | Failure:
        """Return the result of an attempt: a failure while bytes are missing. Raises StoreError.

        A failure's `received` counts the bytes that the next attempt need not bring again.
        """
        ...
