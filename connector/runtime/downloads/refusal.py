"""Replies that come in the place of a file: a refusal in JSON, a notice as a web page or as text.

A name decides: JSON is a file where the listing, the caller or the service names a JSON file.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.core.response.api_errors import build_reply_error
from connector.core.response.decoding import begins_as_web_page, is_labelled_json
from connector.core.response.error_details import parse_error_details
from connector.first_use import dataclass
from connector.runtime.http.body_reader import MAX_ERROR_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection

    from connector.core.response.reply import Reply
    from connector.errors import ConnectorError
    from connector.runtime.calls.prepared import PreparedCall

SNIFFED_BYTES = MAX_ERROR_BYTES  # of the beginning of a file; what is longer is hardly a refusal
_JSON_EXTENSIONS = (".har", ".ipynb", ".map", ".webmanifest")  # besides those that end in json, and .jsonl
_PAGE_EXTENSIONS = (".html", ".htm", ".xhtml", ".mht", ".svg")
_BINARY_EXTENSIONS = frozenset({
    ".mp4", ".m4a", ".m4v", ".mp3", ".mov", ".wav", ".webm", ".ogg", ".aac", ".flac",
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".pdf", ".zip", ".docx", ".xlsx",
})  # fmt: skip
_PLAIN_EXTENSIONS = frozenset({".txt", ".vtt", ".srt", ".csv", ".m3u8"})  # texts that are no markup
_MAX_EXCERPT_BYTES = 4_096  # more than is shown, so that a secret at the end is known whole


@dataclass(frozen=True, slots=True, repr=False)
class Refusal:
    """A reply that is no file, with its body or the beginning of it."""

    reply: Reply
    is_json: bool
    is_whole: bool

    @property
    def parsed_reply(self) -> Reply:
        """The reply as the manifest's rules about errors can read it."""
        return self.reply if self.is_json and self.is_whole else replace(self.reply, body=b"", is_stored=True)


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """What the names of a file say of it: their extensions, and whether JSON is one without any."""

    extensions: Collection[str]
    may_be_json: bool

    def find_refusal(self, reply: Reply, start: bytes, *, is_whole: bool) -> Refusal | None:
        """Return the refusal that came instead, or None for a file; `start` is its beginning, or all of it."""
        is_labelled = is_labelled_json(reply)
        is_json = _is_json(start, is_whole=is_whole, is_labelled=is_labelled)
        is_other_type = "html" in reply.media_type  # a page that is none
        if is_json and (is_other_type or (not self._accepts_json and (self.extensions or is_labelled))):
            return Refusal(replace(reply, body=start), is_json=True, is_whole=is_whole)
        is_notice = not is_other_type and self._is_notice(reply.media_type, start) and not is_json
        return Refusal(replace(reply, body=start), is_json=False, is_whole=is_whole) if is_notice else None

    @property
    def _accepts_json(self) -> bool:
        is_json_name = any("json" in extension or extension in _JSON_EXTENSIONS for extension in self.extensions)
        return self.may_be_json or is_json_name

    def _is_notice(self, media_type: str, start: bytes) -> bool:
        """Whether it is a web page or a text where something else is expected."""
        if begins_as_web_page(start):
            return bool(self.extensions) and not any(extension in _PAGE_EXTENSIONS for extension in self.extensions)
        if len(start) >= SNIFFED_BYTES or not _is_text(start):
            return False
        is_markup = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
        if self._are_all_in(_BINARY_EXTENSIONS):  # whatever the label: hosts give it by the name of the file
            return is_markup or media_type.startswith("text/") or media_type.endswith("xml")
        return is_markup and media_type.endswith("xml") and self._are_all_in(_PLAIN_EXTENSIONS)

    def _are_all_in(self, extensions: frozenset[str]) -> bool:
        return bool(self.extensions) and extensions.issuperset(self.extensions)


def _is_json(start: bytes, *, is_whole: bool, is_labelled: bool) -> bool:
    """Whether it is an object or a list, or any JSON that is labelled so; of a long one only the beginning is known."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_collection = text[:1] in (b"{", b"[")
    if not is_whole:
        return is_labelled and is_collection
    if not is_labelled and not is_collection:
        return False
    try:
        json.loads(text)  # in any of the encodings that a JSON text may have
    except (ValueError, RecursionError):
        return False
    return True


def _is_text(start: bytes) -> bool:
    try:
        return bool(start) and "\0" not in start.decode()
    except UnicodeDecodeError:
        return False


def build_refusal_error(call: PreparedCall, refusal: Refusal) -> ConnectorError:
    """Return the error of a refusal that the manifest's rules about errors did not find, in the service's words."""
    parser = call.compiled.parser
    details = parse_error_details(parser.connector.manifest.errors, refusal.reply)
    if not details.message:
        text = " ".join(refusal.reply.body[:_MAX_EXCERPT_BYTES].decode("utf-8", "replace").split())
        details = replace(details, message=f"this came in the place of the file: {text}")
    error = build_reply_error(parser, call.request, refusal.reply, details, call.now())
    error.hint = "Get a fresh URL with the reply or the event that named the file."
    return error.with_hint("If the file is JSON, give it a name that ends in .json." if refusal.is_json else "")
