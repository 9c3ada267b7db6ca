"""Where the body of a download goes, as the HTTP libraries see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from connector.core.request.builder import Request


class BodySink(Protocol):
    """Takes the body of a reply as it comes; its request asks for no compression.

    `stall` is the most seconds without a byte: the call's own deadline bounds the whole besides. What a sink raises is
    an OSError, and ends the call as a Failure of kind "file".
    """

    stall_timeout: float

    def resume_request(self, request: Request) -> Request:
        """Return the request of what is not there yet: the whole, or a Range. Asked before each attempt."""

    def accepts(self, status: int, headers: tuple[tuple[str, str], ...]) -> bool:
        """Whether the body of this reply is for the sink; any other goes to memory, under a cap."""

    def write(self, chunk: bytes) -> None:
        """Take bytes of the body, undecoded, in order."""
