"""The headers of a download's reply: version, size and type of the file, and whether it can resume."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from connector.core.response.reply import Failure
from connector.first_use import dataclass, prepare_pattern
from connector.runtime.downloads.refusal import SNIFFED_BYTES
from connector.runtime.files import private_files

if TYPE_CHECKING:
    from pathlib import Path

_CONTENT_RANGE = prepare_pattern(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)\Z", re.ASCII)
_CONTENT_LENGTH = prepare_pattern(r"[0-9]{1,18}\Z", re.ASCII)
# Seconds: a file that changed within the second in which it was sent may have changed twice (RFC 9110, 8.8.2).
_MIN_LAST_MODIFIED_AGE = 1.0


class UnusableReply(OSError):
    """A reply that cannot be used for the file; `failure` describes it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class FileHeaders:
    """The headers of a reply, the size of the complete file, the offset of its first byte, version and type.

    `validator` is a strong ETag, or an equally strong Last-Modified date (RFC 9110, 8.8); None if there is neither.
    """

    headers: tuple[tuple[str, str], ...]
    size: int | None
    range_start: int | None
    validator: str | None
    content_type: str | None

    @classmethod
    def from_headers(cls, headers: tuple[tuple[str, str], ...]) -> Self:
        """Parse the headers of a reply, whose names are in lower case."""
        headers_by_name = dict(headers)
        match = _CONTENT_RANGE.match(headers_by_name.get("content-range", "").strip())
        length = headers_by_name.get("content-length", "").strip()
        size = int(length) if _CONTENT_LENGTH.match(length) else None
        range_start = None
        if match:
            size = None if match[3] == "*" else int(match[3])
            range_start = int(match[1]) if match[1] else None
        return cls(headers, size, range_start, _choose_validator(headers_by_name), headers_by_name.get("content-type"))

    @classmethod
    def load(cls, path: Path, url_fingerprint: str) -> Self | None:
        """Read what an earlier download of the same URL stored; None if there is nothing valid."""
        try:
            stored = json.loads(private_files.read_file(path) or b"null")
            if stored["url"] != url_fingerprint or not isinstance(stored["validator"], str):
                return None
            size = stored["size"] if isinstance(stored["size"], int) else None
            return cls((), size, None, stored["validator"], stored["kind"] if isinstance(stored["kind"], str) else None)
        except (ValueError, TypeError, KeyError):
            return None

    def dump(self, url_fingerprint: str) -> dict[str, Any]:
        """Return what a later download needs; the fingerprint replaces the URL, which may hold secrets."""
        return {"url": url_fingerprint, "validator": self.validator, "size": self.size, "kind": self.content_type}

    def get_header(self, name: str) -> str | None:
        """Return a header's value, or None."""
        return dict(self.headers).get(name)

    @property
    def is_web_page(self) -> bool:
        """Whether it is a web page, such as a sign-in form or a notice."""
        return "html" in (self.content_type or "").lower()

    @property
    def may_be_error(self) -> bool:
        """Whether it is JSON short enough to be an error."""
        media_type = (self.content_type or "").partition(";")[0].strip().lower()
        return media_type.endswith(("/json", "+json")) and (self.size or 0) <= SNIFFED_BYTES

    def has_file(self, status: int) -> bool:
        """Whether a reply of this status carries the file; short JSON may be an error and is read first."""
        if self.is_web_page:
            return False
        return status == HTTPStatus.PARTIAL_CONTENT or (status in (200, 203) and not self.may_be_error)

    def check_resume(self, previous: FileHeaders, offset: int) -> None:
        """Reject a part that does not continue the previous version at an offset. Raises UnusableReply."""
        self._check_not_compressed()
        version = self.get_header("etag" if (previous.validator or "").startswith('"') else "last-modified")
        if version not in (None, previous.validator) or (
            previous.size is not None and self.size not in (None, previous.size)
        ):
            raise UnusableReply(Failure("protocol", "the file has changed; the download restarts"))
        if self.range_start != offset:
            message = f"bytes from {self.range_start} came where bytes from {offset} were requested"
            raise UnusableReply(Failure("protocol", message))

    def check_full(self, status: int) -> None:
        """Reject a part of the file, or a compressed one. Raises UnusableReply."""
        self._check_not_compressed()
        if status == HTTPStatus.PARTIAL_CONTENT:
            raise UnusableReply(
                Failure("protocol", "part of the file came although all of it was requested", final=True)
            )

    def _check_not_compressed(self) -> None:
        encoding = (self.get_header("content-encoding") or "identity").strip().lower()
        if encoding != "identity":
            message = f"the file came compressed ({encoding[:20]}) although that was not requested"
            raise UnusableReply(Failure("decoding", message, final=True))


def _choose_validator(headers_by_name: dict[str, str]) -> str | None:
    etag, last_modified = headers_by_name.get("etag", "").strip(), headers_by_name.get("last-modified", "").strip()
    if re.fullmatch(r'"[\x21\x23-\x7e]*"', etag):
        return etag
    try:
        age = parsedate_to_datetime(headers_by_name.get("date", "")) - parsedate_to_datetime(last_modified)
        return (
            last_modified
            if age.total_seconds() >= _MIN_LAST_MODIFIED_AGE and last_modified.isascii() and last_modified.isprintable()
            else None
        )
    except (ValueError, TypeError):
        return None
