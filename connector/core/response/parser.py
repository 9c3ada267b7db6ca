"""Parse replies into results, or into error details by the manifest's error rules."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.response.decoding import (
    UnreadableBody,
    begins_as_web_page,
    decode_text,
    has_length,
    is_labelled_json,
    is_web_page,
    parse_json,
)
from connector.core.response.error_details import (
    ErrorDetails,
    describe_failed_parts,
    find_message,
    is_failure,
    may_be_partly_done,
    parse_error_details,
)
from connector.core.response.failed_parts import read_failed_parts
from connector.core.response.formats.reading import FORMAT_NAMES, OTHER_DATA_TYPES, find_foreign_json, parse_body
from connector.core.response.outcomes import is_done_by_status
from connector.core.response.result import Result
from connector.definition.action import DATA_TYPES, ROW_TYPES
from connector.definition.json_path import parse_reply_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from connector.core.request.builder import Request
    from connector.core.response.formats.xml_tree import ListPaths
    from connector.core.response.reply import Reply
    from connector.definition.action import Action
    from connector.definition.loader import Connector

MAX_PAGE_BYTES = 65_536
_NO_CONTENT_STATUSES = (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT)
_DATA_STATUSES = (HTTPStatus.OK, HTTPStatus.CREATED)  # an action that promises data gets it with these
_URL_HEADERS = frozenset(("location", "content-location", "refresh"))  # headers that may hold a URL with a token in it
_PLAIN_HEADERS = frozenset(("content-type", "content-length", "content-encoding", "date", "connection", "keep-alive"))
_EMPTY_WARNING = "The service sent no data; the status says that it was done."
_MULTI_STATUS_WARNING = "The status is 207: a part may have failed; look at the status of each in the data."


@dataclass(frozen=True, slots=True)
class ResponseParser:
    """Parses the replies of one action."""

    connector: Connector
    action: Action
    list_paths: ListPaths = frozenset()  # the places of XML that are lists, even of one

    def parse(self, request: Request, reply: Reply) -> Result | ErrorDetails:
        """Return the result of a success reply, or the details of an error reply."""
        error_format = self.connector.manifest.errors
        if not reply.is_success:
            return parse_error_details(error_format, reply)
        if request.reply_type in ("binary", "text"):
            return self._parse_content(request, reply)
        has_content = bool(reply.body) and reply.status not in _NO_CONTENT_STATUSES and request.method != "HEAD"
        if not has_content:
            return self._judge(reply, None) or self._parse_empty(request, reply)
        if is_web_page(reply) or (request.reply_type in OTHER_DATA_TYPES and begins_as_web_page(reply.body)):
            return _web_page_error(reply)
        foreign_json = find_foreign_json(reply, request.reply_type)
        if foreign_json is not None:
            return self._judge(reply, foreign_json) or self._handle_foreign_json(request, reply, foreign_json)
        try:
            data, warnings = parse_body(reply, request.reply_type, self.list_paths)
        except UnreadableBody as error:
            return self._judge(reply, None) or self._handle_unreadable(request, reply, error)
        failed_parts = read_failed_parts(self.action.returns.partial, data)
        if failed_parts is not None and failed_parts.is_all:
            message = failed_parts.describe(request.full_redactor.redact_text)
            return describe_failed_parts(error_format, reply, data, failed_parts, message)
        is_one_line = request.reply_type == "ndjson" and len(data) == 1
        details = self._judge(reply, data[0] if is_one_line else data)
        if details is not None and not (failed_parts and may_be_partly_done(error_format, reply, data)):
            return details
        if failed_parts is not None:
            warnings += (failed_parts.describe(request.full_redactor.redact_text),)
        elif reply.status == HTTPStatus.MULTI_STATUS and self.action.returns.partial is None:
            warnings += (_MULTI_STATUS_WARNING,)
        return self.build_result(request, reply, data, warnings)

    def find_message(self, data: Any) -> str:
        """Return what data says of a failure, where errors have their message, else the likely reason."""
        return find_message(self.connector.manifest.errors, data)

    def _judge(self, reply: Reply, data: Any) -> ErrorDetails | None:
        """Return the details of a reply that the definition calls an error; without data its headers may say so."""
        error_format = self.connector.manifest.errors
        if error_format.judges_success and is_failure(error_format, reply, data):
            return parse_error_details(error_format, reply)
        return None

    def build_result(self, request: Request, reply: Reply, data: Any, warnings: tuple[str, ...] = ()) -> Result:
        """Return a result of data with the reply's status and headers, without cookies and echoed secrets."""
        headers: dict[str, str] = {}
        for name, value in reply.headers:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        shown = headers.keys() if _may_have_secret(headers, request) else headers.keys() & _URL_HEADERS
        hidden = headers.keys() & redaction.SECRET_HEADERS
        if shown or hidden:
            headers |= self._mask_headers(headers, shown, hidden, request)
        request_id_header = self.connector.manifest.errors.request_id_header
        return Result(data, reply.status, headers, headers.get(request_id_header), warnings=warnings)

    def _mask_headers(
        self, headers: Mapping[str, str], shown: AbstractSet[str], hidden: AbstractSet[str], request: Request
    ) -> dict[str, str]:
        """Return headers without secrets: those that are shown redacted, and hidden ones as a mask."""
        upload = self.action.upload
        to_upload = None if upload is None else parse_reply_path(upload.url).header
        redactor = request.full_redactor
        masked = {name: redactor.redact_text(headers[name]) for name in shown} | dict.fromkeys(hidden, redaction.MASK)
        return {name: value for name, value in masked.items() if name != to_upload}  # where the file is sent

    def _parse_content(self, request: Request, reply: Reply) -> Result | ErrorDetails:
        """Parse a reply whose body is wanted as it is, a file or a text; an error may come in its place."""
        data = None
        if self.connector.manifest.errors.judges_success and is_labelled_json(reply):
            with contextlib.suppress(UnreadableBody):
                data = parse_json(reply).value
        details = self._judge(reply, data)
        if details is not None:
            return details
        if request.reply_type == "text":
            return self.build_result(request, reply, *decode_text(reply))
        return _web_page_error(reply) if is_web_page(reply) else self.build_result(request, reply, reply.body)

    def _parse_empty(self, request: Request, reply: Reply) -> Result | ErrorDetails:
        """Parse a reply without content: right for a write, and for a status or a method that promises no data."""
        if reply.status in _NO_CONTENT_STATUSES or request.method == "HEAD":
            return self.build_result(request, reply, _get_nothing(request))
        is_announced = bool(reply.media_type) and not has_length(reply)
        if is_announced and not reply.is_stored:  # content was announced, of which nothing came
            return ErrorDetails(None, "the reply ended before its content", None, "cut")
        returns = self.action.returns
        if is_done_by_status(self.action, request):
            promises_data = returns.type in DATA_TYPES and (returns.schema_ is not None or returns.example is not None)
            warnings = (_EMPTY_WARNING,) if promises_data and reply.status in _DATA_STATUSES else ()
            return self.build_result(request, reply, {}, warnings)
        if request.reply_type in ("none", *ROW_TYPES) or reply.status != HTTPStatus.OK:
            return self.build_result(request, reply, _get_nothing(request))
        expected = FORMAT_NAMES.get(request.reply_type, "JSON")
        return ErrorDetails(None, f"the reply is empty where {expected} was expected", None, "unreadable")

    def _handle_foreign_json(self, request: Request, reply: Reply, data: Any) -> Result | ErrorDetails:
        """Return the details of JSON in the place of another type; a line of it is JSON lines, whatever its label."""
        if request.reply_type == "ndjson" and not isinstance(data, list):
            return self.build_result(request, reply, [data])
        message = f"the reply is JSON where {FORMAT_NAMES[request.reply_type]} was expected"
        return ErrorDetails(None, message, decode_text(reply).value[:MAX_PAGE_BYTES], "unreadable")

    def _handle_unreadable(self, request: Request, reply: Reply, error: UnreadableBody) -> Result | ErrorDetails:
        """Return the result of a write that is done by its status, though its data is lost; else the details.

        A 200 says nothing where the body says whether it was done.
        """
        may_be_error = self.connector.manifest.errors.judges_success and reply.status == HTTPStatus.OK
        is_no_reply = error.is_cut or begins_as_web_page(reply.body)
        if is_no_reply or may_be_error or not is_done_by_status(self.action, request):
            return ErrorDetails(None, str(error), None, "cut" if error.is_cut else "unreadable")
        if request.reply_type == "none":
            return self.build_result(request, reply, {})
        hint = " Set response_type (--response-type) to text or binary to get it." if self.action.is_raw else ""
        warning = f"The write is done by its status, but its data cannot be read: {error}.{hint}"
        return self.build_result(request, reply, {}, (warning,))


def _get_nothing(request: Request) -> Any:
    """Return the data of a reply without content: no rows, or an empty mapping."""
    return [] if request.reply_type in ROW_TYPES else {}


def _may_have_secret(headers: Mapping[str, str], request: Request) -> bool:
    """Whether a header may hold a secret of the request, in any encoding; each is at least as long as its secret."""
    texts = [value for name, value in headers.items() if name not in _PLAIN_HEADERS]
    if not texts:
        return False
    longest = max(map(len, texts))
    redactor = request.redactor.with_secrets([secret for secret in request.secrets if len(secret) <= longest])
    return redactor.known_values.may_be_in(texts)


def _web_page_error(reply: Reply) -> ErrorDetails:
    """Return the details of a web page that came instead of data, such as a login form."""
    text = reply.body[:MAX_PAGE_BYTES].decode("utf-8", "replace")  # cut to what is shown after its secrets are masked
    reason = f"unexpected content type {reply.media_type}" if "html" in reply.media_type else "a web page, not data"
    return ErrorDetails(None, reason, text, "unreadable")
