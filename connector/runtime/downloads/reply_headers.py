"""What the reply to a download says of the file: its version, size and kind, and whether it fits what is there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self

from connector.core.response.parser import Failure
from connector.runtime.files import private_files as private
from connector.runtime.http.body_reader import LARGEST_ERROR

if TYPE_CHECKING:
    from pathlib import Path

_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)\Z", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,18}\Z", re.ASCII)
_STRONG = (
    1.0  # seconds: a file that changed in the second in which it was sent may have changed twice (RFC 9110, 8.8.2)
)


class Unwanted(OSError):
    """A reply that cannot be used for the file; `failure` is what it comes to."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Head:
    """What a reply says: its headers, the size of the whole file, where its bytes begin, the version, the kind.

    `validator` is a strong ETag, or a date of change that is as good (RFC 9110, 8.8); None where there is neither.
    """

    headers: tuple[tuple[str, str], ...]
    size: int | None
    begins: int | None
    validator: str | None
    kind: str | None

    @classmethod
    def of(cls, headers: tuple[tuple[str, str], ...]) -> Self:
        """Read the headers of a reply; names in lower case."""
        said = dict(headers)
        match = _RANGE.match(said.get("content-range", "").strip())
        length = said.get("content-length", "").strip()
        size = int(length) if _LENGTH.match(length) else None
        begins = None
        if match:
            size = None if match[3] == "*" else int(match[3])
            begins = int(match[1]) if match[1] else None
        return cls(headers, size, begins, _validator(said), said.get("content-type"))

    @classmethod
    def noted(cls, path: Path, identity: str) -> Self | None:
        """Read what an older download noted, if it was of the same URL; None when that is not to be known."""
        try:
            kept = json.loads(private.read(path) or b"null")
            if kept["url"] != identity or not isinstance(kept["validator"], str):
                return None
            size = kept["size"] if isinstance(kept["size"], int) else None
            return cls((), size, None, kept["validator"], kept["kind"] if isinstance(kept["kind"], str) else None)
        except (ValueError, TypeError, KeyError):
            return None

    def notes(self, identity: str) -> dict[str, Any]:
        """Return what is needed to go on later; `identity` stands for the URL, which may hold secrets."""
        return {"url": identity, "validator": self.validator, "size": self.size, "kind": self.kind}

    def header(self, name: str) -> str | None:
        """Return a header's value, or None."""
        return dict(self.headers).get(name)

    @property
    def is_page(self) -> bool:
        """Whether it is a web page: a form to sign in with, a notice."""
        return "html" in (self.kind or "").lower()

    @property
    def is_data(self) -> bool:
        """Whether it is JSON so short that it may be an error."""
        kind = (self.kind or "").partition(";")[0].strip().lower()
        return (kind == "application/json" or kind.endswith("+json")) and (self.size or 0) <= LARGEST_ERROR

    def has_file(self, status: int) -> bool:
        """Whether a reply of this status has bytes of a file; a short JSON may be an error and is read first."""
        if self.is_page:
            return False
        return status == 206 or (status in (200, 203) and not self.is_data)  # noqa: PLR2004

    def must_continue(self, held: Head, count: int) -> None:
        """Refuse a part that does not go on where the `count` bytes of `held` end. Raises Unwanted."""
        self._must_be_plain()
        version = self.header("etag" if (held.validator or "").startswith('"') else "last-modified")
        if version not in (None, held.validator) or (held.size is not None and self.size not in (None, held.size)):
            raise Unwanted(Failure("protocol", "the file has changed; it begins anew"))
        if self.begins != count:
            message = f"bytes from {self.begins} on came where those from {count} on were asked for"
            raise Unwanted(Failure("protocol", message))

    def must_be_whole(self, status: int) -> None:
        """Refuse a part where the whole file was asked for, and a compressed one. Raises Unwanted."""
        self._must_be_plain()
        if status == 206:  # noqa: PLR2004
            raise Unwanted(Failure("protocol", "a part of the file came where the whole was asked for", final=True))

    def _must_be_plain(self) -> None:
        coding = (self.header("content-encoding") or "identity").strip().lower()
        if coding != "identity":
            message = f"the file came compressed ({coding[:20]}) although that was not asked for"
            raise Unwanted(Failure("decoding", message, final=True))


def _validator(said: dict[str, str]) -> str | None:
    etag, changed = said.get("etag", "").strip(), said.get("last-modified", "").strip()
    if re.fullmatch(r'"[\x21\x23-\x7e]*"', etag):
        return etag
    try:
        age = parsedate_to_datetime(said.get("date", "")) - parsedate_to_datetime(changed)
        return changed if age.total_seconds() >= _STRONG and changed.isascii() and changed.isprintable() else None
    except (ValueError, TypeError):
        return None
